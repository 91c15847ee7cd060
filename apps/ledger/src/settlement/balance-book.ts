// Balances: what was spent of each account, in its period and ever, and what may be.
import { nextTurn, parseDuration, periodAt, type NanoUsd } from '@turnpike/domain';
import type { EntityManager } from 'typeorm';
import { numbers, texts } from './columns.js';

export interface Balance {
  readonly account: string;
  /** In the present period. */
  readonly spent: NanoUsd;
  /** Ever. */
  readonly total: NanoUsd;
  /** Undefined: not bounded. */
  readonly max: NanoUsd | undefined;
  /** Undefined: there is no mark below the bound. */
  readonly soft: NanoUsd | undefined;
  /** As `parseDuration` reads it. Undefined: what is spent is never counted anew. */
  readonly duration: string | undefined;
  /** Epoch milliseconds. What ended before it is of a period that is over. */
  readonly periodStart: number | undefined;
  /** Epoch milliseconds: the next turn. */
  readonly resetAt: number | undefined;
}

/** What may be spent of an account. */
export interface Bound {
  readonly account: string;
  readonly max: NanoUsd | undefined;
  /** Reaching it is told, and refuses nothing. */
  readonly soft?: NanoUsd | undefined;
  readonly duration?: string | undefined;
  /** Where the period under way is known, as when it is taken over from another gateway; otherwise the next turn. */
  readonly resetAt?: number | undefined;
}

export interface BalanceBookOptions {
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** In which days and months turn: an IANA name. */
  readonly timeZone?: string;
  /** Told, within the transaction, which accounts began a new period. */
  readonly onTurned?: (manager: EntityManager, accounts: readonly string[]) => Promise<void>;
}

interface Row {
  account: string;
  spent_nano: string | number;
  total_nano: string | number;
  max_nano: string | number | null;
  soft_nano: string | number | null;
  duration: string | null;
  period_start: Date | null;
  reset_at: Date | null;
}

/** A row as `row_to_json` gives it. */
export type BalanceJson = Omit<Row, 'period_start' | 'reset_at'> & {
  period_start: string | null;
  reset_at: string | null;
};

/** What one account is charged: `spent` of it belongs to the period under way. */
export interface Posting {
  readonly account: string;
  readonly spent: NanoUsd;
  readonly total: NanoUsd;
}

const COLUMNS = 'account, spent_nano, total_nano, max_nano, soft_nano, duration, period_start, reset_at';

/**
 * All that changes balances or leases locks the balances first, in the order of their names, and so never waits in a
 * circle, however many ledgers there are.
 */
export class BalanceBook {
  readonly now: () => number;
  readonly timeZone: string;
  private readonly onTurned: BalanceBookOptions['onTurned'];

  /** @throws RangeError when there is no such time zone */
  constructor({ now = Date.now, timeZone = 'UTC', onTurned }: BalanceBookOptions = {}) {
    nextTurn({ count: 1, unit: 'd' }, 0, timeZone);
    this.now = now;
    this.timeZone = timeZone;
    this.onTurned = onTurned;
  }

  /** As they are now: a period that is over by the clock has ended, whether or not that is written down yet. */
  async read(manager: EntityManager, accounts: readonly string[]): Promise<Map<string, Balance>> {
    const rows = await manager.query<Row[]>(
      `SELECT ${COLUMNS} FROM turnpike.balances WHERE account = ANY($1::text[])`,
      [texts(accounts)],
    );
    return this.asTheyAre(rows);
  }

  /** The same of what somebody else has read. */
  readFrom(rows: readonly BalanceJson[]): Map<string, Balance> {
    const date = (text: string | null): Date | null => (text === null ? null : new Date(text));
    return this.asTheyAre(
      rows.map((row) => ({ ...row, period_start: date(row.period_start), reset_at: date(row.reset_at) })),
    );
  }

  private asTheyAre(rows: readonly Row[]): Map<string, Balance> {
    return new Map(rows.map((row) => [row.account, this.turned(balanceOf(row)) ?? balanceOf(row)]));
  }

  /** Nobody else changes them before the transaction ends. Periods that are over are ended. */
  async lock(manager: EntityManager, accounts: readonly string[]): Promise<Map<string, Balance>> {
    const rows = await manager.query<Row[]>(
      `SELECT ${COLUMNS} FROM turnpike.balances WHERE account = ANY($1::text[]) ORDER BY account FOR UPDATE`,
      [texts(accounts)],
    );
    const balances = rows.map(balanceOf);
    const turned = balances.map((balance) => this.turned(balance)).filter((balance) => balance !== undefined);
    if (turned.length > 0) await this.writeTurns(manager, turned);
    return new Map([...balances, ...turned].map((balance) => [balance.account, balance]));
  }

  /** As `lock`, and accounts that have no row get one. */
  async lockOpened(manager: EntityManager, accounts: readonly string[]): Promise<Map<string, Balance>> {
    const balances = await this.lock(manager, accounts);
    const missing = accounts.filter((account) => !balances.has(account));
    if (missing.length === 0) return balances;
    await manager.query(
      `INSERT INTO turnpike.balances (account)
       SELECT account FROM unnest($1::text[]) AS account ORDER BY account COLLATE "C"
       ON CONFLICT DO NOTHING`,
      [texts(missing)],
    );
    return new Map([...balances, ...(await this.lock(manager, missing))]);
  }

  /**
   * What ended before is of a period that is over. Undefined: all is of this one, as also where the start lies ahead: then
   * the clock was set back, and what is spent until it gets there would be nobody's.
   */
  startOf(balance: Balance | undefined): number | undefined {
    const start = balance?.periodStart;
    return start === undefined || start > this.now() ? undefined : start;
  }

  /** Adds to balances that are locked. */
  async post(manager: EntityManager, postings: readonly Posting[]): Promise<void> {
    await manager.query(
      `UPDATE turnpike.balances b SET spent_nano = b.spent_nano + p.spent, total_nano = b.total_nano + p.total
         FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS p(account, spent, total)
        WHERE b.account = p.account COLLATE "C"`,
      [
        texts(postings.map(({ account }) => account)),
        numbers(postings.map(({ spent }) => spent)),
        numbers(postings.map(({ total }) => total)),
      ],
    );
  }

  /**
   * What may be spent from now on. A new duration begins at its next turn; what was spent stays spent until then.
   * Leases of accounts whose bound changed are recalled.
   * @throws RangeError for a duration that is none
   */
  async setBounds(manager: EntityManager, bounds: readonly Bound[]): Promise<void> {
    if (bounds.length === 0) return;
    const byAccount = new Map(bounds.map((bound) => [bound.account, bound]));
    const before = await this.lockOpened(manager, [...byAccount.keys()]);
    const after = [...byAccount.values()].map((bound) => this.bounded(before.get(bound.account), bound));
    await this.writeBounds(manager, after);
    const changed = after.filter(({ account, max }) => before.get(account)?.max !== max);
    if (changed.length === 0) return;
    await manager.query(`UPDATE turnpike.leases SET recalled = true WHERE account = ANY($1::text[])`, [
      texts(changed.map(({ account }) => account)),
    ]);
  }

  /** For operators who reset or correct what was spent of a period. */
  async setSpent(manager: EntityManager, spent: ReadonlyMap<string, NanoUsd>): Promise<void> {
    await this.lockOpened(manager, [...spent.keys()]);
    await manager.query(
      `UPDATE turnpike.balances b SET spent_nano = p.spent FROM unnest($1::text[], $2::bigint[]) AS p(account, spent)
        WHERE b.account = p.account COLLATE "C"`,
      [texts([...spent.keys()]), numbers([...spent.values()])],
    );
  }

  /** Accounts are gone with whom they belonged to. */
  async close(manager: EntityManager, accounts: readonly string[]): Promise<void> {
    await this.lock(manager, accounts);
    for (const table of ['leases', 'balances'])
      await manager.query(`DELETE FROM turnpike.${table} WHERE account = ANY($1::text[])`, [texts(accounts)]);
  }

  /**
   * Ends periods that are over, also where nothing is spent.
   * @returns the accounts, at most `most` of them: there may be more
   */
  async turnOver(manager: EntityManager, most: number): Promise<string[]> {
    const due = await manager.query<{ account: string }[]>(
      `SELECT account FROM turnpike.balances WHERE reset_at <= $1 ORDER BY reset_at LIMIT ${most}`,
      [new Date(this.now())],
    );
    const accounts = due.map(({ account }) => account);
    if (accounts.length > 0) await this.lock(manager, accounts);
    return accounts;
  }

  /** Undefined: its period goes on. */
  private turned(balance: Balance): Balance | undefined {
    const { resetAt } = balance;
    const now = this.now();
    if (resetAt === undefined || resetAt > now) return undefined;
    const duration = durationOf(balance.duration);
    // Nobody can say when the next one ends: this one is the last.
    if (!duration) return { ...balance, spent: 0, periodStart: resetAt, resetAt: undefined };
    const { start, end } = periodAt(duration, resetAt, now, this.timeZone);
    return { ...balance, spent: 0, periodStart: start, resetAt: end };
  }

  private bounded(balance: Balance | undefined, { account, max, soft, duration, resetAt }: Bound): Balance {
    const parsed = parseDuration(duration);
    const isSame = duration === balance?.duration && (resetAt === undefined || resetAt === balance?.resetAt);
    const next = parsed && (resetAt ?? nextTurn(parsed, this.now(), this.timeZone));
    return {
      account,
      spent: balance?.spent ?? 0,
      total: balance?.total ?? 0,
      max,
      soft,
      duration: parsed && duration,
      periodStart: balance?.periodStart,
      resetAt: isSame && parsed ? (balance?.resetAt ?? next) : next,
    };
  }

  private async writeTurns(manager: EntityManager, turned: readonly Balance[]): Promise<void> {
    await manager.query(
      `UPDATE turnpike.balances b SET spent_nano = 0, period_start = t.period_start, reset_at = t.reset_at
         FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS t(account, period_start, reset_at)
        WHERE b.account = t.account COLLATE "C"`,
      [
        texts(turned.map(({ account }) => account)),
        texts(turned.map(({ periodStart }) => isoOf(periodStart))),
        texts(turned.map(({ resetAt }) => isoOf(resetAt))),
      ],
    );
    await this.onTurned?.(
      manager,
      turned.map(({ account }) => account),
    );
  }

  private async writeBounds(manager: EntityManager, balances: readonly Balance[]): Promise<void> {
    await manager.query(
      `UPDATE turnpike.balances b SET max_nano = n.max_nano, soft_nano = n.soft_nano, duration = n.duration,
              reset_at = n.reset_at
         FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::timestamptz[])
           AS n(account, max_nano, soft_nano, duration, reset_at)
        WHERE b.account = n.account COLLATE "C"`,
      [
        texts(balances.map(({ account }) => account)),
        numbers(balances.map(({ max }) => max)),
        numbers(balances.map(({ soft }) => soft)),
        texts(balances.map(({ duration }) => duration)),
        texts(balances.map(({ resetAt }) => isoOf(resetAt))),
      ],
    );
  }
}

/** What is stored was checked; what somebody changed by hand does not keep calls from being settled. */
const durationOf = (text: string | undefined): ReturnType<typeof parseDuration> => {
  try {
    return parseDuration(text);
  } catch {
    return undefined;
  }
};

const isoOf = (instant: number | undefined): string | undefined =>
  instant === undefined ? undefined : new Date(instant).toISOString();

const balanceOf = (row: Row): Balance => ({
  account: row.account,
  spent: Number(row.spent_nano),
  total: Number(row.total_nano),
  max: row.max_nano === null ? undefined : Number(row.max_nano),
  soft: row.soft_nano === null ? undefined : Number(row.soft_nano),
  duration: row.duration ?? undefined,
  periodStart: row.period_start?.getTime(),
  resetAt: row.reset_at?.getTime(),
});
