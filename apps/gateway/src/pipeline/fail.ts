// Where a call ends that did not get its answer: the one error, in the client's dialect.
import { sendError } from '../filters/error-answer.js';
import { answerHeaders } from '../filters/answer-headers.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Exchange } from './exchange.js';
import { outcomeOf } from './outcome-of.js';

export const fail = (runtime: Runtime, exchange: Exchange, thrown: unknown): void => {
  // What was under way ended because of that, whatever it says.
  const error = exchange.stopped ?? runtime.toError(thrown, exchange);
  const outcome = outcomeOf(exchange, 'failure', error);
  exchange.outcome = outcome;
  const send = (): void => {
    if (exchange.isClientGone) return;
    sendError(exchange.response, error, exchange.front, answerHeaders(exchange, undefined));
  };
  if (!runtime.journal || !isCall(exchange)) return send();
  try {
    runtime.journal.record(exchange, outcome, send);
  } catch (refused) {
    // The client is told what it failed of; that it is not on record is this gateway's trouble.
    runtime.log.error('a failed call is not on record', { callId: exchange.callId, error: refused });
    send();
  }
};

/** Of who is not known, or asked for nothing that could be read, there is nothing to record. */
const isCall = ({ principal, model }: Exchange): boolean => principal !== undefined && model !== undefined;
