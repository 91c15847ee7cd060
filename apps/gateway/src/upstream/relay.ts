// Two ways from upstream bytes to client bytes: untouched, or translated. Both know usage and completeness.
import type { Usage } from '@turnpike/domain';
import type { StreamDecoder, StreamTap } from '@turnpike/wire';
import type { AnyChunk, ChunkWriter } from './chunk-writer.js';

export interface Relay {
  /** What to send for these bytes. @throws our error when the upstream reports one */
  push(bytes: Buffer): Buffer | string;
  /** The upstream closed: what closes the client's stream. @throws GW_STREAM_CUT */
  end(): Buffer | string;
  /** After a throw: what came before the fault and is still to be sent. */
  leftover(): Buffer | string;
  /** Something of the answer has arrived: from here on the head is sent. */
  readonly hasBegun: boolean;
  /** Nothing is given out before `release`: it is for the client alone, and who answers it is not decided. */
  readonly isKept?: boolean;
  /** What was kept; from here on nothing is. @throws as `push` */
  release?(): string;
  readonly usage: Usage | undefined;
  estimateOutputTokens(): number;
}

/** Same dialect on both sides: bytes pass, and are read on the side. */
export class ByteRelay implements Relay {
  constructor(private readonly tap: StreamTap) {}

  push(bytes: Buffer): Buffer {
    return this.tap.push(bytes);
  }

  end(): Buffer {
    return this.tap.end();
  }

  leftover(): Buffer {
    return this.tap.leftover();
  }

  get hasBegun(): boolean {
    return this.tap.events > 0;
  }

  get usage(): Usage | undefined {
    return this.tap.usage;
  }

  estimateOutputTokens(): number {
    return this.tap.estimateOutputTokens();
  }
}

/** Bytes that pass untouched, and are decoded on the side for somebody who listens. */
export class OverheardRelay extends ByteRelay {
  /** Undefined: what passes cannot be read; that is no reason to stop it. */
  private listener: StreamDecoder | undefined;

  constructor(tap: StreamTap, listener: StreamDecoder) {
    super(tap);
    this.listener = listener;
  }

  override push(bytes: Buffer): Buffer {
    this.overhear((listener) => listener.push(bytes));
    return super.push(bytes);
  }

  override end(): Buffer {
    this.overhear((listener) => listener.end());
    return super.end();
  }

  private overhear(tell: (listener: StreamDecoder) => void): void {
    if (!this.listener) return;
    try {
      tell(this.listener);
    } catch {
      this.listener = undefined;
    }
  }
}

/** Different dialects, or answers that need mending: decoded and encoded anew. */
export class TranslatingRelay implements Relay {
  private out = '';
  private readonly decoder: StreamDecoder;

  constructor(
    private readonly writer: ChunkWriter,
    makeDecoder: (emit: (chunk: AnyChunk) => void) => StreamDecoder,
  ) {
    this.decoder = makeDecoder((chunk) => {
      this.out += writer.write(chunk);
    });
  }

  push(bytes: Buffer): string {
    this.decoder.push(bytes);
    return this.leftover();
  }

  end(): string {
    this.decoder.end();
    return this.leftover() + this.writer.end();
  }

  leftover(): string {
    const { out } = this;
    this.out = '';
    return this.writer.isStopped ? '' : out;
  }

  get isKept(): boolean {
    return this.writer.isKept;
  }

  release(): string {
    return this.writer.release();
  }

  get hasBegun(): boolean {
    return this.writer.hasBegun;
  }

  get usage(): Usage | undefined {
    return this.writer.usage;
  }

  estimateOutputTokens(): number {
    return this.writer.estimateOutputTokens();
  }
}

/** An answer that came whole although a stream was asked for. */
export class PlayedRelay implements Relay {
  private text = '';

  constructor(
    private readonly writer: ChunkWriter,
    chunks: Iterable<AnyChunk>,
  ) {
    for (const chunk of chunks) this.text += writer.write(chunk);
    this.text += writer.end();
  }

  push(): string {
    return '';
  }

  end(): string {
    return this.leftover();
  }

  leftover(): string {
    const { text } = this;
    this.text = '';
    return text;
  }

  get hasBegun(): boolean {
    return this.writer.hasBegun;
  }

  get isKept(): boolean {
    return this.writer.isKept;
  }

  release(): string {
    return this.writer.release();
  }

  get usage(): Usage | undefined {
    return this.writer.usage;
  }

  estimateOutputTokens(): number {
    return this.writer.estimateOutputTokens();
  }
}
