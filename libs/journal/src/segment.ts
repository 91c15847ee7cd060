// One file of a journal: its name and its header.
//
//   0           6         8              16             24         28        32
//   ├ "TPJRNL" ─┼ version ┼ entriesBefore ┼ created, ms ┼ 0 ──────┼ CRC32 ─┼ frames …      numbers are little-endian
import { crc32 } from 'node:zlib';

export const SEGMENT_HEADER_BYTES = 32;
export const FORMAT_VERSION = 1;

const NAME = Buffer.from('TPJRNL');
const AT_VERSION = 6;
const AT_ENTRIES = 8;
const AT_CREATED = 16;
const AT_CRC = 28;

export interface SegmentHeader {
  readonly version: number;
  /** Entries of all segments of this journal before this one, since the journal began. */
  readonly entriesBefore: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export const encodeHeader = ({ version, entriesBefore, createdAt }: SegmentHeader): Buffer => {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  NAME.copy(bytes);
  bytes.writeUInt16LE(version, AT_VERSION);
  bytes.writeBigUInt64LE(BigInt(entriesBefore), AT_ENTRIES);
  bytes.writeBigUInt64LE(BigInt(createdAt), AT_CREATED);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, AT_CRC)), AT_CRC);
  return bytes;
};

/** @returns undefined when these bytes are no intact header */
export const decodeHeader = (bytes: Buffer): SegmentHeader | undefined => {
  if (bytes.length < SEGMENT_HEADER_BYTES || !bytes.subarray(0, NAME.length).equals(NAME)) return undefined;
  if (crc32(bytes.subarray(0, AT_CRC)) !== bytes.readUInt32LE(AT_CRC)) return undefined;
  return {
    version: bytes.readUInt16LE(AT_VERSION),
    entriesBefore: Number(bytes.readBigUInt64LE(AT_ENTRIES)),
    createdAt: Number(bytes.readBigUInt64LE(AT_CREATED)),
  };
};

/** `000000000042.journal` */
export const segmentName = (sequence: number): string => `${String(sequence).padStart(12, '0')}.journal`;

/** @returns undefined when the file is no segment */
export const sequenceOf = (name: string): number | undefined => {
  const digits = /^(\d{12,15})\.journal$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
};
