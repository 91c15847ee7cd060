// An entry as one Redis string: `TPC`, the version of this layout, when it was written, the bytes.
//
//   54 50 43 01 | 42 79 bc 18 6d e0 00 00 | 7b 22 69 64 …
//   T  P  C  1  | epoch ms, float64, big-endian | value
import type { CacheEntry } from '@turnpike/plugin-sdk';

const MARK = Buffer.from('TPC\x01', 'latin1');
const TIME_AT = MARK.length;
const VALUE_AT = TIME_AT + 8;

export const toStored = ({ value, storedAt }: CacheEntry): Buffer => {
  const stored = Buffer.allocUnsafe(VALUE_AT + value.byteLength);
  MARK.copy(stored);
  stored.writeDoubleBE(storedAt, TIME_AT);
  stored.set(value, VALUE_AT);
  return stored;
};

/** Undefined for what is not ours, or of a version that is not known here. */
export const fromStored = (stored: Buffer): CacheEntry | undefined => {
  if (stored.length < VALUE_AT || MARK.compare(stored, 0, MARK.length) !== 0) return undefined;
  const storedAt = stored.readDoubleBE(TIME_AT);
  return Number.isFinite(storedAt) ? { value: stored.subarray(VALUE_AT), storedAt } : undefined;
};
