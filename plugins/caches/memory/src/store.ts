// Entries by key, bounded in bytes: the one that was not asked for the longest goes first.
import type { CacheEntry, Clock, Metrics, ResponsesV1 } from '@turnpike/plugin-sdk';
import { LRUCache } from 'lru-cache';

export interface StoreOptions {
  /** Of all entries, with what it takes to keep them. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** One entry takes such a part of the whole at most, so that a few large answers do not drive all others out. */
const LARGEST_PART = 1 / 8;

/** What an entry takes beside its bytes: key, buffer, list and map. Measured on Node 24: 600 to 1,000. */
const ENTRY_BYTES = 1_000;

const sizeOf = ({ value }: CacheEntry, key: string): number => value.byteLength + key.length + ENTRY_BYTES;

/** Of its own, so that neither side can change what the other has, and no larger buffer is kept alive by a part of it. */
const copyOf = ({ value, storedAt }: CacheEntry): CacheEntry => ({ value: new Uint8Array(value), storedAt });

export const createStore = ({ maxBytes, clock, metrics }: StoreOptions): ResponsesV1 => {
  const maxEntryBytes = Math.floor(maxBytes * LARGEST_PART);
  const entries = new LRUCache<string, CacheEntry>({
    maxSize: maxBytes,
    sizeCalculation: sizeOf,
    // The clock is asked each time: no timers, and time that stands still in tests.
    perf: clock,
    ttlResolution: 0,
    disposeAfter: (_entry, _key, reason) => {
      if (reason === 'evict') metrics.count('evicted');
    },
  });

  const tellSize = (): void => {
    metrics.gauge('entries', entries.size);
    metrics.gauge('bytes', entries.calculatedSize);
  };

  /** @returns whether it was there: one whose time is over may still stand in the list */
  const remove = (key: string): boolean => {
    const wasThere = entries.has(key);
    entries.delete(key);
    return wasThere;
  };

  return {
    get: (key) => {
      const entry = entries.get(key);
      return entry && copyOf(entry);
    },
    set: (key, entry, ttlMs) => {
      if (sizeOf(entry, key) > maxEntryBytes) {
        // What was kept under this key is out of date all the same.
        remove(key);
        metrics.count('too_large');
      } else {
        // To this list, 0 is for ever.
        entries.set(key, copyOf(entry), { ttl: Math.max(ttlMs, 1) });
      }
      tellSize();
      return Promise.resolve();
    },
    delete: (keys) => {
      const count = keys.filter(remove).length;
      tellSize();
      return Promise.resolve(count);
    },
    flush: () => {
      entries.clear();
      tellSize();
      return Promise.resolve();
    },
    ping: () => Promise.resolve(),
  };
};
