// An entry as a file: mark and version, a checksum of all that follows, its times, its key, the bytes.
//
//   54 50 44 01 | crc32, 4 bytes | stored, 8 | ends, 8 | key length, 4 | key | value
//   T  P  D  1                   epoch ms, float64, big-endian
import type { CacheEntry } from '@turnpike/plugin-sdk';
import { crc32 } from 'node:zlib';

const MARK = Buffer.from('TPD\x01', 'latin1');
const SUM_AT = MARK.length;
const STORED_AT = SUM_AT + 4;
const ENDS_AT = STORED_AT + 8;
const LENGTH_AT = ENDS_AT + 8;
const KEY_AT = LENGTH_AT + 4;

export interface FiledEntry extends CacheEntry {
  readonly key: string;
  /** Epoch milliseconds. */
  readonly endsAt: number;
}

export const toFile = ({ key, value, storedAt, endsAt }: FiledEntry): Buffer => {
  const name = Buffer.from(key);
  const file = Buffer.allocUnsafe(KEY_AT + name.length + value.byteLength);
  MARK.copy(file);
  file.writeDoubleBE(storedAt, STORED_AT);
  file.writeDoubleBE(endsAt, ENDS_AT);
  file.writeUInt32BE(name.length, LENGTH_AT);
  name.copy(file, KEY_AT);
  file.set(value, KEY_AT + name.length);
  file.writeUInt32BE(crc32(file.subarray(STORED_AT)), SUM_AT);
  return file;
};

/** Undefined for what is not ours, cut short, or not what was written. */
export const fromFile = (file: Buffer): FiledEntry | undefined => {
  if (file.length < KEY_AT || MARK.compare(file, 0, MARK.length) !== 0) return undefined;
  if (file.readUInt32BE(SUM_AT) !== crc32(file.subarray(STORED_AT))) return undefined;
  const valueAt = KEY_AT + file.readUInt32BE(LENGTH_AT);
  if (valueAt > file.length) return undefined;
  return {
    key: file.toString('utf8', KEY_AT, valueAt),
    value: file.subarray(valueAt),
    storedAt: file.readDoubleBE(STORED_AT),
    endsAt: file.readDoubleBE(ENDS_AT),
  };
};
