// How a call ended, read from its attempts.
import type { GatewayError } from '@turnpike/errors';
import type { Exchange, Outcome } from './exchange.js';

/** A client that left has had no answer, however well the call went. */
export const outcomeOf = (exchange: Exchange, status: Outcome['status'], error?: GatewayError): Outcome => {
  const { attempt } = exchange;
  const ended = exchange.isClientGone ? 'client_closed' : status;
  return {
    status: ended,
    statusCode: ended === 'client_closed' ? 499 : ended === 'success' ? 200 : (error?.status ?? 500),
    usage: attempt?.usage,
    isUsageEstimated: attempt?.isUsageEstimated ?? false,
    costNanoUsd: exchange.cache === 'hit' ? 0 : costOf(exchange),
    error: ended === 'failure' ? error : undefined,
    endedAt: performance.now(),
  };
};

/** Of all attempts: those that lost a race, or broke, were paid for as well. Undefined: no price is known. */
const costOf = ({ attempts }: Exchange): number | undefined => {
  let sum: number | undefined;
  for (const { costNanoUsd } of attempts) if (costNanoUsd !== undefined) sum = (sum ?? 0) + costNanoUsd;
  return sum;
};
