// Anthropic's failed answers: `{"type": "error", "error": {"type", "message"}, "request_id"}`.
import { GatewayError, upstreamError, type UpstreamFailure } from '@turnpike/plugin-sdk';

/**
 * The account's own spending bound. It comes as a 429 or a 400 and, other than a rate limit, does not pass by waiting:
 * "This request would exceed your account's monthly spend limit", "You have reached your specified API usage limits".
 */
const IS_SPENT = /spend limit|specified (?:\w+ )?API usage limits/i;

/** @param now epoch ms, for dates in headers */
export const fromAnthropicError = (failure: UpstreamFailure, provider: string, now: number): GatewayError => {
  const error = upstreamError(failure, provider, now);
  return failure.status < 500 && IS_SPENT.test(error.message)
    ? new GatewayError('GW_UPSTREAM_BILLING', error.message, error.facts)
    : error;
};
