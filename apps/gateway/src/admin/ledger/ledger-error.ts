// What the ledger refused → one of our errors, for the one filter to answer with.
import { ERRORS, GatewayError, type ErrorCode } from '@turnpike/errors';
import type { LedgerError, StatusName } from '@turnpike/rpc';

const AWAY_RETRY_MS = 1_000;

/** For a ledger that knows codes which this gateway does not, and for whatever else answers in its place. */
const CODE_OF: Partial<Record<StatusName, ErrorCode>> = {
  INVALID_ARGUMENT: 'GW_INVALID_REQUEST',
  FAILED_PRECONDITION: 'GW_INVALID_REQUEST',
  OUT_OF_RANGE: 'GW_INVALID_REQUEST',
  UNIMPLEMENTED: 'GW_INVALID_REQUEST',
  NOT_FOUND: 'GW_NOT_FOUND',
  ALREADY_EXISTS: 'GW_ALREADY_EXISTS',
  PERMISSION_DENIED: 'GW_PERMISSION_DENIED',
};

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);

/** Retry-After is told where the ledger is away, and where it says so itself. */
export const fromLedgerError = (error: LedgerError): GatewayError => {
  const { errorCode, param, retryAfterMs } = error.details;
  if (errorCode !== undefined && isErrorCode(errorCode))
    return new GatewayError(errorCode, error.message, { param, retryAfterMs, cause: error });
  if (error.isAway)
    return new GatewayError(
      'GW_LEDGER_UNAVAILABLE',
      'The ledger, which keeps keys and budgets, does not answer right now. Send the request again.',
      { retryAfterMs: retryAfterMs ?? AWAY_RETRY_MS, cause: error },
    );
  const code = CODE_OF[error.code];
  if (code) return new GatewayError(code, error.message, { param, cause: error });
  return new GatewayError('GW_INTERNAL', 'The ledger failed to handle this request.', { cause: error });
};
