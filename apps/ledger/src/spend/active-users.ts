// How many users there were: those whom the keys belong to that calls were made with, by tag and stretch of days.
import type { DataSource } from 'typeorm';
import { containing } from '../repositories/paging.js';
import { dailyConditions, type DailyFilter } from './daily-filter.js';

export interface ActiveUsers {
  readonly tag: string;
  /** Days in UTC, both included. */
  readonly from: string;
  readonly to: string;
  readonly users: number;
}

const MOST = 10_000;

/**
 * The latest stretch first, and within it the tag with the most users.
 * @param days of a stretch, counted back from `filter.to`; 0: one of all days. The first one may be shorter.
 * @param search a part of the tag; empty: all
 * @throws GatewayError GW_INVALID_REQUEST as `dailyConditions` does
 */
export const countActiveUsers = async (
  dataSource: DataSource,
  filter: DailyFilter,
  days: number,
  search = '',
): Promise<ActiveUsers[]> => {
  const conditions = dailyConditions(filter, ['tag']);
  if (search) conditions.add(`id ILIKE ${conditions.parameter(containing(search), 'text')}`);
  const from = conditions.parameter(filter.from, 'date');
  const to = conditions.parameter(filter.to, 'date');
  const step = days > 0 ? conditions.parameter(Math.trunc(days), 'integer') : `(${to} - ${from} + 1)`;
  const rows = await dataSource.query<{ tag: string; from: string; to: string; users: string }[]>(
    `SELECT tag, greatest(${from}, ${to} - (back + 1) * ${step} + 1)::text AS from, (${to} - back * ${step})::text AS to,
            count(DISTINCT user_id) AS users
       FROM (SELECT d.id AS tag, (${to} - d.day) / ${step} AS back, coalesce(k.user_id, gone.user_id) AS user_id
               FROM (SELECT DISTINCT id, day, key_hash FROM turnpike.daily_spend ${conditions.where()}) AS d
               LEFT JOIN turnpike.virtual_keys k ON k.token = d.key_hash
               LEFT JOIN LATERAL (SELECT g.user_id FROM turnpike.deleted_keys g WHERE g.token = d.key_hash
                                   ORDER BY g.id DESC LIMIT 1) AS gone ON k.token IS NULL) AS used
      WHERE user_id IS NOT NULL
      GROUP BY tag, back ORDER BY back, users DESC, tag LIMIT ${MOST}`,
    conditions.parameters,
  );
  return rows.map((row) => ({ ...row, users: Number(row.users) }));
};
