// What a failed attempt means for routing: where the request may still succeed, and what it says of the deployment.
import type { ErrorCode, GatewayError } from '@turnpike/errors';

/** LiteLLM's classes, by which `retry_policy` and `allowed_fails_policy` count. */
export type FailureClass =
  'Authentication' | 'BadRequest' | 'ContentPolicyViolation' | 'InternalServer' | 'NotFound' | 'RateLimit' | 'Timeout';

export interface FailureTraits {
  readonly class: FailureClass;
  /** Where the same request may succeed within the group: anywhere, at another deployment only, or nowhere. */
  readonly retry: 'anywhere' | 'elsewhere' | 'nowhere';
  /**
   * What it tells of the deployment: nothing, that a call failed, that it is full, or that no call can succeed until
   * somebody changes something (a wrong key, a model that is not there).
   */
  readonly blame: 'none' | 'failed' | 'full' | 'unusable';
  /** Another group may still answer. */
  readonly fallsBack: boolean;
  /** The upstream was never asked, so that the next one costs nothing and counts as no retry. */
  readonly isFree: boolean;
}

const traits = (
  failureClass: FailureClass,
  retry: FailureTraits['retry'],
  blame: FailureTraits['blame'],
  others: Partial<FailureTraits> = {},
): FailureTraits => ({ class: failureClass, retry, blame, fallsBack: true, isFree: false, ...others });

const REFUSED = traits('BadRequest', 'nowhere', 'none');
const FAILED = traits('InternalServer', 'anywhere', 'failed');
const ENDED = traits('InternalServer', 'nowhere', 'none', { fallsBack: false });
const UNSENT = traits('BadRequest', 'elsewhere', 'none', { isFree: true });
const BUSY = traits('RateLimit', 'nowhere', 'none');

const BY_CODE: Partial<Record<ErrorCode, FailureTraits>> = {
  GW_INVALID_REQUEST: REFUSED,
  GW_UNPROCESSABLE: REFUSED,
  GW_BODY_TOO_LARGE: REFUSED,
  GW_CONTEXT_WINDOW_EXCEEDED: REFUSED,
  GW_UNSUPPORTED_PARAMETER: UNSENT,
  GW_EGRESS_REFUSED: UNSENT,
  GW_CONTENT_POLICY: traits('ContentPolicyViolation', 'nowhere', 'none'),
  GW_UPSTREAM_AUTHENTICATION: traits('Authentication', 'elsewhere', 'unusable'),
  GW_UPSTREAM_BILLING: traits('Authentication', 'elsewhere', 'unusable'),
  GW_UPSTREAM_PERMISSION_DENIED: traits('Authentication', 'elsewhere', 'failed'),
  GW_UPSTREAM_NOT_FOUND: traits('NotFound', 'elsewhere', 'unusable'),
  GW_UPSTREAM_CONFLICT: FAILED,
  GW_UPSTREAM_RATE_LIMITED: traits('RateLimit', 'anywhere', 'full'),
  GW_UPSTREAM_ERROR: FAILED,
  GW_UPSTREAM_UNAVAILABLE: FAILED,
  GW_UPSTREAM_CONNECTION: FAILED,
  GW_UPSTREAM_INVALID_RESPONSE: FAILED,
  GW_STREAM_CUT: FAILED,
  GW_TIMEOUT: traits('Timeout', 'anywhere', 'failed'),
  // A fault of ours, or of the provider's plugin: another provider's plugin may do better.
  GW_INTERNAL: traits('InternalServer', 'elsewhere', 'none'),
  GW_NO_DEPLOYMENT_READY: BUSY,
  GW_NO_DEPLOYMENT_USABLE: BUSY,
  GW_RATE_LIMITED: BUSY,
};

/** Refused by the gateway itself, so every deployment would be asked the same. */
const isOurRefusal = ({ code, facts }: GatewayError): boolean =>
  code === 'GW_INVALID_REQUEST' && facts.provider === undefined;

export const traitsOf = (error: GatewayError): FailureTraits =>
  isOurRefusal(error) ? ENDED : (BY_CODE[error.code] ?? ENDED);
