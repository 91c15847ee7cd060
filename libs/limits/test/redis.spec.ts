// Limits across machines, with a real Redis.
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { isDenial, type LimitRule, type Permit } from '../src/rule.js';
import {
  aMachine,
  awayFromMinuteEnd,
  closeAll,
  eventually,
  fresh,
  LEASE_MS,
  sharedRedis,
  sleep,
  takeMany,
} from './machines.js';

jest.setTimeout(120_000);

const shared = sharedRedis();

const WINDOW_MS = 1_000;

describe('machines that share a Redis', () => {
  it.each([
    ['requests', { key: 'k', rpm: 100 }, 0, 100],
    ['tokens', { key: 'k', tpm: 1_000 }, 10, 100],
    ['slots', { key: 'k', maxParallel: 30 }, 0, 30],
  ])('one can have all %s that others hold and do not use', async (_title, rule, tokens, limit) => {
    await awayFromMinuteEnd();
    const options = fresh(shared);
    const [first, second, third] = [await aMachine(options), await aMachine(options), await aMachine(options)];
    const taken = [await takeMany(first, rule, 1, tokens), await takeMany(second, rule, 1, tokens)].flat().length;
    expect(taken).toBe(2);
    expect(await takeMany(third, rule, limit + 10, tokens)).toHaveLength(limit - 2);
  });

  it('keep to the minutes of Redis, whatever their own clocks say', async () => {
    await awayFromMinuteEnd();
    const options = fresh(shared);
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
    const options = fresh(shared, { windowMs: WINDOW_MS });
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
    const options = fresh(shared, { windowMs: WINDOW_MS });
    const [first, second] = [await aMachine(options), await aMachine(options)];
    const rule = { key: 'k', rpm: 5 };
    await sleep(WINDOW_MS - (Date.now() % WINDOW_MS) + 500);
    expect(await takeMany(first, rule, 6)).toHaveLength(5);
    expect(await takeMany(second, rule, 1)).toHaveLength(0);
    await sleep(WINDOW_MS - (Date.now() % WINDOW_MS) + 20);
    expect(await takeMany(second, rule, 6)).toHaveLength(5);
  });

  it('wake each other when a slot comes free', async () => {
    const options = fresh(shared);
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
    const options = fresh(shared);
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
    const options = fresh(shared);
    const machine = await aMachine(options);
    const [permit] = await takeMany(machine, { key: 'k', rpm: 100, tpm: 1_000, maxParallel: 40 }, 1, 10);
    permit!.release(10);
    await sleep(1_000);
    const fields = await shared.client.hgetall(`${options.prefix}{k}`);
    const noted = Object.entries(fields).flatMap(([field, value]) => (field.startsWith('m:') ? [value] : []));
    expect(noted.map((text) => text.split(' ').slice(2, 5))).toEqual([['1', '10', '0']]);
  });

  it('leave nothing in Redis for longer than two minutes', async () => {
    const options = fresh(shared, { leaseMs: undefined });
    await takeMany(await aMachine(options), { key: 'k', rpm: 10 }, 1);
    const keys = await shared.client.keys(`${options.prefix}*`);
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(await shared.client.pttl(key)).toBeGreaterThan(0);
    for (const key of keys) expect(await shared.client.pttl(key)).toBeLessThanOrEqual(120_000);
  });

  it('keep their slots as long as they live', async () => {
    const options = fresh(shared);
    const [holder, other] = [await aMachine(options), await aMachine(options)];
    const rule = { key: 'k', maxParallel: 2 };
    expect(await takeMany(holder, rule, 2)).toHaveLength(2);
    await sleep(2 * LEASE_MS);
    expect(await takeMany(other, rule, 2)).toHaveLength(0);
  });

  it('hand everything back when they are closed', async () => {
    const options = fresh(shared);
    const [leaving, other] = [await aMachine(options), await aMachine(options)];
    const rule = { key: 'k', maxParallel: 4 };
    for (const permit of await takeMany(leaving, rule, 4)) permit.release();
    await leaving.limits.close();
    expect(await takeMany(other, rule, 4)).toHaveLength(4);
  });

  it('ignore nonsense that somebody publishes among them', async () => {
    const options = fresh(shared);
    const machine = await aMachine(options);
    for (const nonsense of ['', '{', 'null', '7', '{"type":"recall"}', '{"type":"recall","to":7}', '{"type":"other"}'])
      await shared.client.publish(`${options.prefix}bus`, nonsense);
    expect(await shared.client.publish(`${options.prefix}bus`, '{"type":"room"}')).toBe(1);
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
        const options = fresh(shared);
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
        await closeAll();
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
});
