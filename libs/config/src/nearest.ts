// "Did you mean …?"
import { closest, distance } from 'fastest-levenshtein';

/** Longer names may differ in more letters; two slips are always forgiven, but never half of the name. */
const allowance = (name: string): number =>
  Math.min(Math.max(2, Math.floor(name.length / 4)), Math.ceil(name.length / 2));

/** The candidate that `name` was probably meant to be. */
export const nearest = (name: string, candidates: Iterable<string>): string | undefined => {
  const list = [...candidates];
  if (list.length === 0) return undefined;
  const found = closest(name, list);
  return distance(name, found) <= allowance(name) ? found : undefined;
};

/** ` Did you mean 'x'?`, or nothing. */
export const suggestion = (name: string, candidates: Iterable<string>): string => {
  const found = nearest(name, candidates);
  return found === undefined ? '' : ` Did you mean '${found}'?`;
};
