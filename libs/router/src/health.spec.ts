import { describe, expect, it } from '@jest/globals';
import type { ErrorCode } from '@turnpike/errors';
import { aFailure, NOW } from '../test/doubles.js';
import { traitsOf } from './failure-traits.js';
import {
  afterChoice,
  afterFailure,
  afterNews,
  afterSuccess,
  HEALTHY,
  isCooling,
  isProbed,
  newsOf,
  PROBE_MS,
  readyInMs,
  withFails,
  type CooldownPolicy,
  type FailureFacts,
  type Health,
} from './health.js';

const POLICY: CooldownPolicy = { isOff: false, cooldownMs: 5_000, allowedFails: () => undefined };

const allowing = (allowed: number): CooldownPolicy => ({ ...POLICY, allowedFails: () => allowed });

/** The first failure of the minute, in a group of several. */
const failing = (code: ErrorCode, changes: Partial<FailureFacts> = {}): FailureFacts => ({
  code,
  traits: traitsOf(aFailure(code)),
  retryAfterMs: undefined,
  cooldownMs: undefined,
  hasAlternatives: true,
  ended: 1,
  failed: 1,
  ...changes,
});

const ERROR = 'GW_UPSTREAM_ERROR';
const LIMITED = 'GW_UPSTREAM_RATE_LIMITED';

/** How long it rests after this failure; 0: not at all. */
const restAfter = (facts: FailureFacts, policy = POLICY, before = HEALTHY): number => {
  const { coolUntil } = afterFailure(before, facts, policy, NOW);
  return Math.max(0, coolUntil - NOW);
};

const cooledDown = (policy = POLICY): Health => afterFailure(HEALTHY, failing(LIMITED), policy, NOW);

describe('without allowed_fails', () => {
  it.each<[string, ErrorCode, 'rests' | 'goes on', Partial<FailureFacts>]>([
    ['one failure', ERROR, 'goes on', {}],
    ['4 failures of 4', ERROR, 'goes on', { ended: 4, failed: 4 }],
    ['3 failures of 5', ERROR, 'rests', { ended: 5, failed: 3 }],
    ['half of 6', ERROR, 'goes on', { ended: 6, failed: 3 }],
    ['just over half of many', ERROR, 'rests', { ended: 1_000, failed: 501 }],
    ['a timeout that is one of many', 'GW_TIMEOUT', 'goes on', { ended: 100, failed: 10 }],
    ['one rate limit', LIMITED, 'rests', { ended: 100, failed: 1 }],
    ['a wrong key', 'GW_UPSTREAM_AUTHENTICATION', 'rests', { ended: 100, failed: 1 }],
    ['an account without credit', 'GW_UPSTREAM_BILLING', 'rests', {}],
    ['a model that is not there', 'GW_UPSTREAM_NOT_FOUND', 'rests', {}],
    ['one refused permission', 'GW_UPSTREAM_PERMISSION_DENIED', 'goes on', {}],
    ['a refused request', 'GW_INVALID_REQUEST', 'goes on', { ended: 9, failed: 9 }],
    ['a refused content', 'GW_CONTENT_POLICY', 'goes on', { ended: 9, failed: 9 }],
    ['a fault of ours', 'GW_INTERNAL', 'goes on', { ended: 9, failed: 9 }],
  ])('after %s (%s) it %s', (_title, code, then, counts) => {
    expect(restAfter(failing(code, counts)) > 0).toBe(then === 'rests');
  });

  it.each<[string, ErrorCode, 'rests' | 'goes on', Partial<FailureFacts>]>([
    ['a rate limit', LIMITED, 'goes on', {}],
    ['9 failures of 9', ERROR, 'goes on', { ended: 9, failed: 9 }],
    ['999 failures of 999', ERROR, 'goes on', { ended: 999, failed: 999 }],
    ['1,000 failures of 1,000', ERROR, 'rests', { ended: 1_000, failed: 1_000 }],
    ['1,000 failures of 1,001', ERROR, 'goes on', { ended: 1_001, failed: 1_000 }],
    ['a wrong key', 'GW_UPSTREAM_AUTHENTICATION', 'goes on', {}],
  ])('after %s (%s) the only one of a group %s', (_title, code, then, counts) => {
    expect(restAfter(failing(code, { hasAlternatives: false, ...counts })) > 0).toBe(then === 'rests');
  });
});

describe('allowed_fails', () => {
  const fail = (health: Health, at: number, policy: CooldownPolicy, code: ErrorCode = ERROR): Health =>
    afterFailure(health, failing(code), policy, at);

  it('rests it after one failure more than are allowed', () => {
    let health = HEALTHY;
    const rests = [0, 100, 200, 300].map((ms) => {
      health = fail(health, NOW + ms, allowing(3));
      return isCooling(health, NOW + ms);
    });
    expect(rests).toEqual([false, false, false, true]);
  });

  it('of 0 allows none', () => expect(isCooling(fail(HEALTHY, NOW, allowing(0)), NOW)).toBe(true));

  it('decides instead of the rates, also for a rate limit', () => {
    expect(restAfter(failing(LIMITED, { ended: 10, failed: 10 }), allowing(3))).toBe(0);
  });

  it('forgets failures that were followed by none for as long as the cooldown', () => {
    let health = HEALTHY;
    for (let ms = 0; ms <= 60_000; ms += 5_000) health = fail(health, NOW + ms, allowing(1));
    expect(isCooling(health, NOW + 60_000)).toBe(false);
    expect(isCooling(fail(health, NOW + 64_999, allowing(1)), NOW + 64_999)).toBe(true);
  });

  it('counts for the time of the cooldown, whatever the upstream asks for', () => {
    const first = afterFailure(HEALTHY, failing(ERROR, { retryAfterMs: 60_000 }), allowing(1), NOW);
    expect(isCooling(fail(first, NOW + 6_000, allowing(1)), NOW + 6_000)).toBe(false);
  });

  it('goes on counting when a call between succeeds', () => {
    const first = fail(HEALTHY, NOW, allowing(1));
    expect(isCooling(fail(afterSuccess(first, NOW + 10), NOW + 20, allowing(1)), NOW + 20)).toBe(true);
  });

  it('begins anew after the cooldown', () => {
    const cooled = fail(fail(HEALTHY, NOW, allowing(1)), NOW, allowing(1));
    const recovered = afterSuccess(cooled, NOW + 5_000);
    expect(isCooling(fail(recovered, NOW + 5_001, allowing(1)), NOW + 5_001)).toBe(false);
  });

  it('may differ by the class of failure', () => {
    const policy: CooldownPolicy = { ...POLICY, allowedFails: (failure) => (failure === 'Timeout' ? 0 : undefined) };
    expect([restAfter(failing('GW_TIMEOUT'), policy), restAfter(failing(ERROR), policy)]).toEqual([5_000, 0]);
  });

  it('adds what other workers counted', () => {
    const told = withFails(HEALTHY, 3, 5_000, NOW);
    expect(isCooling(fail(told, NOW + 1, allowing(3)), NOW + 1)).toBe(true);
    expect(isCooling(fail(told, NOW + 5_000, allowing(3)), NOW + 5_000)).toBe(false);
  });
});

describe('the time of a cooldown', () => {
  it.each<[string, { deployment?: number; retryAfter?: number; router?: number }, number]>([
    ['is the router’s', {}, 5_000],
    ['is what the upstream asked for', { retryAfter: 20_000 }, 20_000],
    ['is what the upstream asked for, though it is less', { retryAfter: 700 }, 700],
    ['is the deployment’s own before all', { deployment: 60_000, retryAfter: 20_000 }, 60_000],
    ['is none when the deployment’s own is 0', { deployment: 0, retryAfter: 20_000 }, 0],
    ['is none when the router’s is 0', { router: 0 }, 0],
    ['is what the upstream asked for, though the router’s is 0', { router: 0, retryAfter: 20_000 }, 20_000],
    ['is an hour at most', { retryAfter: 86_400_000 }, 3_600_000],
  ])('%s', (_title, { deployment, retryAfter, router = 5_000 }, expected) => {
    const facts = failing(LIMITED, { cooldownMs: deployment, retryAfterMs: retryAfter });
    expect(restAfter(facts, { ...POLICY, cooldownMs: router })).toBe(expected);
  });

  it('is none when cooldowns are off', () => {
    const policy = { ...allowing(0), isOff: true };
    expect(afterFailure(HEALTHY, failing(LIMITED), policy, NOW)).toBe(HEALTHY);
  });

  it('is told with its cause', () => expect(cooledDown().why).toBe(LIMITED));
});

describe('during a cooldown', () => {
  const later = NOW + 2_000;

  it.each<[string, Partial<FailureFacts>, number]>([
    ['another failure does not lengthen it', {}, NOW + 5_000],
    ['a longer Retry-After does', { retryAfterMs: 30_000 }, later + 30_000],
    ['a shorter Retry-After does not shorten it', { retryAfterMs: 1_000 }, NOW + 5_000],
    ['a Retry-After of a day makes it an hour', { retryAfterMs: 86_400_000 }, later + 3_600_000],
    ['the deployment’s own time stands', { retryAfterMs: 30_000, cooldownMs: 5_000 }, NOW + 5_000],
  ])('%s', (_title, changes, coolUntil) => {
    expect(afterFailure(cooledDown(), failing(LIMITED, changes), POLICY, later).coolUntil).toBe(coolUntil);
  });

  it('a success proves nothing: it began before', () => {
    const health = cooledDown();
    expect(afterSuccess(health, later)).toBe(health);
  });

  it('tells how long it lasts', () => expect(readyInMs(cooledDown(), later)).toBe(3_000));
});

describe('after a cooldown', () => {
  const over = NOW + 5_000;

  it('it is ready at once', () => {
    expect([isCooling(cooledDown(), over - 1), isCooling(cooledDown(), over)]).toEqual([true, false]);
    expect(readyInMs(cooledDown(), over)).toBe(0);
  });

  it('one probe goes at a time', () => {
    const probed = afterChoice(cooledDown(), over);
    expect(isProbed(cooledDown(), over)).toBe(false);
    expect([isProbed(probed, over), readyInMs(probed, over + 200)]).toEqual([true, PROBE_MS - 200]);
  });

  it('a probe that does not come back keeps the next one waiting for a second only', () => {
    const probed = afterChoice(cooledDown(), over);
    expect(afterChoice(probed, over + PROBE_MS - 1)).toBe(probed);
    expect(isProbed(probed, over + PROBE_MS)).toBe(false);
    expect(isProbed(afterChoice(probed, over + PROBE_MS), over + 2 * PROBE_MS - 1)).toBe(true);
  });

  it('is left to others for as long as it is their turn', () => {
    expect([isProbed(cooledDown(), over + 99, 100), isProbed(cooledDown(), over + 100, 100)]).toEqual([true, false]);
    expect(readyInMs(cooledDown(), over, 100)).toBe(100);
    expect(afterChoice(cooledDown(), over + 99, 100)).toEqual(cooledDown());
    const probed = afterChoice(cooledDown(), over);
    expect(isProbed(probed, over + PROBE_MS + 99, 100)).toBe(true);
  });

  it('a success makes it healthy', () => {
    expect(afterSuccess(afterChoice(cooledDown(), over), over + 500)).toBe(HEALTHY);
  });

  it.each([
    ['the rates', POLICY],
    ['allowed_fails', allowing(100)],
  ])('one failure rests it again, whatever %s allow', (_title, policy) => {
    const probed = afterChoice(cooledDown(), over);
    const health = afterFailure(probed, failing(ERROR, { ended: 100, failed: 1 }), policy, over + 500);
    expect(health).toEqual({ ...HEALTHY, coolUntil: over + 5_500, isProving: true, why: ERROR });
  });

  it('a refused request decides nothing', () => {
    const probed = afterChoice(cooledDown(), over);
    expect(afterFailure(probed, failing('GW_INVALID_REQUEST'), POLICY, over)).toBe(probed);
  });
});

describe('a healthy one', () => {
  it('needs no probe', () => expect(afterChoice(HEALTHY, NOW)).toBe(HEALTHY));
  it('stays as it is after a success', () => expect(afterSuccess(HEALTHY, NOW)).toBe(HEALTHY));
});

describe('what another worker tells', () => {
  /** Its clock is a minute ahead. */
  const news = (health: Health, agoMs = 0) => newsOf(health, NOW + agoMs);
  const here = NOW + 60_000;

  it('begins a cooldown here', () => {
    const health = afterNews(HEALTHY, news(cooledDown(), 1_000), here);
    expect(health).toMatchObject({ coolUntil: here + 4_000, isProving: true, why: LIMITED });
  });

  it('lends a probe', () => {
    const probed = afterChoice(cooledDown(), NOW + 5_000);
    const health = afterNews(afterNews(HEALTHY, news(cooledDown()), here), news(probed, 5_000), here + 5_000);
    expect([isProbed(health, here + 5_999), isProbed(health, here + 6_000)]).toEqual([true, false]);
  });

  it('ends the probation', () => {
    const proving = afterNews(HEALTHY, news(cooledDown()), here);
    expect(afterNews(proving, news(HEALTHY), here + 5_000)).toBe(HEALTHY);
  });

  it.each<[string, Health]>([
    ['it is well', HEALTHY],
    ['it is being tried', afterChoice(cooledDown(), NOW + 5_000)],
    ['it rests for less', cooledDown({ ...POLICY, cooldownMs: 10 })],
  ])('does not shorten a cooldown that began here: %s', (_title, told) => {
    const own = afterFailure(HEALTHY, failing(LIMITED, { retryAfterMs: 30_000 }), POLICY, here);
    expect(isCooling(afterNews(own, news(told, 5_000), here), here + 29_999)).toBe(true);
  });

  it('does not forget the failures that were counted', () => {
    expect(afterNews(withFails(HEALTHY, 2, 5_000, here), news(HEALTHY), here).fails).toBe(2);
  });
});
