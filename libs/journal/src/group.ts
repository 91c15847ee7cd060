// The entries of one turn of the event loop, framed, on their way to one write.
import { FRAME_HEADER_BYTES, writeFrame } from './frame.js';

const GROUP_BYTES = 256 * 1024;
/** UTF-8 takes at most so many bytes for one UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3;

export class Group {
  entries = 0;
  bytes = 0;
  private buffer = Buffer.allocUnsafeSlow(GROUP_BYTES);

  /** @returns false when there is no room beside what is in the group already; an empty group takes any entry */
  add(json: string, seconds: number): boolean {
    if (this.roomAfter(json.length * MOST_BYTES_PER_UNIT) < 0) {
      const length = Buffer.byteLength(json);
      if (this.roomAfter(length) < 0) {
        if (this.entries > 0) return false;
        this.buffer = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + length);
      }
    }
    this.bytes = writeFrame(this.buffer, this.bytes, json, seconds);
    this.entries += 1;
    return true;
  }

  /** Frames, in the order in which they were added. Valid until something is added or the group is cleared. */
  get content(): Buffer {
    return this.buffer.subarray(0, this.bytes);
  }

  clear(): void {
    this.entries = 0;
    this.bytes = 0;
  }

  private roomAfter(length: number): number {
    return this.buffer.length - this.bytes - FRAME_HEADER_BYTES - length;
  }
}
