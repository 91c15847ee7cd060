// The canonical request of one attempt.
import { isDeepStrictEqual } from 'node:util';
import type { Routed } from '../pipeline/exchange.js';
import { applyEdits, type Edits } from './body-edits.js';

type Fields = Record<string, unknown>;

/** The client's request with the edits; where a guardrail replaced it, its words with the edits' own changes. */
export const canonicalRequest = ({ front, body, isRewritten, request }: Routed, edits: Edits): object => {
  const edited = front.toDomain(applyEdits(body, edits)) as Fields;
  if (!isRewritten) return edited;
  const plain = front.toDomain(body) as Fields;
  const rewritten = { ...(request as Fields) };
  for (const key of new Set([...Object.keys(plain), ...Object.keys(edited)])) {
    if (!isDeepStrictEqual(edited[key], plain[key])) rewritten[key] = edited[key];
  }
  return rewritten;
};
