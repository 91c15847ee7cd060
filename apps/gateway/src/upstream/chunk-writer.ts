// A stream's chunks → the client's text, with what they tell kept on the side.
import type { ChatChunk, CompletionChunk, Usage } from '@turnpike/domain';
import type { StreamEncoder } from '@turnpike/wire';
import type { AnswerNames } from './answer-names.js';
import { estimateTokens } from './estimate-usage.js';
import type { Recording } from './recording.js';
import type { Transcript } from './transcript.js';

export type AnyChunk = ChatChunk | CompletionChunk;

export interface ChunkWriterOptions {
  readonly encoder: StreamEncoder<AnyChunk>;
  readonly names: AnswerNames;
  /** Hears what the provider says. */
  readonly transcript?: Transcript;
  /** Hears what the client is told. */
  readonly recording?: Recording;
}

export class ChunkWriter {
  usage: Usage | undefined;
  hasBegun = false;
  private characters = 0;

  constructor(private readonly options: ChunkWriterOptions) {}

  /** Nothing is given out before `release`. */
  get isKept(): boolean {
    return false;
  }

  get isStopped(): boolean {
    return false;
  }

  /** What was kept; from here on nothing is. */
  release(): string {
    return '';
  }

  write(chunk: AnyChunk): string {
    this.hasBegun = true;
    switch (chunk.type) {
      case 'start':
        // What is told at the start is about the prompt; an output count there (Anthropic: 1) is a placeholder.
        if ('usage' in chunk && chunk.usage) this.usage = { ...chunk.usage, outputTokens: 0 };
        return this.pass(chunk);
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
    this.options.transcript?.hear(chunk);
    return this.pass(chunk);
  }

  end(): string {
    return this.options.encoder.end();
  }

  estimateOutputTokens(): number {
    return estimateTokens(this.characters);
  }

  /** To the client. */
  protected pass(chunk: AnyChunk): string {
    this.options.recording?.hear(chunk);
    return chunk.type === 'start' ? this.start(chunk) : this.options.encoder.encode(chunk);
  }

  /** To the client, an answer that goes on has begun before, under the name it had then. */
  private start(given: AnyChunk & { type: 'start' }): string {
    const { encoder, names, transcript } = this.options;
    const chunk = { ...given, id: given.id || names.id, model: names.model ?? given.model };
    transcript?.hear(chunk);
    if (!transcript?.former) return encoder.encode(chunk);
    encoder.encode({ ...chunk, id: transcript.id, model: transcript.model });
    return '';
  }
}
