// The spend journal of one worker: entries are on the disk before their answers end, and leave in batches.
import type { JsonObject } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { freeClaims, type Claim } from './claim.js';
import type { FaultKind } from './faults.js';
import { messageOf, nodeFiles } from './files.js';
import { MAX_ENTRY_BYTES, secondsOf } from './frame.js';
import { Group } from './group.js';
import { MAX_TAIL_BYTES } from './memory-tail.js';
import { DEFAULTS, type JournalOptions } from './options.js';
import { openOutlet, type Outlet } from './outlet.js';
import { ForeignVersion } from './segments.js';
import { Syncer } from './syncer.js';
import { Writer } from './writer.js';

export interface JournalStats {
  /** Not shipped yet. */
  readonly entries: number;
  /** Of these, with 16 bytes an entry. */
  readonly bytes: number;
  /** Milliseconds since the oldest of these was appended, to the second; 0 when all is shipped. */
  readonly oldestMs: number;
  /** Of the files, shipped parts included. */
  readonly diskBytes: number;
  /** Taken by entries that the disk did not take, and that wait in memory. */
  readonly memoryBytes: number;
  /** Since the start, as all that follow. */
  readonly appended: number;
  /** Acknowledged. */
  readonly shipped: number;
  /** Lost by `whenFull: 'drop'` or by their size. */
  readonly dropped: number;
  /** Refused with GW_JOURNAL_FULL by `append`. */
  readonly refused: number;
  /** Bytes of files that were no entries. */
  readonly damagedBytes: number;
  readonly faults: Readonly<Record<FaultKind, number>>;
}

export interface CloseReport {
  /** Entries on the disk that are not shipped: the next owner ships them. */
  readonly left: number;
  /** Entries that neither the disk nor the other side took. */
  readonly lost: number;
}

/** Of the bounds, what is kept for calls that had begun when the rest was used up. */
const RESERVE = 1 / 16;
/** A file is shipped and deleted as a whole: so many make up what a journal may hold, if it is small. */
const LEAST_SEGMENTS = 8;
const MAX_SEGMENT_BYTES = 8 * 1024 * 1024;
const LEAST_SEGMENT_BYTES = 64 * 1024;

/**
 * Opens the first journal of the directory that no living process has, and goes on with what its former owner left.
 * Throws GW_CONFIG_INVALID when the directory cannot be used.
 */
export const openJournal = (options: JournalOptions): Journal => {
  try {
    return open(options);
  } catch (error) {
    throw new GatewayError(
      'GW_CONFIG_INVALID',
      `The journal cannot be kept in ${options.directory}: ${messageOf(error)}. ` +
        'Make the folder and all that is in it readable and writable for this user, or choose another data directory.',
      { cause: error },
    );
  }
};

const open = (options: JournalOptions): Journal => {
  for (const claim of freeClaims(options.directory, options.files ?? nodeFiles)) {
    try {
      return new Journal(claim, options);
    } catch (error) {
      claim.lock.release();
      if (!(error instanceof ForeignVersion)) throw error;
      options.onFault?.({ kind: 'version', worker: claim.worker, message: error.message, cause: error });
    }
  }
  throw new Error('all journals in it are in use');
};

export class Journal {
  /** Its name among the journals of the directory: `worker-1`. */
  readonly worker: string;
  private readonly claim: Claim;
  private readonly outlet: Outlet;
  private readonly writer: Writer;
  private readonly syncer: Syncer;
  private readonly maxBytes: number;
  private readonly isDropping: boolean;
  private readonly now: () => number;
  private readonly group = new Group();
  private callbacks: (() => void)[] = [];
  private isTurnOpen = false;
  private appended = 0;
  private dropped = 0;
  private refused = 0;
  private isClosed = false;
  private closing: Promise<CloseReport> | undefined;

  /** Use openJournal. Owns the claim unless it throws. */
  constructor(claim: Claim, options: JournalOptions) {
    const { files = nodeFiles, sync = DEFAULTS.sync } = options;
    this.claim = claim;
    this.worker = claim.worker;
    this.maxBytes = options.maxBytes ?? DEFAULTS.maxBytes;
    this.isDropping = (options.whenFull ?? DEFAULTS.whenFull) === 'drop';
    this.now = options.now ?? Date.now;
    this.outlet = openOutlet(claim, {
      ...options,
      isSynced: sync !== 'none',
      active: () => this.writer.active,
      onMissing: (segment) => this.writer.leave(segment),
    });
    const { faults, segments, tail, unshipped, written } = this.outlet;
    this.syncer = new Syncer({ mode: sync, files, faults });
    this.writer = new Writer({
      files,
      faults,
      segments,
      tail,
      unshipped,
      syncer: this.syncer,
      segmentBytes: Math.min(MAX_SEGMENT_BYTES, Math.max(LEAST_SEGMENT_BYTES, this.maxBytes / LEAST_SEGMENTS)),
      entriesBefore: written,
    });
    this.writer.begin();
    this.outlet.shipper.notice();
  }

  /**
   * Whether calls that would have to be recorded should not begin. Those that have begun find room in a reserve of one
   * sixteenth. Never true where entries are dropped instead.
   */
  get isFull(): boolean {
    return !this.isDropping && !this.hasRoom(1 - RESERVE);
  }

  /**
   * Puts one entry on record. All entries of one turn of the event loop share a write, made when the turn has read its
   * sockets; then `written` is called, in the order of the entries and still in this turn. So what must not be sent
   * before the entry is on record is sent by `written`. With `sync: 'always'` it is called when the disk has confirmed.
   *
   * A disk that fails is no reason not to call it: the entry waits in memory then, and a fault is told.
   *
   * @param entry small: what exceeds 1 MiB of JSON is dropped, and told as a fault. It may change afterwards.
   * @param written must not throw
   * Throws GW_JOURNAL_FULL, where entries are not dropped, if `isFull` was not asked or too many calls had begun;
   * GW_DRAINING after `close`; and TypeError for what is no JSON.
   */
  append(entry: JsonObject, written?: () => void): void {
    if (this.isClosed) throw new GatewayError('GW_DRAINING', 'The journal is closed; entries are not taken any more.');
    const json = JSON.stringify(entry);
    if (this.mayTake(json)) {
      const seconds = secondsOf(this.now());
      if (!this.group.add(json, seconds)) {
        this.writeGroup();
        this.group.add(json, seconds);
      }
      this.appended += 1;
    }
    if (written) this.callbacks.push(written);
    if (this.isTurnOpen) return;
    this.isTurnOpen = true;
    // Runs when the sockets that were ready have been read, before the event loop waits again.
    setImmediate(this.endTurn);
  }

  /** Writes what was appended in this turn now. */
  flush(): void {
    this.writeGroup();
    const { callbacks } = this;
    if (callbacks.length > 0) {
      this.callbacks = [];
      this.syncer.confirm(() => callbacks.forEach(callSafely));
    }
    this.outlet.shipper.notice();
  }

  stats(): JournalStats {
    const { faults, segments, tail, unshipped, backlog } = this.outlet;
    return {
      entries: unshipped.entries + this.group.entries,
      bytes: unshipped.bytes + this.group.bytes,
      oldestMs: unshipped.ageMs,
      diskBytes: segments.diskBytes,
      memoryBytes: tail.memoryBytes,
      appended: this.appended,
      shipped: backlog.shipped,
      dropped: this.dropped,
      refused: this.refused,
      damagedBytes: backlog.damagedBytes,
      faults: { ...faults.counts },
    };
  }

  /**
   * Takes no more entries, ships what it can, and lets another process have the journal.
   * @param options.shipWithinMs so long it ships; 0: not at all
   */
  close({ shipWithinMs }: { shipWithinMs: number }): Promise<CloseReport> {
    // First of all: callbacks that run meanwhile may append.
    this.isClosed = true;
    this.closing ??= this.end(shipWithinMs);
    return this.closing;
  }

  private async end(shipWithinMs: number): Promise<CloseReport> {
    const { shipper, tail, unshipped } = this.outlet;
    this.flush();
    if (shipWithinMs > 0) {
      const deadline = setTimeout(() => void shipper.stop(), shipWithinMs);
      await shipper.drain();
      clearTimeout(deadline);
    }
    await shipper.stop();
    this.writer.flushTail();
    this.writer.close();
    await this.syncer.settled();
    const lost = tail.entries;
    const left = unshipped.entries - lost;
    tail.drop(lost);
    await this.outlet.close();
    this.claim.lock.release();
    return { left, lost };
  }

  private readonly endTurn = (): void => {
    this.isTurnOpen = false;
    this.flush();
  };

  private writeGroup(): void {
    if (this.group.entries === 0) return;
    this.writer.write(this.group.content, this.group.entries);
    this.group.clear();
  }

  private mayTake(json: string): boolean {
    if (json.length * 3 > MAX_ENTRY_BYTES && Buffer.byteLength(json) > MAX_ENTRY_BYTES) {
      this.dropped += 1;
      this.outlet.faults.happened(
        'oversize',
        `An entry of ${Buffer.byteLength(json)} bytes is dropped; 1 MiB is the most.`,
      );
      return false;
    }
    if (this.hasRoom(1)) return true;
    if (this.isDropping) {
      this.dropped += 1;
      return false;
    }
    this.refused += 1;
    throw new GatewayError(
      'GW_JOURNAL_FULL',
      `The spend of this call cannot be recorded: ${this.outlet.unshipped.entries} entries wait to be taken by the ledger.`,
    );
  }

  /** Whether less than a share of what may lie on the disk and in memory is used. */
  private hasRoom(share: number): boolean {
    const { segments, tail } = this.outlet;
    const waiting = tail.memoryBytes + this.group.bytes;
    return segments.diskBytes + waiting < share * this.maxBytes && waiting < share * MAX_TAIL_BYTES;
  }
}

/** What one callback throws is its caller's fault, as from any callback, and none of the others'. */
const callSafely = (callback: () => void): void => {
  try {
    callback();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
};
