// Streams that are made here: of a plugin's own chunks, or of a whole answer.
import { GatewayError } from '@turnpike/errors';
import type { ServerResponse } from 'node:http';
import type { Routed } from '../pipeline/exchange.js';
import type { StreamAnswer, StreamEnd } from './answer.js';
import { namesOf } from './answer-names.js';
import { ChunkWriter } from './relay.js';

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

/** A whole answer as a stream. */
export const playAsStream = (
  exchange: Routed,
  response: unknown,
  headers: StreamAnswer['headers'],
): Promise<ChunkStream> => ChunkStream.open(exchange, toAsync(exchange.front.toChunks(response)), headers);

// eslint-disable-next-line @typescript-eslint/require-await -- makes the asynchronous iterator that a stream is
async function* toAsync(chunks: Iterable<unknown>): AsyncGenerator {
  yield* chunks;
}

/** A stream whose chunks come from an iterator. */
export class ChunkStream implements StreamAnswer {
  readonly kind = 'stream';

  private constructor(
    private readonly exchange: Routed,
    private readonly chunks: AsyncIterator<unknown>,
    private readonly writer: ChunkWriter,
    private readonly first: string,
    readonly headers: StreamAnswer['headers'],
  ) {}

  /** Waits for the first chunk, so that a failure before it is an ordinary error. */
  static async open(
    exchange: Routed,
    chunks: AsyncIterator<unknown>,
    headers: StreamAnswer['headers'] = {},
  ): Promise<ChunkStream> {
    const { value, done } = (await chunks.next()) as IteratorResult<unknown, unknown>;
    if (done) throw new GatewayError('GW_STREAM_CUT', 'The provider ended the stream before it began.');
    exchange.firstTokenAt = performance.now();
    const writer = writerFor(exchange);
    return new ChunkStream(exchange, chunks, writer, writer.write(value as never), headers);
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
