// Reads an upstream's failed answer: which of our codes it is, and when to come back.
import { GatewayError } from './gateway-error.js';
import type { ErrorCode } from './table.js';

export interface UpstreamFailure {
  /** HTTP status; 200 for an error that came inside a stream. */
  status: number;
  /** Lower-case header names. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body as text; may be JSON in any shape, HTML or empty. */
  body: string;
}

/** What could be read from the body, whatever its shape. */
export interface UpstreamErrorBody {
  message: string;
  type?: string;
  code?: string;
  param?: string;
}

const MAX_MESSAGE_CHARACTERS = 2_000;
/** Of a page that is no JSON: its title stands near the beginning. */
const MAX_PAGE_CHARACTERS = 4_000;
/** Hosts wrap one message in another; nobody does it more often. */
const MAX_WRAPPERS = 4;
const MAX_RETRY_AFTER_MS = 86_400_000;

const asText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;

const record = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;

/**
 * Finds the message in every shape that upstreams are known to use: `{error: {message}}`, `{error: "text"}`,
 * `{message}`, `{message: {detail}}`, `{detail: "text" | [{msg, loc}]}`, `[{error}]`, `{errors: [{message}]}`,
 * `{base_resp: {status_code, status_msg}}`, HTML (its title), plain text, nothing.
 */
export const readErrorBody = (body: string): UpstreamErrorBody => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    // What is searched is short: each `<` without its `>` costs a look at all the rest.
    const page = body.slice(0, MAX_PAGE_CHARACTERS);
    const title = /<title[^>]*>([^<]{1,200})/i.exec(page)?.[1]?.trim();
    return {
      message:
        title ??
        page
          .replace(/<[^>]*>/g, ' ')
          .replace(/\s+/g, ' ')
          .trim()
          .slice(0, 300),
    };
  }
  const read = readErrorValue(parsed);
  return { ...read, message: read.message.slice(0, MAX_MESSAGE_CHARACTERS) };
};

/** `"text"`, or what FastAPI says of a bad field: `[{loc: ["body", "n"], msg: "Extra inputs …"}]` → `body.n: Extra …`. */
const readDetail = (detail: unknown): string | undefined => {
  const first = record(Array.isArray(detail) ? detail[0] : undefined);
  if (!first) return asText(detail);
  const place = Array.isArray(first['loc']) ? `${first['loc'].join('.')}: ` : '';
  const text = asText(first['msg']);
  return text && place + text;
};

/** The same for a value that is already parsed, such as an `error` object found inside a stream. */
export const readErrorValue = (value: unknown, wrappers = 0): UpstreamErrorBody => {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof first === 'string') return { message: first };
  const outer = record(first);
  if (!outer) return { message: '' };
  const inner = record(outer['error']);
  if (inner) {
    return {
      message: asText(inner['message']) ?? asText(inner['msg']) ?? '',
      type: asText(inner['type']) ?? asText(inner['status']),
      code: asText(inner['code']),
      param: asText(inner['param']),
    };
  }
  const message = outer['message'];
  if (typeof message === 'object' && message !== null && wrappers < MAX_WRAPPERS) {
    const within = readErrorValue(Array.isArray(message) ? { detail: message as unknown[] } : message, wrappers + 1);
    return { ...within, type: asText(outer['type']) ?? within.type, code: asText(outer['code']) ?? within.code };
  }
  const nested = record(Array.isArray(outer['errors']) ? outer['errors'][0] : undefined);
  const detail = readDetail(outer['detail']);
  const base = record(outer['base_resp']);
  return {
    message:
      asText(outer['error']) ??
      asText(message) ??
      asText(outer['msg']) ??
      detail ??
      asText(nested?.['message']) ??
      asText(base?.['status_msg']) ??
      '',
    type: asText(outer['type']),
    code: asText(outer['code']) ?? asText(base?.['status_code']),
    param: asText(outer['param']),
  };
};

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
    has(text, 'expired token', 'security token included in the request is')
  ) {
    return 'GW_UPSTREAM_AUTHENTICATION';
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

const BY_TYPE: Readonly<Record<string, ErrorCode>> = {
  overloaded_error: 'GW_UPSTREAM_UNAVAILABLE',
  rate_limit_error: 'GW_UPSTREAM_RATE_LIMITED',
  authentication_error: 'GW_UPSTREAM_AUTHENTICATION',
  permission_error: 'GW_UPSTREAM_PERMISSION_DENIED',
  not_found_error: 'GW_UPSTREAM_NOT_FOUND',
  billing_error: 'GW_UPSTREAM_BILLING',
  timeout_error: 'GW_TIMEOUT',
  invalid_request_error: 'GW_INVALID_REQUEST',
  RESOURCE_EXHAUSTED: 'GW_UPSTREAM_RATE_LIMITED',
  UNAVAILABLE: 'GW_UPSTREAM_UNAVAILABLE',
  DEADLINE_EXCEEDED: 'GW_TIMEOUT',
};

/**
 * Which of our codes a failed answer is. Words decide for 4xx (hosts disagree about statuses), the status for the
 * rest; an error inside a 200 stream goes by its type.
 */
export const classifyUpstreamError = (status: number, read: UpstreamErrorBody): ErrorCode => {
  const text = `${read.message} ${read.code ?? ''} ${read.type ?? ''}`.toLowerCase();
  if (status >= 500) return byStatus(status);
  // 401, 403 and 404 speak for themselves: their texts often quote the prompt or the key.
  if (status === 401 || status === 404)
    return byWords(text, status) === 'GW_UPSTREAM_BILLING' ? 'GW_UPSTREAM_BILLING' : byStatus(status);
  const worded = byWords(text, status);
  if (worded) return worded;
  if (status >= 400) return byStatus(status);
  const inner = Number(read.code);
  return (read.type !== undefined && BY_TYPE[read.type]) || byStatus(inner >= 400 && inner < 600 ? inner : 500);
};

const RETRY_IN_TEXT = /(?:try again|retry) in ([\d.]+)\s*(ms|s|m)\b/i;
const RETRY_DELAY = /"retryDelay"\s*:\s*"([\d.]+)s"/;

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/**
 * Milliseconds an upstream asks us to wait, a day at most, from headers, Google's RetryInfo, or the message.
 * `now` in epoch ms.
 */
export const readRetryAfterMs = (failure: UpstreamFailure, now: number): number | undefined => {
  const asked = readWait(failure, now);
  // `try again in 1.2.3s` is no number.
  return asked === undefined || Number.isNaN(asked) ? undefined : Math.min(asked, MAX_RETRY_AFTER_MS);
};

const readWait = (failure: UpstreamFailure, now: number): number | undefined => {
  const exact = Number(first(failure.headers['retry-after-ms']));
  if (exact > 0) return exact;
  const plain = first(failure.headers['retry-after']);
  if (plain) {
    const seconds = Number(plain);
    if (Number.isFinite(seconds)) return seconds > 0 ? seconds * 1_000 : undefined;
    const at = Date.parse(plain);
    if (Number.isFinite(at)) return Math.max(0, at - now);
  }
  const google = RETRY_DELAY.exec(failure.body)?.[1];
  if (google) return Number(google) * 1_000;
  if (failure.status !== 429) return undefined;
  const worded = RETRY_IN_TEXT.exec(failure.body);
  if (!worded) return undefined;
  return Number(worded[1]) * { ms: 1, s: 1_000, m: 60_000 }[worded[2]!.toLowerCase() as 'ms' | 's' | 'm'];
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
