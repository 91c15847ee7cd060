// All that a stream says, kept so that the answer can be told again, or heard as it comes.
import type { ChatChunk, CompletionChunk } from '@turnpike/domain';

type AnyChunk = ChatChunk | CompletionChunk;

/** A longer answer is not kept. */
const MAX_CHUNKS = 100_000;

export class Recording {
  private readonly heard: AnyChunk[] = [];

  constructor(
    private readonly isKept = true,
    private readonly listener?: (chunk: AnyChunk) => void,
  ) {}

  /** Undefined: it was too long to be kept, or is not. */
  get chunks(): readonly AnyChunk[] | undefined {
    return this.isKept && this.heard.length <= MAX_CHUNKS ? this.heard : undefined;
  }

  hear(chunk: AnyChunk): void {
    this.listener?.(chunk);
    if (this.isKept && this.heard.length <= MAX_CHUNKS) this.heard.push(chunk);
  }
}
