import { describe, expect, it, jest } from '@jest/globals';
import { Containment, type ContainmentOptions, type HookEvent } from './containment.js';

const setUp = (
  changes: Partial<ContainmentOptions> = {},
): { run: Containment['run']; events: HookEvent[]; clock: { at: number }; containment: Containment } => {
  const clock = { at: 1_000 };
  const events: HookEvent[] = [];
  const containment = new Containment({
    plugin: 'cache.test',
    clock: { now: () => clock.at },
    onEvent: (event) => events.push(event),
    maxFailures: 3,
    restMs: 60_000,
    ...changes,
  });
  return { run: containment.run.bind(containment), events, clock, containment };
};

const FAILED = expect.objectContaining({ code: 'GW_PLUGIN_HOOK' });
const fail = (): never => {
  throw new Error('no');
};

describe('Containment', () => {
  it('gives back what the hook gives', async () => {
    const { run, events } = setUp();
    await expect(run('get', 100, () => 7)).resolves.toBe(7);
    expect(events).toMatchObject([{ plugin: 'cache.test', hook: 'get', outcome: 'ok' }]);
  });

  it.each<[string, () => unknown]>([
    ['throws', fail],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('turns a hook that %s into one error that names the plugin', async (_, body) => {
    const { run, events } = setUp();
    await expect(run('get', 100, body)).rejects.toEqual(FAILED);
    expect(events[0]).toMatchObject({ outcome: 'error' });
  });

  it('ends the wait for a hook that hangs, and aborts its signal', async () => {
    const { run, events } = setUp();
    let seen: AbortSignal | undefined;
    await expect(
      run('get', 20, (signal) => {
        seen = signal;
        return new Promise(() => undefined);
      }),
    ).rejects.toEqual(FAILED);
    expect(seen?.aborted).toBe(true);
    expect(events[0]).toMatchObject({ outcome: 'timeout' });
  });

  it('says of one that took too long that nobody was there', async () => {
    const { run } = setUp();
    await expect(run('get', 20, () => new Promise(() => undefined))).rejects.toMatchObject({
      facts: { cause: { isUnreachable: true } },
    });
  });

  it('counts what was run elsewhere, and makes one error of its failure', async () => {
    const { run, events, containment } = setUp();
    containment.ran('stream', 5);
    const cause = new Error('no');
    for (let times = 0; times < 3; times += 1) {
      expect(containment.ran('stream', 5, cause)).toMatchObject({
        code: 'GW_PLUGIN_HOOK',
        message: 'Plugin cache.test failed (stream).',
        facts: { cause },
      });
    }
    expect(events.map(({ hook, outcome, ms }) => [hook, outcome, ms])).toEqual([
      ['stream', 'ok', 5],
      ...Array(3).fill(['stream', 'error', 5]),
    ]);
    await expect(run('get', 100, () => 7)).rejects.toEqual(FAILED);
  });

  it('passes an outer abort on to the hook', async () => {
    const { run } = setUp();
    const outer = new AbortController();
    const running = run(
      'get',
      1_000,
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
      outer.signal,
    );
    outer.abort();
    await expect(running).rejects.toEqual(FAILED);
  });

  it('rests after failures in a row, then lets one probe through', async () => {
    const { run, events, clock, containment } = setUp();
    for (let round = 0; round < 3; round += 1) await expect(run('get', 100, fail)).rejects.toEqual(FAILED);
    expect(containment.isResting).toBe(true);
    const body = jest.fn(() => 1);
    await expect(run('get', 100, body)).rejects.toEqual(FAILED);
    expect(body).not.toHaveBeenCalled();
    expect(events.at(-1)).toMatchObject({ outcome: 'skipped' });

    clock.at += 60_001;
    const probe = run('get', 100, () => new Promise((resolve) => setTimeout(resolve, 10)));
    await expect(run('get', 100, body)).rejects.toEqual(FAILED);
    expect(body).not.toHaveBeenCalled();
    await probe;
    await expect(run('get', 100, body)).resolves.toBe(1);
  });

  it('is not put to rest by callers that go away', async () => {
    const { run, events, containment } = setUp();
    for (let client = 0; client < 10; client += 1) {
      const outer = new AbortController();
      const hanging = run(
        'check',
        1_000,
        (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
        outer.signal,
      );
      outer.abort();
      await expect(hanging).rejects.toEqual(FAILED);
    }
    expect([containment.isResting, new Set(events.map(({ outcome }) => outcome))]).toEqual([
      false,
      new Set(['aborted']),
    ]);
  });

  it('goes back to rest when the probe fails', async () => {
    const { run, clock, containment } = setUp();
    for (let round = 0; round < 3; round += 1) await expect(run('get', 100, fail)).rejects.toEqual(FAILED);
    clock.at += 60_001;
    await expect(run('get', 100, fail)).rejects.toEqual(FAILED);
    expect(containment.isResting).toBe(true);
  });

  it('forgets failures after a success', async () => {
    const { run, containment } = setUp();
    for (let round = 0; round < 10; round += 1) {
      await expect(run('get', 100, fail)).rejects.toEqual(FAILED);
      await run('get', 100, () => 1);
    }
    expect(containment.isResting).toBe(false);
  });
});

describe('a hook whose answer is at hand', () => {
  it('is answered at once', () => {
    const { containment, events } = setUp();
    expect(containment.ask('get', 100, () => 7)).toBe(7);
    expect(events).toMatchObject([{ hook: 'get', outcome: 'ok' }]);
  });

  it('or later, within its time', async () => {
    const { containment, events } = setUp();
    await expect(containment.ask('get', 100, () => Promise.resolve(7))).resolves.toBe(7);
    let seen: AbortSignal | undefined;
    const hanging = containment.ask('get', 10, (signal) => {
      seen = signal;
      return new Promise<number>(() => undefined);
    });
    await expect(hanging).rejects.toEqual(FAILED);
    expect([seen?.aborted, events.map(({ outcome }) => outcome)]).toEqual([true, ['ok', 'timeout']]);
    // The next one has a signal of its own.
    expect(containment.ask('get', 10, (signal) => signal.aborted)).toBe(false);
  });

  it('counts among its failures, and rests with it', () => {
    const { containment, clock } = setUp();
    for (let count = 0; count < 3; count += 1) expect(() => containment.ask('get', 100, fail)).toThrow(FAILED);
    expect(() => containment.ask('get', 100, () => 7)).toThrow(FAILED);
    clock.at += 60_000;
    expect(containment.ask('get', 100, () => 7)).toBe(7);
    expect(containment.isResting).toBe(false);
  });
});

describe('a plugin that must not be waited for', () => {
  const late = async ({ run }: ReturnType<typeof setUp>): Promise<void> => {
    await expect(run('get', 10, () => new Promise(() => undefined))).rejects.toEqual(FAILED);
  };

  it('is switched off by one late run, and for longer each time that it is tried in vain', async () => {
    const set = setUp({ maxFailures: 10, firstRestMs: 1_000 });
    for (const restMs of [1_000, 2_000, 4_000]) {
      await late(set);
      expect(set.containment.isResting).toBe(true);
      set.clock.at += restMs - 1;
      expect(set.containment.isResting).toBe(true);
      set.clock.at += 1;
      expect(set.containment.isResting).toBe(false);
    }
    expect(await set.run('get', 1_000, () => 7)).toBe(7);
    await late(set);
    set.clock.at += 1_000;
    expect(set.containment.isResting).toBe(false);
  });

  it('is switched off by errors in a row, and tried again as soon', async () => {
    const set = setUp({ maxFailures: 3, firstRestMs: 1_000 });
    const failing = async (): Promise<void> => expect(set.run('get', 100, fail)).rejects.toEqual(FAILED);
    for (let count = 0; count < 2; count += 1) await failing();
    expect(set.containment.isResting).toBe(false);
    for (const restMs of [1_000, 2_000]) {
      await failing();
      set.clock.at += restMs - 1;
      expect(set.containment.isResting).toBe(true);
      set.clock.at += 1;
      expect(set.containment.isResting).toBe(false);
    }
  });

  it('counts runs that are late together as one, and errors as ever', async () => {
    const set = setUp({ maxFailures: 10, firstRestMs: 1_000 });
    await Promise.all(Array.from({ length: 20 }, () => late(set)));
    set.clock.at += 1_000;
    expect(set.containment.isResting).toBe(false);
    const other = setUp({ maxFailures: 10, firstRestMs: 1_000 });
    await expect(other.run('get', 100, fail)).rejects.toEqual(FAILED);
    expect(other.containment.isResting).toBe(false);
  });

  it('never rests longer than one that keeps failing', async () => {
    const set = setUp({ maxFailures: 100, firstRestMs: 1_000, restMs: 3_000 });
    for (let probe = 0; probe < 4; probe += 1) {
      await late(set);
      set.clock.at += 3_000;
    }
    expect(set.containment.isResting).toBe(false);
  });
});
