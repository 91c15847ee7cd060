// How an error travels: as a gRPC status, with what it is over HTTP in the trailing metadata, in Google's form for it.
import { Metadata, status } from '@grpc/grpc-js';
import { connectionFaultIn } from './connection-fault.js';
import { ErrorInfo } from './generated/google/rpc/error_details.js';
import { Status } from './generated/google/rpc/status.js';

const DETAILS_KEY = 'grpc-status-details-bin';
const DOMAIN = 'turnpike';
const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo';

/** "NOT_FOUND", "UNAVAILABLE" … */
export type StatusName = keyof typeof status;

/** What is known of an error beyond its status. All absent when the other side is not a ledger, or not there. */
export interface ErrorDetails {
  /** GW_…: a row of the table of errors. */
  errorCode?: string;
  httpStatus?: number;
  /** The field at fault, as a path. */
  param?: string;
  /** Milliseconds after which a retry makes sense. */
  retryAfterMs?: number;
}

export type ErrorStatus = Status;

/** An error as a message. */
export const errorStatus = (code: StatusName, message: string, details: ErrorDetails): Status => {
  const { errorCode = '', httpStatus, param, retryAfterMs } = details;
  const facts = { http_status: httpStatus, param, retry_after_ms: retryAfterMs };
  const info = ErrorInfo.encode({
    reason: errorCode,
    domain: DOMAIN,
    metadata: Object.fromEntries(
      Object.entries(facts).flatMap(([name, fact]) => (fact === undefined ? [] : [[name, String(fact)]])),
    ),
  }).finish();
  return { code: status[code], message, details: [{ typeUrl: ERROR_INFO, value: Buffer.from(info) }] };
};

/** The trailing metadata of a call that failed. */
export const errorMetadata = (code: StatusName, message: string, details: ErrorDetails): Metadata => {
  const metadata = new Metadata();
  metadata.set(DETAILS_KEY, Buffer.from(Status.encode(errorStatus(code, message, details)).finish()));
  return metadata;
};

const toNumber = (text: string | undefined): number | undefined => {
  const value = text === undefined ? NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
};

const detailsIn = (metadata: Metadata | undefined): ErrorDetails => {
  const [bytes] = metadata?.get(DETAILS_KEY) ?? [];
  return Buffer.isBuffer(bytes) ? detailsOf(() => Status.decode(bytes)) : {};
};

const detailsOf = (read: () => Status): ErrorDetails => {
  try {
    const packed = read().details.find(({ typeUrl }) => typeUrl === ERROR_INFO);
    if (!packed) return {};
    const { reason, metadata: facts } = ErrorInfo.decode(packed.value);
    return {
      errorCode: reason || undefined,
      httpStatus: toNumber(facts['http_status']),
      param: facts['param'],
      retryAfterMs: toNumber(facts['retry_after_ms']),
    };
  } catch {
    // Whatever stands between us and the ledger may have written something of its own there.
    return {};
  }
};

/** The answer said nothing of its own: the connection broke, or something between the two answered. */
const AWAY: ReadonlySet<StatusName> = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED']);
/** The connection went with the call in it. What a ledger says itself has details. */
const CUT_OFF: ReadonlySet<StatusName> = new Set(['CANCELLED', 'INTERNAL', 'UNKNOWN']);

/** The one error that a client throws. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';

  constructor(
    readonly code: StatusName,
    message: string,
    readonly details: ErrorDetails = {},
    /** The ledger was not there, or did not answer in time: the call may be made again, and others will fail as well. */
    readonly isAway: boolean = AWAY.has(code),
    options?: ErrorOptions,
    /** Somebody is there, and the two will not come together as they are configured. */
    readonly isMismatch = false,
  ) {
    super(message, options);
  }
}

interface StatusLike {
  code: number;
  details: string;
  metadata?: Metadata;
}

const isStatus = (thrown: unknown): thrown is StatusLike =>
  typeof thrown === 'object' &&
  thrown !== null &&
  typeof (thrown as { code?: unknown }).code === 'number' &&
  typeof (thrown as { details?: unknown }).details === 'string';

/** What grpc-js reports → ours. `signal`: the caller's; when it ended the call, its reason is the cause. */
export const toLedgerError = (thrown: unknown, signal?: AbortSignal): LedgerError => {
  if (thrown instanceof LedgerError) return thrown;
  if (!isStatus(thrown)) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new LedgerError('INVALID_ARGUMENT', message, {}, false, { cause: thrown });
  }
  const code = (status[thrown.code] ?? 'UNKNOWN') as StatusName;
  const details = detailsIn(thrown.metadata);
  if (code === 'CANCELLED' && signal?.aborted)
    return new LedgerError(code, 'The call was given up.', details, false, { cause: signal.reason });
  const isAway = AWAY.has(code) || (CUT_OFF.has(code) && details.errorCode === undefined);
  const fault = code === 'UNAVAILABLE' ? connectionFaultIn(thrown.details) : undefined;
  return new LedgerError(code, fault ?? thrown.details, details, isAway, { cause: thrown }, fault !== undefined);
};

/** What a ledger says of one ask among others → ours. */
export const errorOfStatus = (told: Status): LedgerError =>
  new LedgerError(
    (status[told.code] ?? 'UNKNOWN') as StatusName,
    told.message,
    detailsOf(() => told),
  );
