// Calls that a plugin answers by itself.
import type { LocalOperation } from '@turnpike/plugin-sdk';
import type { Routed } from '../pipeline/exchange.js';
import type { AnyOperation, Callable } from '../runtime/callable.js';
import type { Runtime } from '../runtime/runtime.js';
import type { UpstreamAnswer } from './answer.js';
import { commonEdits } from './body-edits.js';
import { canonicalRequest } from './canonical-request.js';
import { ChunkStream, playAsStream } from './chunk-stream.js';
import { callOf } from './prepare.js';
import { encode } from './read-whole.js';

type Local = LocalOperation<unknown, unknown, unknown>;

export const callLocal = async (
  _runtime: Runtime,
  exchange: Routed,
  callable: Callable,
  operation: AnyOperation,
): Promise<UpstreamAnswer> => {
  const { snapshot } = exchange;
  const call = callOf(exchange, callable);
  const local = operation as Local;
  const request = canonicalRequest(exchange, commonEdits(exchange.body, callable.deployment, call.model));
  if (exchange.streamsUpstream && local.stream) {
    const chunks = local.stream(request, call, exchange.signal)[Symbol.asyncIterator]();
    return ChunkStream.open(exchange, chunks);
  }
  let response = await local.respond(request, call, exchange.signal);
  exchange.answeredAt = performance.now();
  if (snapshot.guardrails.postCall.length > 0) response = await snapshot.guardrails.after(exchange, response);
  if (exchange.isStream) return playAsStream(exchange, response, {});
  return encode(exchange, response, {});
};
