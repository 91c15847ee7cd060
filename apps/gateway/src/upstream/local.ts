// Calls that a plugin answers by itself.
import { namingProvider } from '@turnpike/errors';
import type { LocalOperation } from '@turnpike/plugin-sdk';
import type { Attempt } from '../pipeline/attempt.js';
import type { Deadlines } from '../pipeline/exchange.js';
import type { AnyOperation, Callable } from '../runtime/callable.js';
import type { UpstreamAnswer } from './answer.js';
import { canonicalRequest } from './canonical-request.js';
import { ChunkStream, playAsStream } from './chunk-stream.js';
import { bounded } from './bounded.js';
import { callOf, editsFor } from './prepare.js';
import { encode, unchecked } from './read-whole.js';

type Local = LocalOperation<unknown, unknown, unknown>;

export const callLocal = async (
  attempt: Attempt,
  callable: Callable,
  operation: AnyOperation,
  { attemptMs, firstTokenMs, idleMs }: Deadlines,
): Promise<UpstreamAnswer> => {
  const { exchange, signal } = attempt;
  const call = callOf(attempt, callable);
  const local = operation as Local;
  const blame = (error: unknown): never => {
    throw namingProvider(error, call.policy.provider);
  };
  const request = canonicalRequest(exchange, editsFor(attempt, callable, call));
  if (exchange.streamsUpstream && local.stream) {
    const chunks = local.stream(request, call, signal)[Symbol.asyncIterator]();
    return bounded(ChunkStream.open(attempt, chunks, {}, idleMs), firstTokenMs, attempt).catch(blame);
  }
  const response = await bounded(Promise.resolve(local.respond(request, call, signal)), attemptMs, attempt).catch(
    blame,
  );
  attempt.answeredAt = performance.now();
  // A stream of one piece is a whole answer to those who check streams, too.
  if (exchange.mustReadAnswer || exchange.streamGuards) return unchecked(exchange, response, {});
  if (exchange.isStream) return playAsStream(attempt, response, {});
  return encode(exchange, response, {});
};
