// Which sums of days are meant: by what they are told apart, and what narrows them.
import { invalidRequest } from '@turnpike/errors';
import type { SummedKind } from '../settlement/charges.js';
import { texts } from '../settlement/columns.js';
import { Conditions, type SpendScope } from './conditions.js';

/** What sums can be told apart by. */
export type Dimension =
  'day' | 'key' | 'user' | 'team' | 'organization' | 'customer' | 'tag' | 'model' | 'group' | 'provider' | 'operation';

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
  /** As the upstream calls them. */
  readonly models?: readonly string[];
  readonly groups?: readonly string[];
  readonly providers?: readonly string[];
  readonly operations?: readonly string[];
  /** The sums of these are read, though nothing else tells so. */
  readonly of?: 'customer' | 'tag' | undefined;
  /** As the upstream calls it, or the group. */
  readonly anyModel?: string;
  /** What is of one of these. Of customers and tags only the keys are told apart: the others let nothing through. */
  readonly within?: SpendScope;
  /** Of the one dimension that is told apart beside the day. */
  readonly except?: { readonly dimension: Dimension; readonly ids: readonly string[] };
}

export const DAILY_COLUMNS: Readonly<Record<Dimension, string>> = {
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
  operation: 'operation',
};

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;
/** Up to so many days of one customer or tag are looked up one by one: each is a short range of the index. */
const DAYS_APART = 400;

/**
 * @throws GatewayError GW_INVALID_REQUEST for days that are none, and where customers and tags meet: they are summed
 *   apart
 */
export const dailyConditions = (filter: DailyFilter, by: readonly Dimension[]): Conditions => {
  const kind = kindOf(filter, by);
  const { from, to, within, except } = filter;
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
  conditions.among('operation', filter.operations);
  if (filter.anyModel !== undefined) {
    const model = conditions.parameter(filter.anyModel, 'text');
    conditions.add(`(model = ${model} OR model_group = ${model})`);
  }
  if (within) conditions.within(kind === '' ? within : { keys: within.keys });
  if (except && except.ids.length > 0) {
    conditions.add(`${DAILY_COLUMNS[except.dimension]} <> ALL(${conditions.parameter(texts(except.ids), 'text[]')})`);
  }
  return conditions;
};

/** @throws GatewayError GW_INVALID_REQUEST for what is no day */
export const assertDays = (from: string, to: string): void => {
  dayNumber(from, 'start_date');
  dayNumber(to, 'end_date');
};

const kindOf = (filter: DailyFilter, by: readonly Dimension[]): SummedKind => {
  const ofCustomers = filter.of === 'customer' || filter.customers !== undefined || by.includes('customer');
  const ofTags = filter.of === 'tag' || filter.tags !== undefined || by.includes('tag');
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

const dayOfNumber = (number: number): string => new Date(number * DAY_MS).toISOString().slice(0, 10);

const daysBetween = (first: number, last: number): string[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => dayOfNumber(first + index));

const dayNumber = (day: string, parameter: string): number => {
  const number = DAY.test(day) ? Date.parse(day) / DAY_MS : Number.NaN;
  if (Number.isNaN(number) || dayOfNumber(number) !== day)
    throw invalidRequest(`'${day.slice(0, 40)}' is no day: write it as 2026-11-21.`, parameter);
  return number;
};
