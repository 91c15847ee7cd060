// Remembers something of each call from before it until after it. Calls that never end are forgotten.
import type { Clock } from '../host.js';

export interface MemoryBounds {
  maxCalls: number;
  /** Of all entries together. */
  maxSize: number;
  maxAgeMs: number;
}

export class CallMemory<T extends { readonly size: number }> {
  /** Oldest first. */
  private readonly entries = new Map<string, { value: T; expiresAt: number }>();
  private size = 0;

  constructor(
    private readonly bounds: MemoryBounds,
    private readonly clock: Clock,
  ) {}

  /** The oldest make room. */
  keep(callId: string, value: T): void {
    this.take(callId);
    this.entries.set(callId, { value, expiresAt: this.clock.now() + this.bounds.maxAgeMs });
    this.size += value.size;
    for (const [oldest, { expiresAt }] of this.entries) {
      const isFull = this.entries.size > this.bounds.maxCalls || this.size > this.bounds.maxSize;
      if (!isFull && expiresAt > this.clock.now()) break;
      this.take(oldest);
    }
  }

  /** Gives it out once. */
  take(callId: string): T | undefined {
    const entry = this.entries.get(callId);
    if (!entry) return undefined;
    this.entries.delete(callId);
    this.size -= entry.value.size;
    return entry.expiresAt > this.clock.now() ? entry.value : undefined;
  }

  clear(): void {
    this.entries.clear();
    this.size = 0;
  }
}
