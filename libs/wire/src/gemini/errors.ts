// Google's error body `{"error": {"code", "message", "status", "details"}}`, which may come inside an array.
import type { JsonValue } from '@turnpike/domain';
import {
  GatewayError,
  readErrorValue,
  upstreamError,
  type ErrorCode,
  type ErrorKind,
  type UpstreamFailure,
} from '@turnpike/errors';

/** Failures whose status says less than their body, or nothing of use. */
const BY_BODY: readonly (readonly [number, RegExp, ErrorCode])[] = [
  // Google answers 400 for a key that it does not know, or no longer.
  [400, /"reason"\s*:\s*"API_KEY_INVALID"/, 'GW_UPSTREAM_AUTHENTICATION'],
  [400, /"message"\s*:\s*"[^"]*API key expired/, 'GW_UPSTREAM_AUTHENTICATION'],
  // The account's country or plan, not the request: another deployment may do.
  [400, /"status"\s*:\s*"FAILED_PRECONDITION"/, 'GW_UPSTREAM_PERMISSION_DENIED'],
  [499, /(?:)/, 'GW_UPSTREAM_UNAVAILABLE'],
];

/** @param now epoch ms, for dates in headers */
export const fromGeminiError = (failure: UpstreamFailure, provider: string, now?: number): GatewayError => {
  const error = upstreamError(failure, provider, now);
  const code = BY_BODY.find(([status, body]) => failure.status === status && body.test(failure.body))?.[2];
  return code && error.code !== 'GW_UPSTREAM_BILLING' ? new GatewayError(code, error.message, error.facts) : error;
};

/** An `error` that came inside a 200 → our error. Its own code stands for the status. */
export const fromGeminiInnerError = (error: JsonValue, what: string): GatewayError => {
  const read = readErrorValue({ error });
  const status = Number(read.code) >= 400 ? Number(read.code) : 500;
  const { code, facts } = fromGeminiError({ status, headers: {}, body: JSON.stringify({ error }) }, '');
  return new GatewayError(code, `${what}: ${read.message || 'no reason given'}`, {
    upstreamCode: read.code,
    upstreamType: read.type,
    retryAfterMs: facts.retryAfterMs,
  });
};

const STATUS_BY_KIND: Readonly<Partial<Record<ErrorKind, string>>> = {
  authentication: 'UNAUTHENTICATED',
  'permission-denied': 'PERMISSION_DENIED',
  'not-found': 'NOT_FOUND',
  'invalid-request': 'INVALID_ARGUMENT',
  'rate-limit': 'RESOURCE_EXHAUSTED',
  'budget-exceeded': 'RESOURCE_EXHAUSTED',
  'no-deployment-ready': 'RESOURCE_EXHAUSTED',
  timeout: 'DEADLINE_EXCEEDED',
  'client-closed': 'CANCELLED',
  'upstream-unavailable': 'UNAVAILABLE',
  'no-deployment-usable': 'UNAVAILABLE',
  unavailable: 'UNAVAILABLE',
};

/** `INTERNAL` for what is the gateway's own or the upstream's fault. */
export const toGeminiErrorBody = (error: GatewayError, message = error.message): string =>
  JSON.stringify({
    error: {
      code: error.status,
      message,
      status: STATUS_BY_KIND[error.kind] ?? 'INTERNAL',
      ...(error.facts.retryAfterMs === undefined ? {} : { details: [retryInfo(error.facts.retryAfterMs)] }),
    },
  });

const retryInfo = (retryAfterMs: number) => ({
  '@type': 'type.googleapis.com/google.rpc.RetryInfo',
  retryDelay: `${retryAfterMs / 1_000}s`,
});
