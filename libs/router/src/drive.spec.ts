import { GatewayError, isGatewayError, type ErrorCode } from '@turnpike/errors';
import { FakeClock } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import { aFailure, aRequest, aRouter, inGroups, NOW, type TestRouter } from '../test/doubles.js';
import { drive, type Driver } from './drive.js';
import { HEALTHY } from './health.js';
import type { RoutingRequest } from './request.js';
import type { Choice, Over } from './routing.js';

/** Every time in these specs is a multiple of it. */
const TICK_MS = 10;

/** After so many milliseconds: an answer, or a failure. */
type Call = readonly [ms: number, end: 'ok' | ErrorCode];

interface Script {
  /** Deployment id → its calls, one after the other; who is not named answers at once. */
  calls?: Readonly<Record<string, readonly Call[]>>;
  /** Deployment id → what its limits say, at once or after a while. Who is not named has room. */
  limits?: Readonly<Record<string, readonly (boolean | readonly [ms: number, admitted: boolean | 'broken'])[]>>;
  hedgeAfterMs?: number;
  wait?: (over: Over) => Promise<boolean> | false;
}

/** Makes attempts in virtual time and writes down what it was told: `a@0`, `give up a@30`. */
class ScriptedDriver implements Driver<string> {
  readonly clock = new FakeClock();
  readonly log: string[] = [];
  private readonly made: Record<string, number> = {};

  constructor(private readonly script: Script) {}

  now(): number {
    return this.clock.now();
  }

  after(ms: number, run: () => void): () => void {
    return this.clock.after(ms, run);
  }

  admit({ target: { model } }: Choice): boolean | Promise<boolean> {
    const says = this.nextOf('limit', model, this.script.limits?.[model]) ?? true;
    if (typeof says === 'boolean') return says;
    const [ms, admitted] = says;
    return this.later(ms, () => {
      if (admitted === 'broken') throw new Error('the limits cannot be asked');
      return admitted;
    });
  }

  attempt({ target: { model } }: Choice): Promise<string> {
    this.write(model);
    const [ms, end] = this.nextOf('call', model, this.script.calls?.[model]) ?? [0, 'ok'];
    return this.later(ms, () => {
      if (end !== 'ok') throw aFailure(end);
      return `answer of ${model}`;
    });
  }

  abandon({ target: { model } }: Choice): void {
    this.write(`give up ${model}`);
  }

  toError(thrown: unknown): GatewayError {
    return isGatewayError(thrown) ? thrown : new GatewayError('GW_INTERNAL', String(thrown));
  }

  wait(over: Over): Promise<boolean> | false {
    this.write('queue');
    return this.script.wait?.(over) ?? false;
  }

  hedgeAfterMs(): number | undefined {
    return this.script.hedgeAfterMs;
  }

  private async later<T>(ms: number, make: () => T): Promise<T> {
    if (ms > 0) await new Promise<void>((resolve) => this.clock.after(ms, resolve));
    return make();
  }

  private write(word: string): void {
    this.log.push(`${word}@${this.clock.now() - NOW}`);
  }

  private nextOf<T>(kind: string, id: string, list: readonly T[] | undefined): T | undefined {
    const key = `${kind} ${id}`;
    const at = (this.made[key] ??= 0);
    this.made[key] = at + 1;
    return list?.[Math.min(at, list.length - 1)];
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface End {
  readonly told: string;
  readonly log: readonly string[];
  /** Timers that nobody cancelled. */
  readonly timersLeft: number;
}

/** Runs one request to `g` to its end, and on until whatever is still under way is over too. */
const run = async (
  script: Script,
  {
    ids = ['a', 'b', 'c'],
    test = aRouter(inGroups({ g: ids }), { settings: { disableCooldowns: true } }),
    request = {},
  }: { ids?: string[]; test?: TestRouter; request?: Partial<RoutingRequest> } = {},
): Promise<End & { test: TestRouter }> => {
  const driver = new ScriptedDriver(script);
  const { router } = test;
  let told: string | undefined;
  let timersLeft = 0;
  const end = (word: string) => {
    told = `${word}@${driver.now() - NOW}`;
    timersLeft = driver.clock.pendingTimers;
  };
  drive(router.route(aRequest(request), router.resolve('g')), driver).then(end, (error: unknown) =>
    end(isGatewayError(error) ? error.code : String(error)),
  );
  for (let ms = 0; ms < 30_000 && (told === undefined || driver.clock.pendingTimers > 0); ms += TICK_MS) {
    await settle();
    driver.clock.advance(TICK_MS);
  }
  await settle();
  return { told: told ?? 'never', log: driver.log, timersLeft, test };
};

const FAILS: Call = [0, 'GW_UPSTREAM_ERROR'];

describe('driving a request', () => {
  it.each<[string, Script, string[], string]>([
    ['answers with what the first attempt answers', { calls: { a: [[20, 'ok']] } }, ['a@0'], 'answer of a@20'],
    [
      'asks the next one when an attempt failed',
      { calls: { a: [[30, 'GW_TIMEOUT']], b: [[20, 'ok']] } },
      ['a@0', 'b@30'],
      'answer of b@50',
    ],
    ['ends with the last error', { calls: { a: [[10, 'GW_INVALID_REQUEST']] } }, ['a@0'], 'GW_INVALID_REQUEST@10'],
  ])('%s', async (_title, script, log, told) => {
    expect(await run(script)).toMatchObject({ log, told });
  });

  it('comes back after the wait', async () => {
    const script = { calls: { a: [FAILS, [20, 'ok']] as const } };
    expect(await run(script, { ids: ['a'] })).toMatchObject({ log: ['a@0', 'a@500'], told: 'answer of a@520' });
  });

  it('makes an error of ours of what is thrown', async () => {
    const driver = new ScriptedDriver({});
    driver.attempt = () => {
      throw new TypeError('a fault');
    };
    const { router } = aRouter(inGroups({ g: ['a'] }));
    await expect(drive(router.route(aRequest(), router.resolve('g')), driver)).rejects.toThrow(
      expect.objectContaining({ code: 'GW_INTERNAL' }),
    );
  });
});

describe('limits that are reached after all', () => {
  it.each<[string, Script['limits'], string]>([
    ['at once', { a: [false] }, 'answer of b@0'],
    ['after they were asked for', { a: [[30, false]] }, 'answer of b@30'],
  ])('send a request on, %s', async (_title, limits, told) => {
    expect(await run({ limits })).toMatchObject({ told });
  });

  it('let it go when they have room, after they were asked for', async () => {
    expect(await run({ limits: { a: [[30, true]] } })).toMatchObject({ log: ['a@30'], told: 'answer of a@30' });
  });

  it('end it when they are reached everywhere', async () => {
    const limits = { a: [false], b: [false], c: [false] };
    expect(await run({ limits })).toMatchObject({ log: ['queue@0'], told: 'GW_NO_DEPLOYMENT_READY@0' });
  });
});

describe('the queue', () => {
  const resting = (forMs: number) => {
    const test = aRouter(inGroups({ g: ['a'] }));
    test.state.of({ id: 'a' }).changeHealth({ ...HEALTHY, coolUntil: NOW + forMs, isProving: true });
    return test;
  };

  it('is told what there is to wait for', async () => {
    let over: Over | undefined;
    await run({ wait: (given) => ((over = given), false) }, { test: resting(3_000) });
    expect(over).toMatchObject({
      isBusy: true,
      error: { code: 'GW_NO_DEPLOYMENT_READY', facts: { retryAfterMs: 3_000 } },
    });
  });

  it('lets a request begin anew', async () => {
    const times = [50, 60];
    const script: Script = { wait: () => later(times.shift()!) };
    const later = (ms: number) => new Promise<boolean>((resolve) => driver.clock.after(ms, () => resolve(true)));
    const driver = new ScriptedDriver(script);
    const { router } = resting(100);
    const answer = drive(router.route(aRequest(), router.resolve('g')), driver);
    for (let ms = 0; ms < 200; ms += TICK_MS) {
      await settle();
      driver.clock.advance(TICK_MS);
    }
    expect([await answer, driver.log]).toEqual(['answer of a', ['queue@0', 'queue@50', 'a@110']]);
  });

  it.each<[string, () => Promise<boolean> | false, string]>([
    ['has no place', () => false, 'GW_NO_DEPLOYMENT_READY@0'],
    ['is left in vain', () => Promise.resolve(false), 'GW_NO_DEPLOYMENT_READY@0'],
    ['says why it cannot be waited in', () => Promise.reject(aFailure('GW_QUEUE_FULL')), 'GW_QUEUE_FULL@0'],
  ])('%s', async (_title, wait, told) => {
    expect(await run({ wait }, { test: resting(3_000) })).toMatchObject({ told });
  });

  it('is not for requests that were refused', async () => {
    const { log } = await run({ calls: { a: [[0, 'GW_INVALID_REQUEST']] }, wait: () => Promise.resolve(true) });
    expect(log).toEqual(['a@0']);
  });

  it('is not for models that nobody can call', async () => {
    const test = aRouter(inGroups({ g: ['a'] }), { facts: { isUsable: () => false } });
    const end = await run({ wait: () => Promise.resolve(true) }, { test });
    expect(end).toMatchObject({ log: [], told: 'GW_NO_DEPLOYMENT_USABLE@0' });
  });
});

describe('a hedge', () => {
  const hedged = (script: Script, ids?: string[]) => run({ hedgeAfterMs: 50, ...script }, ids && { ids });

  it.each<[string, Script, string[], string]>([
    ['is not made when the first is quick', { calls: { a: [[40, 'ok']] } }, ['a@0'], 'answer of a@40'],
    [
      'wins when it is quicker; the first is given up',
      { calls: { a: [[200, 'ok']], b: [[30, 'ok']] } },
      ['a@0', 'b@50', 'give up a@80'],
      'answer of b@80',
    ],
    [
      'is given up when the first is quicker after all',
      { calls: { a: [[60, 'ok']], b: [[30, 'ok']] } },
      ['a@0', 'b@50', 'give up b@60'],
      'answer of a@60',
    ],
    [
      'answers when the first fails meanwhile',
      { calls: { a: [[60, 'GW_TIMEOUT']], b: [[100, 'ok']] } },
      ['a@0', 'b@50'],
      'answer of b@150',
    ],
    [
      'may fail without harm',
      { calls: { a: [[200, 'ok']], b: [[10, 'GW_TIMEOUT']] } },
      ['a@0', 'b@50'],
      'answer of a@200',
    ],
    [
      'that fails as the first does is followed by one that was not asked yet',
      { calls: { a: [[60, 'GW_TIMEOUT']], b: [[30, 'GW_TIMEOUT']], c: [[10, 'ok']] } },
      ['a@0', 'b@50', 'c@80'],
      'answer of c@90',
    ],
    [
      'is made for every attempt',
      { calls: { a: [[60, 'GW_TIMEOUT']], b: [[30, 'GW_TIMEOUT']], c: [[60, 'ok']] } },
      ['a@0', 'b@50', 'c@80'],
      'answer of c@140',
    ],
    [
      'is not made when the first failed before',
      { calls: { a: [[40, 'GW_TIMEOUT']] } },
      ['a@0', 'b@40'],
      'answer of b@40',
    ],
    [
      'is not made where its limit is reached',
      { calls: { a: [[90, 'ok']] }, limits: { b: [false] } },
      ['a@0'],
      'answer of a@90',
    ],
    [
      'is not made where its limit cannot be asked for',
      { calls: { a: [[90, 'ok']] }, limits: { b: [[10, 'broken']] } },
      ['a@0'],
      'answer of a@90',
    ],
    [
      'gives back what its limit gave when the first answered meanwhile',
      { calls: { a: [[60, 'ok']] }, limits: { b: [[30, true]] } },
      ['a@0', 'give up b@80'],
      'answer of a@60',
    ],
    [
      'gives back what its limit gave when the first failed meanwhile',
      { calls: { a: [[60, 'GW_TIMEOUT']] }, limits: { b: [[30, true], true] } },
      ['a@0', 'b@60', 'give up b@80'],
      'answer of b@60',
    ],
  ])('%s', async (_title, script, log, told) => {
    expect(await hedged(script)).toMatchObject({ log, told });
  });

  it('is not made where there is nobody else', async () => {
    expect(await hedged({ calls: { a: [[90, 'ok']] } }, ['a'])).toMatchObject({ log: ['a@0'], told: 'answer of a@90' });
  });

  it('that failed last is not asked next while another is there', async () => {
    const calls: Script['calls'] = {
      a: [
        [60, 'GW_TIMEOUT'],
        [10, 'ok'],
      ],
      b: [[30, 'GW_TIMEOUT']],
    };
    const end = await hedged({ calls }, ['a', 'b']);
    expect(end).toMatchObject({ log: ['a@0', 'b@50', 'a@580'], told: 'answer of a@590' });
  });

  it('counts as a failure of its own deployment', async () => {
    const calls: Script['calls'] = { a: [[60, 'GW_TIMEOUT']], b: [[30, 'GW_INVALID_REQUEST']] };
    expect(await hedged({ calls })).toMatchObject({ log: ['a@0', 'b@50'], told: 'GW_INVALID_REQUEST@80' });
  });

  it('leaves no timer behind', async () => {
    for (const end of ['ok', 'GW_INVALID_REQUEST'] as const) {
      expect((await hedged({ calls: { a: [[10, end]] } })).timersLeft).toBe(0);
    }
  });

  it('is cancelled when the attempt cannot even be begun', async () => {
    const driver = new ScriptedDriver({ hedgeAfterMs: 50 });
    driver.attempt = () => {
      throw new TypeError('a fault');
    };
    const { router } = aRouter(inGroups({ g: ['a'] }));
    await expect(drive(router.route(aRequest(), router.resolve('g')), driver)).rejects.toBeInstanceOf(GatewayError);
    expect(driver.clock.pendingTimers).toBe(0);
  });
});
