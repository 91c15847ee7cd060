import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { House, MINUTE, settle, stopClock, type Worker } from '../test/house.js';
import { ChannelAuthority } from './channel-authority.js';
import { Distributor } from './distributor.js';
import { Limits } from './limits.js';
import type { LimitMessage } from './messages.js';
import { isDenial, type LimitRule } from './rule.js';
import { WholeAuthority } from './whole-authority.js';

beforeEach(stopClock);
afterEach(() => jest.useRealTimers());

/** All workers in turn, each as long as it is let through. */
const drain = async (house: House, rule: LimitRule, tokens = 0): Promise<number[]> => {
  const taken = house.workers.map(() => 0);
  const open = new Set(house.workers.keys());
  while (open.size > 0)
    for (const index of open) {
      if (isDenial(await house.take(house.workers[index]!, [rule], tokens))) open.delete(index);
      else taken[index]! += 1;
    }
  return taken;
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const releaseAll = (worker: Worker): void => {
  for (const permit of worker.held.splice(0)) permit.release();
};

describe('workers of one machine', () => {
  it.each([
    ['requests', { key: 'k', rpm: 1_000 }, 0, 1_000],
    ['requests, fewer than there are workers', { key: 'k', rpm: 3 }, 0, 3],
    ['tokens', { key: 'k', tpm: 10_000 }, 10, 1_000],
    ['slots', { key: 'k', maxParallel: 50 }, 0, 50],
    ['slots, fewer than there are workers', { key: 'k', maxParallel: 2 }, 0, 2],
  ])('together use a limit to the last: %s', async (_title, rule, tokens, limit) => {
    const house = new House(4);
    expect(sum(await drain(house, rule, tokens))).toBe(limit);
  });

  it('share what all of them want alike', async () => {
    const taken = await drain(new House(4), { key: 'k', rpm: 1_000 });
    expect(Math.min(...taken)).toBeGreaterThan(200);
  });

  it('leave everything to one that is alone in wanting it', async () => {
    const house = new House(4);
    const rule = { key: 'k', rpm: 100, maxParallel: 100 };
    for (const worker of house.workers) await house.take(worker, [rule]);
    expect(await house.takeMany(house.workers[2]!, [rule], 200)).toBe(96);
  });

  it.each([
    [100, 60],
    [1_000, 110],
    [10_000, 160],
  ])('exchange messages by the logarithm of the limit: at %d a minute, at most %d each way', async (rpm, most) => {
    const house = new House(4);
    await drain(house, { key: 'k', rpm });
    expect(house.messages).toBeLessThanOrEqual(2 * most);
    // And none once it is known that there is no more.
    const before = house.messages;
    for (const worker of house.workers) await house.takeMany(worker, [{ key: 'k', rpm }], 100);
    expect(house.messages).toBe(before);
  });

  it('exchange no message for a call that a slice has room for', async () => {
    const house = new House(2);
    const [worker] = house.workers;
    const rule = { key: 'k', rpm: 1_000, tpm: 1_000_000, maxParallel: 100 };
    await house.take(worker!, [rule], 100);
    const before = house.messages;
    for (let call = 0; call < 50; call += 1) {
      const outcome = worker!.limits.take([rule], 100);
      expect(outcome).not.toBeInstanceOf(Promise);
      (outcome as { release: (tokens: number) => void }).release(100);
    }
    await settle();
    expect(house.messages).toBe(before);
  });

  it.each([
    ['another worker', 0],
    ['a worker of another machine', 2],
  ])('find in one round trip what %s holds and does not use', async (_title, machines) => {
    const house = new House(2, machines);
    const [idle, busy] = house.workers;
    const rule = { key: 'k', rpm: 40 };
    await house.take(idle!, [rule]);
    const before = Date.now();
    expect(await house.takeMany(busy!, [rule], 100)).toBe(39);
    expect(Date.now() - before).toBeLessThan(20);
  });

  it('find what one of them got meanwhile, when a search had found nothing before', async () => {
    const house = new House(3, 2);
    const [here, elsewhere, beside] = house.workers;
    const rule = { key: 'k', rpm: 64 };
    await house.take(elsewhere!, [rule]);
    elsewhere!.wire.isCut = true;
    const taken = (await house.takeMany(here!, [rule], 70)) + (await house.takeMany(beside!, [rule], 70));
    expect(taken).toBeLessThan(63);
    elsewhere!.wire.isCut = false;
    await house.pass(1_000);
    expect(await house.takeMany(here!, [rule], 1)).toBe(1);
    expect(await house.takeMany(beside!, [rule], 70)).toBe(63 - taken - 1);
  });

  it('ask once for calls that wait at the same time', async () => {
    const house = new House(1);
    const [worker] = house.workers;
    const rules = [
      { key: 'a', rpm: 1_000 },
      { key: 'b', maxParallel: 1_000 },
    ];
    const outcomes = Array.from({ length: 50 }, () => worker!.limits.take(rules, 0));
    await house.quiet();
    expect((await Promise.all(outcomes)).some(isDenial)).toBe(false);
    expect(house.messages).toBe(2);
  });

  it('do not wait for a worker that does not answer a recall, and never give out what it holds', async () => {
    const house = new House(2);
    const [deaf, busy] = house.workers;
    const rule = { key: 'k', rpm: 40 };
    await house.take(deaf!, [rule]);
    deaf!.wire.isCut = true;
    const before = Date.now();
    expect(await house.takeMany(busy!, [rule], 100)).toBe(30);
    expect(Date.now() - before).toBeLessThanOrEqual(60);
  });
});

describe('a worker that got what it wanted', () => {
  it('is told of no room when others hand something back', async () => {
    const house = new House(2);
    const [first, second] = house.workers;
    const rule = { key: 'k', rpm: 100, maxParallel: 20 };
    await house.take(first!, [rule]);
    await house.take(second!, [rule]);
    const before = house.messages;
    releaseAll(first!);
    releaseAll(second!);
    await house.pass(1_000);
    // Each hands back once what it has of both.
    expect(house.messages - before).toBeLessThanOrEqual(4);
  });
});

describe('limits that change while calls are under way', () => {
  it.each([
    ['raised', 10, 20, 14],
    ['lowered', 20, 10, 4],
    ['lowered below what is in use', 20, 5, 0],
  ])('%s from %d to %d: with 6 in use there is room for %d', async (_title, former, latter, room) => {
    const house = new House(2);
    const [first, second] = house.workers;
    expect(await house.takeMany(first!, [{ key: 'k', maxParallel: former }], 6)).toBe(6);
    const rule = { key: 'k', maxParallel: latter };
    let taken = await house.takeMany(second!, [rule], 30);
    taken += await house.takeMany(first!, [rule], 30);
    expect(taken).toBe(room);
  });

  it('apply to slots that are in use when the limit is new', async () => {
    const house = new House(2);
    const [first, second] = house.workers;
    expect(await house.takeMany(first!, [{ key: 'k', rpm: 100 }], 6)).toBe(6);
    const rule = { key: 'k', rpm: 100, maxParallel: 10 };
    expect(await house.takeMany(first!, [rule], 1)).toBe(1);
    expect(await house.takeMany(second!, [rule], 30)).toBe(3);
    releaseAll(first!);
    await house.pass(1_000);
    expect(await house.takeMany(second!, [rule], 30)).toBe(7);
  });
});

describe('slices that nobody uses', () => {
  it.each([
    ['a worker', 2, 0],
    ['a machine', 2, 2],
  ])('come back within a second from %s', async (_title, workers, machines) => {
    const house = new House(workers, machines);
    const [idle, other] = house.workers;
    const rule = { key: 'k', rpm: 100, tpm: 1_000, maxParallel: 40 };
    await house.take(idle!, [rule], 10);
    await house.pass(1_000);
    releaseAll(idle!);
    await house.pass(1_000);
    // Only whoever holds something could answer.
    idle!.wire.isCut = true;
    expect(await house.takeMany(other!, [rule], 40, 1)).toBe(40);
  });

  it('come back from a worker that is busy, as far as it has more slots than it needs', async () => {
    const house = new House(2);
    const [busy, other] = house.workers;
    const rule = { key: 'k', maxParallel: 40 };
    expect(await house.takeMany(busy!, [rule], 20)).toBe(20);
    releaseAll(busy!);
    for (let call = 0; call < 20; call += 1) {
      await house.take(busy!, [rule]);
      await house.pass(50);
      releaseAll(busy!);
    }
    busy!.wire.isCut = true;
    expect(await house.takeMany(other!, [rule], 40)).toBe(39);
  });

  it.each([{ rpm: 1_000 }, { tpm: 1_000 }, { maxParallel: 8 }])(
    'are not handed back by a worker that goes on using them: %j',
    async (limit) => {
      const house = new House(2);
      const [worker] = house.workers;
      const rule = { key: 'k', ...limit };
      const call = async (): Promise<void> => {
        await house.take(worker!, [rule], 1);
        await house.take(worker!, [rule], 1);
        await house.pass(50);
        releaseAll(worker!);
        await house.pass(50);
      };
      for (let times = 0; times < 10; times += 1) await call();
      const before = house.messages;
      for (let times = 0; times < 30; times += 1) await call();
      expect(house.messages).toBe(before);
    },
  );

  it('come back when the limit was lifted while they were on their way', async () => {
    const house = new House(2);
    const [first, second] = house.workers;
    const limited = { key: 'k', rpm: 100, maxParallel: 8 };
    void first!.limits.take([limited], 0);
    void first!.limits.take([{ key: 'k', rpm: 100 }], 0);
    await house.quiet();
    expect(await house.takeMany(second!, [limited], 10)).toBeGreaterThanOrEqual(7);
  });

  it('are larger for a worker that has been alone for a minute', async () => {
    const rule = { key: 'k', rpm: 1_000 };
    const alone = new House(1);
    await alone.takeMany(alone.workers[0]!, [rule], 1_000);
    const crowded = new House(4);
    await drain(crowded, rule);
    await crowded.pass(121_000, 500);
    const before = crowded.messages;
    expect(await crowded.takeMany(crowded.workers[0]!, [rule], 1_000)).toBe(1_000);
    expect(crowded.messages - before).toBeLessThanOrEqual(alone.messages);
  });
});

describe('a minute that ends', () => {
  it('makes slices void that were for it, and ignores what comes back of them', async () => {
    const house = new House(2);
    const [first, second] = house.workers;
    const rule = { key: 'k', rpm: 40 };
    jest.setSystemTime(MINUTE + 59_990);
    await house.take(first!, [rule]);
    jest.setSystemTime(MINUTE + 60_000);
    expect(sum(await drain(house, rule))).toBe(40);
    await house.pass(1_000);
    expect(await house.takeMany(second!, [rule], 5)).toBe(0);
  });

  it('wakes the workers that were denied', async () => {
    const house = new House(2);
    const rule = { key: 'k', rpm: 1 };
    await drain(house, rule);
    const told: Worker[] = [];
    for (const worker of house.workers) worker.limits.onRoom(() => told.push(worker));
    await house.pass(60_000 - (Date.now() - MINUTE) + 20);
    expect(new Set(told)).toEqual(new Set(house.workers));
    expect(sum(await drain(house, rule))).toBe(1);
  });
});

describe('slots that come free', () => {
  it('wake a worker that was denied, without its asking', async () => {
    const house = new House(2);
    const [holder, waiter] = house.workers;
    const rule = { key: 'k', maxParallel: 1 };
    await house.take(holder!, [rule]);
    expect(isDenial(await house.take(waiter!, [rule]))).toBe(true);
    const told = jest.fn();
    waiter!.limits.onRoom(told);
    releaseAll(holder!);
    await house.pass(50);
    expect(told).toHaveBeenCalledWith('k');
    expect(isDenial(await house.take(waiter!, [rule]))).toBe(false);
  });

  it.each([
    ['workers', 3, 0, 60],
    ['workers of several machines', 3, 3, 15],
  ])('go round, when there are fewer than %s whose queues never end', async (_title, workers, machines, least) => {
    const house = new House(workers, machines);
    const rule = { key: 'k', maxParallel: 1 };
    const served = house.workers.map(() => 0);
    // Each worker has a queue that takes every slot as soon as it hears of room.
    house.workers.forEach(({ limits }, index) => {
      const next = async (): Promise<void> => {
        const outcome = await limits.take([rule], 0);
        if (isDenial(outcome)) return;
        served[index]! += 1;
        setTimeout(() => outcome.release(), 100);
      };
      limits.onRoom(() => void next());
      void next();
    });
    await house.pass(20_000, 20);
    expect(Math.min(...served)).toBeGreaterThan(least);
    // The last may still be running.
    expect(sum(served)).toBeLessThanOrEqual(201);
  });

  it('are shared with a worker that comes late to a machine where all are in use', async () => {
    const house = new House(2);
    const rule = { key: 'k', maxParallel: 20 };
    const running = house.workers.map(() => 0);
    const keepBusy = (worker: Worker, index: number): void => {
      const next = async (): Promise<void> => {
        const outcome = await worker.limits.take([rule], 0);
        if (isDenial(outcome)) return;
        running[index]! += 1;
        setTimeout(() => {
          running[index]! -= 1;
          outcome.release();
        }, 200);
      };
      worker.limits.onRoom(() => void next());
      for (let call = 0; call < 30; call += 1) void next();
    };
    keepBusy(house.workers[0]!, 0);
    await house.pass(1_000, 20);
    expect(running).toEqual([20, 0]);
    keepBusy(house.workers[1]!, 1);
    await house.pass(20_000, 20);
    expect(Math.min(...running)).toBeGreaterThanOrEqual(8);
  });
});

describe('a worker that dies', () => {
  it('gives its slots back at once', async () => {
    const house = new House(2);
    const [dying, other] = house.workers;
    const rule = { key: 'k', maxParallel: 10 };
    expect(await house.takeMany(dying!, [rule], 10)).toBe(10);
    expect(isDenial(await house.take(other!, [rule]))).toBe(true);
    const told = jest.fn();
    other!.limits.onRoom(told);
    house.kill(dying!);
    await house.quiet();
    expect(told).toHaveBeenCalledWith('k');
    expect(await house.takeMany(other!, [rule], 20)).toBe(10);
  });

  it('has used what it held of this minute, and nothing of the next', async () => {
    const house = new House(2);
    const [dying, other] = house.workers;
    const rule = { key: 'k', rpm: 40 };
    await house.take(dying!, [rule]);
    house.kill(dying!);
    expect(await house.takeMany(other!, [rule], 40)).toBe(30);
    jest.setSystemTime(MINUTE + 60_000);
    expect(await house.takeMany(other!, [rule], 50)).toBe(40);
  });

  it('is not waited for', async () => {
    const house = new House(2);
    const [dying, other] = house.workers;
    const rule = { key: 'k', rpm: 4 };
    await house.take(dying!, [rule]);
    await house.takeMany(other!, [rule], 3);
    let isAnswered = false;
    void Promise.resolve(other!.limits.take([rule], 0)).then(() => {
      isAnswered = true;
    });
    for (const wire of house.wires) while (wire.deliver('up'));
    await settle();
    house.kill(dying!);
    await house.quiet();
    expect(isAnswered).toBe(true);
  });

  it('is not heard any more', async () => {
    const house = new House(2);
    const [dying, other] = house.workers;
    const rule = { key: 'k', maxParallel: 4 };
    expect(await house.takeMany(dying!, [rule], 2)).toBe(2);
    const { wire } = dying!;
    house.kill(dying!);
    const back = { key: 'k', window: 0, amounts: { requests: 0, tokens: 0, parallel: 50 } };
    wire.top.receive(wire.name, { type: 'limit-return', items: [back] });
    expect(await house.takeMany(other!, [rule], 10)).toBe(4);
  });
});

describe('tokens', () => {
  it('used above the estimate are missing to the other workers within a second', async () => {
    const house = new House(2);
    const [first, second] = house.workers;
    const rule = { key: 'k', tpm: 1_000 };
    const outcome = await house.take(first!, [rule], 100);
    if (!isDenial(outcome)) outcome.release(700);
    await house.pass(1_000);
    expect(await house.takeMany(second!, [rule], 20, 100)).toBe(3);
  });

  it('not used after all are there for the other workers', async () => {
    const house = new House(2);
    const [first, second] = house.workers;
    const rule = { key: 'k', tpm: 1_000 };
    const outcome = await house.take(first!, [rule], 1_000);
    expect(isDenial(await house.take(second!, [rule], 100))).toBe(true);
    if (!isDenial(outcome)) outcome.release(300);
    expect(await house.takeMany(second!, [rule], 20, 100)).toBe(0);
    await house.pass(100);
    expect(await house.takeMany(second!, [rule], 20, 100)).toBe(7);
  });

  it('that do not do for a large call stay where all can have them', async () => {
    const house = new House(2);
    const [large, small] = house.workers;
    const rule = { key: 'k', tpm: 1_000 };
    await house.take(small!, [rule], 700);
    expect(isDenial(await house.take(large!, [rule], 500))).toBe(true);
    large!.wire.isCut = true;
    expect(await house.takeMany(small!, [rule], 10, 100)).toBe(3);
  });

  it('of the whole limit are reserved for a call that is estimated higher', async () => {
    const house = new House(2);
    const [first, second] = house.workers;
    const rule = { key: 'k', tpm: 1_000 };
    expect(await house.takeMany(first!, [rule], 2, 5_000)).toBe(1);
    expect(await house.takeMany(second!, [rule], 1, 1)).toBe(0);
  });

  it('that do not do for a large call are there for small ones of every worker', async () => {
    const house = new House(2);
    const [first, second] = house.workers;
    const rule = { key: 'k', tpm: 1_000 };
    await house.take(first!, [rule], 700);
    expect(isDenial(await house.take(first!, [rule], 500))).toBe(true);
    expect(isDenial(await house.take(second!, [rule], 500))).toBe(true);
    expect(await house.takeMany(second!, [rule], 1, 100)).toBe(1);
    expect(await house.takeMany(first!, [rule], 1, 100)).toBe(1);
    expect(await house.takeMany(second!, [rule], 5, 100)).toBe(1);
  });
});

describe('a silent primary', () => {
  /** Everything that a worker says goes nowhere. */
  const deserted = (): { limits: Limits; hear: (message: LimitMessage) => void; said: LimitMessage[] } => {
    const said: LimitMessage[] = [];
    let hear: (message: LimitMessage) => void = () => undefined;
    const authority = new ChannelAuthority({
      send: (message) => said.push(message),
      onMessage: (listener) => {
        hear = listener;
      },
    });
    return { limits: new Limits({ authority }), hear: (message) => hear(message), said };
  };

  it('is waited for half a second, then calls are denied, and it is asked again', async () => {
    const { limits, said } = deserted();
    const rules = [{ key: 'k', rpm: 10 }];
    const outcome = Promise.resolve(limits.take(rules, 0));
    await jest.advanceTimersByTimeAsync(510);
    expect(await outcome).toMatchObject({ dimension: 'requests', limit: 10, retryAfterMs: expect.any(Number) });
    expect(limits.take(rules, 0)).not.toBeInstanceOf(Promise);
    await jest.advanceTimersByTimeAsync(110);
    expect(limits.take(rules, 0)).toBeInstanceOf(Promise);
    await settle();
    expect(said.filter(({ type }) => type === 'limit-request')).toHaveLength(2);
  });

  it('that answers too late gets back what it granted', async () => {
    const { limits, hear, said } = deserted();
    void limits.take([{ key: 'k', maxParallel: 10 }], 0);
    await settle();
    const [ask] = said[0]!.items as { id: number }[];
    await jest.advanceTimersByTimeAsync(600);
    const granted = { requests: 0, tokens: 0, parallel: 4 };
    const rest = { window: 1, endsInMs: 60_000, beyond: granted, dryForMs: granted };
    hear({ type: 'limit-grant', items: [{ id: ask!.id, key: 'k', granted, ...rest }] });
    await settle();
    expect(said.at(-1)).toEqual({ type: 'limit-return', items: [{ key: 'k', window: 1, amounts: granted }] });
  });
});

describe('a worker whose clock differs from that of its primary', () => {
  it.each([
    ['ahead by an hour', 3_600_000],
    ['behind by half a minute', -30_000],
    ['behind by years', -1e11],
  ])('%s keeps to the minutes of the primary', async (_title, offsetMs) => {
    const distributor = new Distributor();
    let hear: (message: LimitMessage) => void = () => undefined;
    distributor.connect('w', (message) => hear(message));
    const now = (): number => Date.now() + offsetMs;
    const authority = new ChannelAuthority(
      {
        send: (message) => distributor.receive('w', message),
        onMessage: (listener) => {
          hear = listener;
        },
      },
      { now },
    );
    const limits = new Limits({ authority, now });
    const takeMany = async (times: number): Promise<number> => {
      const outcomes: boolean[] = [];
      for (let index = 0; index < times; index += 1) {
        const outcome = limits.take([{ key: 'k', rpm: 20 }], 0);
        await jest.advanceTimersByTimeAsync(1);
        outcomes.push(!isDenial(await outcome));
      }
      return outcomes.filter(Boolean).length;
    };
    jest.setSystemTime(MINUTE + 30_000);
    expect(await takeMany(40)).toBe(20);
    jest.setSystemTime(MINUTE + 59_900);
    expect(await takeMany(5)).toBe(0);
    jest.setSystemTime(MINUTE + 60_000);
    expect(await takeMany(40)).toBe(20);
  });
});

describe('a degraded machine', () => {
  it('tells its workers, also those that come later, and that it is over', async () => {
    const state = { isDegraded: true };
    let tell: (isDegraded: boolean) => void = () => undefined;
    const authority = Object.assign(new WholeAuthority(), {
      attach: (events: { degraded: (isDegraded: boolean) => void }) => {
        tell = (isDegraded) => {
          state.isDegraded = isDegraded;
          events.degraded(isDegraded);
        };
      },
    });
    Object.defineProperty(authority, 'isDegraded', { get: () => state.isDegraded });
    const distributor = new Distributor({ authority });
    const told = jest.fn();
    distributor.onDegraded(told);
    let hear: (message: LimitMessage) => void = () => undefined;
    distributor.connect('late', (message) => hear(message));
    const limits = new Limits({
      authority: new ChannelAuthority({
        send: () => undefined,
        onMessage: (listener) => {
          hear = listener;
        },
      }),
    });
    const changes: boolean[] = [];
    limits.onDegraded((isDegraded) => changes.push(isDegraded));
    await settle();
    expect(limits.isDegraded).toBe(true);
    tell(false);
    await settle();
    expect(limits.isDegraded).toBe(false);
    expect(changes).toEqual([true, false]);
    expect(told).toHaveBeenCalledWith(false);
  });
});
