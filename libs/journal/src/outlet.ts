// The way out of one claimed journal: what its last owner left is found, read back and shipped.
import { Backlog } from './backlog.js';
import type { Claim } from './claim.js';
import { Cursor } from './cursor.js';
import { Faults } from './faults.js';
import { nodeFiles } from './files.js';
import { MemoryTail } from './memory-tail.js';
import { DEFAULTS, type ShippingOptions } from './options.js';
import { recover } from './recover.js';
import { Segments, type Segment } from './segments.js';
import { Shipper } from './shipper.js';
import { Unshipped } from './unshipped.js';

export interface OutletOptions extends ShippingOptions {
  /** Whether names of new files must outlive a loss of power. */
  readonly isSynced?: boolean;
  readonly active?: () => Segment | undefined;
  readonly onMissing?: (segment: Segment) => void;
}

export interface Outlet {
  readonly faults: Faults;
  readonly segments: Segments;
  readonly tail: MemoryTail;
  readonly unshipped: Unshipped;
  readonly backlog: Backlog;
  readonly shipper: Shipper;
  /** Entries since the journal began. */
  readonly written: number;
  /** Once nothing is shipped any more. The claim is its owner's to release, afterwards. */
  close(): Promise<void>;
}

/** Throws what the disk says, or ForeignVersion; the claim is not released then. */
export const openOutlet = ({ worker, directory }: Claim, options: OutletOptions): Outlet => {
  const { ship, files = nodeFiles, now = Date.now, random = Math.random } = options;
  const faults = new Faults(worker, options);
  const segments = new Segments({ directory, files, faults, now, isSynced: options.isSynced ?? false });
  const cursor = new Cursor(directory, files);
  const tail = new MemoryTail();
  const unshipped = new Unshipped(now);
  const { position, written } = recover(segments, cursor, unshipped, files);
  const backlog = new Backlog(position, {
    files,
    faults,
    segments,
    tail,
    unshipped,
    cursor,
    limits: {
      entries: options.batchEntries ?? DEFAULTS.batchEntries,
      bytes: options.batchBytes ?? DEFAULTS.batchBytes,
    },
    active: options.active ?? (() => undefined),
    onMissing: options.onMissing ?? (() => undefined),
  });
  const shipper = new Shipper({
    source: backlog,
    ship,
    worker,
    faults,
    intervalMs: options.shipIntervalMs ?? DEFAULTS.shipIntervalMs,
    timeoutMs: options.shipTimeoutMs ?? DEFAULTS.shipTimeoutMs,
    random,
  });
  const close = async (): Promise<void> => {
    // Finds that there is nothing left, and deletes what is shipped to the end.
    if (backlog.isEmpty) await backlog.next();
    backlog.close();
    cursor.close();
    await segments.settled();
  };
  return { faults, segments, tail, unshipped, backlog, shipper, written, close };
};
