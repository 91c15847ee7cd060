// Starts a streamed call and waits for its first event.
import type { OutgoingRequest } from '@turnpike/kernel';
import type { Routed } from '../pipeline/exchange.js';
import type { Runtime } from '../runtime/runtime.js';
import { GatewayError } from '@turnpike/errors';
import type { UpstreamAnswer } from './answer.js';
import { namesOf } from './answer-names.js';
import { replay } from './chunk-stream.js';
import { LiveStream } from './live-stream.js';
import type { PreparedCall } from './prepare.js';
import { parseAnswer, throwFault } from './read-whole.js';
import { ByteRelay, ChunkWriter, TranslatingRelay, type Relay } from './relay.js';

export const openStream = (
  runtime: Runtime,
  exchange: Routed,
  prepared: PreparedCall,
  outgoing: OutgoingRequest,
  firstTokenMs: number,
): Promise<UpstreamAnswer> => {
  const { operation, call } = prepared;
  const { front } = exchange;
  const stream = new LiveStream({
    relay: relayOf(exchange, prepared),
    toError: (failure) => operation.toError(failure, call),
    errorFrame: (body) => front.encoder(false).error(body),
    onDocument: (document) => {
      const parsed = parseAnswer(document, call.policy.provider);
      throwFault(exchange, prepared, parsed, { headers: stream.headers, body: document });
      return replay(exchange, operation.fromBody(parsed, call));
    },
    onFirst: () => {
      exchange.firstTokenAt = performance.now();
    },
  });
  const opened = stream.opened(runtime.http.send(outgoing, stream), firstTokenMs);
  exchange.whenClientGone(() => stream.abort());
  return opened;
};

const relayOf = (exchange: Routed, prepared: PreparedCall): Relay => {
  const { front } = exchange;
  const { operation, call } = prepared;
  const names = namesOf(exchange);
  if (prepared.isBytePath && names.model === undefined) return new ByteRelay(front.tap(prepared.withholdUsage));
  if (!operation.decoder) {
    throw new GatewayError(
      'GW_INVALID_REQUEST',
      `The provider of '${exchange.model}' does not stream ${front.operation}.`,
      { param: 'stream' },
    );
  }
  const writer = new ChunkWriter(front.encoder(!prepared.withholdUsage), names);
  return new TranslatingRelay(writer, (emit) => operation.decoder!(call, emit as never));
};
