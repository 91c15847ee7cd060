import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { drain, House, MINUTE, releaseAll, settle, startClock, stopClock, sum } from '../test/house.js';
import type { Worker } from '../test/house.js';
import { isDenial } from './rule.js';

beforeEach(stopClock);
afterEach(startClock);

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
    const rule = { key: 'k', rpm: 640 };
    await house.take(elsewhere!, [rule]);
    elsewhere!.wire.isCut = true;
    const before = (await house.takeMany(here!, [rule], 640)) + (await house.takeMany(beside!, [rule], 640));
    expect(before).toBe(480);
    elsewhere!.wire.isCut = false;
    await house.pass(1_000);
    // What comes back from elsewhere lies with one of them in part when the other has need of it.
    expect(await house.takeMany(here!, [rule], 1)).toBe(1);
    expect(await house.takeMany(beside!, [rule], 640)).toBe(639 - before - 1);
  });

  it('ask once for calls that wait at the same time', async () => {
    const house = new House(1);
    const [worker] = house.workers;
    const rules = [
      { key: 'a', rpm: 1_000 },
      { key: 'b', maxParallel: 1_000 },
    ];
    const outcomes = Array.from({ length: 50 }, async () => worker!.limits.take(rules, 0));
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
