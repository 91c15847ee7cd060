// Entries that the disk does not take right now. They come after all that was written, and are written or shipped later.
import { splitFrames } from './frame.js';

/** More than that does not wait in memory. */
export const MAX_TAIL_BYTES = 16 * 1024 * 1024;
/** What it costs to keep a frame, beside its bytes. */
const KEEPING_BYTES = 128;

export class MemoryTail {
  /** Of frames. */
  private bytes = 0;
  /** While its first frames are being shipped, they must not be written as well. */
  isLent = false;
  private frames: Buffer[] = [];

  get entries(): number {
    return this.frames.length;
  }

  get memoryBytes(): number {
    return this.bytes + KEEPING_BYTES * this.frames.length;
  }

  /** @param bytes whole frames; they are copied */
  push(bytes: Buffer): void {
    this.frames.push(...splitFrames(Buffer.from(bytes)));
    this.bytes += bytes.length;
  }

  /** The first frames: at least one, if there is any. */
  first(maxEntries: number, maxBytes: number): Buffer[] {
    let count = 0;
    let bytes = 0;
    for (const { length } of this.frames) {
      if (count === maxEntries || (count > 0 && bytes + length > maxBytes)) break;
      bytes += length;
      count += 1;
    }
    return this.frames.slice(0, count);
  }

  drop(count: number): void {
    for (const { length } of this.frames.splice(0, count)) this.bytes -= length;
  }
}
