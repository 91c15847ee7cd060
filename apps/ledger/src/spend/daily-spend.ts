// What was spent, from the sums of days: per day, by whoever spent it and whatever it was spent on.
import type { NanoUsd } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import type { DataSource } from 'typeorm';
import type { SummedKind } from '../settlement/charges.js';
import { texts } from '../settlement/columns.js';
import { Conditions } from './conditions.js';

/** What sums can be told apart by. */
export type Dimension =
  'day' | 'key' | 'user' | 'team' | 'organization' | 'customer' | 'tag' | 'model' | 'group' | 'provider';

/** Days in UTC, `2026-11-21`, both included. Each of the others narrows the sums; absent: it does not. */
export interface DailyFilter {
  readonly from: string;
  readonly to: string;
  readonly keys?: readonly string[];
  readonly users?: readonly string[];
  readonly teams?: readonly string[];
  readonly organizations?: readonly string[];
  readonly customers?: readonly string[];
  readonly tags?: readonly string[];
  readonly models?: readonly string[];
  readonly groups?: readonly string[];
  readonly providers?: readonly string[];
}

export interface SpendSums {
  readonly requests: number;
  readonly successes: number;
  readonly failures: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly spend: NanoUsd;
}

/** Empty strings: of calls that had none. */
export type SumsBy<D extends Dimension> = SpendSums & Readonly<Record<D, string>>;

/** One day, and by what it is made up; each part by its name. */
export interface DayOfActivity {
  readonly day: string;
  readonly sums: SpendSums;
  readonly models: Readonly<Record<string, SpendSums>>;
  readonly groups: Readonly<Record<string, SpendSums>>;
  readonly providers: Readonly<Record<string, SpendSums>>;
  readonly keys: Readonly<Record<string, SpendSums>>;
  /** Of the kind that was asked for. */
  readonly entities: Readonly<Record<string, SpendSums>>;
}

/** Whose activity: what `entities` of it are. */
export type ActivityEntity = 'user' | 'team' | 'organization' | 'customer' | 'tag';

const COLUMNS: Readonly<Record<Dimension, string>> = {
  day: 'day',
  key: 'key_hash',
  user: 'user_id',
  team: 'team_id',
  organization: 'organization_id',
  customer: 'id',
  tag: 'id',
  model: 'model',
  group: 'model_group',
  provider: 'provider',
};

const SUMS: Readonly<Record<keyof SpendSums, string>> = {
  requests: 'requests',
  successes: 'successes',
  failures: 'failures',
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
  cachedInputTokens: 'cached_input_tokens',
  cacheWriteTokens: 'cache_write_tokens',
  spend: 'spend_nano',
};
const SUMMED = Object.entries(SUMS)
  .map(([name, column]) => `sum(${column})::bigint AS "${name}"`)
  .join(', ');

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;
/** Up to so many days of one customer or tag are looked up one by one: each is a short range of the index. */
const DAYS_APART = 400;
/** Rows of one answer. */
const MOST = 10_000;

export class DailySpend {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * One row for each combination that occurs, the most expensive first; by day, the days in order.
   * @throws GatewayError GW_INVALID_REQUEST for days that are none, and where customers and tags meet: they are summed
   *   apart
   */
  async sums<D extends Dimension>(by: readonly D[], filter: DailyFilter, most = MOST): Promise<SumsBy<D>[]> {
    const conditions = conditionsOf(filter, kindOf(filter, by));
    const names = by.map((dimension) => `${shown(dimension)} AS "${dimension}"`);
    const grouped = by.map((dimension) => COLUMNS[dimension]);
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

  /**
   * Each day on which anything was asked for, the latest first.
   * @throws as `sums`
   */
  async activity(entity: ActivityEntity, filter: DailyFilter): Promise<DayOfActivity[]> {
    const conditions = conditionsOf(filter, kindOf(filter, [entity]));
    const parts = ['model', 'model_group', 'provider', 'key_hash', COLUMNS[entity]];
    // Read once, and summed up in steps: the parts are sums of what is left of the table, not of the table.
    const rows = await this.dataSource.query<(SpendSums & { day: string; part: number; name: string | null })[]>(
      `SELECT day::text AS day, grouping(${parts.join(', ')}) AS part, coalesce(${parts.join(', ')}) AS name, ${SUMMED}
         FROM turnpike.daily_spend ${conditions.where()}
        GROUP BY GROUPING SETS ((day), ${parts.map((part) => `(day, ${part})`).join(', ')})
        ORDER BY 1 DESC`,
      conditions.parameters,
    );
    return daysOf(rows);
  }

  /** Of all calls: in the period under way, and ever. */
  async installation(): Promise<{ spend: NanoUsd; total: NanoUsd; max: NanoUsd | undefined }> {
    const [row] = await this.dataSource.query<{ spent: string; total: string; max: string | null }[]>(
      `SELECT spent_nano AS spent, total_nano AS total, max_nano AS max
         FROM turnpike.balances WHERE account = 'installation'`,
    );
    const max = row?.max ?? undefined;
    return {
      spend: Number(row?.spent ?? 0),
      total: Number(row?.total ?? 0),
      max: max === undefined ? undefined : Number(max),
    };
  }
}

/** Each bit of grouping() is set for a column that a row is not told apart by, the first column's highest. */
const PARTS = ['models', 'groups', 'providers', 'keys', 'entities'] as const;
const ALL = 2 ** PARTS.length - 1;
const PART_OF = new Map(PARTS.map((part, index) => [ALL - 2 ** (PARTS.length - 1 - index), part]));

const daysOf = (rows: readonly (SpendSums & { day: string; part: number; name: string | null })[]): DayOfActivity[] => {
  type Parts = Record<(typeof PARTS)[number], Record<string, SpendSums>>;
  const days = new Map<string, { day: string; sums: SpendSums } & Parts>();
  for (const row of rows) {
    const { day, name } = row;
    let found = days.get(day);
    if (!found) {
      found = { day, sums: NOTHING, models: {}, groups: {}, providers: {}, keys: {}, entities: {} };
      days.set(day, found);
    }
    const part = PART_OF.get(row.part);
    if (part) found[part][name ?? ''] = numbersOf(row);
    else found.sums = numbersOf(row);
  }
  return [...days.values()];
};

const NOTHING: SpendSums = {
  requests: 0,
  successes: 0,
  failures: 0,
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  spend: 0,
};

const numbersOf = (row: SpendSums): SpendSums => ({
  requests: Number(row.requests),
  successes: Number(row.successes),
  failures: Number(row.failures),
  inputTokens: Number(row.inputTokens),
  outputTokens: Number(row.outputTokens),
  cachedInputTokens: Number(row.cachedInputTokens),
  cacheWriteTokens: Number(row.cacheWriteTokens),
  spend: Number(row.spend),
});

const shown = (dimension: Dimension): string => (dimension === 'day' ? 'day::text' : COLUMNS[dimension]);

const kindOf = (filter: DailyFilter, by: readonly Dimension[]): SummedKind => {
  const ofCustomers = filter.customers !== undefined || by.includes('customer');
  const ofTags = filter.tags !== undefined || by.includes('tag');
  const kind = ofCustomers ? 'customer' : ofTags ? 'tag' : '';
  const isOfOthers =
    filter.users !== undefined ||
    filter.teams !== undefined ||
    filter.organizations !== undefined ||
    by.some((dimension) => dimension === 'user' || dimension === 'team' || dimension === 'organization');
  if ((ofCustomers && ofTags) || (kind !== '' && isOfOthers))
    throw invalidRequest('Spend of customers and of tags is kept by key and model, not by each other, user or team.');
  return kind;
};

const conditionsOf = (filter: DailyFilter, kind: SummedKind): Conditions => {
  const { from, to } = filter;
  const conditions = new Conditions();
  conditions.equal('kind', kind);
  const ids = kind === 'customer' ? filter.customers : kind === 'tag' ? filter.tags : [''];
  conditions.among('id', ids);
  const [first, last] = [dayNumber(from, 'start_date'), dayNumber(to, 'end_date')];
  if (kind !== '' && ids && last - first < DAYS_APART) {
    conditions.add(`day = ANY(${conditions.parameter(texts(daysBetween(first, last)), 'date[]')})`);
  } else {
    conditions.add(`day BETWEEN ${conditions.parameter(from, 'date')} AND ${conditions.parameter(to, 'date')}`);
  }
  conditions.among('key_hash', filter.keys);
  conditions.among('user_id', filter.users);
  conditions.among('team_id', filter.teams);
  conditions.among('organization_id', filter.organizations);
  conditions.among('model', filter.models);
  conditions.among('model_group', filter.groups);
  conditions.among('provider', filter.providers);
  return conditions;
};

const dayOfNumber = (number: number): string => new Date(number * DAY_MS).toISOString().slice(0, 10);

const daysBetween = (first: number, last: number): string[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => dayOfNumber(first + index));

const dayNumber = (day: string, parameter: string): number => {
  const number = DAY.test(day) ? Date.parse(day) / DAY_MS : Number.NaN;
  if (Number.isNaN(number) || dayOfNumber(number) !== day)
    throw invalidRequest(`'${day.slice(0, 40)}' is no day: write it as 2026-11-21.`, parameter);
  return number;
};
