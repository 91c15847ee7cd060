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

/** By the beginning of SQLSTATE; the longest that fits. */
const REASONS: readonly [code: string, reason: string][] = [
  ['25006', 'takes no changes: it is read-only'],
  ['53100', 'has no room left on its disk'],
  ['53300', 'has no connection left'],
  ['53', 'is short of resources'],
  ['57014', 'took too long'],
  ['55P03', 'took too long'],
  ['58', 'has a fault of its disk'],
];

/** The database is away, or does not do its work: nothing was kept, and the same may be asked again. */
export const unavailable = (cause: unknown): GatewayError => {
  const code = databaseCodeOf(cause);
  const [, reason] = REASONS.find(([beginning]) => code.startsWith(beginning)) ?? [];
  return new GatewayError(
    'GW_LEDGER_UNAVAILABLE',
    `The ledger’s database ${reason ?? 'cannot be reached'}. Nothing was kept; try again.`,
    { cause, retryAfterMs: 1_000 },
  );
};
