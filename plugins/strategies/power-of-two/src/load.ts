// What a call sent to a deployment now has to expect, from what its last calls met.
import type { CallSample, Candidate } from '@turnpike/plugin-sdk';
import type { Measure } from './measures.js';

/**
 * Moving average that is sensitive to peaks: a slower call is believed at once, quicker ones bit by bit, as time passes.
 * Calls that failed do not count: their time says nothing of how long an answer takes.
 * @param decayMs time in which the distance to a lower figure falls to 1/e
 * @returns undefined when no call tells
 */
export const peakAverage = (samples: readonly CallSample[], measure: Measure, decayMs: number): number | undefined => {
  let average: number | undefined;
  let since = 0;
  for (let index = 0; index < samples.length; index += 1) {
    const sample = samples[index]!;
    const value = sample.isFailure ? undefined : measure(sample);
    if (value === undefined) continue;
    average =
      average === undefined || value >= average
        ? value
        : value + (average - value) * Math.exp(-Math.max(0, sample.at - since) / decayMs);
    // What other workers saw arrives a little later than it ended.
    since = Math.max(since, sample.at);
  }
  return average;
};

/** A failure makes a deployment look so many times as loaded, each further one in a row again. */
const FAILURE_FACTOR = 10;
/** More in a row change nothing: a million times is out of reach of any load. */
const MOST_FAILURES = 6;

/** A deployment that fails at once never has calls under way, and would draw all of them to it. */
export const failureFactor = (samples: readonly CallSample[]): number => {
  let factor = 1;
  for (let count = 1; count <= MOST_FAILURES && samples.at(-count)?.isFailure === true; count += 1) {
    factor *= FAILURE_FACTOR;
  }
  return factor;
};

/**
 * What is known of a deployment that has nothing to do grows old: from 1 towards 0, so that one that was slow, or
 * failed, is tried again. Only one call at a time: with that call under way all counts in full again, and one that
 * was never called counts as rested for ever.
 */
export const restFactor = ({ inFlight, samples }: Candidate, now: number, decayMs: number): number => {
  if (inFlight > 0) return 1;
  const newest = samples.at(-1);
  return newest ? Math.exp(-Math.max(0, now - newest.at) / decayMs) : 0;
};
