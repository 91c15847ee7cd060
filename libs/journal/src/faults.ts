// What goes wrong beside the road: counted always, told when it begins and when it is over.
import { messageOf } from './files.js';

export const FAULT_KINDS = [
  'write',
  'sync',
  'read',
  'cursor',
  'remove',
  'ship',
  'damage',
  'oversize',
  'version',
] as const;
/**
 * | kind | means |
 * |---|---|
 * | write | entries cannot be written and wait in memory |
 * | sync | the disk does not confirm that what was written is safe from a loss of power |
 * | read | entries that were written cannot be read back; they are tried again |
 * | cursor | it cannot be written down how far the journal is shipped: after a crash entries would be shipped twice |
 * | remove | a file that is shipped cannot be deleted |
 * | ship | the other side does not take entries; they are sent again |
 * | damage | bytes of a file are no entries, or a file is missing; what is intact is shipped |
 * | oversize | an entry was larger than entries may be, and was dropped |
 * | version | a journal was written by another version, and is left alone |
 */
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface JournalFault {
  readonly kind: FaultKind;
  /** Whose journal: `worker-1`. */
  readonly worker: string;
  /** A sentence for a log: what is wrong, and what comes of it. */
  readonly message: string;
  readonly cause?: unknown;
}

export interface FaultListeners {
  /** Told of a fault, and not again while it lasts. Must not throw. */
  readonly onFault?: (fault: JournalFault) => void;
  /** Told when what was at fault works again. Must not throw. */
  readonly onRecovery?: (kind: FaultKind, worker: string) => void;
}

export class Faults {
  readonly counts = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  private readonly lasting = new Set<FaultKind>();

  constructor(
    private readonly worker: string,
    private readonly listeners: FaultListeners,
  ) {}

  /** A single event. */
  happened(kind: FaultKind, message: string, cause?: unknown): void {
    this.counts[kind] += 1;
    this.listeners.onFault?.({ kind, worker: this.worker, message, cause });
  }

  /** Something that will be tried again. */
  failed(kind: FaultKind, message: string, cause: unknown): void {
    if (this.lasting.has(kind)) {
      this.counts[kind] += 1;
      return;
    }
    this.lasting.add(kind);
    this.happened(kind, `${message} (${messageOf(cause)})`, cause);
  }

  worked(kind: FaultKind): void {
    if (this.lasting.size > 0 && this.lasting.delete(kind)) this.listeners.onRecovery?.(kind, this.worker);
  }
}
