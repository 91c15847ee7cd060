// The choice: the quickest on average, and whoever is about as quick.
import { hasRoom, type CallSample, type Candidate, type SelectionContext, type SelectV1 } from '@turnpike/plugin-sdk';
import { Averages } from './averages.js';
import { duration, firstToken, perOutputToken } from './measures.js';

export interface Rules {
  /** Calls that ended longer ago do not count. */
  readonly maxAgeMs: number;
  /** Of a deployment's calls this many count, the newest. */
  readonly maxSamples: number;
  /** Up to this share above the lowest average is as good as the lowest. */
  readonly buffer: number;
}

/** Never picked. */
const NO_ROOM = Number.NaN;
/** Quicker than any average: it is tried first. */
const UNTRIED = 0;
/** Its first call is still under way: one trial at a time, lest all calls go to the one nothing is known of. */
const ON_TRIAL = Number.POSITIVE_INFINITY;

/** Index of the first call that counts; behind the last when none does. */
const firstThatCounts = (samples: readonly CallSample[], { maxAgeMs, maxSamples }: Rules, now: number): number => {
  let index = Math.max(0, samples.length - maxSamples);
  while (index < samples.length && now - samples[index]!.at > maxAgeMs) index += 1;
  return index;
};

/** @returns false when there are calls of which the averages tell nothing: the scores are of no use then */
const writeScores = (
  scores: Float64Array,
  candidates: readonly Candidate[],
  averages: Averages,
  rules: Rules,
  { now, promptTokens }: SelectionContext,
): boolean => {
  for (let index = 0; index < candidates.length; index += 1) {
    const candidate = candidates[index]!;
    if (!hasRoom(candidate, promptTokens)) {
      scores[index] = NO_ROOM;
      continue;
    }
    const { deployment, inFlight, samples } = candidate;
    const first = firstThatCounts(samples, rules, now);
    if (first === samples.length) {
      scores[index] = inFlight > 0 ? ON_TRIAL : UNTRIED;
      continue;
    }
    const mean = averages.of(deployment, samples, first);
    if (Number.isNaN(mean)) return false;
    scores[index] = mean;
  }
  return true;
};

/** One at random of those up to `buffer` above the lowest of the first `count` scores; -1 when all are NaN. */
const drawLowest = (scores: Float64Array, count: number, buffer: number, random: () => number): number => {
  let lowest = Number.POSITIVE_INFINITY;
  for (let index = 0; index < count; index += 1) if (scores[index]! < lowest) lowest = scores[index]!;
  const limit = lowest * (1 + buffer);
  let among = 0;
  for (let index = 0; index < count; index += 1) if (scores[index]! <= limit) among += 1;
  let left = Math.floor(random() * among);
  for (let index = 0; index < count; index += 1) {
    if (!(scores[index]! <= limit)) continue;
    if (left === 0) return index;
    left -= 1;
  }
  return -1;
};

export const createSelect = (rules: Rules): SelectV1['select'] => {
  const byToken = new Averages(perOutputToken);
  const byDuration = new Averages(duration);
  // The best first; the last tells of every call.
  const forWhole = [byToken, byDuration];
  const forStreams = [new Averages(firstToken), byToken, byDuration];
  // Space that is written anew by each choice, so that a thousand candidates need no array of their own.
  let scores = new Float64Array(16);
  return (candidates, context) => {
    if (scores.length < candidates.length) scores = new Float64Array(candidates.length);
    const best = context.stream ? forStreams : forWhole;
    best.some((averages) => writeScores(scores, candidates, averages, rules, context));
    return drawLowest(scores, candidates.length, rules.buffer, context.random);
  };
};
