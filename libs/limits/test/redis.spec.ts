// Limits across machines, with a real Redis.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Limits } from '../src/limits.js';
import { RedisAuthority, type RedisAuthorityOptions } from '../src/redis-authority.js';
import { clientOf as redisClient } from '../src/redis-link.js';
import { parseReply, type SliceReply } from '../src/redis-script.js';
import { isDenial, type LimitRule, type Permit } from '../src/rule.js';
import {
  callsByWindow,
  earlyRefusals,
  endAll,
  next,
  overlap,
  start,
  type Hammering,
  type Report,
} from './processes/crew.js';
import { freePort, RedisServer } from './redis-server.js';

jest.setTimeout(120_000);

const WINDOW_MS = 1_000;
const LEASE_MS = 1_500;

let server: RedisServer;
let client: Redis;
let serial = 0;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.remove());
beforeEach(() => {
  client = new Redis({ port: server.port, lazyConnect: true, disconnectTimeout: 100 });
  client.on('error', () => undefined);
});

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  endAll();
  await Promise.all(opened.splice(0).map((one) => one.close()));
  client.disconnect();
});

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

/** Resolves when it holds. */
const eventually = async (holds: () => boolean, withinMs = 5_000): Promise<void> => {
  const until = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > until) throw new Error('It did not come about in time.');
    await sleep(10);
  }
};

/** Options that share nothing with other tests. */
const fresh = (options: Partial<RedisAuthorityOptions> = {}): RedisAuthorityOptions => ({
  redis: { port: server.port },
  prefix: `test-${++serial}:`,
  leaseMs: LEASE_MS,
  ...options,
});

interface Machine {
  readonly limits: Limits;
  readonly authority: RedisAuthority;
}

/** A machine of one worker, in this process. */
const aMachine = async (options: RedisAuthorityOptions): Promise<Machine> => {
  const authority = await RedisAuthority.connect(options);
  const limits = new Limits({ authority, now: options.now });
  opened.push(limits);
  return { limits, authority };
};

/** Permits of the takes that come through, one after the other. */
const takeMany = async ({ limits }: Machine, rule: LimitRule, times: number, tokens = 0): Promise<Permit[]> => {
  const permits: Permit[] = [];
  for (let index = 0; index < times; index += 1) {
    const outcome = await limits.take([rule], tokens);
    if (!isDenial(outcome)) permits.push(outcome);
  }
  return permits;
};

/** Enough of the minute is left for a test that counts in it. */
const awayFromMinuteEnd = async (): Promise<void> => {
  const leftMs = 60_000 - (Date.now() % 60_000);
  if (leftMs < 8_000) await sleep(leftMs + 50);
};

describe('two machines of two workers, as processes', () => {
  interface Running {
    readonly process: ChildProcess;
    hammer(hammering: Hammering): Promise<Report[]>;
  }

  const aProcess = async (options: RedisAuthorityOptions): Promise<Running> => {
    const process = start('machine.mjs');
    process.send({ type: 'start', options, workers: 2 });
    await next(process, 'ready');
    return {
      process,
      hammer: async (hammering) => {
        process.send({ type: 'hammer', ...hammering });
        return (await next<{ reports: Report[] }>(process, 'report')).reports;
      },
    };
  };

  const twoMachines = async (): Promise<[Running, Running]> => {
    const options = fresh({ windowMs: WINDOW_MS });
    return [await aProcess(options), await aProcess(options)];
  };

  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

  it('use rpm to the last and never more', async () => {
    const machines = await twoMachines();
    const rpm = 500;
    const hammering = { rules: [{ key: 'k', rpm }], forMs: 4_000, loops: 8, holdMs: 0 };
    const reports = (await Promise.all(machines.map((machine) => machine.hammer(hammering)))).flat();
    const counts = callsByWindow(reports, WINDOW_MS);
    expect(Math.max(...counts)).toBeLessThanOrEqual(rpm);
    const whole = counts.slice(1, -1);
    expect(whole.length).toBeGreaterThanOrEqual(2);
    for (const count of whole) expect(count).toBeGreaterThanOrEqual(0.98 * rpm);
    expect(earlyRefusals(reports, WINDOW_MS)).toBeLessThanOrEqual(0.02 * sum(counts));
  });

  it('never hold more slots than there are, and let hardly one lie idle', async () => {
    const machines = await twoMachines();
    const maxParallel = 12;
    const hammering = { rules: [{ key: 'k', maxParallel }], forMs: 3_000, loops: 6, holdMs: 20 };
    const reports = (await Promise.all(machines.map((machine) => machine.hammer(hammering)))).flat();
    const { most, average } = overlap(reports, 3_000);
    expect(most).toBeLessThanOrEqual(maxParallel);
    expect(average).toBeGreaterThanOrEqual(0.9 * maxParallel);
    for (const { calls } of reports) expect(calls.length).toBeGreaterThan(0);
  });

  it('a machine that is killed leaves its slots to the other when its lease ends', async () => {
    const [victim, other] = await twoMachines();
    const maxParallel = 10;
    const rules = [{ key: 'k', maxParallel }];
    victim.process.send({ type: 'hammer', rules, forMs: 60_000, loops: 10, holdMs: 50 });
    await other.hammer({ rules, forMs: 1_000, loops: 10, holdMs: 50 });
    victim.process.kill('SIGKILL');
    await sleep(LEASE_MS + 1_200);
    const { most, average } = overlap(await other.hammer({ rules, forMs: 1_500, loops: 10, holdMs: 20 }), 1_500);
    expect(most).toBe(maxParallel);
    expect(average).toBeGreaterThanOrEqual(0.9 * maxParallel);
  });
});

describe('machines that share a Redis', () => {
  it.each([
    ['requests', { key: 'k', rpm: 100 }, 0, 100],
    ['tokens', { key: 'k', tpm: 1_000 }, 10, 100],
    ['slots', { key: 'k', maxParallel: 30 }, 0, 30],
  ])('one can have all %s that others hold and do not use', async (_title, rule, tokens, limit) => {
    await awayFromMinuteEnd();
    const options = fresh();
    const [first, second, third] = [await aMachine(options), await aMachine(options), await aMachine(options)];
    const taken = [await takeMany(first, rule, 1, tokens), await takeMany(second, rule, 1, tokens)].flat().length;
    expect(taken).toBe(2);
    expect(await takeMany(third, rule, limit + 10, tokens)).toHaveLength(limit - 2);
  });

  it('keep to the minutes of Redis, whatever their own clocks say', async () => {
    await awayFromMinuteEnd();
    const options = fresh();
    const machines = [
      await aMachine(options),
      await aMachine({ ...options, now: () => Date.now() + 37_000 }),
      await aMachine({ ...options, now: () => Date.now() - 3_600_000 }),
    ];
    const rule = { key: 'k', rpm: 60 };
    const taken = [];
    for (const machine of machines) taken.push((await takeMany(machine, rule, 40)).length);
    expect(taken).toEqual([40, 20, 0]);
    // The rest of the minute, whatever the clock of that machine is.
    const outcome = await machines[2]!.limits.take([rule], 0);
    const leftMs = 60_000 - (Date.now() % 60_000);
    expect(isDenial(outcome) && Math.abs(outcome.retryAfterMs - leftMs)).toBeLessThan(500);
  });

  it('deny nobody for a minute that ends just now', async () => {
    const options = fresh({ windowMs: WINDOW_MS });
    const machine = await aMachine(options);
    const rule = { key: 'k', rpm: 5 };
    const untilWindow = (aheadMs: number): number => WINDOW_MS - ((Date.now() + aheadMs) % WINDOW_MS);
    for (let times = 0; times < 3; times += 1) {
      await sleep(untilWindow(0) + 300);
      expect(await takeMany(machine, rule, 5)).toHaveLength(5);
      await sleep(untilWindow(6));
      expect(await takeMany(machine, rule, 1)).toHaveLength(1);
    }
  });

  it('remember no drought of the minute before', async () => {
    const options = fresh({ windowMs: WINDOW_MS });
    const [first, second] = [await aMachine(options), await aMachine(options)];
    const rule = { key: 'k', rpm: 5 };
    await sleep(WINDOW_MS - (Date.now() % WINDOW_MS) + 500);
    expect(await takeMany(first, rule, 6)).toHaveLength(5);
    expect(await takeMany(second, rule, 1)).toHaveLength(0);
    await sleep(WINDOW_MS - (Date.now() % WINDOW_MS) + 20);
    expect(await takeMany(second, rule, 6)).toHaveLength(5);
  });

  it('wake each other when a slot comes free', async () => {
    const options = fresh();
    const [holder, waiter] = [await aMachine(options), await aMachine(options)];
    const rule = { key: 'k', maxParallel: 1 };
    const [permit] = await takeMany(holder, rule, 1);
    expect(await takeMany(waiter, rule, 1)).toHaveLength(0);
    const told = jest.fn();
    waiter.limits.onRoom(told);
    permit!.release();
    await eventually(() => told.mock.calls.length > 0, 500);
    expect(await takeMany(waiter, rule, 1)).toHaveLength(1);
  });

  it('take turns with a slot that both have endless queues for', async () => {
    const options = fresh();
    const machines = [await aMachine(options), await aMachine(options)];
    const rule = { key: 'k', maxParallel: 1 };
    const served = machines.map(() => 0);
    let isOver = false;
    machines.forEach(({ limits }, index) => {
      const next = async (): Promise<void> => {
        if (isOver) return;
        const outcome = await limits.take([rule], 0);
        if (isDenial(outcome)) return;
        served[index]! += 1;
        setTimeout(() => outcome.release(), 20);
      };
      limits.onRoom(() => void next());
      void next();
    });
    await sleep(4_000);
    isOver = true;
    expect(Math.min(...served)).toBeGreaterThanOrEqual(3);
  });

  it('hand back within a second what they do not use', async () => {
    const options = fresh();
    const machine = await aMachine(options);
    const [permit] = await takeMany(machine, { key: 'k', rpm: 100, tpm: 1_000, maxParallel: 40 }, 1, 10);
    permit!.release(10);
    await sleep(1_000);
    const fields = await client.hgetall(`${options.prefix!}{k}`);
    const noted = Object.entries(fields).flatMap(([field, value]) => (field.startsWith('m:') ? [value] : []));
    expect(noted.map((text) => text.split(' ').slice(2, 5))).toEqual([['1', '10', '0']]);
  });

  it('leave nothing in Redis for longer than two minutes', async () => {
    const options = fresh({ leaseMs: undefined });
    await takeMany(await aMachine(options), { key: 'k', rpm: 10 }, 1);
    const keys = await client.keys(`${options.prefix!}*`);
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(await client.pttl(key)).toBeGreaterThan(0);
    for (const key of keys) expect(await client.pttl(key)).toBeLessThanOrEqual(120_000);
  });

  it('keep their slots as long as they live', async () => {
    const options = fresh();
    const [holder, other] = [await aMachine(options), await aMachine(options)];
    const rule = { key: 'k', maxParallel: 2 };
    expect(await takeMany(holder, rule, 2)).toHaveLength(2);
    await sleep(2 * LEASE_MS);
    expect(await takeMany(other, rule, 2)).toHaveLength(0);
  });

  it('hand everything back when they are closed', async () => {
    const options = fresh();
    const [leaving, other] = [await aMachine(options), await aMachine(options)];
    const rule = { key: 'k', maxParallel: 4 };
    for (const permit of await takeMany(leaving, rule, 4)) permit.release();
    await leaving.limits.close();
    expect(await takeMany(other, rule, 4)).toHaveLength(4);
  });

  it('ignore nonsense that somebody publishes among them', async () => {
    const options = fresh();
    const machine = await aMachine(options);
    for (const nonsense of ['', '{', 'null', '7', '{"type":"recall"}', '{"type":"recall","to":7}', '{"type":"other"}'])
      await client.publish(`${options.prefix!}bus`, nonsense);
    expect(await client.publish(`${options.prefix!}bus`, '{"type":"room"}')).toBe(1);
    await sleep(50);
    expect(await takeMany(machine, { key: 'k', rpm: 2 }, 3)).toHaveLength(2);
  });

  it('never exceed a limit together, whatever they do and when', async () => {
    const rules: LimitRule[] = [
      { key: 'slots', maxParallel: 5 },
      { key: 'both', maxParallel: 4, rpm: 15 },
      { key: 'requests', rpm: 9 },
    ];
    const step = fc.record({
      machine: fc.nat(2),
      rule: fc.nat(rules.length - 1),
      act: fc.constantFrom('take' as const, 'take' as const, 'take' as const, 'release' as const, 'wait' as const),
      awaits: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
        await awayFromMinuteEnd();
        const options = fresh();
        const machines = await Promise.all([1, 2, 3].map(() => aMachine(options)));
        const held = rules.map((): Permit[] => []);
        const admitted = rules.map(() => 0);
        const check = (index: number): void => {
          expect(held[index]!.length).toBeLessThanOrEqual(rules[index]!.maxParallel ?? Infinity);
          expect(admitted[index]!).toBeLessThanOrEqual(rules[index]!.rpm ?? Infinity);
        };
        const pending: Promise<void>[] = [];
        for (const { machine, rule, act, awaits } of steps) {
          if (act === 'wait') await sleep(2);
          if (act === 'release') held[rule]!.shift()?.release();
          if (act !== 'take') continue;
          const taking = Promise.resolve(machines[machine]!.limits.take([rules[rule]!], 0)).then((outcome) => {
            if (isDenial(outcome)) return;
            held[rule]!.push(outcome);
            admitted[rule]! += 1;
            check(rule);
          });
          pending.push(taking);
          if (awaits) await taking;
        }
        await Promise.all(pending);
        await Promise.all(opened.splice(0).map((one) => one.close()));
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
});

describe('the script', () => {
  const RULE = { rpm: 10, tpm: 100, maxParallel: 4 };
  type Three = readonly [number, number, number];

  /** What machines say of one key, in a window that does not end meanwhile. */
  const aScript = () => {
    const redis = redisClient({ port: server.port });
    opened.push({
      close: () => {
        redis.disconnect();
        return Promise.resolve();
      },
    });
    const prefix = `test-${++serial}:`;
    let sequence = 0;
    const say = async (
      machine: string,
      {
        held = [0, 0, 0],
        want = [0, 0, 0],
        window = -1,
        leaseMs = 60_000,
        as = ++sequence,
      }: Partial<{
        held: Three;
        want: Three;
        window: number;
        leaseMs: number;
        as: number;
      }>,
    ): Promise<SliceReply | undefined> => {
      const { rpm, tpm, maxParallel } = RULE;
      const limits = [rpm, tpm, maxParallel];
      const rest = [1, 0, 1_000_000_000, leaseMs, `${prefix}bus`, '{}'];
      return parseReply(
        await redis.turnpikeSlice(`${prefix}{k}`, machine, as, window, ...held, ...want, ...limits, ...rest),
      );
    };
    return { ready: () => redis.connect(), say };
  };

  it('gives slices of what is left, and counts what each machine says that it holds', async () => {
    const { ready, say } = aScript();
    await ready();
    const first = await say('a', { want: [1, 0, 1] });
    expect(first).toMatchObject({ granted: [2, 0, 1], beyond: [8, 100, 3], isSpent: [false, false, false] });
    const { window } = first!;
    expect(await say('b', { want: [8, 0, 4] })).toMatchObject({ granted: [8, 0, 3], holders: ['a'] });
    // It has given back one request and its slot.
    await say('a', { held: [1, 0, 0], window });
    expect(await say('b', { held: [8, 0, 3], window, want: [5, 0, 5] })).toMatchObject({ granted: [1, 0, 1] });
  });

  it('ignores a call that a later one overtook', async () => {
    const { ready, say } = aScript();
    await ready();
    const { window } = (await say('a', { want: [10, 0, 0] }))!;
    expect(await say('a', { want: [0, 0, 4], as: 1 })).toBeUndefined();
    expect(await say('b', { want: [1, 0, 4] })).toMatchObject({ granted: [0, 0, 4] });
    expect(await say('a', { held: [10, 0, 0], window, want: [0, 0, 1] })).toMatchObject({ granted: [0, 0, 0] });
  });

  it('takes nothing for held that was held in another minute', async () => {
    const { ready, say } = aScript();
    await ready();
    expect(await say('a', { held: [10, 100, 3], window: 7, want: [1, 1, 1] })).toMatchObject({ granted: [2, 25, 1] });
  });

  it('counts the requests of a machine that died until the minute ends, its slots until its lease does', async () => {
    const { ready, say } = aScript();
    await ready();
    await say('a', { want: [8, 0, 4], leaseMs: 50 });
    expect(await say('b', { want: [4, 0, 1] })).toMatchObject({ granted: [2, 0, 0] });
    await sleep(60);
    const { window } = (await say('c', {}))!;
    expect(await say('b', { held: [2, 0, 0], window, want: [1, 0, 4] })).toMatchObject({ granted: [0, 0, 4] });
  });

  it('gives no tokens that would not do for one call', async () => {
    const { ready, say } = aScript();
    await ready();
    await say('a', { want: [0, 70, 0] });
    expect(await say('b', { want: [0, 31, 0] })).toMatchObject({ granted: [0, 0, 0] });
    expect(await say('b', { want: [0, 30, 0] })).toMatchObject({ granted: [0, 30, 0] });
  });
});

describe('when Redis is away', () => {
  afterEach(async () => {
    await server.freeze(false);
    await server.stop();
    await server.start();
  });

  /** Longest wait for one of these takes, ms. */
  const longestWait = async (machine: Machine, rule: LimitRule, times: number): Promise<number> => {
    let longest = 0;
    for (let index = 0; index < times; index += 1) {
      const asked = performance.now();
      await machine.limits.take([rule], 0);
      longest = Math.max(longest, performance.now() - asked);
    }
    return longest;
  };

  it.each([
    ['ends', () => server.stop(), () => server.start()],
    ['stands still', () => server.freeze(true), () => server.freeze(false)],
  ])('because it %s, each machine goes on with the whole limit, and comes back by itself', async (_t, leave, back) => {
    await awayFromMinuteEnd();
    const options = fresh();
    const [first, second] = [await aMachine(options), await aMachine(options)];
    const changes: boolean[] = [];
    first.limits.onDegraded((isDegraded) => changes.push(isDegraded));
    const rule = { key: 'k', rpm: 1_000, maxParallel: 10 };
    const permits = await takeMany(first, rule, 4);
    expect(permits).toHaveLength(4);

    await leave();
    // The first that has to ask finds out, and nobody waits for long.
    expect(await longestWait(second, { key: 'other', rpm: 10 }, 3)).toBeLessThan(350);
    expect(second.limits.isDegraded).toBe(true);
    permits.push(...(await takeMany(first, rule, 20)));
    expect(permits).toHaveLength(10);
    expect(await takeMany(second, rule, 20)).toHaveLength(10);
    await eventually(() => first.limits.isDegraded);
    expect(first.authority.reason).toEqual(expect.any(String));

    await back();
    await eventually(() => !first.limits.isDegraded && !second.limits.isDegraded);
    expect(changes).toEqual([true, false]);
    // Together they hold twice the limit; what is released beyond it stays away.
    for (const permit of permits) permit.release();
    await sleep(1_000);
    expect(await takeMany(first, rule, 1)).toHaveLength(0);
    const third = await aMachine(options);
    expect(await takeMany(third, rule, 1)).toHaveLength(0);
  });

  it('because a connection is dead without having ended, a machine takes another', async () => {
    const open = new Set<Socket>();
    const proxy = createServer((socket) => {
      const upstream = connect(server.port, '127.0.0.1');
      socket.pipe(upstream).pipe(socket);
      for (const end of [socket, upstream]) {
        end.on('error', () => undefined);
        open.add(end);
      }
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { limits } = await aMachine(fresh({ redis: { port: (proxy.address() as AddressInfo).port } }));
    expect(limits.isDegraded).toBe(false);
    // From now on nothing passes through what is open.
    for (const end of open) end.unpipe().pause();
    await limits.take([{ key: 'k', rpm: 1 }], 0);
    expect(limits.isDegraded).toBe(true);
    await eventually(() => !limits.isDegraded, 8_000);
    await limits.close();
    for (const end of open) end.destroy();
    proxy.close();
  });

  it('and comes back empty in the same minute, what machines had counts', async () => {
    await awayFromMinuteEnd();
    const options = fresh();
    const [first, second] = [await aMachine(options), await aMachine(options)];
    const rule = { key: 'k', rpm: 100 };
    expect(await takeMany(first, rule, 60)).toHaveLength(60);
    expect(await takeMany(second, rule, 20)).toHaveLength(20);
    await server.stop();
    await eventually(() => first.limits.isDegraded && second.limits.isDegraded);
    await server.start();
    await eventually(() => !first.limits.isDegraded && !second.limits.isDegraded);
    const after = [await takeMany(second, rule, 100), await takeMany(first, rule, 100)].flat();
    expect(after).toHaveLength(20);
  });

  it('from the start, a machine begins at once and joins the others later', async () => {
    const port = await freePort();
    const began = Date.now();
    const machine = await aMachine(fresh({ redis: { port } }));
    expect(Date.now() - began).toBeLessThan(1_500);
    expect(machine.limits.isDegraded).toBe(true);
    expect(await takeMany(machine, { key: 'k', maxParallel: 3 }, 5)).toHaveLength(3);
  });

  it('or refuses what it is asked, the machine counts for itself and does not flicker', async () => {
    const options = fresh();
    const machine = await aMachine(options);
    const changes: boolean[] = [];
    machine.limits.onDegraded((isDegraded) => changes.push(isDegraded));
    await client.config('SET', 'maxmemory', '1');
    const permits = await takeMany(machine, { key: 'k', maxParallel: 3 }, 5);
    expect(permits).toHaveLength(3);
    for (const permit of permits) permit.release();
    await sleep(1_500);
    expect(changes).toEqual([true]);
    expect(machine.authority.reason).toMatch(/OOM/);
    await client.config('SET', 'maxmemory', '0');
    await eventually(() => !machine.limits.isDegraded);
  });

  it('because it does not know the password, the reason says so without telling it', async () => {
    await client.config('SET', 'requirepass', 'the-right-one');
    const { authority, limits } = await aMachine(fresh({ redis: { port: server.port, password: 'the-wrong-one' } }));
    expect(limits.isDegraded).toBe(true);
    expect(authority.reason).toMatch(/WRONGPASS|NOAUTH/);
    expect(authority.reason).not.toContain('the-');
  });
});
