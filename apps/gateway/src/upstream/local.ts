// Calls that a plugin answers by itself, and whole answers played as streams.
import { GatewayError } from '@turnpike/errors';
import type { LocalOperation } from '@turnpike/plugin-sdk';
import type { ServerResponse } from 'node:http';
import type { Routed } from '../pipeline/exchange.js';
import type { AnyOperation, Callable } from '../runtime/callable.js';
import type { Runtime } from '../runtime/runtime.js';
import type { StreamAnswer, StreamEnd, UpstreamAnswer } from './answer.js';
import { namesOf } from './answer-names.js';
import { applyEdits, commonEdits } from './body-edits.js';
import { callOf } from './prepare.js';
import { encode } from './read-whole.js';
import { ChunkWriter } from './relay.js';

type Local = LocalOperation<unknown, unknown, unknown>;

export const callLocal = async (
  _runtime: Runtime,
  exchange: Routed,
  callable: Callable,
  operation: AnyOperation,
): Promise<UpstreamAnswer> => {
  const { front, snapshot } = exchange;
  const call = callOf(exchange, callable);
  const local = operation as Local;
  const edited = applyEdits(exchange.body, commonEdits(exchange.body, callable.deployment, call.model));
  const request = exchange.isRewritten ? exchange.request : front.toDomain(edited);
  const canStream = local.stream && snapshot.guardrails.postCall.length === 0;
  if (exchange.isStream && canStream) {
    const chunks = local.stream!(request, call, exchange.signal)[Symbol.asyncIterator]();
    return ChunkStream.open(exchange, chunks);
  }
  let response = await local.respond(request, call, exchange.signal);
  exchange.answeredAt = performance.now();
  if (snapshot.guardrails.postCall.length > 0) response = await snapshot.guardrails.after(exchange, response as never);
  if (exchange.isStream) return ChunkStream.open(exchange, toAsync(front.toChunks(response)));
  return encode(exchange, response, {});
};

/** A whole answer as the text of a stream. */
export const replay = (exchange: Routed, response: unknown): string => {
  const writer = writerFor(exchange);
  let text = '';
  for (const chunk of exchange.front.toChunks(response)) text += writer.write(chunk as never);
  return text + writer.end();
};

const writerFor = (exchange: Routed): ChunkWriter => {
  const { front, body, snapshot } = exchange;
  const includeUsage = front.wantsUsage(body) || snapshot.config.requests.alwaysIncludeStreamUsage;
  return new ChunkWriter(front.encoder(includeUsage), namesOf(exchange));
};

// eslint-disable-next-line @typescript-eslint/require-await -- makes the asynchronous iterator that a stream is
async function* toAsync(chunks: Iterable<unknown>): AsyncGenerator {
  yield* chunks;
}

/** A stream whose chunks come from an iterator. */
class ChunkStream implements StreamAnswer {
  readonly kind = 'stream';
  readonly headers = {};

  private constructor(
    private readonly exchange: Routed,
    private readonly chunks: AsyncIterator<unknown>,
    private readonly writer: ChunkWriter,
    private readonly first: string,
  ) {}

  /** Waits for the first chunk, so that a failure before it is an ordinary error. */
  static async open(exchange: Routed, chunks: AsyncIterator<unknown>): Promise<ChunkStream> {
    const { value, done } = (await chunks.next()) as IteratorResult<unknown, unknown>;
    if (done) throw new GatewayError('GW_STREAM_CUT', 'The provider ended the stream before it began.');
    exchange.firstTokenAt = performance.now();
    const writer = writerFor(exchange);
    return new ChunkStream(exchange, chunks, writer, writer.write(value as never));
  }

  get usage(): StreamAnswer['usage'] {
    return this.writer.usage;
  }

  estimateOutputTokens(): number {
    return this.writer.estimateOutputTokens();
  }

  errorFrame(body: string): string {
    return this.exchange.front.encoder(false).error(body);
  }

  abort(): void {
    void this.chunks.return?.();
  }

  async pipe(response: ServerResponse): Promise<StreamEnd> {
    try {
      response.write(this.first);
      for (;;) {
        const { value, done } = (await this.chunks.next()) as IteratorResult<unknown, unknown>;
        if (this.exchange.isClientGone) return { status: 'client_closed' };
        if (done) break;
        const text = this.writer.write(value as never);
        if (text !== '' && !response.write(text)) await drained(response);
      }
      response.write(this.writer.end());
      return { status: 'success' };
    } catch (error) {
      return this.exchange.isClientGone ? { status: 'client_closed' } : { status: 'failure', error };
    }
  }
}

/** Also ends when the client leaves: a closed response never drains. */
const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.once('drain', done);
    response.once('close', done);
  });
