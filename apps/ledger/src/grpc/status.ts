// An error becomes the status of a call, with what it is over HTTP beside it.
import { status, type StatusObject } from '@grpc/grpc-js';
import { isGatewayError, type ErrorKind, type GatewayError } from '@turnpike/errors';
import { errorMetadata, errorStatus, type ErrorDetails, type ErrorStatus, type StatusName } from '@turnpike/rpc';
import { unavailable } from '../settlement/database-faults.js';
import { isUnavailable, translateDataError } from '../storage/database-error.js';

const STATUS_OF_KIND: Readonly<Record<ErrorKind, StatusName>> = {
  authentication: 'UNAUTHENTICATED',
  'permission-denied': 'PERMISSION_DENIED',
  'not-found': 'NOT_FOUND',
  'invalid-request': 'INVALID_ARGUMENT',
  'rate-limit': 'RESOURCE_EXHAUSTED',
  'budget-exceeded': 'RESOURCE_EXHAUSTED',
  timeout: 'DEADLINE_EXCEEDED',
  'upstream-unavailable': 'UNAVAILABLE',
  'upstream-invalid-response': 'UNAVAILABLE',
  'no-deployment-ready': 'UNAVAILABLE',
  'no-deployment-usable': 'UNAVAILABLE',
  'client-closed': 'CANCELLED',
  unavailable: 'UNAVAILABLE',
  internal: 'INTERNAL',
  plugin: 'INTERNAL',
  config: 'INTERNAL',
};

const HTTP_CONFLICT = 409;
const HTTP_INTERNAL = 500;
/** Messages quote what was sent, and a status travels in headers: clients refuse large ones. */
const MAX_MESSAGE_CHARACTERS = 2_000;
const MAX_PARAM_CHARACTERS = 200;

/** Without half characters: the library cannot encode them. */
const bounded = (text: string, maxCharacters: number): string => text.slice(0, maxCharacters).toWellFormed();

const statusNameOf = (error: GatewayError): StatusName =>
  error.status === HTTP_CONFLICT ? 'ALREADY_EXISTS' : STATUS_OF_KIND[error.kind];

interface Failure {
  readonly name: StatusName;
  readonly message: string;
  readonly details: ErrorDetails;
}

const ofGatewayError = (error: GatewayError): Failure => {
  const { param, retryAfterMs } = error.facts;
  const details = {
    errorCode: error.code,
    httpStatus: error.status || HTTP_INTERNAL,
    param: param === undefined ? undefined : bounded(param, MAX_PARAM_CHARACTERS),
    retryAfterMs,
  };
  return { name: statusNameOf(error), message: bounded(error.message, MAX_MESSAGE_CHARACTERS), details };
};

/** Told of what no client is told of. */
export type OnUnknownError = (error: unknown) => void;

/** Of what was not foreseen where it happened, the database's own words still say whose fault it is. */
const toOurs = (error: unknown): unknown => (isUnavailable(error) ? unavailable(error) : translateDataError(error));

/** What is not ours is reported, and says nothing of what is inside. */
const failureOf = (thrown: unknown, onUnknown: OnUnknownError): Failure => {
  const error = isGatewayError(thrown) ? thrown : toOurs(thrown);
  if (isGatewayError(error)) return ofGatewayError(error);
  onUnknown(error);
  const details = { errorCode: 'GW_INTERNAL', httpStatus: HTTP_INTERNAL };
  return { name: 'INTERNAL', message: 'The ledger failed to handle this call.', details };
};

/** How a call ends. */
export const toStatus = (thrown: unknown, onUnknown: OnUnknownError): StatusObject => {
  const { name, message, details } = failureOf(thrown, onUnknown);
  return { code: status[name], details: message, metadata: errorMetadata(name, message, details) };
};

/** How one ask among others is answered. */
export const toErrorStatus = (thrown: unknown, onUnknown: OnUnknownError): ErrorStatus => {
  const { name, message, details } = failureOf(thrown, onUnknown);
  return errorStatus(name, message, details);
};
