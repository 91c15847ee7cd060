// Entries as bytes of a file, such that what was cut or damaged is recognised and all the rest is read.
//
//   0        4         8        12        16
//   ├ FF TJE ┼ length ─┼ CRC32 ─┼ seconds ┼ JSON, UTF-8 …      numbers are little-endian
//
// The length is that of the JSON. The CRC covers everything behind it. FF occurs nowhere in UTF-8, so the beginning of a
// frame is found again behind a damaged one.
import { crc32 } from 'node:zlib';
import { EntryList } from './entry-list.js';

export const FRAME_HEADER_BYTES = 16;
/** Entries are small; a greater length is damage. */
export const MAX_ENTRY_BYTES = 1_048_576;

const MARK = Buffer.from([0xff, 0x54, 0x4a, 0x45]);
const MARK_NUMBER = MARK.readUInt32LE();
const AT_LENGTH = 4;
const AT_CRC = 8;
const AT_SECONDS = 12;

/**
 * Writes one frame; there must be room for it.
 * @param seconds when it was appended, seconds since the epoch
 * @returns where the next one begins
 */
export const writeFrame = (target: Buffer, at: number, json: string, seconds: number): number => {
  const length = target.write(json, at + FRAME_HEADER_BYTES);
  const end = at + FRAME_HEADER_BYTES + length;
  target.writeUInt32LE(MARK_NUMBER, at);
  target.writeUInt32LE(length, at + AT_LENGTH);
  target.writeUInt32LE(seconds, at + AT_SECONDS);
  target.writeUInt32LE(crc32(target.subarray(at + AT_SECONDS, end)), at + AT_CRC);
  return end;
};

/** What a frame tells of a time in epoch milliseconds. A clock that is wrong by a century is no reason to fail. */
export const secondsOf = (milliseconds: number): number => Math.floor(milliseconds / 1_000) >>> 0;

export interface FrameLimits {
  /** Whether nothing follows these bytes: an incomplete frame at their end is a cut one. */
  readonly isEnd: boolean;
  readonly maxEntries?: number;
  /** Passed by the first entry only. */
  readonly maxBytes?: number;
}

export interface Frames {
  /** JSON of each entry. They share the memory of what was read. */
  readonly entries: EntryList;
  /** When the first of them was appended, epoch milliseconds. */
  readonly firstAt: number | undefined;
  /** Bytes gone through: what follows was not looked at, or is not complete. */
  readonly consumed: number;
  /** Bytes of these that are no frame. */
  readonly skipped: number;
  /** So many bytes from `consumed` on make the next frame complete; 0 when more bytes would not help. */
  readonly wanted: number;
}

/** Reads frames from bytes of which nothing is certain. Each intact frame is found, in order, and nothing else. */
export const readFrames = (
  bytes: Buffer,
  { isEnd, maxEntries = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY }: FrameLimits,
): Frames => {
  const entries = new EntryList(bytes);
  let firstAt: number | undefined;
  let at = 0;
  let skipped = 0;
  let wanted = 0;
  let size = 0;
  while (at < bytes.length && entries.length < maxEntries) {
    const needed = frameBytes(bytes, at);
    const isComplete = needed <= bytes.length - at;
    if (!isComplete && needed < Number.POSITIVE_INFINITY && !isEnd) {
      wanted = needed;
      break;
    }
    if (isComplete && isIntact(bytes, at, needed)) {
      if (entries.length > 0 && size + needed > maxBytes) break;
      firstAt ??= bytes.readUInt32LE(at + AT_SECONDS) * 1_000;
      entries.add(at + FRAME_HEADER_BYTES, at + needed);
      size += needed;
      at += needed;
      continue;
    }
    const next = nextMark(bytes, at + 1, isEnd);
    skipped += next - at;
    at = next;
  }
  return { entries, firstAt, consumed: at, skipped, wanted };
};

/** The frames among the first `length` of bytes that hold nothing but frames; one that is cut there is none. */
export const splitFrames = (bytes: Buffer, length = bytes.length): Buffer[] => {
  const frames: Buffer[] = [];
  for (let at = 0; at + FRAME_HEADER_BYTES <= length;) {
    const end = at + frameBytes(bytes, at);
    if (end > length) break;
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
};

/** What a frame holds. */
export const frameEntry = (frame: Buffer): Buffer => frame.subarray(FRAME_HEADER_BYTES);

/** When it was appended, epoch milliseconds. */
export const frameTime = (frame: Buffer): number => frame.readUInt32LE(AT_SECONDS) * 1_000;

/** Of the frame that begins here, as far as can be seen. Infinity when none does. */
const frameBytes = (bytes: Buffer, at: number): number => {
  if (bytes.length - at < FRAME_HEADER_BYTES) return at < bytes.length ? FRAME_HEADER_BYTES : Number.POSITIVE_INFINITY;
  if (bytes.readUInt32LE(at) !== MARK_NUMBER) return Number.POSITIVE_INFINITY;
  const length = bytes.readUInt32LE(at + AT_LENGTH);
  return length > 0 && length <= MAX_ENTRY_BYTES ? FRAME_HEADER_BYTES + length : Number.POSITIVE_INFINITY;
};

const isIntact = (bytes: Buffer, at: number, needed: number): boolean =>
  crc32(bytes.subarray(at + AT_SECONDS, at + needed)) === bytes.readUInt32LE(at + AT_CRC);

/** Where a frame may begin, or the end; the end of what may be continued may hold the beginning of a mark. */
const nextMark = (bytes: Buffer, from: number, isEnd: boolean): number => {
  const found = bytes.indexOf(MARK, from);
  if (found !== -1) return found;
  return isEnd ? bytes.length : Math.max(from, bytes.length - MARK.length + 1);
};
