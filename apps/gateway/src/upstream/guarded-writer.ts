// A stream's chunks on their way through guardrails. Nothing of it is told before its client is known to get this answer.
import type { ChatChunk } from '@turnpike/domain';
import type { StreamGuards } from '../guarding/stream-guards.js';
import { ChunkWriter, type AnyChunk, type ChunkWriterOptions } from './chunk-writer.js';

export class GuardedWriter extends ChunkWriter {
  /** Until `release`; undefined: it has been. */
  private kept: AnyChunk[] | undefined = [];
  private isComplete = false;

  constructor(
    options: ChunkWriterOptions,
    private readonly guards: StreamGuards,
  ) {
    super(options);
  }

  override get isKept(): boolean {
    return this.kept !== undefined;
  }

  /** Nothing more may be sent, not even what passed a moment ago. */
  override get isStopped(): boolean {
    return this.guards.stoppedBy !== undefined;
  }

  override release(): string {
    const kept = this.kept ?? [];
    this.kept = undefined;
    let text = '';
    for (const chunk of kept) text += this.pass(chunk);
    return this.isComplete ? text + this.end() : text;
  }

  override end(): string {
    if (this.kept) {
      this.isComplete = true;
      return '';
    }
    return this.withHead(this.tell(this.guards.end()) + super.end());
  }

  protected override pass(chunk: AnyChunk): string {
    if (this.kept) {
      this.kept.push(chunk);
      return '';
    }
    if (chunk.type === 'start') {
      this.guards.head += super.pass(chunk);
      return '';
    }
    return this.withHead(this.tell(this.guards.push(chunk)));
  }

  private tell(chunks: readonly ChatChunk[]): string {
    let text = '';
    for (const chunk of chunks) text += super.pass(chunk);
    return text;
  }

  private withHead(text: string): string {
    const { guards } = this;
    if (text === '' || guards.head === '') return text;
    const { head } = guards;
    guards.head = '';
    return head + text;
  }
}
