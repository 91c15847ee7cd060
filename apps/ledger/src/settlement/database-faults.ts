// What the database's errors mean for calls that are settled: one of them is at fault, or nothing was.
import { GatewayError, isGatewayError } from '@turnpike/errors';
import { databaseCodeOf } from '../storage/database-error.js';

/** No partition takes the row; the same code is a broken CHECK elsewhere. */
export const isMissingPartition = (error: unknown): boolean =>
  databaseCodeOf(error) === '23514' && (error as Error).message.includes('no partition of relation');

/** Data exceptions, constraints, limits of the program: a row itself is at fault, and others would be taken. */
export const isContentFault = (error: unknown): boolean =>
  (isGatewayError(error) && error.kind === 'invalid-request') ||
  (/^(22|23|54)...$/.test(databaseCodeOf(error)) && !isMissingPartition(error));

/** The database is away, or does not do its work: nothing was kept, and the same may be asked again. */
export const unavailable = (cause: unknown): GatewayError =>
  new GatewayError('GW_LEDGER_UNAVAILABLE', 'The ledger cannot reach its database. Nothing was kept; try again.', {
    cause,
    retryAfterMs: 1_000,
  });
