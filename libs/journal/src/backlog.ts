// What is not shipped yet, read back in batches, oldest first: from the disk, then what waits in memory.
import type { Cursor, Position } from './cursor.js';
import { EntryList } from './entry-list.js';
import type { Faults } from './faults.js';
import { codeOf, type JournalFiles } from './files.js';
import { frameEntry, frameTime, readFrames } from './frame.js';
import type { MemoryTail } from './memory-tail.js';
import { SEGMENT_HEADER_BYTES } from './segment.js';
import type { Segment, Segments } from './segments.js';
import type { Unshipped } from './unshipped.js';

export interface BatchLimits {
  readonly entries: number;
  /** With 16 bytes an entry; passed only by an entry that is larger by itself. */
  readonly bytes: number;
}

export interface Batch {
  readonly entries: EntryList;
  /** Where the next one begins; undefined when this one comes from memory. */
  readonly end: Position | undefined;
  readonly bytes: number;
  /** Bytes passed over, since they are no entries. */
  readonly skipped: number;
}

export interface BacklogOptions {
  readonly files: JournalFiles;
  readonly faults: Faults;
  readonly segments: Segments;
  readonly tail: MemoryTail;
  readonly unshipped: Unshipped;
  readonly cursor: Cursor;
  readonly limits: BatchLimits;
  /** The segment that grows, and is kept. */
  readonly active: () => Segment | undefined;
  /** Somebody took this file away; nothing more may be written to it. */
  readonly onMissing: (segment: Segment) => void;
}

export class Backlog {
  /** Entries acknowledged since the start. */
  shipped = 0;
  /** Bytes found damaged since the start. */
  damagedBytes = 0;
  private position: Position;
  private reading: { readonly sequence: number; readonly fd: number } | undefined;
  private readonly options: BacklogOptions;
  /** What is read comes here, batch after batch: each is done before the next one is asked for. */
  private room = Buffer.alloc(0);

  /** @param position from where on nothing is shipped */
  constructor(position: Position, options: BacklogOptions) {
    this.position = position;
    this.options = options;
  }

  get isEmpty(): boolean {
    const { segments, tail } = this.options;
    const segment = segments.from(this.position.sequence);
    return tail.entries === 0 && (!segment || (segment === segments.all.at(-1) && this.isReadTo(segment)));
  }

  get hasFullBatch(): boolean {
    const { unshipped, limits } = this.options;
    return unshipped.entries >= limits.entries || unshipped.bytes >= limits.bytes;
  }

  /**
   * The oldest entries. They stay until they are acknowledged, and until then are given again.
   * @returns undefined when all is shipped. Rejects when the disk does not give them back.
   */
  async next(): Promise<Batch | undefined> {
    const { segments, unshipped, active } = this.options;
    for (;;) {
      const segment = segments.from(this.position.sequence);
      if (segment && !this.isReadTo(segment)) {
        this.enter(segment);
        const batch = await this.fromDisk(segment);
        if (batch) return batch;
      } else if (segment && segment !== active()) {
        this.leave(segment);
      } else {
        const batch = this.fromMemory();
        if (!batch) unshipped.nothingIsLeft();
        return batch;
      }
    }
  }

  acknowledge({ entries, end, bytes, skipped }: Batch): void {
    const { tail, unshipped } = this.options;
    this.shipped += entries.length;
    unshipped.shipped(entries.length, bytes);
    if (end) this.moveTo(end, skipped);
    else {
      tail.isLent = false;
      tail.drop(entries.length);
    }
  }

  /** The batch was not taken. Whoever wants to try again asks for the next one. */
  giveBack({ end }: Batch): void {
    if (!end) this.options.tail.isLent = false;
  }

  close(): void {
    this.stopReading();
  }

  private isReadTo({ sequence, bytes }: Segment): boolean {
    const offset = sequence === this.position.sequence ? this.position.offset : SEGMENT_HEADER_BYTES;
    return offset >= bytes;
  }

  private enter({ sequence, entriesBefore }: Segment): void {
    if (sequence === this.position.sequence) return;
    this.position = { sequence, offset: SEGMENT_HEADER_BYTES, entries: entriesBefore };
  }

  /** All of this file is shipped. */
  private leave(segment: Segment): void {
    const { sequence } = segment;
    this.stopReading();
    this.moveTo({ sequence: sequence + 1, offset: SEGMENT_HEADER_BYTES, entries: this.position.entries }, 0);
    this.options.segments.remove(segment);
  }

  /** @returns undefined when nothing but damage was found, which is passed now */
  private async fromDisk(segment: Segment): Promise<Batch | undefined> {
    const { limits, unshipped } = this.options;
    const { sequence, offset, entries: before } = this.position;
    let size = limits.bytes;
    for (;;) {
      const asked = Math.min(size, segment.bytes - offset);
      const bytes = await this.read(segment, offset, asked);
      // A file that is shorter than it was has lost its end.
      const isShort = bytes.length < asked;
      const isEnd = isShort || offset + asked === segment.bytes;
      const found = readFrames(bytes, { isEnd, maxEntries: limits.entries, maxBytes: limits.bytes });
      if (found.consumed === 0 && found.wanted > bytes.length) {
        size = found.wanted;
        continue;
      }
      const isAtEnd = isShort && found.consumed === bytes.length;
      const skipped = found.skipped + (isAtEnd ? segment.bytes - offset - bytes.length : 0);
      const next = isAtEnd ? segment.bytes : offset + found.consumed;
      const end = { sequence, offset: next, entries: before + found.entries.length };
      if (found.entries.length > 0) {
        unshipped.nextIsOf(found.firstAt);
        return { entries: found.entries, end, bytes: next - offset, skipped };
      }
      unshipped.shipped(0, next - offset);
      this.moveTo(end, skipped);
      return undefined;
    }
  }

  private fromMemory(): Batch | undefined {
    const { tail, unshipped, limits } = this.options;
    const frames = tail.first(limits.entries, limits.bytes);
    const [oldest] = frames;
    if (!oldest) return undefined;
    tail.isLent = true;
    unshipped.nextIsOf(frameTime(oldest));
    const bytes = frames.reduce((sum, { length }) => sum + length, 0);
    return { entries: EntryList.of(frames.map(frameEntry)), end: undefined, bytes, skipped: 0 };
  }

  private moveTo(position: Position, skipped: number): void {
    const { cursor, faults } = this.options;
    this.position = position;
    if (skipped > 0) {
      this.damagedBytes += skipped;
      faults.happened('damage', `${skipped} bytes of segment ${position.sequence} are no entries and are passed over.`);
    }
    try {
      cursor.save(position);
      faults.worked('cursor');
    } catch (error) {
      faults.failed('cursor', 'It cannot be written down what is shipped; it would be shipped again.', error);
    }
  }

  /** @returns fewer bytes than asked for at the end of the file only */
  private async read(segment: Segment, offset: number, length: number): Promise<Buffer> {
    const { files, faults } = this.options;
    const bytes = this.roomFor(length);
    try {
      const fd = this.descriptorOf(segment);
      let at = 0;
      while (at < length) {
        const count = await new Promise<number>((resolve, reject) => {
          files.read(fd, bytes, at, length - at, offset + at, (error, read) => (error ? reject(error) : resolve(read)));
        });
        if (count === 0) break;
        at += count;
      }
      faults.worked('read');
      return bytes.subarray(0, at);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        this.options.onMissing(segment);
        return bytes.subarray(0, 0);
      }
      faults.failed(
        'read',
        `Entries cannot be read back from ${this.options.segments.pathOf(segment.sequence)}; they are tried again. ` +
          'To go on without them, move the file away.',
        error,
      );
      this.stopReading();
      throw error;
    }
  }

  private roomFor(length: number): Buffer {
    const { bytes: usual } = this.options.limits;
    if (length > usual) return Buffer.allocUnsafeSlow(length);
    if (this.room.length === 0) this.room = Buffer.allocUnsafeSlow(usual);
    return this.room.subarray(0, length);
  }

  private descriptorOf(segment: Segment): number {
    const { sequence } = segment;
    if (this.reading?.sequence === sequence) return this.reading.fd;
    this.stopReading();
    this.reading = { sequence, fd: this.options.segments.openToRead(segment) };
    return this.reading.fd;
  }

  private stopReading(): void {
    if (this.reading) this.options.files.closeSync(this.reading.fd);
    this.reading = undefined;
  }
}
