// What stands in the balances: of whom, the greatest first. Periods that are over by the clock count as ended.
import type { NanoUsd } from '@turnpike/domain';
import type { EntityManager } from 'typeorm';
import { texts } from '../settlement/columns.js';
import { isStorable } from '../storage/storable.js';

/** Kinds of accounts: `key:<hash>`, `team:<id>` … */
export type AccountKind = 'key' | 'user' | 'team' | 'organization' | 'customer' | 'tag';

export interface BalanceRow {
  /** Without the kind. */
  readonly id: string;
  readonly spent: NanoUsd;
  readonly max: NanoUsd | undefined;
}

interface Row {
  id: string;
  spent: string;
  max: string | null;
}

const SPENT = 'CASE WHEN b.reset_at <= $1::timestamptz THEN 0 ELSE b.spent_nano END';

/**
 * @param ids undefined: all
 * @param now epoch milliseconds
 */
export const balancesBy = async (
  manager: EntityManager,
  kind: AccountKind,
  { ids, now, most }: { ids?: readonly string[]; now: number; most: number },
): Promise<{ rows: BalanceRow[]; total: NanoUsd }> => {
  const parameters: unknown[] = [new Date(now), `${kind}:`];
  // Names are ordered by their bytes, and ';' follows ':'. Models and windows of an account stand behind a '|'.
  const conditions = [`b.account >= $2::text AND b.account < '${kind};' AND position('|' IN b.account) = 0`];
  if (ids) {
    parameters.push(texts(ids.filter((id) => isStorable(id)).map((id) => `${kind}:${id}`)));
    conditions.push(`b.account = ANY($3::text[])`);
  }
  const rows = await manager.query<(Row & { total: string })[]>(
    `SELECT substr(b.account, length($2::text) + 1) AS id, ${SPENT} AS spent, b.max_nano AS max,
            sum(${SPENT}) OVER () AS total
       FROM turnpike.balances b WHERE ${conditions.join(' AND ')}
      ORDER BY spent DESC, b.account LIMIT ${Math.trunc(most)}`,
    parameters,
  );
  return {
    rows: rows.map(({ id, spent, max }) => ({
      id,
      spent: Number(spent),
      max: max === null ? undefined : Number(max),
    })),
    total: Number(rows[0]?.total ?? 0),
  };
};
