// The canonical request of one attempt.
import { isDeepStrictEqual } from 'node:util';
import type { Recalled } from '../pipeline/exchange.js';
import { applyEdits, wishOf, type Edits } from './body-edits.js';

type Fields = Record<string, unknown>;

/** The client's request with the edits; where a guardrail replaced it, its words with the edits' own changes. */
export const canonicalRequest = ({ front, body, isRewritten, request }: Recalled, edits: Edits): object => {
  const edited = front.toDomain(applyEdits(body, edits)) as Fields;
  return isRewritten ? withEdits(request as Fields, front.toDomain(wishOf(body)) as Fields, edited) : edited;
};

/**
 * What the edits changed of the plain request, changed in what a guardrail said. A field that both changed is the
 * guardrail's: clients can have edits made as well, and must not undo with them what it did.
 */
const withEdits = (said: Fields, plain: Fields, edited: Fields): Fields => {
  const merged = { ...said };
  for (const key of new Set([...Object.keys(plain), ...Object.keys(edited)])) {
    if (isDeepStrictEqual(edited[key], plain[key])) continue;
    if (key === 'model' || isDeepStrictEqual(said[key], plain[key])) merged[key] = edited[key];
    else if (key === 'extras')
      merged[key] = withEdits(said[key] as Fields, plain[key] as Fields, edited[key] as Fields);
    else merged[key] = withMore(said[key], plain[key], edited[key]);
  }
  return merged;
};

/** Messages that were put behind the client's own, as the beginning of an answer to go on with, are no change of these. */
const withMore = (said: unknown, plain: unknown, edited: unknown): unknown => {
  if (!Array.isArray(said) || !Array.isArray(plain) || !Array.isArray(edited)) return said;
  const isMore = isDeepStrictEqual(edited.slice(0, plain.length), plain);
  return isMore ? [...(said as unknown[]), ...(edited.slice(plain.length) as unknown[])] : said;
};
