// The one error class. It carries facts; what to do about them is the router's decision alone.
import { ERRORS, type ErrorCode, type ErrorKind, type ErrorRow } from './table.js';

/** Recognises our errors across stray second copies of this package, where `instanceof` fails. */
const BRAND = Symbol.for('turnpike.error');

export interface ErrorFacts {
  /** The request field at fault, as a path: `messages[0].content`. */
  param?: string;
  /** `error.type`, where it tells more than the code's own. */
  type?: string;
  /** Plugin id of the provider concerned. */
  provider?: string;
  deploymentId?: string;
  /** HTTP status the upstream answered. */
  upstreamStatus?: number;
  /** Milliseconds after which a retry makes sense. */
  retryAfterMs?: number;
  /** The upstream's own error code, for instance `insufficient_quota`. */
  upstreamCode?: string;
  /** The upstream's own error type, for instance `overloaded_error`. */
  upstreamType?: string;
  /** Headers of the upstream's failed answer that a client may read: lower-case names, no secrets. */
  upstreamHeaders?: Readonly<Record<string, string>>;
  cause?: unknown;
}

export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly [BRAND] = true;

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly facts: ErrorFacts = {},
  ) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
  }

  get row(): ErrorRow {
    return ERRORS[this.code];
  }

  get status(): number {
    return this.row.status;
  }

  get kind(): ErrorKind {
    return this.row.kind;
  }

  get isRetryable(): boolean {
    return this.row.retryable;
  }
}

export const isGatewayError = (value: unknown): value is GatewayError =>
  typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;

/** Shorthand for the most frequent one. `param` is the path of the field at fault. */
export const invalidRequest = (message: string, param?: string): GatewayError =>
  new GatewayError('GW_INVALID_REQUEST', message, { param });

/** The provider has no counterpart for `param`. */
export const unsupportedParameter = (param: string, provider: string, why?: string): GatewayError =>
  new GatewayError(
    'GW_UNSUPPORTED_PARAMETER',
    `${provider} does not support the parameter '${param}'${why ? ` (${why})` : ''}. ` +
      'Remove it, or set drop_params: true to have it dropped.',
    { param, provider },
  );

/** Anything thrown → one of ours. What is not ours becomes GW_INTERNAL with a message that tells a client nothing. */
export const toGatewayError = (thrown: unknown): GatewayError =>
  isGatewayError(thrown)
    ? thrown
    : new GatewayError('GW_INTERNAL', 'The gateway failed to handle this request.', { cause: thrown });
