// SettleRequest in one piece: the generated encoder makes an object for each entry and one for each field before it, and a
// gateway that is busy has thousands of entries a second.
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Entries by where they lie. */
export interface ByteRanges {
  visit(take: (bytes: Buffer, start: number, end: number) => void): void;
}

const JOURNAL = tagOf(1);
const ENTRIES = tagOf(2);

/** Of most requests: a batch of a journal, and the name of the journal. */
const USUAL_BYTES = 264 * 1024;

/**
 * As `SettleRequest.encode` has it.
 * @param memory written into if it is large enough. What a request takes lives for as long as the ledger does, comes to the
 *   old part of the heap meanwhile, and is given back only when all of that is searched for garbage: so give it again
 */
export const settleRequestBytes = (journal: string, entries: ByteRanges, memory?: ArrayBuffer): Buffer<ArrayBuffer> => {
  const name = new BinaryWriter().uint32(JOURNAL).string(journal).finish();
  let size = name.length;
  entries.visit((_bytes, start, end) => (size += 1 + varintBytes(end - start) + end - start));
  const room = memory && memory.byteLength >= size ? memory : new ArrayBuffer(Math.max(size, USUAL_BYTES));
  const target = Buffer.from(room, 0, size);
  target.set(name);
  let at = name.length;
  entries.visit((bytes, start, end) => {
    target[at] = ENTRIES;
    at = writeVarint(target, at + 1, end - start);
    at += bytes.copy(target, at, start, end);
  });
  return target;
};

function tagOf(field: number): number {
  return (field << 3) | WireType.LengthDelimited;
}

const varintBytes = (value: number): number => {
  let bytes = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes += 1;
  return bytes;
};

const writeVarint = (target: Buffer, from: number, value: number): number => {
  let at = from;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) target[at++] = (rest & 0x7f) | 0x80;
  target[at] = rest;
  return at + 1;
};
