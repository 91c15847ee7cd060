// Two different candidates at random.
import type { Candidate } from '@turnpike/plugin-sdk';

/** What is not stated weighs nothing. */
export const weightOf = ({ deployment: { weight } }: Candidate): number =>
  weight !== undefined && weight > 0 ? weight : 0;

export const totalWeight = (candidates: readonly Candidate[]): number => {
  let total = 0;
  for (const candidate of candidates) total += weightOf(candidate);
  return total;
};

/**
 * Each as likely as its weight says.
 * @param total what all weigh, without the one at `except`
 * @returns -1 when nothing else weighs anything
 */
export const drawWeighted = (
  candidates: readonly Candidate[],
  total: number,
  random: () => number,
  except = -1,
): number => {
  let left = random() * total;
  let last = -1;
  for (let index = 0; index < candidates.length; index += 1) {
    const weight = index === except ? 0 : weightOf(candidates[index]!);
    if (weight === 0) continue;
    left -= weight;
    if (left < 0) return index;
    last = index;
  }
  // Rounding may leave a remainder behind the last one.
  return last;
};

/** Each equally likely. @param count at least 1, at least 2 with an `except` */
export const drawEvenly = (count: number, random: () => number, except = count): number => {
  if (except === count) return Math.floor(random() * count);
  const index = Math.floor(random() * (count - 1));
  return index < except ? index : index + 1;
};
