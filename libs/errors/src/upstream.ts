// Reads an upstream's failed answer: which of our codes it is.
import { readErrorBody, type UpstreamErrorBody } from './error-body.js';
import { GatewayError, isGatewayError } from './gateway-error.js';
import { readRetryAfterMs } from './retry-after.js';
import type { ErrorCode } from './table.js';

export interface UpstreamFailure {
  /** HTTP status; 200 for an error that came inside a stream. */
  status: number;
  /** Lower-case header names. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body as text; may be JSON in any shape, HTML or empty. */
  body: string;
}

const has = (text: string, ...needles: string[]): boolean => needles.some((needle) => text.includes(needle));

/** Order matters: a rate limit may mention tokens, a context overflow may mention a limit. */
const byWords = (text: string, status: number): ErrorCode | undefined => {
  if (
    has(text, 'insufficient_quota', 'credit balance is too low', 'insufficient balance', 'payment required') ||
    has(text, 'billing_hard_limit_reached')
  ) {
    return 'GW_UPSTREAM_BILLING';
  }
  if (
    /rate[\s_-]*limit(?!s? of the model)/.test(text) ||
    (status === 429 && text.includes('429')) ||
    has(text, 'service tier capacity exceeded', 'too many requests', 'throttl', 'resource_exhausted') ||
    has(text, 'resource exhausted', 'quota exceeded') ||
    (status === 429 && text.includes('request too large'))
  ) {
    return 'GW_UPSTREAM_RATE_LIMITED';
  }
  if (
    !has(text, 'string_above_max_length', "invalid 'user'") &&
    (has(text, 'context_length_exceeded', 'maximum context length', "model's maximum context limit") ||
      has(text, 'exceed context limit', "is longer than the model's context length", 'prompt is too long') ||
      has(text, 'input is too long', 'too many input tokens', 'input tokens exceed the configured limit') ||
      has(text, '`inputs` tokens + `max_new_tokens` must be', 'exceeds the available context size') ||
      has(text, 'exceeds the maximum number of tokens allowed', 'tokens_limit_reached', 'context window') ||
      has(text, 'reduce the length of the messages', 'too many tokens', 'input length exceeds context length') ||
      (text.includes('current length is') && text.includes('while limit is')) ||
      (text.includes('maximum input length is') && text.includes('tokens')))
  ) {
    return 'GW_CONTEXT_WINDOW_EXCEEDED';
  }
  if (
    has(text, 'content_policy_violation', 'responsibleaipolicyviolation', 'content management policy') ||
    has(text, 'safety system', 'content_filter', 'the model produced invalid content', 'prohibited_content') ||
    has(text, 'blocked by content filtering', 'data_inspection_failed') ||
    (text.includes('invalid prompt') && text.includes('violating our usage policy'))
  ) {
    return 'GW_CONTENT_POLICY';
  }
  if (
    has(text, 'incorrect api key', 'invalid api key', 'api key not valid', 'invalid_api_key', 'invalid x-api-key') ||
    has(text, 'unauthorized', 'expired token', 'security token included in the request is')
  ) {
    return 'GW_UPSTREAM_AUTHENTICATION';
  }
  if (has(text, 'model_not_found', 'deploymentnotfound', 'unknown model', 'no such model')) {
    return 'GW_UPSTREAM_NOT_FOUND';
  }
  return undefined;
};

const byStatus = (status: number): ErrorCode => {
  switch (status) {
    case 401:
      return 'GW_UPSTREAM_AUTHENTICATION';
    case 402:
      return 'GW_UPSTREAM_BILLING';
    case 403:
      return 'GW_UPSTREAM_PERMISSION_DENIED';
    case 404:
      return 'GW_UPSTREAM_NOT_FOUND';
    case 408:
    case 504:
      return 'GW_TIMEOUT';
    case 409:
      return 'GW_UPSTREAM_CONFLICT';
    case 413:
      return 'GW_BODY_TOO_LARGE';
    case 422:
      return 'GW_UNPROCESSABLE';
    case 429:
      return 'GW_UPSTREAM_RATE_LIMITED';
    case 502:
    case 503:
    case 529:
      return 'GW_UPSTREAM_UNAVAILABLE';
  }
  return status >= 400 && status < 500 ? 'GW_INVALID_REQUEST' : 'GW_UPSTREAM_ERROR';
};

/** A map, because the types come from upstreams: `constructor` is no type of error. */
const BY_TYPE: ReadonlyMap<string, ErrorCode> = new Map([
  ['overloaded_error', 'GW_UPSTREAM_UNAVAILABLE'],
  ['rate_limit_error', 'GW_UPSTREAM_RATE_LIMITED'],
  ['authentication_error', 'GW_UPSTREAM_AUTHENTICATION'],
  ['permission_error', 'GW_UPSTREAM_PERMISSION_DENIED'],
  ['not_found_error', 'GW_UPSTREAM_NOT_FOUND'],
  ['billing_error', 'GW_UPSTREAM_BILLING'],
  ['timeout_error', 'GW_TIMEOUT'],
  ['invalid_request_error', 'GW_INVALID_REQUEST'],
  ['RESOURCE_EXHAUSTED', 'GW_UPSTREAM_RATE_LIMITED'],
  ['UNAVAILABLE', 'GW_UPSTREAM_UNAVAILABLE'],
  ['DEADLINE_EXCEEDED', 'GW_TIMEOUT'],
]);

/**
 * Which of our codes a failed answer is. Words decide for 4xx (hosts disagree about statuses), the status for the
 * rest; an error inside a 200 stream goes by its type.
 */
export const classifyUpstreamError = (status: number, read: UpstreamErrorBody): ErrorCode => {
  const text = `${read.message} ${read.code ?? ''} ${read.type ?? ''}`.toLowerCase();
  if (status >= 500) return byStatus(status);
  // 401 and 404 speak for themselves: their texts often quote the prompt or the key.
  if (status === 401 || status === 404)
    return byWords(text, status) === 'GW_UPSTREAM_BILLING' ? 'GW_UPSTREAM_BILLING' : byStatus(status);
  const worded = byWords(text, status);
  if (worded) return worded;
  if (status >= 400) return byStatus(status);
  const inner = Number(read.code);
  return BY_TYPE.get(read.type ?? '') ?? byStatus(inner >= 400 && inner < 600 ? inner : 500);
};

/** What those say who find a fault and do not know whose it is: "The provider's answer cannot be read". */
const NAMELESS = 'The provider';

/**
 * The same error with its provider named, in the facts and at the beginning of the message. Left as they are: what is
 * none of ours, what names a plugin already, and a client's leaving, which is no provider's fault.
 */
export const namingProvider = (thrown: unknown, provider: string): unknown => {
  if (!isGatewayError(thrown) || thrown.facts.provider !== undefined || thrown.kind === 'client-closed') return thrown;
  const { code, message, facts } = thrown;
  const named = message.startsWith(NAMELESS) ? provider + message.slice(NAMELESS.length) : `${provider}: ${message}`;
  return new GatewayError(code, named, { ...facts, provider });
};

/** A failed upstream answer → our error. `provider` is the plugin id, for the message and the facts. */
export const upstreamError = (failure: UpstreamFailure, provider: string, now = Date.now()): GatewayError => {
  const read = readErrorBody(failure.body);
  const code = classifyUpstreamError(failure.status, read);
  return new GatewayError(code, `${provider}: ${read.message || `answered with status ${failure.status}`}`, {
    provider,
    param: read.param,
    upstreamStatus: failure.status,
    upstreamCode: read.code,
    upstreamType: read.type,
    retryAfterMs: readRetryAfterMs(failure, now),
  });
};
