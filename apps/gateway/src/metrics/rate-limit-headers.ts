// What an upstream's headers say is left of its rate limits. Upstreams agree on the words, and not on their order.
import type { IncomingHeaders } from '@turnpike/kernel';
import type { RateLimits } from './call-series.js';

const REMAINING = /^(?:[a-z0-9-]+-)?ratelimit-(?:remaining-(requests|tokens)|(requests|tokens)-remaining)$/;

type Name = 'requests' | 'tokens';
type Names = Readonly<Partial<Record<Name, string>>>;

/** By deployment: what its upstream calls them. */
const namesOf = new Map<string, Names | undefined>();
const MAX_NAMES = 2_000;

const look = (headers: IncomingHeaders): Names | undefined => {
  let names: Partial<Record<Name, string>> | undefined;
  for (const header in headers) {
    const match = REMAINING.exec(header);
    const name = (match?.[1] ?? match?.[2]) as Name | undefined;
    if (name) (names ??= {})[name] ??= header;
  }
  return names;
};

const numberIn = (headers: IncomingHeaders, name: string | undefined): number | undefined => {
  const value = name === undefined ? undefined : headers[name];
  if (typeof value !== 'string' || value === '') return undefined;
  const number = Number(value);
  return number >= 0 && number < Infinity ? number : undefined;
};

/** @returns undefined when the upstream tells nothing */
export const readRateLimits = (deploymentId: string, headers: IncomingHeaders, now: number): RateLimits | undefined => {
  let names = namesOf.get(deploymentId);
  if (names === undefined) {
    if (namesOf.has(deploymentId)) return undefined;
    names = look(headers);
    if (namesOf.size >= MAX_NAMES) namesOf.clear();
    namesOf.set(deploymentId, names);
    if (!names) return undefined;
  }
  const requests = numberIn(headers, names.requests);
  const tokens = numberIn(headers, names.tokens);
  return requests === undefined && tokens === undefined ? undefined : { requests, tokens, toldAt: now };
};
