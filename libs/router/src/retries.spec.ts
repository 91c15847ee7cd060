import { describe, expect, it } from '@jest/globals';
import { aFailure, someSettings, someTargets } from '../test/doubles.js';
import { traitsOf } from './failure-traits.js';
import { backoffMs, policyRetries, retriesFor, type RetrySettings } from './retries.js';

const TIMEOUT = traitsOf(aFailure('GW_TIMEOUT'));

interface Words {
  wish?: number;
  deployment?: number;
  groupPolicy?: number;
  policy?: number;
  router?: number;
}

const settingsOf = ({ groupPolicy, policy, router = 2 }: Words): RetrySettings =>
  someSettings({
    numRetries: router,
    retryPolicy: policy === undefined ? {} : { TimeoutErrorRetries: policy, RateLimitErrorRetries: 99 },
    modelGroupRetryPolicy: groupPolicy === undefined ? {} : { g: { TimeoutErrorRetries: groupPolicy } },
  });

const retries = (words: Words, group = 'g'): number => {
  const [target] = someTargets({ numRetries: words.deployment });
  return retriesFor(
    { wishes: { numRetries: words.wish }, group, target: target!, failure: TIMEOUT },
    settingsOf(words),
  );
};

describe('the number of retries', () => {
  it.each<[string, Words, number]>([
    ['is the router’s', {}, 2],
    ['is the policy’s for this failure', { policy: 4 }, 4],
    ['is the policy’s of the group', { groupPolicy: 1, policy: 4 }, 1],
    ['is the deployment’s', { deployment: 3, groupPolicy: 1, policy: 4 }, 3],
    ['is the caller’s before all', { wish: 5, deployment: 3, groupPolicy: 1, policy: 4 }, 5],
    ['is none when the caller wants none', { wish: 0, deployment: 3, policy: 4 }, 0],
    ['is none when the deployment has none', { deployment: 0, policy: 4 }, 0],
    ['is none when the policy allows none', { policy: 0 }, 0],
    ['is 20 at most for a caller', { wish: 1_000_000 }, 20],
    ['is as many as the operator says', { router: 50 }, 50],
  ])('%s', (_title, words, expected) => expect(retries(words)).toBe(expected));

  it('is not that of another group', () => expect(retries({ groupPolicy: 1 }, 'other')).toBe(2));

  it.each([
    ['GW_INVALID_REQUEST', 'BadRequestErrorRetries'],
    ['GW_UPSTREAM_AUTHENTICATION', 'AuthenticationErrorRetries'],
    ['GW_TIMEOUT', 'TimeoutErrorRetries'],
    ['GW_UPSTREAM_RATE_LIMITED', 'RateLimitErrorRetries'],
    ['GW_CONTENT_POLICY', 'ContentPolicyViolationErrorRetries'],
    ['GW_UPSTREAM_UNAVAILABLE', 'InternalServerErrorRetries'],
    ['GW_UPSTREAM_NOT_FOUND', 'NotFoundErrorRetries'],
  ] as const)('after %s is found under %s', (code, key) => {
    const failure = traitsOf(aFailure(code));
    expect(policyRetries('g', failure, someSettings({ retryPolicy: { [key]: 7 } }))).toBe(7);
    expect(policyRetries('g', failure, someSettings())).toBeUndefined();
  });
});

describe('the wait', () => {
  const none = () => 0;
  const almostOne = () => 1 - Number.EPSILON;

  it.each([
    [0, 500],
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [4, 8_000],
    [5, 8_000],
    [60, 8_000],
    [2_000, 8_000],
  ])('number %d is %d ms, and up to 750 ms more by chance', (round, ms) => {
    expect(backoffMs(round, undefined, 0, none)).toBe(ms);
    expect(backoffMs(round, undefined, 0, almostOne)).toBeCloseTo(ms + 750, 5);
  });

  it.each<[string, number | undefined, number, number | undefined]>([
    ['is what the upstream asked for, exactly', 1_234, 0, 1_234],
    ['is a minute at most', 60_000, 0, 60_000],
    ['is not worth it beyond a minute', 60_001, 0, undefined],
    ['is not below retry_after', undefined, 3_000, 3_000],
    ['is not below retry_after when the upstream asked for less', 1_000, 3_000, 3_000],
    ['is above retry_after when the upstream asked for more', 5_000, 3_000, 5_000],
    ['goes by our own measure when the upstream asked for 0', 0, 0, 500],
  ])('%s', (_title, retryAfterMs, floorMs, expected) => {
    expect(backoffMs(0, retryAfterMs, floorMs, none)).toBe(expected);
  });
});
