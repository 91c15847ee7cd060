// Where a call ends that did not get its answer: the one error, in the client's dialect.
import { sendError } from '../filters/error-answer.js';
import { answerHeaders } from '../filters/answer-headers.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Exchange } from './exchange.js';
import { outcomeOf } from './outcome-of.js';

export const fail = (runtime: Runtime, exchange: Exchange, thrown: unknown): void => {
  const error = runtime.toError(thrown, exchange);
  exchange.outcome = outcomeOf(exchange, 'failure', error);
  if (exchange.isClientGone) return;
  sendError(exchange.response, error, exchange.front, answerHeaders(exchange, undefined));
};
