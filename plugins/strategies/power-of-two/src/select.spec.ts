import { aSample, aSelectionContext, candidates, type CandidateChanges } from '@turnpike/plugin-testkit';
import type { SelectionContext } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import plugin from './index.js';

/** The pick with a fixed random number: of two candidates, 0 draws the first of them first, 0.99 the second. */
const pick = (
  changes: CandidateChanges[],
  { decay = 10, ...context }: Partial<SelectionContext> & { decay?: number } = {},
): number =>
  plugin
    .init({ decay }, undefined as never)
    .select.select(candidates(...changes), aSelectionContext({ random: () => 0, ...context }));

/** The choice between two, drawn in either order. It must not depend on that. */
const between = (one: CandidateChanges, other: CandidateChanges, context: Parameters<typeof pick>[1] = {}): number => {
  const picks = [0, 0.99].map((random) => pick([one, other], { ...context, random: () => random }));
  expect(picks[0]).toBe(picks[1]);
  return picks[0]!;
};

/** A deployment with one call: so long for 100 output tokens, ended just now. */
const took = (durationMs: number, changes: CandidateChanges = {}): CandidateChanges => ({
  samples: [aSample({ durationMs })],
  ...changes,
});
const failure = aSample({ durationMs: 3, outputTokens: 0, isFailure: true });

describe('of two deployments', () => {
  it.each<[string, CandidateChanges, CandidateChanges, number]>([
    ['the quicker', took(900), took(600), 1],
    ['the less busy of equals', took(900, { inFlight: 3 }), took(900, { inFlight: 2 }), 1],
    ['the slower while the quicker is busy enough', took(900, { inFlight: 2 }), took(1_900, { inFlight: 0 }), 1],
    ['the quicker while it is not', took(900, { inFlight: 1 }), took(1_900, { inFlight: 0 }), 0],
    [
      'one with long answers that come quickly',
      { samples: [aSample({ durationMs: 2_000, outputTokens: 100 })] },
      { samples: [aSample({ durationMs: 9_000, outputTokens: 900 })] },
      1,
    ],
    [
      'one with a short answer, whose start is most of it',
      { samples: [aSample({ durationMs: 600, outputTokens: 5 })] },
      { samples: [aSample({ durationMs: 2_400, outputTokens: 100 })] },
      0,
    ],
    ['the slow one rather than the one that fails at once', { samples: [failure] }, took(9_000), 1],
    [
      'the busy one rather than the one that failed three times',
      took(900, { inFlight: 500 }),
      took(900, { samples: [aSample(), failure, failure, failure] }),
      0,
    ],
  ])('takes %s', (_title, one, other, expected) => {
    expect(between(one, other)).toBe(expected);
  });

  it('compares those without token counts by their whole duration', () => {
    const uncounted = (durationMs: number) => ({ samples: [aSample({ durationMs, outputTokens: 0 })] });
    expect(between(uncounted(80), uncounted(60))).toBe(1);
    // Per token the first would be far ahead.
    expect(between(took(2_000), uncounted(1_500))).toBe(1);
  });
});

describe('a deployment that rests', () => {
  const slow = (agoMs: number, changes: CandidateChanges = {}) => ({
    samples: [aSample({ durationMs: 5_000, agoMs })],
    ...changes,
  });

  it.each([
    [10_000, 10, 0],
    [20_000, 10, 1],
    [20_000, 60, 0],
  ])('and was five times as slow %p ms ago, with a decay of %p s: number %p', (agoMs, decay, expected) => {
    expect(between(took(1_000), slow(agoMs), { decay })).toBe(expected);
  });

  it('is tried with one call at a time', () => {
    expect(between(took(1_000), slow(60_000, { inFlight: 1 }))).toBe(0);
  });

  it('is tried again after failures too', () => {
    const failedOnce = { ...failure, at: failure.at - 30_000 };
    expect(between(took(1_000), { samples: [failedOnce] })).toBe(1);
    expect(between(took(1_000), { samples: [failedOnce, failedOnce, failedOnce] })).toBe(0);
  });
});

describe('a deployment nothing is known of', () => {
  it.each<[string, CandidateChanges, CandidateChanges, number]>([
    ['is tried when it is drawn', took(10), {}, 1],
    ['counts as fast as the other while its first call is under way', took(10, { inFlight: 2 }), { inFlight: 1 }, 1],
    ['is not flooded', took(10, { inFlight: 1 }), { inFlight: 2 }, 0],
  ])('%s', (_title, one, other, expected) => {
    expect(between(one, other)).toBe(expected);
  });
});

describe('streams', () => {
  const stream = (firstTokenMs: number, durationMs: number) => ({ samples: [aSample({ firstTokenMs, durationMs })] });

  it.each<[string, CandidateChanges, CandidateChanges, boolean, number]>([
    ['by the first token', stream(400, 1_000), stream(300, 9_000), true, 1],
    ['per token when one has whole answers only', stream(400, 9_000), took(2_000), true, 1],
    ['per token when no stream is asked for', stream(400, 1_000), stream(300, 9_000), false, 0],
  ])('are compared %s', (_title, one, other, isStream, expected) => {
    expect(between(one, other, { stream: isStream })).toBe(expected);
  });
});

describe('the draw', () => {
  it('compares no more than two', () => {
    // The third would be the best by far.
    expect(pick([took(900), took(800), took(1)])).toBe(1);
  });

  it.each([
    [0, 0],
    [0.99, 1],
  ])('decides between equals: at %p number %p', (random, expected) => {
    expect(pick([took(900), took(900)], { random: () => random })).toBe(expected);
  });

  it('leaves out those without a weight where others have one', () => {
    const list = [took(1), took(900, { deployment: { weight: 1 } }), took(800, { deployment: { weight: 1 } })];
    expect(pick(list)).toBe(2);
  });

  it('takes the only one with a weight', () => {
    expect(pick([took(1), took(900, { deployment: { weight: 1 }, inFlight: 50 }), {}])).toBe(1);
  });

  it.each([
    [5, 0],
    [6, 1],
  ])('a weight of 3 bears three times the load of 1: %p and 1 calls under way', (inFlight, expected) => {
    const one = took(900, { inFlight, deployment: { weight: 3.1 } });
    expect(between(one, took(900, { inFlight: 1, deployment: { weight: 1 } }))).toBe(expected);
  });
});

describe('the plugin', () => {
  it('forgets in ten seconds by default', () => {
    expect(plugin.config.parse({})).toEqual({ decay: 10 });
  });

  it.each(['power-of-two', 'power-of-two-choices', 'p2c', 'peak-ewma'])('goes by %s in configurations', (name) => {
    expect(plugin.aliases).toContain(name);
  });
});
