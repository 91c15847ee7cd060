// What has to be done from time to time, by any of the ledgers: it does no harm when several do it at once.
import { instantAfter, type Duration } from '@turnpike/domain';
import type { DataSource } from 'typeorm';
import { inTransaction } from '../storage/in-transaction.js';
import type { BalanceBook } from './balance-book.js';
import type { LeaseDesk } from './lease-desk.js';
import { dayOf, type Partitions } from './partitions.js';

export interface HousekeepingOptions {
  readonly dataSource: DataSource;
  readonly balances: BalanceBook;
  readonly leases: LeaseDesk;
  readonly partitions: Partitions;
  /** How long the log of calls is kept; absent: for ever. Sums of days are always kept. */
  readonly keepLogs?: Duration;
}

/** What was done. */
export interface Housekept {
  readonly turnedAccounts: number;
  readonly expiredLeases: number;
  readonly droppedDays: number;
  readonly droppedRefusals: number;
}

const DAY_MS = 86_400_000;
/** The log is also what repeated entries are known by: gateways that were cut off may send yesterday's. */
const DAYS_AT_LEAST = 2;
const TURNS_AT_ONCE = 1_000;
/** Of entries that were set aside the latest are kept. */
const REFUSED_AT_MOST = 10_000;

export class Housekeeping {
  constructor(private readonly options: HousekeepingOptions) {}

  /** @throws the database's errors as they are: it is done again the next time */
  async run(): Promise<Housekept> {
    const { balances, leases, partitions } = this.options;
    await partitions.ensureAhead(balances.now());
    return {
      turnedAccounts: await this.turnOver(),
      expiredLeases: await leases.sweep(),
      droppedDays: await this.dropOldDays(),
      droppedRefusals: await this.dropRefusals(),
    };
  }

  /** Budgets begin anew also where nothing is spent, so that whoever was refused hears of it. */
  async turnOver(): Promise<number> {
    const { dataSource, balances } = this.options;
    for (let sum = 0; ;) {
      const { length } = await inTransaction(dataSource, (manager) => balances.turnOver(manager, TURNS_AT_ONCE));
      sum += length;
      if (length < TURNS_AT_ONCE) return sum;
    }
  }

  private async dropOldDays(): Promise<number> {
    const { balances, partitions, keepLogs } = this.options;
    if (!keepLogs) return 0;
    const now = balances.now();
    const kept = Math.max(instantAfter(keepLogs, now) - now, DAYS_AT_LEAST * DAY_MS);
    return await partitions.dropBefore(dayOf(now - kept));
  }

  private async dropRefusals(): Promise<number> {
    const [, count] = await this.options.dataSource.query<[unknown, number]>(
      `DELETE FROM turnpike.refused_entries WHERE id <=
         (SELECT id FROM turnpike.refused_entries ORDER BY id DESC OFFSET ${REFUSED_AT_MOST} LIMIT 1)`,
    );
    return count;
  }
}
