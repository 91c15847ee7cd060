// Streams that are made here: of a plugin's own chunks, or of a whole answer.
import { GatewayError, namingProvider } from '@turnpike/errors';
import type { Attempt } from '../pipeline/attempt.js';
import type { Recalled } from '../pipeline/exchange.js';
import type { ClientSide, StreamAnswer, StreamEnd } from './answer.js';
import { bounded } from './bounded.js';
import { namesOf } from './answer-names.js';
import { ChunkWriter, type ChunkWriterOptions } from './chunk-writer.js';
import { GuardedWriter } from './guarded-writer.js';
import { tellCostOf } from './told-cost.js';

/** A whole answer as the text of a stream. */
export const replay = (exchange: Recalled, response: unknown, attempt?: Attempt): string => {
  const writer = plainWriter(exchange, attempt);
  let text = '';
  for (const chunk of exchange.front.toChunks(response)) text += writer.write(chunk as never);
  return text + writer.end();
};

/** Of an answer that its client gets unchecked, or that was checked before. */
const plainWriter = (exchange: Recalled, attempt?: Attempt): ChunkWriter =>
  new ChunkWriter(writingFor(exchange, attempt));

/** Of an answer that comes in pieces. */
export const writerFor = (exchange: Recalled, attempt?: Attempt): ChunkWriter =>
  exchange.streamGuards
    ? new GuardedWriter(writingFor(exchange, attempt), exchange.streamGuards)
    : plainWriter(exchange, attempt);

const writingFor = (exchange: Recalled, attempt?: Attempt): ChunkWriterOptions => {
  const { front, body, snapshot } = exchange;
  const includeUsage = front.wantsUsage(body) || snapshot.config.requests.alwaysIncludeStreamUsage;
  return {
    encoder: front.encoder(includeUsage, body, tellCostOf(exchange, attempt)),
    names: namesOf(exchange),
    transcript: attempt?.transcript,
    recording: attempt?.recording,
  };
};

/** A whole answer as a stream. */
export const playAsStream = (
  attempt: Attempt,
  response: unknown,
  headers: StreamAnswer['headers'],
): Promise<ChunkStream> => ChunkStream.open(attempt, toAsync(attempt.exchange.front.toChunks(response)), headers);

// eslint-disable-next-line @typescript-eslint/require-await -- makes the asynchronous iterator that a stream is
async function* toAsync(chunks: Iterable<unknown>): AsyncGenerator {
  yield* chunks;
}

/** A stream whose chunks come from an iterator. */
export class ChunkStream implements StreamAnswer {
  readonly kind = 'stream';

  private constructor(
    private readonly exchange: Recalled,
    /** Plugin id, for what goes wrong. */
    private readonly provider: string,
    private readonly chunks: AsyncIterator<unknown>,
    private readonly writer: ChunkWriter,
    private readonly first: string,
    readonly headers: StreamAnswer['headers'],
    /** Longest silence; absent: the chunks are here already. */
    private readonly idleMs: number | undefined,
  ) {}

  /** Waits for the first chunk, so that a failure before it is an ordinary error. */
  static async open(
    attempt: Attempt,
    chunks: AsyncIterator<unknown>,
    headers: StreamAnswer['headers'] = {},
    idleMs?: number,
  ): Promise<ChunkStream> {
    const { value, done } = (await chunks.next()) as IteratorResult<unknown, unknown>;
    if (done) throw new GatewayError('GW_STREAM_CUT', 'The provider ended the stream before it began.');
    attempt.firstTokenAt = performance.now();
    const { exchange, target } = attempt;
    const writer = writerFor(exchange, attempt);
    const first = writer.write(value as never);
    const stream = new ChunkStream(exchange, target.deployment.provider, chunks, writer, first, headers, idleMs);
    attempt.isDoing(stream);
    return stream;
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

  private next(): Promise<unknown> {
    const next = this.chunks.next();
    return this.idleMs === undefined ? next : bounded(next, this.idleMs, this);
  }

  async pipe(client: ClientSide): Promise<StreamEnd> {
    try {
      const first = this.first + this.writer.release();
      if (first !== '') client.write(first);
      for (;;) {
        const { value, done } = (await this.next()) as IteratorResult<unknown, unknown>;
        if (this.exchange.isDeserted) return { status: 'client_closed' };
        if (done) break;
        const text = this.writer.write(value as never);
        if (text !== '' && !client.write(text)) await drained(client);
      }
      client.write(this.writer.end());
      return { status: 'success' };
    } catch (error) {
      if (this.exchange.isDeserted) return { status: 'client_closed' };
      return { status: 'failure', error: namingProvider(error, this.provider) };
    }
  }
}

/** A stream that was told before, and is there as a whole. */
export class ReplayedStream implements StreamAnswer {
  readonly kind = 'stream';
  constructor(
    private readonly exchange: Recalled,
    private readonly text: string,
    readonly headers: StreamAnswer['headers'],
    readonly usage: StreamAnswer['usage'],
  ) {}

  estimateOutputTokens(): number {
    return 0;
  }

  errorFrame(body: string): string {
    return this.exchange.front.encoder(false).error(body);
  }

  abort(): void {
    // Nobody is at work for it.
  }

  pipe(client: ClientSide): Promise<StreamEnd> {
    client.write(this.text);
    return Promise.resolve({ status: this.exchange.isClientGone ? 'client_closed' : 'success' });
  }
}

/** Also ends when the client leaves: a closed response never drains. */
const drained = (client: ClientSide): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      client.off('drain', done);
      client.off('close', done);
      resolve();
    };
    client.once('drain', done);
    client.once('close', done);
  });
