// All that a stream says, kept so that the answer can be told again.
import type { ChatChunk, CompletionChunk } from '@turnpike/domain';

type AnyChunk = ChatChunk | CompletionChunk;

/** A longer answer is not kept. */
const MAX_CHUNKS = 100_000;
const MAX_CHARACTERS = 16 * 1_024 * 1_024;

export class Recording {
  private heard: AnyChunk[] | undefined = [];
  private characters = 0;

  /** Undefined: it was too long to be kept. */
  get chunks(): readonly AnyChunk[] | undefined {
    return this.heard;
  }

  hear(chunk: AnyChunk): void {
    if (!this.heard) return;
    if ('text' in chunk) this.characters += chunk.text.length;
    else if ('arguments' in chunk) this.characters += chunk.arguments.length;
    this.heard.push(chunk);
    if (this.heard.length > MAX_CHUNKS || this.characters > MAX_CHARACTERS) this.heard = undefined;
  }
}
