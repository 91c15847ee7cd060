// Stage 10: headers and bytes. When the outcome is known and before the last byte: usage, cost, outcome.
import type { GatewayError } from '@turnpike/errors';
import type { ServerResponse } from 'node:http';
import { answerHeaders } from '../filters/answer-headers.js';
import { errorBody } from '../filters/error-answer.js';
import type { Runtime } from '../runtime/runtime.js';
import type { ClientSide, StreamAnswer, WholeAnswer } from '../upstream/answer.js';
import { LateHead } from '../upstream/late-head.js';
import { countStream } from './count-stream.js';
import { countUsage, endAttempt } from './end-attempt.js';
import type { Answered, Called, Outcome } from './exchange.js';
import { judged, type JudgedAnswer } from './judged.js';
import { outcomeOf } from './outcome-of.js';
import type { Stage } from './stage.js';

export const answer = (runtime: Runtime): Stage<Called, Answered> => ({
  name: 'answer',
  run(exchange) {
    const given = judged(runtime, exchange);
    return given instanceof Promise
      ? given.then((answer) => send(runtime, exchange, answer))
      : send(runtime, exchange, given);
  },
});

const send = (runtime: Runtime, exchange: Called, given: JudgedAnswer): Answered | Promise<Answered> =>
  given.kind === 'whole' ? sendWhole(runtime, exchange, given) : sendStream(runtime, exchange, given);

const sendWhole = (runtime: Runtime, exchange: Called, { body, usage, isUsageEstimated }: WholeAnswer): Answered => {
  if (exchange.attempt) countUsage(runtime, exchange.attempt, usage, isUsageEstimated ?? false);
  const answered = concluded(runtime, exchange, 'success');
  exchange.flight?.landed(body);
  onceRecorded(runtime, answered, () => writeWhole(answered, body));
  return answered;
};

const writeWhole = (exchange: Answered, body: Buffer): void => {
  if (exchange.isClientGone) return;
  const { response, outcome } = exchange;
  const headers = answerHeaders(exchange, outcome.costNanoUsd);
  headers.push('content-type', 'application/json', 'content-length', String(body.length));
  response.writeHead(200, headers);
  endWith(response, body);
};

/** What completes an answer is sent when the call is on record, and at once where nobody keeps one. */
const onceRecorded = ({ journal }: Runtime, exchange: Answered, send: () => void): void => {
  if (journal) journal.record(exchange, exchange.outcome, send);
  else send();
};

/** The outcome is known: the attempt that answered is over. */
const concluded = (runtime: Runtime, exchange: Called, status: Outcome['status'], error?: GatewayError): Answered => {
  exchange.outcome = outcomeOf(exchange, status, error);
  if (exchange.attempt) {
    const { status: ended } = exchange.outcome;
    endAttempt(runtime, exchange.attempt, ended === 'client_closed' ? 'abandoned' : ended, error);
  }
  return exchange as Answered;
};

/** Below this, copying the body into one write with the head costs less than a second one. */
const ONE_WRITE_BYTES = 32 * 1024;

/** Node joins head and body only when the body is a string; Latin-1 carries any byte as it is. */
const endWith = (response: ServerResponse, body: Buffer): void => {
  if (body.length <= ONE_WRITE_BYTES) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
};

const sendStream = (runtime: Runtime, exchange: Called, stream: StreamAnswer): Promise<Answered> => {
  const { flight, response, streamGuards, isClientGone } = exchange;
  // What guardrails look at along the stream is no flight: nobody follows it.
  if (streamGuards) return pipeToEnd(runtime, exchange, stream, new LateHead(response, () => openStream(exchange)));
  openStream(exchange);
  return pipeToEnd(runtime, exchange, stream, flight?.begins(isClientGone ? undefined : response) ?? response);
};

const openStream = (exchange: Called): void => {
  const headers = answerHeaders(exchange, undefined);
  headers.push(
    'content-type',
    'text/event-stream; charset=utf-8',
    'cache-control',
    'no-cache',
    'x-accel-buffering',
    'no',
  );
  exchange.response.writeHead(200, headers);
};

/** To the end of the stream, or of the one that goes on with it where it breaks. */
const pipeToEnd = async (
  runtime: Runtime,
  exchange: Called,
  stream: StreamAnswer,
  client: ClientSide,
): Promise<Answered> => {
  exchange.whenDeserted(stream);
  const end = await stream.pipe(client);
  const { streamGuards, attempt } = exchange;
  const stopped = streamGuards?.stoppedBy;
  const error = stopped ?? (end.status === 'failure' ? runtime.toError(end.error, exchange) : undefined);
  countStream(runtime, exchange, stream);
  if (stopped && attempt) endAttempt(runtime, attempt, 'abandoned');
  const next = error && !stopped && (await exchange.continuation?.goOn(error));
  if (next) return pipeToEnd(runtime, exchange, next, client);
  streamGuards?.leave();
  // Nothing of it was sent: the client is answered as if nothing had come.
  if (error && !exchange.response.headersSent) {
    if (attempt) endAttempt(runtime, attempt, 'failure', error);
    throw error;
  }
  exchange.flight?.ended(end);
  const answered = concluded(runtime, exchange, stopped ? 'failure' : end.status, error);
  onceRecorded(runtime, answered, () => finish(answered, stream, error));
  return answered;
};

/** The last bytes, after everything that must be done before them. */
const finish = (exchange: Answered, stream: StreamAnswer, error: GatewayError | undefined): void => {
  const { response, outcome } = exchange;
  if (outcome.status === 'client_closed') {
    response.destroy();
    return;
  }
  if (error) response.write(stream.errorFrame(errorBody(exchange.front, error)));
  response.end();
};
