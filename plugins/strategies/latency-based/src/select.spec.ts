import { aSample, aSelectionContext, candidates, type CandidateChanges } from '@turnpike/plugin-testkit';
import type { SelectionContext } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { createSelect, type Rules } from './select.js';

const RULES: Rules = { maxAgeMs: 60_000, maxSamples: 3, buffer: 0 };

const pick = (
  changes: CandidateChanges[],
  { rules = {}, ...context }: Partial<SelectionContext> & { rules?: Partial<Rules> } = {},
): number =>
  createSelect({ ...RULES, ...rules })(candidates(...changes), aSelectionContext({ random: () => 0, ...context }));

/** A deployment whose calls took so many milliseconds for 100 output tokens each, oldest first. */
const took = (...durations: number[]): CandidateChanges => ({
  samples: durations.map((durationMs, index) => aSample({ durationMs, agoMs: durations.length - index })),
});
/** As `took`, for calls of which nobody counted the tokens. */
const tookUncounted = (...durations: number[]): CandidateChanges => ({
  samples: durations.map((durationMs) => aSample({ durationMs, outputTokens: 0 })),
});
/** Streams with so long to the first token, and 10 s in all. */
const began = (...firstTokens: number[]): CandidateChanges => ({
  samples: firstTokens.map((firstTokenMs) => aSample({ firstTokenMs, durationMs: 10_000 })),
});
const failed = aSample({ durationMs: 5, outputTokens: 0, isFailure: true });

describe('whole answers', () => {
  it.each<[string, CandidateChanges[], number]>([
    ['the lowest mean', [took(900, 1_100), took(800, 900), took(2_000)], 1],
    [
      'the least time per token, not the shortest call',
      [
        { samples: [aSample({ durationMs: 500, outputTokens: 5 })] },
        { samples: [aSample({ durationMs: 9_000, outputTokens: 900 })] },
      ],
      1,
    ],
    ['by the mean of all, not the best of any', [took(100, 5_000), took(2_000, 2_000)], 1],
    ['by the newest calls only', [took(9_000, 1_000, 1_000, 1_000), took(1_100)], 0],
    ['a slow one before one that failed once of late', [{ samples: [aSample(), failed] }, took(50_000)], 1],
    [
      'one that failed once before one that failed twice',
      [{ samples: [failed, failed] }, { samples: [aSample(), failed] }],
      1,
    ],
    ['nothing of nothing', [], -1],
  ])('picks %s', (_title, changes, expected) => {
    expect(pick(changes)).toBe(expected);
  });

  it.each([
    [59_999, 0],
    [60_001, 1],
  ])('of a call that ended %p ms ago and a newer, slower one picks number %p', (agoMs, expected) => {
    // What is too old counts as never tried; one that is being tried comes last.
    const aged = { samples: [aSample({ agoMs, durationMs: 10 })], inFlight: 1 };
    expect(pick([aged, took(20_000)])).toBe(expected);
  });

  it('forgets a failure that is too old', () => {
    const recovered = { samples: [{ ...failed, at: failed.at - 61_000 }, aSample({ durationMs: 10 })] };
    expect(pick([took(1_000), recovered])).toBe(1);
  });
});

describe('calls without a token count', () => {
  it('are compared by their whole duration where there are no others', () => {
    expect(pick([tookUncounted(300), tookUncounted(200), tookUncounted(400)])).toBe(1);
  });

  it('are left out beside others', () => {
    const counted = aSample({ durationMs: 1_000 });
    const uncounted = aSample({ durationMs: 9_000, outputTokens: 0 });
    expect(pick([took(1_500), { samples: [counted, uncounted] }])).toBe(1);
  });

  it('make all be compared by duration when a deployment has nothing else', () => {
    // Per token the first would be at 20 ms and the second at 3,000 ms.
    expect(pick([took(2_000), tookUncounted(3_000)])).toBe(0);
    expect(pick([took(4_000), tookUncounted(3_000)])).toBe(1);
  });
});

describe('streams', () => {
  it.each<[string, CandidateChanges[], number]>([
    ['by the time to the first token', [began(400), began(300), began(500)], 1],
    ['and not by what came after it', [{ samples: [aSample({ firstTokenMs: 400, durationMs: 500 })] }, began(300)], 1],
    [
      'leaving out whole answers',
      [began(400), { samples: [aSample({ durationMs: 60_000 }), ...began(300).samples!] }],
      1,
    ],
    ['per token when one has only whole answers', [began(400), took(900)], 1],
    ['and failures count there too', [{ samples: [...began(300).samples!, failed] }, began(400)], 1],
  ])('are compared %s', (_title, changes, expected) => {
    expect(pick(changes, { stream: true })).toBe(expected);
  });

  it('do not lend their first tokens to whole answers', () => {
    expect(pick([began(100), took(1_000)])).toBe(1);
  });
});

describe('deployments nothing is known of', () => {
  it.each<[string, CandidateChanges[], number]>([
    ['are tried first', [took(1), {}], 1],
    ['wait while their first call is under way', [took(1_000), { inFlight: 1 }], 0],
    ['wait for an idle one of their kind', [{ inFlight: 1 }, {}], 1],
    ['are all there is, busy or not', [{ inFlight: 3 }], 0],
  ])('%s', (_title, changes, expected) => {
    expect(pick(changes)).toBe(expected);
  });

  it.each([
    [0, 0],
    [0.5, 2],
  ])('take turns: at %p number %p', (random, expected) => {
    expect(pick([{}, took(1), {}], { random: () => random })).toBe(expected);
  });
});

describe('the buffer', () => {
  it.each([
    [0, [0]],
    [0.1, [0, 1]],
    [0.5, [0, 1, 3]],
  ])('of %p leaves the choice among %p', (buffer, expected) => {
    const list = [took(1_000), took(1_100), took(1_600), took(1_500)];
    const picked = [0, 0.4, 0.7, 0.99].map((random) => pick(list, { rules: { buffer }, random: () => random }));
    expect([...new Set(picked)]).toEqual(expected);
  });
});

describe('limits', () => {
  const quick = took(100);
  it.each<[string, CandidateChanges, number]>([
    ['the prompt just fits in', { tokensThisMinute: 900, deployment: { tpm: 1_000 } }, 0],
    ['the prompt goes over', { tokensThisMinute: 901, deployment: { tpm: 1_000 } }, 1],
    ['with a request left', { requestsThisMinute: 4, deployment: { rpm: 5 } }, 0],
    ['without a request left', { requestsThisMinute: 5, deployment: { rpm: 5 } }, 1],
  ])('of the quickest, %s: number %p', (_title, limits, expected) => {
    expect(pick([{ ...quick, ...limits }, took(900)], { promptTokens: 100 })).toBe(expected);
  });

  it('of all leave none', () => {
    expect(pick([{ ...quick, deployment: { tpm: 1 } }, { deployment: { tpm: 1 } }])).toBe(-1);
  });
});

describe('from choice to choice', () => {
  const select = createSelect(RULES);
  const context = aSelectionContext({ random: () => 0 });

  it('a call that ended in between counts', () => {
    const list = candidates(took(1_000), took(1_200));
    expect(select(list, context)).toBe(0);
    const later = list.map((candidate, index) =>
      index === 0 ? { ...candidate, samples: [...candidate.samples, aSample({ durationMs: 3_000 })] } : candidate,
    );
    expect(select(later, context)).toBe(1);
  });

  it('a call that grew too old in between does not', () => {
    const list = candidates({ samples: [aSample({ agoMs: 50_000, durationMs: 9_000 }), aSample()] }, took(2_000));
    expect(select(list, context)).toBe(1);
    expect(select(list, { ...context, now: context.now + 11_000 })).toBe(0);
  });

  it('a shorter list leaves nothing of a longer one', () => {
    select(candidates(...Array.from({ length: 40 }, () => took(10))), context);
    expect(select(candidates(took(900), took(800)), context)).toBe(1);
  });
});
