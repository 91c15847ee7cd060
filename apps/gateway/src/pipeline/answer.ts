// Stage 9: headers and bytes. When the outcome is known and before the last byte: usage, cost, outcome.
import type { Usage } from '@turnpike/domain';
import type { ServerResponse } from 'node:http';
import { answerHeaders } from '../filters/answer-headers.js';
import { errorBody } from '../filters/error-answer.js';
import type { Runtime } from '../runtime/runtime.js';
import type { StreamAnswer, StreamEnd, WholeAnswer } from '../upstream/answer.js';
import type { Answered, Called, Outcome } from './exchange.js';
import type { Stage } from './stage.js';

const BYTES_A_TOKEN = 4;

export const answer = (runtime: Runtime): Stage<Called, Answered> => ({
  name: 'answer',
  run(exchange) {
    const { answer: given } = exchange;
    return given.kind === 'whole' ? sendWhole(runtime, exchange, given) : sendStream(runtime, exchange, given);
  },
});

const sendWhole = (runtime: Runtime, exchange: Called, { body, usage }: WholeAnswer): Answered => {
  const outcome = succeeded(runtime, exchange, usage, false);
  exchange.outcome = outcome;
  const { response } = exchange;
  if (exchange.isClientGone) return exchange as Answered;
  const headers = answerHeaders(exchange, outcome.costNanoUsd);
  headers.push('content-type', 'application/json', 'content-length', String(body.length));
  response.writeHead(200, headers);
  endWith(response, body);
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
  const { response } = exchange;
  exchange.whenClientGone(() => stream.abort());
  const headers = answerHeaders(exchange, undefined);
  headers.push(
    'content-type',
    'text/event-stream; charset=utf-8',
    'cache-control',
    'no-cache',
    'x-accel-buffering',
    'no',
  );
  response.writeHead(200, headers);
  return stream.pipe(response).then((end) => {
    exchange.outcome = ended(runtime, exchange, stream, end);
    finish(runtime, exchange, stream, end, response);
    return exchange as Answered;
  });
};

/** The last bytes, after everything that must be done before them. */
const finish = (
  runtime: Runtime,
  exchange: Called,
  stream: StreamAnswer,
  end: StreamEnd,
  response: ServerResponse,
): void => {
  if (end.status === 'client_closed') {
    response.destroy();
    return;
  }
  if (end.status === 'failure') {
    const error = runtime.toError(end.error, exchange);
    response.write(stream.errorFrame(errorBody(exchange.front, error)));
  }
  response.end();
};

const ended = (runtime: Runtime, exchange: Called, stream: StreamAnswer, end: StreamEnd): Outcome => {
  const told = stream.usage;
  const known = told && (told.outputTokens > 0 || stream.estimateOutputTokens() === 0) ? told : undefined;
  const counted = known ?? estimate(exchange, stream, told);
  if (end.status === 'success') return succeeded(runtime, exchange, counted, known === undefined);
  return {
    status: end.status,
    statusCode: end.status === 'client_closed' ? 499 : runtime.toError(end.error, exchange).status,
    usage: counted,
    isUsageEstimated: known === undefined,
    costNanoUsd: runtime.costOf(exchange, counted),
    error: end.status === 'failure' ? runtime.toError(end.error, exchange) : undefined,
    endedAt: performance.now(),
  };
};

const succeeded = (
  runtime: Runtime,
  exchange: Called,
  usage: Usage | undefined,
  isUsageEstimated: boolean,
): Outcome => ({
  status: exchange.isClientGone ? 'client_closed' : 'success',
  statusCode: exchange.isClientGone ? 499 : 200,
  usage,
  isUsageEstimated,
  costNanoUsd: exchange.cache === 'hit' ? 0 : usage && runtime.costOf(exchange, usage),
  endedAt: performance.now(),
});

/** What the upstream did not tell: the prompt by its size, the answer by what was delivered. */
const estimate = (exchange: Called, stream: StreamAnswer, told?: Usage): Usage => {
  const inputTokens = told?.inputTokens ?? Math.ceil(exchange.raw.length / BYTES_A_TOKEN);
  const outputTokens = stream.estimateOutputTokens();
  return { ...told, inputTokens, outputTokens, totalTokens: inputTokens + outputTokens };
};
