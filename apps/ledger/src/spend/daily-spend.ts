// What was spent, from the sums of days: per day, by whoever spent it and whatever it was spent on.
import type { NanoUsd } from '@turnpike/domain';
import type { DataSource } from 'typeorm';
import { containing } from '../repositories/paging.js';
import { DAILY_COLUMNS, dailyConditions, type DailyFilter, type Dimension } from './daily-filter.js';
import { NOTHING, numbersOf, SUMMED, type SpendSums } from './spend-sums.js';

/** Empty strings: of calls that had none. */
export type SumsBy<D extends Dimension> = SpendSums & Readonly<Record<D, string>>;

/** What was spent on one day, and of it by the users and on the models that took most. */
export interface DayOfSpend {
  readonly day: string;
  spend: NanoUsd;
  readonly users: Record<string, NanoUsd>;
  readonly models: Record<string, NanoUsd>;
}

/** Rows of one answer. */
const MOST = 10_000;
/** Users of one day, and models. */
const MOST_OF_DAY = 1_000;

export class DailySpend {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * One row for each combination that occurs, the most expensive first; by day, the days in order.
   * @throws GatewayError GW_INVALID_REQUEST as `dailyConditions` does
   */
  async sums<D extends Dimension>(by: readonly D[], filter: DailyFilter, most = MOST): Promise<SumsBy<D>[]> {
    const conditions = dailyConditions(filter, by);
    const names = by.map((dimension) => `${shown(dimension)} AS "${dimension}"`);
    const grouped = by.map((dimension) => DAILY_COLUMNS[dimension]);
    const order = [...(by.includes('day' as D) ? ['day'] : []), '"spend" DESC', ...grouped];
    const rows = await this.dataSource.query<SumsBy<D>[]>(
      `SELECT ${[...names, SUMMED].join(', ')} FROM turnpike.daily_spend ${conditions.where()}
        ${grouped.length > 0 ? `GROUP BY ${grouped.join(', ')}` : 'HAVING count(*) > 0'}
        ${grouped.length > 0 ? `ORDER BY ${order.join(', ')}` : ''} LIMIT ${Math.min(MOST, Math.max(1, Math.trunc(most)))}`,
      conditions.parameters,
    );
    return rows.map((row) => ({ ...row, ...numbersOf(row) }));
  }

  /** Of all that the filter lets through, zero where that is nothing. */
  async total(filter: DailyFilter): Promise<SpendSums> {
    const [sums] = await this.sums([], filter);
    return sums ?? NOTHING;
  }

  /** Each day on which anything was asked for, in order. @throws as `sums` */
  async days(filter: DailyFilter): Promise<DayOfSpend[]> {
    const conditions = dailyConditions(filter, ['user']);
    // Read once: the parts are sums of what is left of the table, not of the table.
    const rows = await this.dataSource.query<{ day: string; part: number; name: string | null; spend: string }[]>(
      `SELECT * FROM (
         SELECT day::text AS day, grouping(user_id, model) AS part, coalesce(user_id, model) AS name,
                sum(spend_nano)::bigint AS spend,
                row_number() OVER (PARTITION BY day, grouping(user_id, model) ORDER BY sum(spend_nano) DESC) AS place
           FROM turnpike.daily_spend ${conditions.where()}
          GROUP BY GROUPING SETS ((day), (day, user_id), (day, model))
       ) AS parts WHERE place <= ${MOST_OF_DAY} ORDER BY day, place`,
      conditions.parameters,
    );
    const days = new Map<string, DayOfSpend>();
    for (const { day, part, name, spend } of rows) {
      let found = days.get(day);
      if (!found) days.set(day, (found = { day, spend: 0, users: named(), models: named() }));
      // Each bit is set for a column that a row is not told apart by, the first column's highest.
      if (part === 3) found.spend = Number(spend);
      else (part === 1 ? found.users : found.models)[name ?? ''] = Number(spend);
    }
    return [...days.values()];
  }

  /** Names that were ever used, in order. @param search a part of them; empty: all */
  async names(dimension: Dimension, filter: DailyFilter, search: string, most: number): Promise<string[]> {
    const column = DAILY_COLUMNS[dimension];
    const conditions = dailyConditions(filter, [dimension]);
    conditions.add(`${column} <> ''`);
    if (search) conditions.add(`${column} ILIKE ${conditions.parameter(containing(search), 'text')}`);
    const rows = await this.dataSource.query<{ name: string }[]>(
      `SELECT ${column} AS name FROM turnpike.daily_spend ${conditions.where()}
        GROUP BY 1 ORDER BY 1 LIMIT ${Math.min(MOST, Math.max(1, Math.trunc(most)))}`,
      conditions.parameters,
    );
    return rows.map(({ name }) => name);
  }
}

/** Names are the callers' own, `__proto__` included. */
const named = (): Record<string, NanoUsd> => Object.create(null) as Record<string, NanoUsd>;

const shown = (dimension: Dimension): string => (dimension === 'day' ? 'day::text' : DAILY_COLUMNS[dimension]);
