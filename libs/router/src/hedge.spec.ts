import { describe, expect, it } from '@jest/globals';
import { aChoice, anIndex, inGroup, levelOf, NOW } from '../test/doubles.js';
import { hedgeAfterMs } from './hedge.js';
import type { CallFacts } from './live-state.js';
import type { Choice } from './routing.js';

const aCall = (durationMs: number, changes: Partial<CallFacts> = {}): CallFacts => ({
  durationMs,
  tokens: 0,
  outputTokens: 0,
  isFailure: false,
  ...changes,
});

/** An attempt in a group of which each deployment has had these calls. */
const anAttempt = (...calls: readonly (readonly CallFacts[])[]): Choice => {
  const level = levelOf(anIndex(calls.map((_, at) => inGroup('g', `d${at}`))));
  for (const [at, ofOne] of calls.entries()) {
    for (const call of ofOne) level.targets[at]!.state.ended(NOW, call);
  }
  return aChoice(level);
};

const wholeCalls = (from: number, count: number) => Array.from({ length: count }, (_, at) => aCall(from + at));

describe('a second deployment is asked', () => {
  it('never, where that is not configured', () => {
    expect(hedgeAfterMs(undefined, anAttempt(wholeCalls(1, 20), []), false)).toBeUndefined();
  });

  it.each([{ afterMs: 300 }, { afterPercentile: 50 }])('never, where there is none: %j', (settings) => {
    expect(hedgeAfterMs(settings, anAttempt(wholeCalls(1, 40)), false)).toBeUndefined();
  });

  it('after a time', () => expect(hedgeAfterMs({ afterMs: 300 }, anAttempt([], []), false)).toBe(300));

  it.each([
    [0, 1],
    [50, 21],
    [90, 37],
    [99, 40],
    [100, 40],
  ])('when %d %% of the calls have answered: of 1 to 40 ms that is after %d ms', (afterPercentile, expected) => {
    const choice = anAttempt(wholeCalls(1, 20), wholeCalls(21, 20));
    expect(hedgeAfterMs({ afterPercentile }, choice, false)).toBe(expected);
  });

  it('never by a percentile of fewer than 20 calls', () => {
    const hedge = (count: number) => hedgeAfterMs({ afterPercentile: 50 }, anAttempt(wholeCalls(1, count), []), false);
    expect([hedge(19), hedge(20)]).toEqual([undefined, 11]);
  });

  it('by calls that answered: failures say nothing of the time it takes', () => {
    const failures = Array.from({ length: 20 }, () => aCall(60_000, { isFailure: true }));
    expect(hedgeAfterMs({ afterPercentile: 100 }, anAttempt(wholeCalls(1, 20), failures), false)).toBe(20);
  });

  it('by first tokens for streams, by whole answers for others', () => {
    const streamed = Array.from({ length: 20 }, (_, at) => aCall(9_000, { firstTokenMs: 100 + at }));
    const choice = anAttempt(streamed, wholeCalls(1, 20));
    const hedge = (isStream: boolean) => hedgeAfterMs({ afterPercentile: 100 }, choice, isStream);
    expect([hedge(true), hedge(false)]).toEqual([119, 20]);
  });

  it('by the newest calls', () => {
    const choice = anAttempt([...wholeCalls(5_000, 50), ...wholeCalls(1, 50)], wholeCalls(1, 50));
    expect(hedgeAfterMs({ afterPercentile: 100 }, choice, false)).toBe(50);
  });

  it('by a hundred calls at most, the newest of the first deployments, however many there are', () => {
    const quick = Array.from({ length: 100 }, () => [aCall(5_000), aCall(10)]);
    const slow = Array.from({ length: 200 }, () => [aCall(9_000)]);
    expect(hedgeAfterMs({ afterPercentile: 100 }, anAttempt(...quick, ...slow), false)).toBe(10);
  });
});
