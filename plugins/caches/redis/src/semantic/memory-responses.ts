// Answers in the memory of the process, for gateways without Redis. Bounded in bytes: the one not used for the longest goes.
import type { CacheEntry, Clock, ResponsesV1 } from '@turnpike/plugin-sdk';
import { LRUCache } from 'lru-cache';

/** What an entry takes beside its bytes. */
const ENTRY_BYTES = 1_000;

/** One takes such a part of the whole at most. */
const LARGEST_PART = 1 / 8;

export const memoryResponses = (maxBytes: number, clock: Clock): ResponsesV1 => {
  const sizeOf = ({ value }: CacheEntry, key: string): number => value.byteLength + key.length + ENTRY_BYTES;
  const entries = new LRUCache<string, CacheEntry>({
    maxSize: maxBytes,
    maxEntrySize: Math.floor(maxBytes * LARGEST_PART),
    sizeCalculation: sizeOf,
    // The clock is asked each time: no timers, and time that stands still in tests.
    perf: clock,
    ttlResolution: 0,
  });
  const copyOf = ({ value, storedAt }: CacheEntry): CacheEntry => ({ value: new Uint8Array(value), storedAt });
  return {
    get: (key) => {
      const entry = entries.get(key);
      return entry && copyOf(entry);
    },
    set: (key, entry, ttlMs) => {
      // What is too large is not kept, and what it was to replace is out of date all the same.
      entries.delete(key);
      entries.set(key, copyOf(entry), { ttl: Math.max(ttlMs, 1) });
      return Promise.resolve();
    },
    delete: (keys) => {
      const count = keys.filter((key) => {
        const wasThere = entries.has(key);
        entries.delete(key);
        return wasThere;
      }).length;
      return Promise.resolve(count);
    },
    flush: () => {
      entries.clear();
      return Promise.resolve();
    },
    ping: () => Promise.resolve(),
  };
};
