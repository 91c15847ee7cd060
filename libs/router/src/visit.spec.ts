import type { RouterSettings } from '@turnpike/domain';
import type { ErrorCode } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import { aFailure, aRouter, inGroup, inGroups, NOW } from '../test/doubles.js';
import { play, type Played, type PlayOptions, type Script } from '../test/play.js';

const ERROR: ErrorCode = 'GW_UPSTREAM_ERROR';

/** One request to `g`; without cooldowns, so that what is seen is the retries alone. */
const played = (
  ids: readonly string[],
  script: Script,
  settings: Partial<RouterSettings> = {},
  options: PlayOptions = {},
  random = () => 0,
): Played => {
  const test = aRouter(inGroups({ g: ids }), { settings: { disableCooldowns: true, ...settings }, random });
  return play(test, script, options);
};

const story = (...given: Parameters<typeof played>): string => played(...given).story;

const limited = (retryAfterMs: number) => aFailure('GW_UPSTREAM_RATE_LIMITED', { retryAfterMs });

describe('a failed request', () => {
  it.each<[string, string[], Script, string]>([
    ['goes on at another deployment, without a wait', ['a', 'b'], { a: ERROR }, 'a b ok'],
    [
      'goes on at every other deployment before it waits',
      ['a', 'b', 'c', 'd'],
      { a: ERROR, b: ERROR, c: ERROR },
      'a b c d ok',
    ],
    ['waits before it comes back', ['a', 'b'], { a: [ERROR, 'ok'], b: ERROR }, 'a b wait500 a ok'],
    [
      'never goes to the same one twice in a row while there is another',
      ['a', 'b'],
      { a: ERROR, b: ERROR },
      'a b wait500 a wait1000 b wait2000 a wait4000 b GW_UPSTREAM_ERROR',
    ],
    ['goes to the same one where there is no other', ['a'], { a: [ERROR, 'ok'] }, 'a wait500 a ok'],
    [
      'waits longer each time',
      ['a'],
      { a: ERROR },
      'a wait500 a wait1000 a wait2000 a wait4000 a wait8000 a GW_UPSTREAM_ERROR',
    ],
  ])('%s', (_title, ids, script, expected) => expect(story(ids, script, { numRetries: 5 })).toBe(expected));

  it('waits a little longer by chance, so that not all come back at once', () => {
    expect(story(['a'], { a: [ERROR, 'ok'] }, {}, {}, () => 0.5)).toBe('a wait875 a ok');
  });

  it.each<[number, string]>([
    [0, 'a GW_UPSTREAM_ERROR'],
    [1, 'a b GW_UPSTREAM_ERROR'],
    [2, 'a b wait500 a GW_UPSTREAM_ERROR'],
  ])('is retried %d times', (numRetries, expected) => {
    expect(story(['a', 'b'], { a: ERROR, b: ERROR }, { numRetries })).toBe(expected);
  });

  it('says how often it was retried', () => {
    const { choices, routing } = played(['a', 'b'], { a: ERROR, b: [ERROR, 'ok'] }, { numRetries: 4 });
    expect([choices.map(({ retry }) => retry), routing.retries]).toEqual([[0, 1, 2, 3], 3]);
  });

  it('ends with the last error', () => {
    expect(story(['a', 'b'], { a: 'GW_TIMEOUT', b: 'GW_STREAM_CUT' }, { numRetries: 1 })).toBe('a b GW_STREAM_CUT');
  });

  it('is retried as often as the last deployment says', () => {
    const test = aRouter([inGroup('g', 'a', { numRetries: 1 }), inGroup('g', 'b', { numRetries: 3 })]);
    expect(play(test, { a: ERROR, b: ERROR }).story).toBe('a b wait500 a GW_UPSTREAM_ERROR');
  });

  it('is retried as often as the policy says of its failure', () => {
    const settings = { retryPolicy: { TimeoutErrorRetries: 0 }, numRetries: 3 };
    expect(story(['a', 'b', 'c'], { a: ERROR, b: 'GW_TIMEOUT' }, settings)).toBe('a b GW_TIMEOUT');
  });

  it('is retried as often as the caller wishes', () => {
    const options = { wishes: { numRetries: 0 } };
    expect(story(['a', 'b'], { a: ERROR }, { numRetries: 9 }, options)).toBe('a GW_UPSTREAM_ERROR');
  });
});

describe('where a failed request goes on', () => {
  it.each<[ErrorCode, string]>([
    ['GW_UPSTREAM_ERROR', 'a b c ok'],
    ['GW_TIMEOUT', 'a b c ok'],
    ['GW_UPSTREAM_RATE_LIMITED', 'a b c ok'],
    ['GW_UPSTREAM_AUTHENTICATION', 'a b c ok'],
    ['GW_UPSTREAM_NOT_FOUND', 'a b c ok'],
    ['GW_INTERNAL', 'a b c ok'],
    ['GW_INVALID_REQUEST', 'a GW_INVALID_REQUEST'],
    ['GW_UNPROCESSABLE', 'a GW_UNPROCESSABLE'],
    ['GW_CONTEXT_WINDOW_EXCEEDED', 'a GW_CONTEXT_WINDOW_EXCEEDED'],
    ['GW_CONTENT_POLICY', 'a GW_CONTENT_POLICY'],
    ['GW_CLIENT_CLOSED', 'a GW_CLIENT_CLOSED'],
  ])('after %s: %s', (code, expected) => {
    expect(story(['a', 'b', 'c'], { a: code, b: code })).toBe(expected);
  });

  it.each<ErrorCode>(['GW_UPSTREAM_AUTHENTICATION', 'GW_UPSTREAM_NOT_FOUND', 'GW_INTERNAL'])(
    'after %s: never to the same one again',
    (code) => {
      expect(story(['a'], { a: code }, { numRetries: 9 })).toBe(`a ${code}`);
      expect(story(['a', 'b'], { a: code, b: [ERROR, ERROR, 'ok'] }, { numRetries: 9 })).toBe(
        'a b wait500 b wait1000 b ok',
      );
    },
  );

  it.each<ErrorCode>(['GW_UNSUPPORTED_PARAMETER', 'GW_EGRESS_REFUSED'])(
    'after %s: to all others, since nobody was asked, and with all its retries',
    (code) => {
      const { story, routing, choices } = played(
        ['a', 'b', 'c', 'd', 'e'],
        { a: code, b: code, c: code, d: ERROR, e: 'ok' },
        { numRetries: 1 },
      );
      expect([story, routing.retries]).toEqual(['a b c d e ok', 1]);
      expect(choices.map(({ retry }) => retry)).toEqual([0, 0, 0, 0, 1]);
      expect(story).toBe('a b c d e ok');
    },
  );

  it('after a parameter that nobody has: to all others, even without retries', () => {
    const code = 'GW_UNSUPPORTED_PARAMETER';
    expect(story(['a', 'b', 'c'], { a: code, b: code }, { numRetries: 0 })).toBe('a b c ok');
  });

  it('after a refusal: to the same one where a policy says so', () => {
    const settings = { retryPolicy: { BadRequestErrorRetries: 2 }, numRetries: 0 };
    const code = 'GW_INVALID_REQUEST';
    expect(story(['a'], { a: code }, settings)).toBe(`a wait500 a wait1000 a ${code}`);
    expect(story(['a', 'b'], { a: code }, settings)).toBe('a b ok');
  });

  it('after a refusal: nowhere where the policy is of another group', () => {
    const settings = { modelGroupRetryPolicy: { other: { BadRequestErrorRetries: 2 } } };
    expect(story(['a', 'b'], { a: 'GW_INVALID_REQUEST' }, settings)).toBe('a GW_INVALID_REQUEST');
  });

  it('after a prompt that is too long: to its fallbacks, whatever the policy says', () => {
    const settings = {
      retryPolicy: { BadRequestErrorRetries: 2 },
      contextWindowFallbacks: { g: [{ model: 'large' }] },
    };
    const test = aRouter(inGroups({ g: ['a', 'b'], large: ['c'] }), { settings });
    expect(play(test, { a: 'GW_CONTEXT_WINDOW_EXCEEDED' }).story).toBe('a c ok');
  });
});

describe('the wait before a retry', () => {
  it.each<[string, number, Partial<RouterSettings>, string]>([
    ['is what the upstream asked for', 3_000, {}, 'a wait3000 a ok'],
    ['is a minute at most', 60_000, {}, 'a wait60000 a ok'],
    ['is not begun when it is longer', 60_001, {}, 'a GW_UPSTREAM_RATE_LIMITED'],
    ['is not below retry_after', 3_000, { retryAfterMs: 4_000 }, 'a wait4000 a ok'],
  ])('%s', (_title, retryAfterMs, settings, expected) => {
    expect(story(['a'], { a: [limited(retryAfterMs), 'ok'] }, settings)).toBe(expected);
  });

  it('is not below retry_after when the upstream asked for nothing', () => {
    expect(story(['a'], { a: [ERROR, 'ok'] }, { retryAfterMs: 4_000 })).toBe('a wait4000 a ok');
  });

  it('is not made for the sake of one that is not asked next', () => {
    expect(story(['a', 'b'], { a: [ERROR, 'ok'], b: limited(50_000) })).toBe('a b wait500 a ok');
    expect(story(['a', 'b'], { a: [ERROR, 'ok'], b: limited(90_000) })).toBe('a b wait500 a ok');
  });

  it('is none where another is ready, whatever retry_after says', () => {
    expect(story(['a', 'b'], { a: limited(50_000) }, { retryAfterMs: 4_000 })).toBe('a b ok');
  });

  it('gives way to the others of the group that became ready meanwhile', () => {
    const test = aRouter(inGroups({ g: ['a', 'b'] }), { settings: { allowedFails: 99 } });
    const resting = { ...test.state.of({ id: 'b' }).health, coolUntil: NOW + 400 };
    test.state.of({ id: 'b' }).changeHealth(resting);
    expect(play(test, { a: ERROR }).story).toBe('a wait500 b ok');
  });
});

describe('the deadline', () => {
  it.each<[string, number, string]>([
    ['ends a request before a wait that would reach it', 500, 'a GW_UPSTREAM_ERROR'],
    ['lets a wait go that ends before it', 501, 'a wait500 a GW_UPSTREAM_ERROR'],
    ['lets no retry begin after it', 0, 'GW_TIMEOUT'],
  ])('%s', (_title, ms, expected) => {
    expect(story(['a'], { a: ERROR }, {}, { deadlineAt: NOW + ms })).toBe(expected);
  });

  it('ends a request whose attempt took all the time, with what that attempt met', () => {
    const options = { deadlineAt: NOW + 1_000, attemptMs: 1_000 };
    expect(story(['a', 'b'], { a: 'GW_STREAM_CUT' }, {}, options)).toBe('a GW_STREAM_CUT');
  });

  it('leaves a request that cannot wait its fallbacks', () => {
    const settings = { fallbacks: { g: [{ model: 'h' }] } };
    const test = aRouter(inGroups({ g: ['a'], h: ['b'] }), { settings });
    expect(play(test, { a: ERROR }, { deadlineAt: NOW + 400 }).story).toBe('a b ok');
  });
});

describe('cooldowns during retries', () => {
  it('take those that rest out of the choice', () => {
    const test = aRouter(inGroups({ g: ['a', 'b', 'c'] }), { settings: { numRetries: 5, allowedFails: 0 } });
    expect(play(test, { a: ERROR, b: ERROR, c: ERROR }).story).toBe('a b c GW_UPSTREAM_ERROR');
  });

  it('leave the next request those that are well, then one probe', () => {
    const test = aRouter(inGroups({ g: ['a', 'b'] }));
    const script: Script = { a: limited(1_000) };
    expect(play(test, script).story).toBe('a b ok');
    expect(play(test, script, { from: NOW + 999 }).story).toBe('b ok');
    expect(play(test, script, { from: NOW + 1_000 }).story).toBe('a b ok');
    expect(play(test, {}, { from: NOW + 1_999 }).story).toBe('b ok');
    expect(play(test, {}, { from: NOW + 2_000 }).story).toBe('a ok');
    expect(play(test, {}, { from: NOW + 2_000 }).story).toBe('a ok');
  });
});
