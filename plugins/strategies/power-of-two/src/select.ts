// Two drawn at random, the less loaded one taken. To compare two and not all keeps calls that choose at the same moment,
// here and in other gateways, from rushing to the same deployment.
import type { Candidate, SelectV1 } from '@turnpike/plugin-sdk';
import { drawEvenly, drawWeighted, totalWeight, weightOf } from './draw.js';
import { failureFactor, peakAverage, restFactor } from './load.js';
import { MEASURES } from './measures.js';

/** Added to both sides: clocks may be coarser than a quick call is long, and nothing is infinitely fast. */
const QUICKEST = 0.001;

/** How many times as slow `one` is as `other`, by the best measure that tells of both; 1 when none does. */
const slownessRatio = (one: Candidate, other: Candidate, isStream: boolean, decayMs: number): number => {
  for (const measure of isStream ? MEASURES.stream : MEASURES.whole) {
    const slowness = peakAverage(one.samples, measure, decayMs);
    if (slowness === undefined) continue;
    const otherSlowness = peakAverage(other.samples, measure, decayMs);
    if (otherSlowness !== undefined) return (slowness + QUICKEST) / (otherSlowness + QUICKEST);
  }
  return 1;
};

/** Its load but for its slowness, which means something only beside another's. */
const burdenOf = (candidate: Candidate, weight: number, now: number, decayMs: number): number =>
  ((candidate.inFlight + 1) / weight) * failureFactor(candidate.samples) * restFactor(candidate, now, decayMs);

export const createSelect =
  (decayMs: number): SelectV1['select'] =>
  (candidates, { now, random, stream }) => {
    const count = candidates.length;
    if (count < 2) return count - 1;
    const total = totalWeight(candidates);
    const isWeighted = total > 0;
    const first = isWeighted ? drawWeighted(candidates, total, random) : drawEvenly(count, random);
    const one = candidates[first]!;
    const second = isWeighted
      ? drawWeighted(candidates, total - weightOf(one), random, first)
      : drawEvenly(count, random, first);
    const other = candidates[second];
    if (!other) return first;
    const burden = burdenOf(one, isWeighted ? weightOf(one) : 1, now, decayMs);
    const otherBurden = burdenOf(other, isWeighted ? weightOf(other) : 1, now, decayMs);
    return otherBurden < burden * slownessRatio(one, other, stream, decayMs) ? second : first;
  };
