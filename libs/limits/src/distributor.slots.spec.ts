import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { House, MINUTE, releaseAll, settle, startClock, stopClock, sum } from '../test/house.js';
import type { Worker } from '../test/house.js';
import { isDenial } from './rule.js';

beforeEach(stopClock);
afterEach(startClock);

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
    await settle();
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
