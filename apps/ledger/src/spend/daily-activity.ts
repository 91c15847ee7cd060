// Calls, tokens and money of each day, with what they were made up of.
import type { DataSource } from 'typeorm';
import { DAILY_COLUMNS, dailyConditions, type DailyFilter } from './daily-filter.js';
import { addTo, noSums, numbersOf, SUMMED, type RunningSums, type SpendSums } from './spend-sums.js';

/** Whose activity: what `entities` of it are. */
export type ActivityEntity = 'key' | 'user' | 'team' | 'organization' | 'customer' | 'tag';

/** One of those that a day is made up of. */
export interface PartOfActivity {
  readonly sums: SpendSums;
  /** By key, those that took most. */
  readonly keys: ReadonlyMap<string, SpendSums>;
}

/** Each by its name, those that took most; empty: of calls that had none. */
export interface DayOfActivity {
  readonly day: string;
  readonly sums: SpendSums;
  readonly models: ReadonlyMap<string, PartOfActivity>;
  readonly groups: ReadonlyMap<string, PartOfActivity>;
  readonly providers: ReadonlyMap<string, PartOfActivity>;
  readonly operations: ReadonlyMap<string, PartOfActivity>;
  readonly entities: ReadonlyMap<string, PartOfActivity>;
  readonly keys: ReadonlyMap<string, PartOfActivity>;
}

const PARTS = { models: 'model', groups: 'model_group', providers: 'provider', operations: 'operation' } as const;
const PART_NAMES = Object.keys(PARTS) as (keyof typeof PARTS)[];

/** Of each kind, those that took most. */
const MOST_PARTS = 1_000;
const MOST_KEYS_OF_PART = 10;
/** Days that are held at once before they are cut to that. */
const DAYS_AT_ONCE = 5;

interface Row extends SpendSums, Record<keyof typeof PARTS, string> {
  day: string;
  entity: string;
  key: string;
}

/**
 * Rows are summed up here: a day is made up of its rows in a dozen ways, each of which the database would sort apart.
 * @param days on which anything was asked for, the latest first and none left out between them
 * @throws GatewayError GW_INVALID_REQUEST as `dailyConditions` does
 */
export const readActivity = async (
  dataSource: DataSource,
  entity: ActivityEntity,
  filter: DailyFilter,
  days: readonly string[],
): Promise<DayOfActivity[]> => {
  const activity: DayOfActivity[] = [];
  for (let at = 0; at < days.length; at += DAYS_AT_ONCE) {
    const some = days.slice(at, at + DAYS_AT_ONCE);
    const rows = await readRows(dataSource, entity, { ...filter, from: some.at(-1)!, to: some[0]! });
    const byDay = Map.groupBy(rows, ({ day }) => day);
    for (const day of some) activity.push(dayOf(day, byDay.get(day) ?? [], entity === 'key'));
  }
  return activity;
};

const readRows = async (dataSource: DataSource, entity: ActivityEntity, filter: DailyFilter): Promise<Row[]> => {
  const conditions = dailyConditions(filter, [entity]);
  const names = [...PART_NAMES.map((name) => `${PARTS[name]} AS ${name}`), `${DAILY_COLUMNS[entity]} AS entity`];
  const columns = [...new Set([...Object.values(PARTS), DAILY_COLUMNS[entity], 'key_hash'])];
  return await dataSource.query<Row[]>(
    `SELECT day::text AS day, ${names.join(', ')}, key_hash AS key, ${SUMMED}
       FROM turnpike.daily_spend ${conditions.where()} GROUP BY day, ${columns.join(', ')}`,
    conditions.parameters,
  );
};

interface RunningPart {
  readonly sums: RunningSums;
  readonly keys: Map<string, RunningSums>;
}

const dayOf = (day: string, rows: readonly Row[], isOfKeys: boolean): DayOfActivity => {
  const sums = noSums();
  const parts = PART_NAMES.map(() => new Map<string, RunningPart>());
  const entities = new Map<string, RunningPart>();
  const keys = new Map<string, RunningPart>();
  for (const row of rows) {
    const numbers = numbersOf(row);
    const { key } = row;
    addTo(sums, numbers);
    for (const [index, name] of PART_NAMES.entries()) addPart(parts[index]!, row[name], key, numbers);
    if (!isOfKeys) addPart(entities, row.entity, key, numbers);
    addPart(keys, key, undefined, numbers);
  }
  const [models, groups, providers, operations] = parts.map(greatest) as [Parts, Parts, Parts, Parts];
  const byKey = greatest(keys);
  return {
    day,
    sums,
    models,
    groups,
    providers,
    operations,
    entities: isOfKeys ? byKey : greatest(entities),
    keys: byKey,
  };
};

type Parts = ReadonlyMap<string, PartOfActivity>;

const addPart = (parts: Map<string, RunningPart>, name: string, key: string | undefined, more: SpendSums): void => {
  let part = parts.get(name);
  if (!part) parts.set(name, (part = { sums: noSums(), keys: new Map() }));
  addTo(part.sums, more);
  if (key === undefined) return;
  const ofKey = part.keys.get(key);
  if (ofKey) addTo(ofKey, more);
  else part.keys.set(key, addTo(noSums(), more));
};

const greatest = (parts: ReadonlyMap<string, RunningPart>): Parts => {
  const most = first(parts, ({ sums }) => sums.spend, MOST_PARTS);
  return new Map(
    [...most].map(([name, { sums, keys }]) => [
      name,
      { sums, keys: first(keys, ({ spend }) => spend, MOST_KEYS_OF_PART) },
    ]),
  );
};

const first = <T>(map: ReadonlyMap<string, T>, spendOf: (value: T) => number, most: number): ReadonlyMap<string, T> =>
  map.size <= most
    ? map
    : new Map([...map].sort(([, some], [, other]) => spendOf(other) - spendOf(some)).slice(0, most));
