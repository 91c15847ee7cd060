// What gateways know of and has changed, in one order that everybody sees alike.
import { Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { afterCommit, inTransaction } from '../storage/in-transaction.js';

export const CHANGE_KINDS = [
  'all',
  'key',
  'team',
  'user',
  'organization',
  'customer',
  'budget',
  'model',
  'credential',
  'setting',
  'tag',
  'account',
  'accessGroup',
] as const;

export interface Change {
  kind: (typeof CHANGE_KINDS)[number];
  /** Of a key: its hash. Of an account: its name. Of `all`: empty. */
  id: string;
}

export interface ChangesSince {
  /** All changes up to this one are told. */
  sequence: number;
  /** In order; the same thing may stand there more than once. */
  changes: Change[];
  /** There are more: ask again with `sequence`. */
  hasMore: boolean;
  /** `since` is before all that is kept, or of another database: everything may have changed. `changes` is empty. */
  isTooOld: boolean;
}

interface Row {
  last: number;
  pruned: number;
  sequence: number | null;
  kind: Change['kind'];
  id: string;
}

/** In one statement, and so of one moment: the clock, and what is behind `since`. */
const READ = `
  SELECT clock.sequence AS last, clock.pruned_through AS pruned, c.sequence, c.kind, c.id
  FROM turnpike.change_clock clock LEFT JOIN turnpike.changes c ON c.sequence > $1
  ORDER BY c.sequence LIMIT $2`;

const ADVANCE = 'UPDATE turnpike.change_clock SET sequence = sequence + $1 RETURNING sequence';

const INSERT = `
  INSERT INTO turnpike.changes (sequence, kind, id, at)
  SELECT $1::bigint + change.place, change.kind, change.id, clock_timestamp()
  FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS change (kind, id, place)`;

const MOST = 1_000;

@Injectable()
export class Changes {
  private readonly listeners = new Set<() => void>();

  /**
   * Records changes of this transaction; the last thing that it does. From here to the commit it holds the clock's row, and
   * others who record wait: so the order of sequences is that of commits, without gaps.
   */
  async record(manager: EntityManager, changes: readonly Change[]): Promise<void> {
    const distinct = [...new Map(changes.map((change) => [`${change.kind} ${change.id}`, change])).values()];
    if (distinct.length === 0) return;
    const [[clock]] = await manager.query<[[{ sequence: number }], number]>(ADVANCE, [distinct.length]);
    await manager.query(INSERT, [
      clock.sequence - distinct.length,
      distinct.map(({ kind }) => kind),
      distinct.map(({ id }) => id),
    ]);
    afterCommit(manager, () => {
      for (const listener of this.listeners) listener();
    });
  }

  /** Hears of changes that this process recorded, after their commit. Others' are seen by asking only. @returns the end of it */
  onRecorded(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async since(manager: EntityManager, since: number, limit = MOST): Promise<ChangesSince> {
    const rows = await manager.query<Row[]>(READ, [since, limit + 1]);
    const { last, pruned } = rows[0]!;
    if (since < pruned || since > last) return { sequence: last, changes: [], hasMore: false, isTooOld: true };
    const found = rows.filter(({ sequence }) => sequence !== null);
    const told = found.slice(0, limit);
    const hasMore = found.length > limit;
    return {
      sequence: hasMore ? told.at(-1)!.sequence! : last,
      changes: told.map(({ kind, id }) => ({ kind, id })),
      hasMore,
      isTooOld: false,
    };
  }

  /** The last change there is. */
  async latest(manager: EntityManager): Promise<number> {
    const [clock] = await manager.query<[{ sequence: number }]>('SELECT sequence FROM turnpike.change_clock');
    return clock.sequence;
  }

  /** Forgets what is older. Who knows no later change is told that everything may have changed. */
  async prune(dataSource: DataSource, before: Date): Promise<void> {
    await inTransaction(dataSource, async (manager) => {
      await manager.query('SELECT FROM turnpike.change_clock FOR UPDATE');
      await manager.query(
        `WITH gone AS (
          DELETE FROM turnpike.changes WHERE sequence <= (SELECT max(sequence) FROM turnpike.changes WHERE at < $1)
          RETURNING sequence
        )
        UPDATE turnpike.change_clock SET pruned_through = gone.last
        FROM (SELECT max(sequence) AS last FROM gone) gone WHERE gone.last IS NOT NULL`,
        [before],
      );
    });
  }
}
