// The log of calls lies in one table a day: made ahead, made when a call of another day comes, dropped when they are old.
import type { DataSource, EntityManager } from 'typeorm';
import { inTransaction } from '../storage/in-transaction.js';

const DAY_MS = 86_400_000;
/** Of all that ledgers do one at a time. */
const LOCK = 0x7475_726e;
const NAME = /^spend_logs_(\d{4})(\d{2})(\d{2})$/;

/** `2026-11-21` */
export const dayOf = (instant: number): string => new Date(instant).toISOString().slice(0, 10);

const tableOf = (day: string): string => `spend_logs_${day.replaceAll('-', '')}`;

export class Partitions {
  private known = new Set<string>();

  constructor(private readonly dataSource: DataSource) {}

  /** Makes what is missing of the tables of these days. */
  async ensure(days: Iterable<string>): Promise<void> {
    const missing = [...new Set(days)].filter((day) => !this.known.has(day)).sort();
    if (missing.length === 0) return;
    await inTransaction(this.dataSource, async (manager) => {
      await manager.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
      const there = new Set(await this.listed(manager));
      for (const day of missing) if (!there.has(day)) await this.make(manager, day);
    });
    for (const day of missing) this.known.add(day);
  }

  /** Today's and those of the days after it. @param now epoch milliseconds */
  ensureAhead(now: number, days = 3): Promise<void> {
    return this.ensure(Array.from({ length: days + 1 }, (_, ahead) => dayOf(now + ahead * DAY_MS)));
  }

  /** Somebody else may have dropped some. */
  forget(): void {
    this.known.clear();
  }

  list(): Promise<string[]> {
    return this.listed(this.dataSource.manager);
  }

  /** @param day the first that is kept @returns how many were dropped */
  async dropBefore(day: string): Promise<number> {
    let dropped = 0;
    for (const old of (await this.list()).filter((listed) => listed < day)) {
      // Each in a transaction of its own: whoever reads the log waits for one of them at most.
      await inTransaction(this.dataSource, async (manager) => {
        await manager.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
        await manager.query(`DROP TABLE IF EXISTS turnpike.${tableOf(old)}`);
      });
      this.known.delete(old);
      dropped += 1;
    }
    return dropped;
  }

  /** A table that is attached, and not made in place, keeps nobody from writing to the others meanwhile. */
  private async make(manager: EntityManager, day: string): Promise<void> {
    const table = `turnpike.${tableOf(day)}`;
    const next = dayOf(Date.parse(day) + DAY_MS);
    await manager.query(`CREATE TABLE ${table} (LIKE turnpike.spend_logs INCLUDING ALL)`);
    await manager.query(
      `ALTER TABLE turnpike.spend_logs ATTACH PARTITION ${table} FOR VALUES FROM ('${day}') TO ('${next}')`,
    );
  }

  private async listed(manager: EntityManager): Promise<string[]> {
    const rows = await manager.query<{ name: string }[]>(
      `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'turnpike.spend_logs'::regclass`,
    );
    return rows
      .flatMap(({ name }) => {
        const [, year, month, day] = NAME.exec(name) ?? [];
        return year ? [`${year}-${month}-${day}`] : [];
      })
      .sort();
  }
}
