// Where a call ends that did not get its answer: the one error, in the client's dialect.
import { sendError } from '../filters/error-answer.js';
import { answerHeaders } from '../filters/answer-headers.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Exchange } from './exchange.js';

export const fail = (runtime: Runtime, exchange: Exchange, thrown: unknown): void => {
  const error = runtime.toError(thrown, exchange);
  exchange.outcome = {
    status: exchange.isClientGone ? 'client_closed' : 'failure',
    statusCode: exchange.isClientGone ? 499 : error.status,
    isUsageEstimated: false,
    error,
    endedAt: performance.now(),
  };
  if (exchange.isClientGone) return;
  sendError(exchange.response, error, exchange.front, answerHeaders(exchange, undefined));
};
