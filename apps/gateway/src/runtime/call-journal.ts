// Puts finished calls on record before their answers end.
import type { JsonObject } from '@turnpike/domain';
import { entryIds, type CloseReport, type Journal, type JournalStats } from '@turnpike/journal';
import type { LedgerClock } from '../clients/ledger-clock.js';
import { entryOf } from '../pipeline/entry-of.js';
import type { Exchange, Outcome } from '../pipeline/exchange.js';

export class CallJournal {
  private readonly nextId: () => string;

  constructor(
    private readonly journal: Pick<Journal, 'append' | 'close' | 'isFull' | 'stats'>,
    /** Whose leases the calls are paid from. */
    private readonly holder: string,
    /** What the ledger tells days and periods by. */
    private readonly clock: Pick<LedgerClock, 'now' | 'offsetMs'>,
  ) {
    this.nextId = entryIds({ now: () => clock.now() });
  }

  /** Calls that cost something should not begin. */
  get isFull(): boolean {
    return this.journal.isFull;
  }

  stats(): JournalStats {
    return this.journal.stats();
  }

  /**
   * @param written called when the call is on record, in this turn of the event loop; what the client must not have
   *   before that is sent by it. Must not throw.
   * @throws GW_JOURNAL_FULL, GW_DRAINING: it is not recorded, and `written` is not called
   */
  record(exchange: Exchange, outcome: Outcome, written?: () => void): void {
    const { holder, clock } = this;
    const entry = entryOf(exchange, outcome, { id: this.nextId(), holder, clockOffsetMs: clock.offsetMs });
    this.journal.append(entry as unknown as JsonObject, written);
  }

  close(options: { shipWithinMs: number }): Promise<CloseReport> {
    return this.journal.close(options);
  }
}
