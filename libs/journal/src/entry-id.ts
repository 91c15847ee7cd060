// Ids of entries: UUIDs of version 7, which sort by time.
import { randomBytes } from 'node:crypto';

export interface EntryIdOptions {
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** 56 bits that no other process has. */
  readonly ofProcess?: Buffer;
}

const PROCESS_BYTES = 7;
const LOW_BITS = 6;
const COUNTERS = 2 ** 18;

/**
 * Makes ids such as `0190a5b2-6c1e-7000-80c4-1f0e9d2b7a55`: 48 bits of milliseconds, 18 bits that count within the
 * millisecond, 56 bits of chance drawn once for the process. Each is greater than the one before, as text too, whatever
 * the clock does: when it stands still or goes back, the counter goes on, and then the millisecond.
 *
 * docs: RFC 9562, sections 5.7 and 6.2 (method 1), read 2026-11-21
 */
export const entryIds = ({
  now = Date.now,
  ofProcess = randomBytes(PROCESS_BYTES),
}: EntryIdOptions = {}): (() => string) => {
  const text = ofProcess.toString('hex');
  // The variant, the low bits of the counter, and what follows them.
  const tails = Array.from({ length: 1 << LOW_BITS }, (_, low) => {
    const variant = (0x80 | low).toString(16);
    return `-${variant}${text.slice(0, 2)}-${text.slice(2)}`;
  });
  // As if one millisecond were used up: the first id begins another.
  let millisecond = 0;
  let counter = COUNTERS - 1;
  let date = '';
  let head = '';
  return () => {
    const time = Math.floor(now());
    counter += 1;
    if (time > millisecond || counter === COUNTERS) {
      millisecond = Math.max(time, millisecond + 1);
      counter = 0;
      const hex = millisecond.toString(16).padStart(12, '0');
      date = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
    }
    const low = counter & (tails.length - 1);
    if (low === 0) head = date + (counter >> LOW_BITS).toString(16).padStart(3, '0');
    return head + tails[low]!;
  };
};

/** The id of the next entry of this process: 36 characters, unique across processes and machines. */
export const entryId = entryIds();
