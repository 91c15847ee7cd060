// Calls, tokens and money of each day, with what they were made up of.
import type { DataSource } from 'typeorm';
import { DAILY_COLUMNS, dailyConditions, type DailyFilter } from './daily-filter.js';
import { NOTHING, numbersOf, SUMMED, type SpendSums } from './spend-sums.js';

/** Whose activity: what `entities` of it are. */
export type ActivityEntity = 'key' | 'user' | 'team' | 'organization' | 'customer' | 'tag';

/** One of those that a day is made up of. */
export interface PartOfActivity {
  sums: SpendSums;
  /** By key, those that took most. */
  readonly keys: Record<string, SpendSums>;
}

/** Each by its name; empty: of calls that had none. */
export interface DayOfActivity {
  readonly day: string;
  sums: SpendSums;
  readonly models: Record<string, PartOfActivity>;
  readonly groups: Record<string, PartOfActivity>;
  readonly providers: Record<string, PartOfActivity>;
  readonly operations: Record<string, PartOfActivity>;
  readonly entities: Record<string, PartOfActivity>;
  readonly keys: Record<string, SpendSums>;
}

const PARTS = { models: 'model', groups: 'model_group', providers: 'provider', operations: 'operation' } as const;
type PartName = keyof typeof PARTS | 'entities';

/** Of each kind, those that took most. */
const MOST_PARTS = 1_000;
const MOST_KEYS_OF_PART = 10;

interface Row extends SpendSums {
  day: string;
  part: number;
  name: string | null;
  key: string | null;
}

/**
 * Each day on which anything was asked for, the latest first.
 * @throws GatewayError GW_INVALID_REQUEST as `dailyConditions` does
 */
export const readActivity = async (
  dataSource: DataSource,
  entity: ActivityEntity,
  filter: DailyFilter,
): Promise<DayOfActivity[]> => {
  // Keys are a part in any case.
  const hasOwnPart = entity !== 'key';
  const names: PartName[] = [
    ...(Object.keys(PARTS) as (keyof typeof PARTS)[]),
    ...(hasOwnPart ? ['entities' as const] : []),
  ];
  const columns = names.map((name) => (name === 'entities' ? DAILY_COLUMNS[entity] : PARTS[name]));
  const told = [...columns, 'key_hash'];
  const part = `grouping(${told.join(', ')})`;
  const name = `coalesce(${columns.join(', ')})`;
  const sets = columns.flatMap((column) => [`(day, ${column})`, `(day, ${column}, key_hash)`]);
  const conditions = dailyConditions(filter, [entity]);
  // Read once, and summed up in steps: the parts are sums of what is left of the table, not of the table.
  const rows = await dataSource.query<Row[]>(
    `SELECT * FROM (
       SELECT day::text AS day, ${part} AS part, ${name} AS name, key_hash AS key, ${SUMMED},
              row_number() OVER (
                PARTITION BY day, ${part}, CASE WHEN grouping(key_hash) = 0 THEN ${name} END
                ORDER BY sum(spend_nano) DESC
              ) AS place
         FROM turnpike.daily_spend ${conditions.where()}
        GROUP BY GROUPING SETS ((day), (day, key_hash), ${sets.join(', ')})
     ) AS parts
     WHERE place <= CASE WHEN key IS NULL OR name IS NULL THEN ${MOST_PARTS} ELSE ${MOST_KEYS_OF_PART} END
     ORDER BY day DESC, key NULLS FIRST, place`,
    conditions.parameters,
  );
  return daysOf(rows, names, hasOwnPart);
};

const daysOf = (rows: readonly Row[], names: readonly PartName[], hasOwnPart: boolean): DayOfActivity[] => {
  const days = new Map<string, DayOfActivity>();
  for (const row of rows) {
    let day = days.get(row.day);
    if (!day) days.set(row.day, (day = emptyDay(row.day)));
    place(day, row, names);
  }
  if (!hasOwnPart) for (const day of days.values()) nameKeysAsEntities(day);
  return [...days.values()];
};

/** Each bit of `part` is set for a column that a row is not told apart by, the first column's highest; the last is the key. */
const place = (day: DayOfActivity, row: Row, names: readonly PartName[]): void => {
  const sums = numbersOf(row);
  const index = names.findIndex((_, at) => (row.part & (1 << (names.length - at))) === 0);
  const isByKey = (row.part & 1) === 0;
  if (index < 0) {
    if (isByKey) day.keys[row.key ?? ''] = sums;
    else day.sums = sums;
    return;
  }
  const parts = day[names[index]!];
  const name = row.name ?? '';
  if (!isByKey) parts[name] = { sums, keys: named() };
  // Of what is left out its keys are left out, too.
  else if (Object.hasOwn(parts, name)) parts[name]!.keys[row.key ?? ''] = sums;
};

const emptyDay = (day: string): DayOfActivity => ({
  day,
  sums: NOTHING,
  models: named(),
  groups: named(),
  providers: named(),
  operations: named(),
  entities: named(),
  keys: named(),
});

/** Names are the callers' own, `__proto__` included. */
const named = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;

const nameKeysAsEntities = ({ keys, entities }: DayOfActivity): void => {
  for (const [name, sums] of Object.entries(keys)) entities[name] = { sums, keys: named() };
};
