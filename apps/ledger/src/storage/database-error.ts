// What the database says went wrong, told apart: the data, the connection, or two transactions in each other's way.
import { invalidRequest } from '@turnpike/errors';

interface DriverError {
  code?: unknown;
  constraint?: unknown;
  message?: unknown;
}

/** TypeORM wraps what pg says; what Node says of a socket comes unwrapped. */
const driverErrorOf = (error: unknown): DriverError => {
  if (typeof error !== 'object' || error === null) return {};
  const wrapped = (error as { driverError?: unknown }).driverError;
  return typeof wrapped === 'object' && wrapped !== null ? wrapped : error;
};

/** SQLSTATE, or Node's code of a socket error; empty when there is none. */
export const databaseCodeOf = (error: unknown): string => {
  const { code } = driverErrorOf(error);
  return typeof code === 'string' ? code : '';
};

export interface Violation {
  kind: 'unique' | 'foreign-key' | 'check' | 'not-null';
  /** The constraint's name: `virtual_keys_key_alias_key`. */
  constraint: string;
}

const VIOLATIONS: Readonly<Record<string, Violation['kind']>> = {
  '23505': 'unique',
  '23503': 'foreign-key',
  '23514': 'check',
  '23502': 'not-null',
};

/** Which constraint a statement broke; undefined when it failed otherwise. */
export const violationOf = (error: unknown): Violation | undefined => {
  const kind = VIOLATIONS[databaseCodeOf(error)];
  const { constraint } = driverErrorOf(error);
  return kind && { kind, constraint: typeof constraint === 'string' ? constraint : '' };
};

/** serialization_failure, deadlock_detected: the same again may succeed. */
export const isConflict = (error: unknown): boolean => /^40(001|P01)$/.test(databaseCodeOf(error));

/** Class 08 and 57P01-57P05 are the server's; the others Node's. pg gives no code where a connection just ends. */
const LOST_CODES =
  /^(08...|57P0[1-5]|E(CONNRESET|CONNREFUSED|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN))$/;
const LOST_MESSAGES =
  /Connection terminated|timeout expired|timeout exceeded when trying to connect|not queryable|Driver not Connected/i;

/** The server is away, restarting, or was: nothing is wrong with the statement. */
export const isConnectionLost = (error: unknown): boolean =>
  LOST_CODES.test(databaseCodeOf(error)) ||
  (error instanceof Error && LOST_MESSAGES.test(String(driverErrorOf(error).message ?? '')));

/**
 * The server is there and does not do its work: out of connections, memory or disk (class 53), a standby that takes no
 * changes, a statement or a lock that took too long, a disk that fails. Nothing is wrong with the statement.
 */
const OUT_OF_SERVICE = /^(53...|25006|57014|55P03|58...)$/;

/** The same may be asked again later: the server is away, or cannot do it now. */
export const isUnavailable = (error: unknown): boolean =>
  isConnectionLost(error) || OUT_OF_SERVICE.test(databaseCodeOf(error));

/** What no column takes is the caller's mistake, and says so. */
const DATA_ERRORS: Readonly<Record<string, string>> = {
  '22021': 'A text contains a NUL character (U+0000), which cannot be stored.',
  '22P05': 'A text contains a NUL character (U+0000), which cannot be stored.',
  '22003': 'A number is larger than can be stored.',
  '22008': 'A time is not one that can be stored.',
  '54000': 'A name or id is too long to be looked up by.',
};

/** One of ours for data that cannot be stored; anything else as it was. */
export const translateDataError = (error: unknown): unknown => {
  const message = DATA_ERRORS[databaseCodeOf(error)];
  return message === undefined ? error : invalidRequest(message);
};
