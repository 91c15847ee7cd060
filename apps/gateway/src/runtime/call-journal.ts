// Puts finished calls on record before their answers end.
import type { JsonObject } from '@turnpike/domain';
import { entryId, type CloseReport, type Journal, type JournalStats } from '@turnpike/journal';
import { entryOf } from '../pipeline/entry-of.js';
import type { Exchange, Outcome } from '../pipeline/exchange.js';

export class CallJournal {
  constructor(
    private readonly journal: Pick<Journal, 'append' | 'close' | 'isFull' | 'stats'>,
    /** Whose leases the calls are paid from. */
    private readonly holder: string,
  ) {}

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
    const entry = entryOf(exchange, outcome, { id: entryId(), holder: this.holder });
    this.journal.append(entry as unknown as JsonObject, written);
  }

  close(options: { shipWithinMs: number }): Promise<CloseReport> {
    return this.journal.close(options);
  }
}
