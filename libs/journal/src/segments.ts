// The files of one worker's journal, oldest first.
import { join } from 'node:path';
import { type Faults } from './faults.js';
import { DIRECTORY_MODE, FILE_MODE, type JournalFiles } from './files.js';
import {
  decodeHeader,
  encodeHeader,
  FORMAT_VERSION,
  SEGMENT_HEADER_BYTES,
  segmentName,
  sequenceOf,
} from './segment.js';

export interface Segment {
  readonly sequence: number;
  /** Entries of the journal before this file, since the journal began. */
  readonly entriesBefore: number;
  /** With the header. Of the file that is being written: up to the end of its last whole frame. */
  bytes: number;
}

export interface SegmentsOptions {
  /** The worker's own; its lock is held. */
  readonly directory: string;
  readonly files: JournalFiles;
  readonly faults: Faults;
  readonly now: () => number;
  /** Whether names of new files must outlive a loss of power. */
  readonly isSynced: boolean;
}

/** @returns sequences of the segments in a directory, ascending. Empty when there is no such directory. */
export const sequencesIn = (directory: string, files: JournalFiles): number[] => {
  let names: string[];
  try {
    names = files.readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .map(sequenceOf)
    .filter((sequence) => sequence !== undefined)
    .sort((a, b) => a - b);
};

export class Segments {
  readonly all: Segment[];
  /** Of all segments, with their headers. */
  diskBytes: number;
  private nextSequence: number;
  private readonly options: SegmentsOptions;
  private readonly removals = new Set<Promise<void>>();

  /** Takes stock of the directory, which may be new. Throws what the disk says. */
  constructor(options: SegmentsOptions) {
    this.options = options;
    const { directory, files } = options;
    files.mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
    const sequences = sequencesIn(directory, files);
    this.all = [];
    for (const sequence of sequences) this.all.push(this.inspect(sequence));
    this.diskBytes = this.all.reduce((sum, { bytes }) => sum + bytes, 0);
    this.nextSequence = (sequences.at(-1) ?? 0) + 1;
  }

  /** No new file gets a number up to this one. */
  reserve(sequence: number): void {
    this.nextSequence = Math.max(this.nextSequence, sequence + 1);
  }

  /**
   * A new file, to which entries are appended from now on; its descriptor is the caller's to close. Throws what the disk
   * says, and leaves nothing behind then.
   */
  create(entriesBefore: number): { segment: Segment; fd: number } {
    const { directory, files, now } = this.options;
    // A number is never used again, not even after a failure: what is left of that is an empty segment.
    const sequence = this.nextSequence++;
    const path = this.pathOf(sequence);
    const fd = files.openSync(path, 'wx', FILE_MODE);
    try {
      const header = encodeHeader({
        version: FORMAT_VERSION,
        entriesBefore,
        createdAt: Math.max(0, Math.floor(now())),
      });
      if (files.writeSync(fd, header, 0, header.length, 0) < header.length) throw new Error('no space for a header');
      if (this.options.isSynced) syncDirectory(directory, files);
    } catch (error) {
      quietly(() => files.closeSync(fd));
      quietly(() => files.unlinkSync(path));
      throw error;
    }
    const segment = { sequence, entriesBefore, bytes: SEGMENT_HEADER_BYTES };
    this.all.push(segment);
    this.diskBytes += segment.bytes;
    return { segment, fd };
  }

  grow(segment: Segment, bytes: number): void {
    segment.bytes += bytes;
    this.diskBytes += bytes;
  }

  /** The segment with this number, or the first one behind it. */
  from(sequence: number): Segment | undefined {
    return this.all.find((segment) => segment.sequence >= sequence);
  }

  /** The descriptor is the caller's to close. Throws what the disk says. */
  openToRead({ sequence }: Segment): number {
    return this.options.files.openSync(this.pathOf(sequence), 'r');
  }

  /** Deletes a file that nobody needs any more, in the background; what cannot be deleted now is at the next start. */
  remove(segment: Segment): void {
    const index = this.all.indexOf(segment);
    if (index === -1) return;
    this.all.splice(index, 1);
    this.diskBytes -= segment.bytes;
    const { files, faults } = this.options;
    const removal = new Promise<void>((resolve) => {
      files.unlink(this.pathOf(segment.sequence), (error) => {
        if (error && error.code !== 'ENOENT') {
          faults.failed('remove', 'A file whose entries are all shipped cannot be deleted. Delete it by hand.', error);
        } else faults.worked('remove');
        resolve();
      });
    });
    this.removals.add(removal);
    void removal.then(() => this.removals.delete(removal));
  }

  /** Resolves when what is being deleted is gone. */
  async settled(): Promise<void> {
    await Promise.all(this.removals);
  }

  pathOf(sequence: number): string {
    return join(this.options.directory, segmentName(sequence));
  }

  private inspect(sequence: number): Segment {
    const { files } = this.options;
    const fd = files.openSync(this.pathOf(sequence), 'r');
    try {
      const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
      files.readSync(fd, header, 0, header.length, 0);
      const { version = FORMAT_VERSION, entriesBefore = 0 } = decodeHeader(header) ?? {};
      if (version !== FORMAT_VERSION) throw new ForeignVersion(this.pathOf(sequence), version);
      return { sequence, entriesBefore, bytes: files.fstatSync(fd).size };
    } finally {
      files.closeSync(fd);
    }
  }
}

/** The journal was written by a version of this program that has another format. */
export class ForeignVersion extends Error {
  override readonly name = 'ForeignVersion';

  constructor(path: string, version: number) {
    super(
      `${path} has format ${version}; this version reads format ${FORMAT_VERSION}. It is left alone: ` +
        'let the version that wrote it ship it.',
    );
  }
}

const syncDirectory = (directory: string, files: JournalFiles): void => {
  const fd = files.openSync(directory, 'r');
  try {
    files.fsyncSync(fd);
  } finally {
    files.closeSync(fd);
  }
};

const quietly = (action: () => void): void => {
  try {
    action();
  } catch {
    // The failure that led here is told; this one follows from it.
  }
};
