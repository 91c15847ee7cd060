// All that a stream says, kept so that the answer can be told again.
import type { ChatChunk, CompletionChunk } from '@turnpike/domain';

type AnyChunk = ChatChunk | CompletionChunk;

/** A longer answer is not kept. */
const MAX_CHUNKS = 100_000;

export class Recording {
  private readonly heard: AnyChunk[] = [];

  /** Undefined: it was too long to be kept. */
  get chunks(): readonly AnyChunk[] | undefined {
    return this.heard.length > MAX_CHUNKS ? undefined : this.heard;
  }

  hear(chunk: AnyChunk): void {
    if (this.heard.length <= MAX_CHUNKS) this.heard.push(chunk);
  }
}
