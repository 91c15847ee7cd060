// An error becomes the status of a call, with what it is over HTTP beside it.
import { status, type StatusObject } from '@grpc/grpc-js';
import { isGatewayError, type ErrorKind, type GatewayError } from '@turnpike/errors';
import { errorMetadata, type StatusName } from '@turnpike/rpc';
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

const ofGatewayError = (error: GatewayError): StatusObject => {
  const name = statusNameOf(error);
  const message = bounded(error.message, MAX_MESSAGE_CHARACTERS);
  const { param, retryAfterMs } = error.facts;
  const metadata = errorMetadata(name, message, {
    errorCode: error.code,
    httpStatus: error.status || HTTP_INTERNAL,
    param: param === undefined ? undefined : bounded(param, MAX_PARAM_CHARACTERS),
    retryAfterMs,
  });
  return { code: status[name], details: message, metadata };
};

/** Told of what no client is told of. */
export type OnUnknownError = (error: unknown) => void;

/** Of what was not foreseen where it happened, the database's own words still say whose fault it is. */
const toOurs = (error: unknown): unknown => (isUnavailable(error) ? unavailable(error) : translateDataError(error));

/** What is not ours is reported, and says nothing of what is inside. */
export const toStatus = (thrown: unknown, onUnknown: OnUnknownError): StatusObject => {
  const error = isGatewayError(thrown) ? thrown : toOurs(thrown);
  if (isGatewayError(error)) return ofGatewayError(error);
  onUnknown(error);
  const message = 'The ledger failed to handle this call.';
  const metadata = errorMetadata('INTERNAL', message, { errorCode: 'GW_INTERNAL', httpStatus: HTTP_INTERNAL });
  return { code: status.INTERNAL, details: message, metadata };
};
