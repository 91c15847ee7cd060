// A ledger's accounts without its gRPC: entries that are easily made, on a database of the spec's own.
import type { CallEntry } from '@turnpike/domain';
import { entryIds } from '@turnpike/journal';
import type { EntityManager } from 'typeorm';
import { copyEmbedded } from '../../../test/services/embedded-template.js';
import { PostgresServer } from '../../../test/services/postgres.js';
import { BalanceBook } from '../src/settlement/balance-book.js';
import { LeaseDesk } from '../src/settlement/lease-desk.js';
import { Partitions } from '../src/settlement/partitions.js';
import { Settlement, type SettlementOptions } from '../src/settlement/settlement.js';
import { openStorage, type Storage } from '../src/storage/storage.js';
import { aDataDir, silent } from './databases.js';

export const DATABASES = ['postgres', 'pglite'] as const;
export type DatabaseKind = (typeof DATABASES)[number];

/** 2026-11-21 12:00 UTC */
export const NOON = Date.UTC(2026, 10, 21, 12);

/** A database, the clock of its ledgers, and as many ledgers on it as are asked for. */
export class World {
  now = NOON;
  /** As they were told of, in order. */
  readonly turned: string[] = [];

  private constructor(
    readonly storage: Storage,
    readonly server: PostgresServer | undefined,
    private readonly remove: () => void,
  ) {}

  static async open(kind: DatabaseKind): Promise<World> {
    const server = kind === 'postgres' ? await PostgresServer.start() : undefined;
    const { dataDir, remove } = aDataDir();
    const databaseUrl = await server?.createDatabase();
    if (!server) copyEmbedded(dataDir);
    const storage = await openStorage({ databaseUrl, dataDir, log: silent });
    return new World(storage, server, remove);
  }

  async close(): Promise<void> {
    await this.storage.close();
    await this.server?.remove();
    this.remove();
  }

  /** All rows gone; tables of days stay. */
  async clear(): Promise<void> {
    this.now = NOON;
    this.turned.length = 0;
    await this.query(
      'TRUNCATE turnpike.spend_logs, turnpike.daily_spend, turnpike.balances, turnpike.leases, turnpike.refused_entries',
    );
  }

  /** One of any number of ledgers on this database. */
  ledger(options: Partial<SettlementOptions> & { timeZone?: string } = {}): {
    settlement: Settlement;
    desk: LeaseDesk;
    balances: BalanceBook;
    partitions: Partitions;
  } {
    const { dataSource } = this.storage;
    const balances = new BalanceBook({
      now: () => this.now,
      timeZone: options.timeZone,
      onTurned: (_manager, accounts) => {
        this.turned.push(...accounts);
        return Promise.resolve();
      },
    });
    const partitions = new Partitions(dataSource);
    const settlement = new Settlement({ dataSource, balances, partitions, ...options });
    return { settlement, desk: new LeaseDesk(dataSource, balances), balances, partitions };
  }

  query<Row = Record<string, unknown>>(sql: string, parameters?: unknown[]): Promise<Row[]> {
    return this.storage.dataSource.query<Row[]>(sql, parameters);
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.storage.dataSource.transaction(work);
  }

  /** In the period, and ever. */
  async spent(account: string): Promise<[period: number, ever: number]> {
    const [row] = await this.query<{ spent_nano: number; total_nano: number }>(
      'SELECT spent_nano, total_nano FROM turnpike.balances WHERE account = $1',
      [account],
    );
    return [Number(row?.spent_nano ?? 0), Number(row?.total_nano ?? 0)];
  }
}

const ids = new Map<number, () => string>();

/** An id that was made at this time. */
export const idAt = (time: number): string => {
  let next = ids.get(time);
  if (!next) ids.set(time, (next = entryIds({ now: () => time })));
  return next();
};

export const anEntry = (members: Partial<CallEntry> = {}): CallEntry => {
  const endedAt = members.endedAt ?? NOON - 1_000;
  return {
    v: 1,
    id: idAt(endedAt),
    startedAt: endedAt - 1_000,
    endedAt,
    status: 'success',
    cost: 1_000,
    attempts: [
      {
        deployment: 'd1',
        provider: 'provider.openai',
        model: 'gpt-4o',
        status: 'success',
        startedMs: 1,
        durationMs: 900,
      },
    ],
    usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15 },
    ...members,
  };
};

export const bytesOf = (...entries: unknown[]): Uint8Array[] =>
  entries.map((entry) => Buffer.from(typeof entry === 'string' ? entry : JSON.stringify(entry)));
