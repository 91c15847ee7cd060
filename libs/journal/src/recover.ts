// From where on a journal is not shipped, told from what its last owner left behind.
import type { Cursor, Position } from './cursor.js';
import type { JournalFiles } from './files.js';
import { readFrames } from './frame.js';
import { SEGMENT_HEADER_BYTES } from './segment.js';
import type { Segment, Segments } from './segments.js';
import type { Unshipped } from './unshipped.js';

export interface Recovered {
  readonly position: Position;
  /** Entries since the journal began. */
  readonly written: number;
}

/** Deletes what is shipped, and counts what is not. Throws what the disk says. */
export const recover = (segments: Segments, cursor: Cursor, unshipped: Unshipped, files: JournalFiles): Recovered => {
  const saved = cursor.load();
  if (saved) {
    segments.reserve(saved.sequence);
    for (const segment of [...segments.all]) if (segment.sequence < saved.sequence) segments.remove(segment);
  }
  const [first] = segments.all;
  const last = segments.all.at(-1);
  const position = saved?.sequence === first?.sequence && saved ? saved : startOf(first, saved);
  if (!last) return { position, written: position.entries };
  const written = Math.max(position.entries, last.entriesBefore + countEntries(segments, last, files));
  const bytes = segments.all.reduce((sum, segment) => sum + segment.bytes - SEGMENT_HEADER_BYTES, 0);
  unshipped.added(written - position.entries, Math.max(0, bytes - (position.offset - SEGMENT_HEADER_BYTES)));
  return { position, written };
};

const startOf = (first: Segment | undefined, saved: Position | undefined): Position =>
  first
    ? { sequence: first.sequence, offset: SEGMENT_HEADER_BYTES, entries: first.entriesBefore }
    : (saved ?? { sequence: 1, offset: SEGMENT_HEADER_BYTES, entries: 0 });

/** The last segment alone has no successor that knows. A file that cannot be read now will be told of when it is shipped. */
const countEntries = (segments: Segments, segment: Segment, files: JournalFiles): number => {
  try {
    const fd = segments.openToRead(segment);
    try {
      const bytes = Buffer.allocUnsafe(Math.max(0, segment.bytes - SEGMENT_HEADER_BYTES));
      const read = files.readSync(fd, bytes, 0, bytes.length, SEGMENT_HEADER_BYTES);
      return readFrames(bytes.subarray(0, read), { isEnd: true }).entries.length;
    } finally {
      files.closeSync(fd);
    }
  } catch {
    return 0;
  }
};
