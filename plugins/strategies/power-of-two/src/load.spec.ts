import { aCandidate, aSample, aSelectionContext } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import { failureFactor, peakAverage, restFactor } from './load.js';
import { duration, perOutputToken } from './measures.js';

const DECAY_MS = 10_000;
const { now } = aSelectionContext();

/** Calls as `[how long ago they ended, how long they took]`. */
const calls = (...figures: [agoMs: number, durationMs: number][]) =>
  figures.map(([agoMs, durationMs]) => aSample({ agoMs, durationMs }));

const failure = aSample({ durationMs: 3, outputTokens: 0, isFailure: true });

describe('the average that is sensitive to peaks', () => {
  it.each<[string, [number, number][], number]>([
    ['is the first call', [[0, 700]], 700],
    [
      'rises to a slower call at once',
      [
        [50, 100],
        [40, 100],
        [0, 900],
      ],
      900,
    ],
    [
      'hardly falls for quicker ones in the same moment',
      [
        [0, 900],
        [0, 100],
        [0, 100],
      ],
      900,
    ],
    [
      'falls to 1/e of the distance in the decay',
      [
        [10_000, 900],
        [0, 100],
      ],
      100 + 800 / Math.E,
    ],
    [
      'falls as far in several steps',
      [
        [10_000, 900],
        [6_000, 100],
        [1_000, 100],
        [0, 100],
      ],
      100 + 800 / Math.E,
    ],
    [
      'forgets a peak long past',
      [
        [200_000, 90_000],
        [0, 100],
      ],
      100,
    ],
  ])('%s', (_title, figures, expected) => {
    expect(peakAverage(calls(...figures), duration, DECAY_MS)).toBeCloseTo(expected, 3);
  });

  it('counts no time twice when calls stand out of order', () => {
    const figures = calls([10_000, 900], [0, 100], [5_000, 100], [0, 100]);
    expect(peakAverage(figures, duration, DECAY_MS)).toBeCloseTo(100 + 800 / Math.E, 3);
  });

  it('leaves out calls that failed', () => {
    expect(peakAverage([...calls([0, 700]), { ...failure, durationMs: 60_000 }], duration, DECAY_MS)).toBe(700);
  });

  it.each([
    ['no calls', []],
    ['failures only', [failure]],
    ['calls that the measure does not tell of', [aSample({ outputTokens: 0 })]],
  ])('is unknown with %s', (_title, samples) => {
    expect(peakAverage(samples, perOutputToken, DECAY_MS)).toBeUndefined();
  });
});

describe('failures', () => {
  it.each([
    ['none', [aSample()], 1],
    ['one, the newest call', [aSample(), failure], 10],
    ['three in a row', [aSample(), failure, failure, failure], 1_000],
    ['some before a success', [failure, failure, aSample()], 1],
    ['only the newest in a row', [failure, aSample(), failure], 10],
    ['any number, up to a bound', Array.from({ length: 50 }, () => failure), 1_000_000],
    ['nothing at all', [], 1],
  ])('multiply the load: %s', (_title, samples, expected) => {
    expect(failureFactor(samples)).toBe(expected);
  });
});

describe('rest', () => {
  it.each([
    ['nothing while a call is under way', { inFlight: 1, samples: [aSample({ agoMs: 90_000 })] }, 1],
    ['nothing right after a call', { samples: [aSample()] }, 1],
    ['two thirds in the decay', { samples: [aSample({ agoMs: 10_000 })] }, 1 / Math.E],
    ['all where there never was a call', {}, 0],
    ['nothing there either while the first is under way', { inFlight: 1 }, 1],
    ['nothing when a clock is ahead', { samples: [aSample({ agoMs: -500 })] }, 1],
  ])('takes away %s', (_title, changes, expected) => {
    expect(restFactor(aCandidate(changes), now, DECAY_MS)).toBeCloseTo(expected, 9);
  });
});
