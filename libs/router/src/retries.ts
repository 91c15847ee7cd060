// How often an attempt is repeated within its group, and how long the wait is.
import type { RouterSettings } from '@turnpike/domain';
import type { FailureTraits } from './failure-traits.js';
import type { RoutingWishes } from './request.js';
import type { Target } from './target.js';

/** A caller may ask for more than the operator configured, not for endless ones. */
const MAX_ASKED = 20;

const BASE_MS = 500;
const MAX_BACKOFF_MS = 8_000;
const JITTER_MS = 750;
/** A longer Retry-After is not waited for. */
const MAX_RETRY_AFTER_MS = 60_000;

export type RetrySettings = Pick<
  RouterSettings,
  'numRetries' | 'retryAfterMs' | 'retryPolicy' | 'modelGroupRetryPolicy'
>;

/** The policy's word for this class of failure; undefined when it has none. */
export const policyRetries = (
  group: string,
  failure: FailureTraits,
  { retryPolicy, modelGroupRetryPolicy }: RetrySettings,
): number | undefined => {
  const key = `${failure.class}ErrorRetries`;
  return modelGroupRetryPolicy[group]?.[key] ?? retryPolicy[key];
};

/** Retries after this failure: the request's word, else the deployment's, else the policy's, else the router's. */
export const retriesFor = (
  {
    wishes,
    group,
    target,
    failure,
  }: {
    wishes: RoutingWishes;
    group: string;
    target: Target;
    failure: FailureTraits;
  },
  settings: RetrySettings,
): number =>
  (wishes.numRetries === undefined ? undefined : Math.min(wishes.numRetries, MAX_ASKED)) ??
  target.deployment.numRetries ??
  policyRetries(group, failure, settings) ??
  settings.numRetries;

/**
 * Milliseconds before the same deployment is asked again; undefined: not worth waiting for.
 *
 * @param round 0 for the first wait
 */
export const backoffMs = (
  round: number,
  upstreamRetryAfterMs: number | undefined,
  floorMs: number,
  random: () => number,
): number | undefined => {
  if (upstreamRetryAfterMs !== undefined && upstreamRetryAfterMs > 0) {
    return upstreamRetryAfterMs > MAX_RETRY_AFTER_MS ? undefined : Math.max(upstreamRetryAfterMs, floorMs);
  }
  return Math.max(Math.min(BASE_MS * 2 ** round, MAX_BACKOFF_MS) + JITTER_MS * random(), floorMs);
};
