// Keeps the bounds of balances as the terms of keys, teams, users and all others say.
import type { EntityManager } from 'typeorm';
import type { Balance, BalanceBook, BalanceJson } from '../settlement/balance-book.js';
import { Coalescer } from '../settlement/coalescer.js';
import { boundsOf, type ScopedBound, type Terms } from './effective-terms.js';

/** What was spent of an entity in the present period. */
export interface Spent {
  nanoUsd: number;
  byModel: Record<string, number>;
  resetAt: Date | undefined;
}

/** `manager`: outside of any transaction. */
interface Reading {
  manager: EntityManager;
  accounts: readonly string[];
}

const NOTHING: Spent = { nanoUsd: 0, byModel: {}, resetAt: undefined };

/** Statements at a time, and accounts in one of them. */
const LANES = 2;
const MOST = 1_000;

export class BoundsKeeper {
  /** Balances that are asked for at the same time, outside of transactions, are read by one statement. */
  private readonly reads = new Coalescer<Reading, ReadonlyMap<string, Balance>>(
    (asks) => this.readAll(asks),
    MOST,
    ({ accounts }) => accounts.length,
    LANES,
  );

  constructor(private readonly balances: BalanceBook) {}

  /** @param before undefined: the entity is new */
  async change(
    manager: EntityManager,
    before: readonly ScopedBound[] = [],
    after: readonly ScopedBound[],
  ): Promise<void> {
    const remaining = new Set(after.map(({ account }) => account));
    const gone = before.filter(({ account }) => !remaining.has(account));
    await this.balances.setBounds(manager, [...after, ...gone.map(({ account }) => ({ account, max: undefined }))]);
  }

  /** The entities are gone, and what was spent for them is not counted any more. */
  async close(manager: EntityManager, accounts: readonly string[]): Promise<void> {
    if (accounts.length > 0) await this.balances.close(manager, await this.family(manager, accounts));
  }

  /** Corrects what was spent in the period under way; models and windows begin anew where it is set to nothing. */
  async setSpent(manager: EntityManager, account: string, nanoUsd: number): Promise<void> {
    const spent = new Map([[account, nanoUsd]]);
    if (nanoUsd === 0) for (const name of await this.family(manager, [account])) spent.set(name, 0);
    await this.balances.setSpent(manager, spent);
  }

  /**
   * What all keys and teams spent in their periods becomes nothing, models and windows included.
   * @returns how many keys and teams had spent anything, and the accounts with a bound that is free again
   */
  async forgetSpent(manager: EntityManager): Promise<{ keys: number; teams: number; bounded: string[] }> {
    const rows = await manager.query<{ account: string; max_nano: string | null }[]>(
      `WITH spent AS (
         SELECT account FROM turnpike.balances
          WHERE (account >= 'key:' AND account < 'key;' OR account >= 'team:' AND account < 'team;') AND spent_nano <> 0
          ORDER BY account FOR UPDATE),
       done AS (
         UPDATE turnpike.balances b SET spent_nano = 0 FROM spent s WHERE b.account = s.account
         RETURNING b.account, b.max_nano)
       SELECT account, max_nano FROM done`,
    );
    const plain = rows.map(({ account }) => account).filter((account) => !account.includes('|'));
    return {
      keys: plain.filter((account) => account.startsWith('key:')).length,
      teams: plain.filter((account) => account.startsWith('team:')).length,
      bounded: rows.filter(({ max_nano: max }) => max !== null).map(({ account }) => account),
    };
  }

  /** What was spent for the old name was spent for the new one, and leases are taken anew. */
  async rename(manager: EntityManager, from: string, to: string): Promise<void> {
    const names = await this.family(manager, [from]);
    await this.balances.lock(manager, names);
    await manager.query('DELETE FROM turnpike.leases WHERE account = ANY($1::text[])', [names]);
    await manager.query(
      `UPDATE turnpike.balances SET account = $1::text || substr(account, length($2::text) + 1)
        WHERE account = ANY($3::text[])`,
      [to, from, names],
    );
  }

  async spentOf(
    manager: EntityManager,
    entities: readonly { account: string; terms: Terms }[],
  ): Promise<Map<string, Spent>> {
    const bounds = entities.map(({ account, terms }) => ({ account, bounds: boundsOf(account, terms) }));
    const names = bounds.flatMap(({ account, bounds: all }) => [account, ...all.map((bound) => bound.account)]);
    const read = await this.read(manager, names);
    return new Map(bounds.map(({ account, bounds: all }) => [account, spentOf(account, all, read)]));
  }

  /** Others' may be among them. */
  async read(manager: EntityManager, accounts: readonly string[]): Promise<ReadonlyMap<string, Balance>> {
    if (accounts.length === 0) return new Map();
    // Within a transaction there is what nobody else sees.
    if (manager !== manager.dataSource.manager) return await this.balances.read(manager, [...new Set(accounts)]);
    return await this.reads.ask({ manager, accounts });
  }

  /** What somebody else has read of them. */
  readFrom(rows: readonly BalanceJson[]): ReadonlyMap<string, Balance> {
    return this.balances.readFrom(rows);
  }

  private async readAll(asks: Reading[]): Promise<ReadonlyMap<string, Balance>[]> {
    const { manager } = asks[0]!;
    const all = await this.balances.read(manager, [...new Set(asks.flatMap(({ accounts }) => accounts))]);
    return asks.map(() => all);
  }

  /** The accounts themselves, and those of their models and windows. */
  private async family(manager: EntityManager, accounts: readonly string[]): Promise<string[]> {
    const rows = await manager.query<{ account: string }[]>(
      `SELECT b.account FROM unnest($1::text[]) AS n(name) JOIN turnpike.balances b
           ON b.account = n.name OR (b.account >= n.name || '|' AND b.account < n.name || '}')
        ORDER BY b.account`,
      [accounts],
    );
    return rows.map(({ account }) => account);
  }
}

const spentOf = (account: string, bounds: readonly ScopedBound[], balances: ReadonlyMap<string, Balance>): Spent => {
  const own = balances.get(account);
  const byModel: Record<string, number> = {};
  for (const { account: name, model } of bounds) {
    const spent = balances.get(name)?.spent;
    if (model && spent !== undefined) byModel[model] = spent;
  }
  if (!own) return { ...NOTHING, byModel };
  return { nanoUsd: own.spent, byModel, resetAt: own.resetAt === undefined ? undefined : new Date(own.resetAt) };
};
