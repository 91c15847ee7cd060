import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MINUTE, settle, startClock, stopClock } from '../test/house.js';
import { Limits } from './limits.js';
import { isDenial, type Denial, type LimitRule, type Permit } from './rule.js';
import { limitIn } from './whole-authority.js';

beforeEach(stopClock);
afterEach(startClock);

/** Of a process that is alone: every answer comes at once. */
const take = (limits: Limits, rules: readonly LimitRule[], tokens = 0): Permit | Denial => {
  const outcome = limits.take(rules, tokens);
  if (outcome instanceof Promise) throw new Error('It had to ask.');
  return outcome;
};

const permit = (limits: Limits, rules: readonly LimitRule[], tokens = 0): Permit => {
  const outcome = take(limits, rules, tokens);
  if (isDenial(outcome)) throw new Error(`Denied: ${outcome.dimension} of ${outcome.rule.key}.`);
  return outcome;
};

/** How many come through. */
const takeMany = (limits: Limits, rule: LimitRule, times: number, tokens = 0): number =>
  Array.from({ length: times }, () => take(limits, [rule], tokens)).filter((outcome) => !isDenial(outcome)).length;

describe('a process that is alone', () => {
  it.each([
    ['requests', { key: 'k', rpm: 3 }, 1, 3, 60_000],
    ['tokens', { key: 'k', tpm: 250 }, 100, 2, 60_000],
    ['parallel', { key: 'k', maxParallel: 4 }, 1, 4, 1_000],
    ['requests', { key: 'k', rpm: 2, tpm: 1_000, maxParallel: 3 }, 100, 2, 60_000],
    ['tokens', { key: 'k', rpm: 9, tpm: 100, maxParallel: 3 }, 100, 1, 60_000],
    ['parallel', { key: 'k', rpm: 9, tpm: 1_000, maxParallel: 1 }, 100, 1, 1_000],
    ['requests', { key: 'k', rpm: 0 }, 1, 0, 60_000],
    ['tokens', { key: 'k', tpm: 0 }, 0, 0, 60_000],
    ['parallel', { key: 'k', maxParallel: 0 }, 1, 0, 1_000],
  ] as const)('denies by %s: %j with %d tokens a call after %d', (dimension, rule, tokens, admitted, retryAfterMs) => {
    const limits = new Limits();
    expect(takeMany(limits, rule, admitted, tokens)).toBe(admitted);
    const limit = limitIn(rule, dimension);
    expect(take(limits, [rule], tokens)).toEqual({ rule, dimension, limit, retryAfterMs });
  });

  it('takes nothing of any rule when one of them has no room', () => {
    const limits = new Limits();
    const roomy = { key: 'roomy', rpm: 2, tpm: 20, maxParallel: 1 };
    const full = { key: 'full', rpm: 1 };
    permit(limits, [full]).release();
    expect(take(limits, [roomy, full], 10)).toMatchObject({ rule: full, dimension: 'requests', limit: 1 });
    expect(limits.usage('roomy')).toEqual({ requests: 0, tokens: 0, inFlight: 0 });
    expect(takeMany(limits, roomy, 5, 10)).toBe(1);
  });

  it('counts a rule that is given twice twice, and takes it back twice', () => {
    const limits = new Limits();
    const rule = { key: 'k', maxParallel: 3 };
    const both = permit(limits, [rule, rule]);
    expect(isDenial(take(limits, [rule, rule]))).toBe(true);
    expect(limits.usage('k').inFlight).toBe(2);
    both.release();
    expect(takeMany(limits, rule, 5)).toBe(3);
  });

  it('counts requests and tokens from one minute of the clock to the next', () => {
    jest.setSystemTime(MINUTE + 59_999);
    const limits = new Limits();
    const rule = { key: 'k', rpm: 2, tpm: 20 };
    expect(takeMany(limits, rule, 3, 10)).toBe(2);
    expect(take(limits, [rule], 10)).toMatchObject({ retryAfterMs: 1 });
    jest.setSystemTime(MINUTE + 60_000);
    expect(takeMany(limits, rule, 3, 10)).toBe(2);
    expect(take(limits, [rule], 10)).toMatchObject({ retryAfterMs: 60_000 });
  });

  it('frees a slot once, however often the permit is released', () => {
    const limits = new Limits();
    const rule = { key: 'k', maxParallel: 2 };
    const first = permit(limits, [rule]);
    permit(limits, [rule]);
    first.release();
    first.release();
    expect(takeMany(limits, rule, 3)).toBe(1);
  });

  it('keeps slots over the minute', async () => {
    const limits = new Limits();
    const rule = { key: 'k', maxParallel: 2 };
    permit(limits, [rule]);
    await jest.advanceTimersByTimeAsync(600_000);
    expect(takeMany(limits, rule, 3)).toBe(1);
  });

  it.each([
    ['less than reserved: the rest is free', 100, 40, 9],
    ['more than reserved: the excess counts', 100, 260, 7],
    ['just what was reserved', 100, 100, 9],
    ['unknown: the estimate counts', 100, undefined, 9],
    ['nonsense counts as nothing', 100, Number.NaN, 10],
  ])('corrects tokens when a call used %s', (_title, estimate, actual, callsOf100) => {
    const limits = new Limits();
    const rule = { key: 'k', tpm: 1_000 };
    permit(limits, [rule], estimate).release(actual);
    expect(takeMany(limits, rule, 20, 100)).toBe(callsOf100);
  });

  it('makes the next minute pay for what calls used above their estimate after the last was spent', () => {
    const limits = new Limits();
    const rule = { key: 'k', tpm: 1_000 };
    const late = permit(limits, [rule], 1_000);
    jest.setSystemTime(MINUTE + 60_000);
    late.release(1_500);
    expect(takeMany(limits, rule, 20, 100)).toBe(5);
  });

  it('gives the unused tokens of a minute that is over to no other minute', () => {
    const limits = new Limits();
    const rule = { key: 'k', tpm: 1_000 };
    const late = permit(limits, [rule], 1_000);
    jest.setSystemTime(MINUTE + 60_000);
    expect(takeMany(limits, rule, 1, 100)).toBe(1);
    late.release(0);
    expect(takeMany(limits, rule, 20, 100)).toBe(9);
  });

  it('admits a call larger than the whole limit when the whole limit is free', () => {
    const limits = new Limits();
    const rule = { key: 'k', tpm: 1_000 };
    expect(takeMany(limits, rule, 2, 5_000)).toBe(1);
    jest.setSystemTime(MINUTE + 60_000);
    expect(takeMany(limits, rule, 1, 1)).toBe(1);
    expect(takeMany(limits, rule, 1, 5_000)).toBe(0);
    expect(takeMany(limits, rule, 1, 999)).toBe(1);
  });

  it('lets small calls through where a large one had to be denied', () => {
    const limits = new Limits();
    const rule = { key: 'k', tpm: 1_000 };
    expect(takeMany(limits, rule, 1, 900)).toBe(1);
    expect(takeMany(limits, rule, 1, 200)).toBe(0);
    expect(takeMany(limits, rule, 3, 50)).toBe(2);
  });
});

describe('without limits', () => {
  const rules: LimitRule[] = [{ key: 'a' }, { key: 'b' }];

  it('gives one permit to all, keeps nothing and looks at no clock', () => {
    const now = jest.fn(() => MINUTE);
    const limits = new Limits({ now });
    const first = limits.take(rules, 5);
    expect(limits.take([], 7)).toBe(first);
    expect(limits.take(rules, 0)).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
    expect(limits.waitMs(rules[0]!, 5)).toBe(0);
    (first as Permit).release(3);
    expect(limits.usage('a')).toEqual({ requests: 0, tokens: 0, inFlight: 0 });
    expect(now).not.toHaveBeenCalled();
  });

  it('knows no limit in infinity or nonsense', () => {
    const limits = new Limits();
    const rule = { key: 'k', rpm: Infinity, tpm: Number.NaN };
    expect(takeMany(limits, rule, 1_000, 1_000)).toBe(1_000);
  });
});

describe('waitMs', () => {
  it('is 0 while there may be room, then the time until there may be some', () => {
    const limits = new Limits();
    const rule = { key: 'k', rpm: 2, tpm: 100 };
    expect(limits.waitMs(rule, 10)).toBe(0);
    permit(limits, [rule], 10);
    expect(limits.waitMs(rule, 90)).toBe(0);
    expect(limits.waitMs(rule, 91)).toBe(60_000);
    jest.setSystemTime(MINUTE + 15_000);
    permit(limits, [rule], 10);
    expect(limits.waitMs(rule, 10)).toBe(45_000);
    jest.setSystemTime(MINUTE + 60_000);
    expect(limits.waitMs(rule, 10)).toBe(0);
  });

  it('takes nothing and keeps no key', () => {
    const limits = new Limits();
    const rule = { key: 'k', maxParallel: 1 };
    for (let times = 0; times < 5; times += 1) expect(limits.waitMs(rule, 1)).toBe(0);
    const held = permit(limits, [rule]);
    expect(limits.waitMs(rule, 1)).toBe(1_000);
    held.release();
    expect(limits.waitMs(rule, 1)).toBe(0);
  });
});

describe('onRoom', () => {
  it('tells of a released slot after all slots of the call are free, so that the listener may take', () => {
    const limits = new Limits();
    const rules = [
      { key: 'a', maxParallel: 1 },
      { key: 'b', maxParallel: 1 },
    ];
    const held = permit(limits, rules);
    const outcomes: boolean[] = [];
    limits.onRoom(() => outcomes.push(!isDenial(take(limits, rules))));
    held.release();
    expect(outcomes).toEqual([true, false]);
  });

  it('tells of a minute that begins, when someone was denied', async () => {
    const limits = new Limits();
    const rule = { key: 'k', rpm: 1 };
    const told = jest.fn();
    limits.onRoom(told);
    expect(takeMany(limits, rule, 2)).toBe(1);
    await settle();
    told.mockClear();
    await jest.advanceTimersByTimeAsync(59_990);
    expect(told).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(20);
    expect(told).toHaveBeenCalledWith('k');
    expect(takeMany(limits, rule, 2)).toBe(1);
  });
});

describe('usage', () => {
  it('tells what this process let through in this minute, and what is under way', () => {
    const limits = new Limits();
    const rule = { key: 'k', rpm: 10, tpm: 1_000 };
    const held = permit(limits, [rule], 100);
    permit(limits, [rule], 50).release(80);
    expect(limits.usage('k')).toEqual({ requests: 2, tokens: 180, inFlight: 1 });
    jest.setSystemTime(MINUTE + 60_000);
    expect(limits.usage('k')).toEqual({ requests: 0, tokens: 0, inFlight: 1 });
    held.release();
    expect(limits.usage('k').inFlight).toBe(0);
    expect(limits.usage('never seen')).toEqual({ requests: 0, tokens: 0, inFlight: 0 });
  });
});

describe('limits that change while calls are under way', () => {
  it.each([
    ['raised', { rpm: 2 }, 2, { rpm: 5 }, 3],
    ['lowered', { rpm: 5 }, 2, { rpm: 3 }, 1],
    ['lowered below what was used', { rpm: 5 }, 4, { rpm: 3 }, 0],
    ['raised', { maxParallel: 2 }, 2, { maxParallel: 5 }, 3],
    ['lowered', { maxParallel: 5 }, 2, { maxParallel: 3 }, 1],
    ['lowered below what is in use', { maxParallel: 5 }, 4, { maxParallel: 3 }, 0],
    ['new, where there was none', { rpm: 100 }, 4, { rpm: 100, maxParallel: 6 }, 2],
    ['new, and exceeded', { rpm: 100 }, 4, { rpm: 100, maxParallel: 3 }, 0],
    ['new', { rpm: 100 }, 4, { rpm: 100, tpm: 5 }, 5],
  ])('%s: of %j %d are taken, then %j leaves %d', (_title, former, before, latter, after) => {
    const limits = new Limits();
    expect(takeMany(limits, { key: 'k', ...former }, before)).toBe(before);
    expect(takeMany(limits, { key: 'k', ...latter }, 10)).toBe(after);
  });

  it('counts slots right after the limit was lifted and set again', () => {
    const limits = new Limits();
    const limited = { key: 'k', rpm: 100, maxParallel: 3 };
    const lifted = { key: 'k', rpm: 100 };
    const [first] = [permit(limits, [limited]), permit(limits, [limited])];
    permit(limits, [lifted]);
    first.release();
    expect(limits.usage('k').inFlight).toBe(2);
    expect(takeMany(limits, limited, 5)).toBe(1);
  });
});

describe('memory', () => {
  const keysOf = (limits: Limits, count: number): number =>
    Array.from({ length: count }, (_, index) => limits.waitMs({ key: `k${index}`, rpm: 1 }, 0)).filter((ms) => ms > 0)
      .length;

  it('forgets a key that nobody asked for in two minutes, but no call under way', async () => {
    const limits = new Limits();
    permit(limits, [{ key: 'quiet', rpm: 1 }]).release();
    permit(limits, [{ key: 'busy', maxParallel: 1 }]);
    expect(limits.keys).toBe(2);
    await jest.advanceTimersByTimeAsync(110_000);
    expect(limits.keys).toBe(2);
    await jest.advanceTimersByTimeAsync(41_000);
    expect(limits.keys).toBe(1);
    expect(takeMany(limits, { key: 'busy', maxParallel: 1 }, 1)).toBe(0);
  });

  it('keeps at most so many keys, the latest', () => {
    const limits = new Limits({ maxKeys: 100 });
    for (let index = 0; index < 1_000; index += 1) permit(limits, [{ key: `k${index}`, rpm: 1 }]).release();
    expect(limits.keys).toBe(100);
    expect(keysOf(limits, 1_000)).toBe(100);
  });

  it('stops its timers when it is closed', async () => {
    const limits = new Limits();
    permit(limits, [{ key: 'k', rpm: 5 }]);
    await settle();
    expect(jest.getTimerCount()).toBeGreaterThan(0);
    await limits.close();
    expect(jest.getTimerCount()).toBe(0);
  });
});
