// Two ways from upstream bytes to client bytes: untouched, or translated. Both know usage and completeness.
import type { ChatChunk, CompletionChunk, Usage } from '@turnpike/domain';
import type { StreamDecoder, StreamEncoder, StreamTap } from '@turnpike/wire';
import type { AnswerNames } from './answer-names.js';
import { estimateTokens } from './estimate-usage.js';
import type { Recording } from './recording.js';
import type { Transcript } from './transcript.js';

type AnyChunk = ChatChunk | CompletionChunk;

export interface Relay {
  /** What to send for these bytes. @throws our error when the upstream reports one */
  push(bytes: Buffer): Buffer | string;
  /** The upstream closed: what closes the client's stream. @throws GW_STREAM_CUT */
  end(): Buffer | string;
  /** After a throw: what came before the fault and is still to be sent. */
  leftover(): Buffer | string;
  /** Something of the answer has arrived: from here on the head is sent. */
  readonly hasBegun: boolean;
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

/** Keeps what a stream's chunks tell, and turns them into text. */
export class ChunkWriter {
  usage: Usage | undefined;
  hasBegun = false;
  private characters = 0;

  constructor(
    private readonly encoder: StreamEncoder<AnyChunk>,
    private readonly names: AnswerNames,
    private readonly transcript?: Transcript,
    private readonly recording?: Recording,
  ) {}

  write(chunk: AnyChunk): string {
    this.hasBegun = true;
    this.recording?.hear(chunk);
    switch (chunk.type) {
      case 'start':
        // What is told at the start is about the prompt; an output count there (Anthropic: 1) is a placeholder.
        if ('usage' in chunk && chunk.usage) this.usage = { ...chunk.usage, outputTokens: 0 };
        return this.start({ ...chunk, id: chunk.id || this.names.id, model: this.names.model ?? chunk.model });
      case 'usage':
        this.usage = chunk.usage;
        break;
      case 'text-delta':
      case 'reasoning-delta':
      case 'refusal-delta':
        this.characters += chunk.text.length;
        break;
      case 'tool-call-delta':
        this.characters += chunk.arguments.length;
        break;
    }
    this.transcript?.hear(chunk);
    return this.encoder.encode(chunk);
  }

  /** To the client, an answer that goes on has begun before, under the name it had then. */
  private start(chunk: AnyChunk & { type: 'start' }): string {
    const { transcript } = this;
    transcript?.hear(chunk);
    if (!transcript?.former) return this.encoder.encode(chunk);
    this.encoder.encode({ ...chunk, id: transcript.id, model: transcript.model });
    return '';
  }

  end(): string {
    return this.encoder.end();
  }

  estimateOutputTokens(): number {
    return estimateTokens(this.characters);
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
    return out;
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
