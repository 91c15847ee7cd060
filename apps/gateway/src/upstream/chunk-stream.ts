// Streams that are made here: of a plugin's own chunks, or of a whole answer.
import { GatewayError, namingProvider } from '@turnpike/errors';
import type { Attempt } from '../pipeline/attempt.js';
import type { Recalled } from '../pipeline/exchange.js';
import type { ClientSide, StreamAnswer, StreamEnd } from './answer.js';
import { bounded } from './bounded.js';
import { namesOf } from './answer-names.js';
import { ChunkWriter } from './relay.js';
import { tellCostOf } from './told-cost.js';

/** A whole answer as the text of a stream. */
export const replay = (exchange: Recalled, response: unknown, attempt?: Attempt): string => {
  const writer = writerFor(exchange, attempt);
  let text = '';
  for (const chunk of exchange.front.toChunks(response)) text += writer.write(chunk as never);
  return text + writer.end();
};

const writerFor = (exchange: Recalled, attempt?: Attempt): ChunkWriter => {
  const { front, body, snapshot } = exchange;
  const includeUsage = front.wantsUsage(body) || snapshot.config.requests.alwaysIncludeStreamUsage;
  const encoder = front.encoder(includeUsage, body, tellCostOf(exchange, attempt));
  return new ChunkWriter(encoder, namesOf(exchange), attempt?.transcript, attempt?.recording);
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

  async pipe(response: ClientSide): Promise<StreamEnd> {
    try {
      response.write(this.first);
      for (;;) {
        const { value, done } = (await this.next()) as IteratorResult<unknown, unknown>;
        if (this.exchange.isDeserted) return { status: 'client_closed' };
        if (done) break;
        const text = this.writer.write(value as never);
        if (text !== '' && !response.write(text)) await drained(response);
      }
      response.write(this.writer.end());
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
  readonly headers = {};
  readonly usage = undefined;

  constructor(
    private readonly exchange: Recalled,
    private readonly text: string,
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

  pipe(response: ClientSide): Promise<StreamEnd> {
    response.write(this.text);
    return Promise.resolve({ status: this.exchange.isClientGone ? 'client_closed' : 'success' });
  }
}

/** Also ends when the client leaves: a closed response never drains. */
const drained = (response: ClientSide): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.once('drain', done);
    response.once('close', done);
  });
