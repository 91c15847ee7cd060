// What whoever keeps or adopts a journal decides.
import type { EntryList } from './entry-list.js';
import type { FaultListeners } from './faults.js';
import type { JournalFiles } from './files.js';
import type { SyncMode } from './syncer.js';

/** Entries in the order in which they were appended. */
export interface JournalBatch {
  /** Whose they are: `worker-1`. */
  readonly worker: string;
  /** JSON text of each, UTF-8. Their memory is used again when this batch is done, or given up. */
  readonly entries: EntryList;
}

/**
 * Hands entries to whoever keeps them for good. When this resolves they are kept, and are forgotten here; when it rejects,
 * or does not settle in time, they are handed over again. So the other side must know an entry by its id, and must not
 * refuse one for what is in it: nothing is ever passed over here. One batch of a journal is under way at a time, in order.
 * @param signal aborted when nobody waits any more
 */
export type Ship = (batch: JournalBatch, signal: AbortSignal) => Promise<void>;

export interface ShippingOptions extends FaultListeners {
  /** Where the journals of all workers are. Made, with mode 0700, when it is missing. */
  readonly directory: string;
  readonly ship: Ship;
  /** Default 500. */
  readonly batchEntries?: number;
  /** Default 256 KiB. */
  readonly batchBytes?: number;
  /** What is less than a batch waits so long. Default 200. */
  readonly shipIntervalMs?: number;
  /** A batch that is not taken within this time is handed over again. Default 30,000. */
  readonly shipTimeoutMs?: number;
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** [0, 1) */
  readonly random?: () => number;
  readonly files?: JournalFiles;
}

export interface JournalOptions extends ShippingOptions {
  /** Bound of the files of this worker. Default 1 GiB. */
  readonly maxBytes?: number;
  /** What becomes of an entry for which there is no room: `append` throws, or it is counted only. Default `refuse`. */
  readonly whenFull?: 'refuse' | 'drop';
  /** Default `none`. */
  readonly sync?: SyncMode;
}

export const DEFAULTS = {
  maxBytes: 1024 ** 3,
  whenFull: 'refuse',
  sync: 'none',
  batchEntries: 500,
  batchBytes: 256 * 1024,
  shipIntervalMs: 200,
  shipTimeoutMs: 30_000,
} as const;
