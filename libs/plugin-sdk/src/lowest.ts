// What most strategies need: the lowest by some figure, and whether a candidate's own limits leave room.
import type { Candidate } from './contracts/strategy/v1/index.js';

/**
 * Index of the candidate with the lowest figure; equals are as likely as each other.
 *
 * @param figureOf undefined: it does not take part
 * @returns -1 when none takes part
 */
export const lowestOf = (
  candidates: readonly Candidate[],
  figureOf: (candidate: Candidate) => number | undefined,
  random: () => number,
): number => {
  let chosen = -1;
  let lowest = Number.POSITIVE_INFINITY;
  let equals = 0;
  for (let index = 0; index < candidates.length; index += 1) {
    const figure = figureOf(candidates[index]!);
    if (figure === undefined || figure > lowest) continue;
    equals = figure < lowest ? 1 : equals + 1;
    lowest = figure;
    // The n-th of equals takes the place of those before it in one of n cases: in the end all are as likely.
    if (equals === 1 || random() * equals < 1) chosen = index;
  }
  return chosen;
};

/** Its `tpm` and `rpm` allow one more call with so many prompt tokens this minute. */
export const hasRoom = (
  { deployment, requestsThisMinute, tokensThisMinute }: Candidate,
  promptTokens: number,
): boolean =>
  tokensThisMinute + promptTokens <= (deployment.tpm ?? Number.POSITIVE_INFINITY) &&
  requestsThisMinute < (deployment.rpm ?? Number.POSITIVE_INFINITY);
