// All that a stream says, kept so that the answer can be told again, or heard as it comes.
import type { ChatChunk, CompletionChunk } from '@turnpike/domain';

type AnyChunk = ChatChunk | CompletionChunk;

/** A longer answer is not kept. */
const MAX_CHUNKS = 100_000;
const MAX_CHARACTERS = 16 * 1_024 * 1_024;

export class Recording {
  private heard: AnyChunk[] | undefined = [];
  private characters = 0;

  constructor(
    private readonly isKept = true,
    private readonly listener?: (chunk: AnyChunk) => void,
  ) {}

  /** Undefined: it was too long to be kept, or is not. */
  get chunks(): readonly AnyChunk[] | undefined {
    return this.isKept ? this.heard : undefined;
  }

  hear(chunk: AnyChunk): void {
    this.listener?.(chunk);
    if (!this.isKept || !this.heard) return;
    if ('text' in chunk) this.characters += chunk.text.length;
    else if ('arguments' in chunk) this.characters += chunk.arguments.length;
    this.heard.push(chunk);
    if (this.heard.length > MAX_CHUNKS || this.characters > MAX_CHARACTERS) this.heard = undefined;
  }
}
