// Appends groups of entries to the newest segment; what the disk does not take waits in memory, in order.
import type { Faults } from './faults.js';
import { codeOf, type JournalFiles } from './files.js';
import { splitFrames } from './frame.js';
import { MAX_TAIL_BYTES, type MemoryTail } from './memory-tail.js';
import { SEGMENT_HEADER_BYTES } from './segment.js';
import type { Segment, Segments } from './segments.js';
import type { Syncer } from './syncer.js';
import type { Unshipped } from './unshipped.js';

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;
/** Bytes of one write from memory. */
const RETRY_BYTES = 256 * 1024;

const WRITE_FAULT =
  'Entries cannot be written to the disk. They wait in memory, ' +
  `${MAX_TAIL_BYTES / 1_048_576} MiB at most, and are shipped from there; if this process is killed, they are lost. ` +
  'Mend the disk, or make room on it.';

const isFullDisk = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '');

export interface WriterOptions {
  readonly files: JournalFiles;
  readonly faults: Faults;
  readonly segments: Segments;
  readonly tail: MemoryTail;
  readonly unshipped: Unshipped;
  readonly syncer: Syncer;
  readonly segmentBytes: number;
  /** Entries of the journal before the first that this writer writes. */
  readonly entriesBefore: number;
}

interface Open {
  readonly segment: Segment;
  readonly fd: number;
}

export class Writer {
  private readonly options: WriterOptions;
  private written: number;
  private open: Open | undefined;
  private retry: NodeJS.Timeout | undefined;
  private retryMs = FIRST_RETRY_MS;

  constructor(options: WriterOptions) {
    this.options = options;
    this.written = options.entriesBefore;
  }

  /**
   * Makes the first file, so that a directory that may not be used is noticed at the start: throws what the disk says. A
   * full disk is none; it may have room again.
   */
  begin(): void {
    try {
      this.fileFor(0);
    } catch (error) {
      if (!isFullDisk(error)) throw error;
      this.options.faults.failed('write', WRITE_FAULT, error);
    }
  }

  /** The segment that grows; it is not to be deleted. */
  get active(): Segment | undefined {
    return this.open?.segment;
  }

  /** @param frames whole frames; they are copied where they have to be kept */
  write(frames: Buffer, entries: number): void {
    const { tail, unshipped } = this.options;
    unshipped.added(entries, frames.length);
    const taken = tail.entries === 0 ? this.toDisk(frames, entries) : 0;
    if (taken === frames.length) return;
    tail.push(frames.subarray(taken));
    this.retrySoon();
  }

  /** Tries once more to write what waits in memory. */
  flushTail(): void {
    const { tail } = this.options;
    while (tail.entries > 0 && !tail.isLent) {
      const frames = tail.first(Number.POSITIVE_INFINITY, RETRY_BYTES);
      const bytes = Buffer.concat(frames);
      const taken = this.toDisk(bytes, frames.length);
      tail.drop(taken === bytes.length ? frames.length : splitFrames(bytes, taken).length);
      if (taken < bytes.length) break;
    }
    if (tail.entries > 0) this.retrySoon();
  }

  /** The next group goes to another file. */
  leave(segment: Segment): void {
    if (this.open?.segment !== segment) return;
    this.options.syncer.retire(this.open.fd);
    this.open = undefined;
  }

  /** Nothing may be written afterwards. What is in memory still is lost. */
  close(): void {
    clearTimeout(this.retry);
    if (this.open) this.leave(this.open.segment);
  }

  /** @returns bytes taken, whole frames all */
  private toDisk(frames: Buffer, entries: number): number {
    const { files, faults, segments, syncer } = this.options;
    let at = 0;
    try {
      const { segment, fd } = this.fileFor(frames.length);
      while (at < frames.length) {
        // At a place, not at the end: whatever is there of an attempt that failed is written over.
        const taken = files.writeSync(fd, frames, at, frames.length - at, segment.bytes + at);
        if (taken === 0) throw new Error('the disk took nothing');
        at += taken;
      }
      segments.grow(segment, at);
      this.written += entries;
      syncer.wrote(fd);
      faults.worked('write');
      this.retryMs = FIRST_RETRY_MS;
      return at;
    } catch (error) {
      faults.failed('write', WRITE_FAULT, error);
      const kept = this.keepWhole(frames, at);
      // Where there is room and this file cannot be written, another one perhaps can.
      if (this.open && !isFullDisk(error)) this.leave(this.open.segment);
      return kept;
    }
  }

  /** After a write that ended early: the frames that are on the disk stay there, the beginning of another goes. */
  private keepWhole(frames: Buffer, written: number): number {
    const { files, segments, syncer } = this.options;
    if (!this.open) return 0;
    const { segment, fd } = this.open;
    const whole = splitFrames(frames, written);
    const bytes = whole.reduce((sum, { length }) => sum + length, 0);
    segments.grow(segment, bytes);
    this.written += whole.length;
    if (bytes > 0) syncer.wrote(fd);
    try {
      files.ftruncateSync(fd, segment.bytes);
    } catch {
      // It is written over or, should this process end before, recognised as cut.
    }
    return bytes;
  }

  /** The file with room for so many bytes. */
  private fileFor(bytes: number): Open {
    const { segments, segmentBytes, syncer } = this.options;
    const isRoom =
      this.open &&
      (this.open.segment.bytes + bytes <= segmentBytes || this.open.segment.bytes === SEGMENT_HEADER_BYTES);
    if (this.open && isRoom) return this.open;
    const next = segments.create(this.written);
    if (this.open) syncer.retire(this.open.fd);
    this.open = next;
    return next;
  }

  private retrySoon(): void {
    if (this.retry) return;
    this.retry = setTimeout(() => {
      this.retry = undefined;
      this.flushTail();
    }, this.retryMs).unref();
    this.retryMs = Math.min(2 * this.retryMs, MAX_RETRY_MS);
  }
}
