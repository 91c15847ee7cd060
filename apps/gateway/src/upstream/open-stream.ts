// Starts a streamed call and waits for its first event.
import type { OutgoingRequest } from '@turnpike/kernel';
import type { Attempt } from '../pipeline/attempt.js';
import type { Runtime } from '../runtime/runtime.js';
import { GatewayError } from '@turnpike/errors';
import type { UpstreamAnswer } from './answer.js';
import { namesOf } from './answer-names.js';
import { writerFor } from './chunk-stream.js';
import type { AnyChunk } from './chunk-writer.js';
import { failedAnswer } from './failed-answer.js';
import { LiveStream, type StreamTimes } from './live-stream.js';
import type { PreparedCall } from './prepare.js';
import { parseAnswer, throwFault } from './read-whole.js';
import { ByteRelay, OverheardRelay, PlayedRelay, TranslatingRelay, type Relay } from './relay.js';
import { tellCostOf } from './told-cost.js';

export const openStream = (
  runtime: Runtime,
  attempt: Attempt,
  prepared: PreparedCall,
  outgoing: OutgoingRequest,
  times: StreamTimes,
): Promise<UpstreamAnswer> => {
  const { operation, call } = prepared;
  const { exchange } = attempt;
  const { front } = exchange;
  const stream = new LiveStream({
    relay: relayOf(attempt, prepared),
    provider: call.policy.provider,
    toError: (failure) => failedAnswer(prepared, failure),
    errorFrame: (body) => front.encoder(false).error(body),
    onDocument: (document) => {
      const parsed = parseAnswer(document, call.policy.provider);
      throwFault(exchange, prepared, parsed, { headers: stream.headers, body: document });
      const chunks = front.toChunks(operation.fromBody(parsed, call));
      return new PlayedRelay(writerFor(attempt.exchange, attempt), chunks as Iterable<AnyChunk>);
    },
    onFirst: () => {
      attempt.firstTokenAt = performance.now();
    },
  });
  const opened = stream.opened(runtime.http.send(outgoing, stream), times);
  attempt.isDoing(stream);
  return opened;
};

const relayOf = (attempt: Attempt, prepared: PreparedCall): Relay => {
  const { exchange, transcript, recording } = attempt;
  const { front } = exchange;
  const { operation, call } = prepared;
  const names = namesOf(exchange);
  // What may have to go on elsewhere is read as it comes.
  const isUntouched = prepared.isBytePath && names.model === undefined && !transcript;
  if (isUntouched) {
    const tap = front.tap(prepared.withholdUsage, tellCostOf(exchange, attempt));
    const hear = (chunk: unknown): void => recording?.hear(chunk as never);
    return recording && operation.decoder ? new OverheardRelay(tap, operation.decoder(call, hear)) : new ByteRelay(tap);
  }
  if (!operation.decoder) {
    throw new GatewayError(
      'GW_INVALID_REQUEST',
      `The provider of '${exchange.model}' does not stream ${front.operation}.`,
      { param: 'stream', provider: call.policy.provider },
    );
  }
  const writer = writerFor(exchange, attempt);
  return new TranslatingRelay(writer, (emit) => operation.decoder!(call, emit as never));
};
