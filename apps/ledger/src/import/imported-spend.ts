// What was spent there is added to what was spent here, once: by how much the counters grew since they were last read.
import type { NanoUsd } from '@turnpike/domain';
import type { EntityManager } from 'typeorm';
import type { BalanceBook } from '../settlement/balance-book.js';
import { numbers, texts } from '../settlement/columns.js';

/** An account's counters, there. */
export interface AccountSpend {
  readonly account: string;
  /** Since it was last counted anew. */
  readonly spent: NanoUsd;
  /** Ever, where that is known. */
  readonly lifetime?: NanoUsd;
  /** When it is counted anew next; epoch milliseconds. In the past: that is due, and what was spent is of a period that is over. */
  readonly resetAt?: number;
}

interface Reading {
  readonly spent: NanoUsd;
  readonly total: NanoUsd;
  readonly resetAt: number | undefined;
}

/** What is added to an account's balance. */
export interface Growth {
  readonly spent: NanoUsd;
  readonly total: NanoUsd;
}

const NONE: Reading = { spent: 0, total: 0, resetAt: undefined };

/** A counter that fell was set back, and what it shows has been spent since. */
const grownBy = (before: NanoUsd, now: NanoUsd): NanoUsd => (now >= before ? now - before : now);

/** @param now epoch milliseconds */
export const growthOf = (before: Reading | undefined, spend: AccountSpend, now: number): Growth => {
  const { spent, total, resetAt } = before ?? NONE;
  // Only a period that has ended was followed by another one; else somebody gave the budget another duration.
  const hasTurned = resetAt !== undefined && resetAt <= now && spend.resetAt !== resetAt;
  const inPeriod = hasTurned ? spend.spent : grownBy(spent, spend.spent);
  const isOver = spend.resetAt !== undefined && spend.resetAt <= now;
  return {
    spent: isOver ? 0 : inPeriod,
    total: spend.lifetime === undefined ? inPeriod : grownBy(total, spend.lifetime),
  };
};

export class ImportedSpend {
  constructor(private readonly balances: BalanceBook) {}

  /** Those whose counters are not what they were. */
  async grown(manager: EntityManager, spends: readonly AccountSpend[]): Promise<AccountSpend[]> {
    const readings = await this.read(manager, spends);
    return spends.filter((spend) => {
      const { spent, total, resetAt } = readings.get(spend.account) ?? NONE;
      const isSame = spend.spent === spent && (spend.lifetime ?? spend.spent) === total;
      return !(isSame && (spend.resetAt === resetAt || !readings.has(spend.account)));
    });
  }

  /** Within the transaction that makes the accounts' owners, if they are new. @returns how many balances grew */
  async post(manager: EntityManager, spends: readonly AccountSpend[]): Promise<number> {
    if (spends.length === 0) return 0;
    // Whoever imports the same at the same time waits here, and then finds nothing left to add.
    await this.balances.lockOpened(
      manager,
      spends.map(({ account }) => account),
    );
    const readings = await this.read(manager, spends);
    const now = this.balances.now();
    const postings = spends
      .map((spend) => ({ account: spend.account, ...growthOf(readings.get(spend.account), spend, now) }))
      .filter(({ spent, total }) => spent !== 0 || total !== 0);
    if (postings.length > 0) await this.balances.post(manager, postings);
    await this.remember(manager, spends);
    return postings.length;
  }

  private async read(manager: EntityManager, spends: readonly AccountSpend[]): Promise<Map<string, Reading>> {
    const rows = await manager.query<
      { account: string; spent_nano: string; total_nano: string; reset_at: Date | null }[]
    >(`SELECT account, spent_nano, total_nano, reset_at FROM turnpike.imported_spend WHERE account = ANY($1::text[])`, [
      texts(spends.map(({ account }) => account)),
    ]);
    return new Map(
      rows.map((row) => [
        row.account,
        { spent: Number(row.spent_nano), total: Number(row.total_nano), resetAt: row.reset_at?.getTime() },
      ]),
    );
  }

  private async remember(manager: EntityManager, spends: readonly AccountSpend[]): Promise<void> {
    await manager.query(
      `INSERT INTO turnpike.imported_spend (account, spent_nano, total_nano, reset_at)
       SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::timestamptz[])
       ON CONFLICT (account) DO UPDATE SET spent_nano = excluded.spent_nano, total_nano = excluded.total_nano,
         reset_at = excluded.reset_at, imported_at = now()`,
      [
        texts(spends.map(({ account }) => account)),
        numbers(spends.map(({ spent }) => spent)),
        numbers(spends.map(({ spent, lifetime }) => lifetime ?? spent)),
        texts(spends.map(({ resetAt }) => (resetAt === undefined ? undefined : new Date(resetAt).toISOString()))),
      ],
    );
  }
}
