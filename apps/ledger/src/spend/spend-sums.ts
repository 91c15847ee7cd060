// What is summed up of calls, in SQL and as numbers.
import type { NanoUsd } from '@turnpike/domain';

export interface SpendSums {
  readonly requests: number;
  readonly successes: number;
  readonly failures: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  /** Calls that a cache answered, and the output tokens of those. */
  readonly cacheHits: number;
  readonly cacheHitOutputTokens: number;
  readonly spend: NanoUsd;
}

const COLUMNS: Readonly<Record<keyof SpendSums, string>> = {
  requests: 'requests',
  successes: 'successes',
  failures: 'failures',
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
  cachedInputTokens: 'cached_input_tokens',
  cacheWriteTokens: 'cache_write_tokens',
  cacheHits: 'cache_hits',
  cacheHitOutputTokens: 'cache_hit_output_tokens',
  spend: 'spend_nano',
};
const NAMES = Object.keys(COLUMNS) as (keyof SpendSums)[];

/** For the list of a SELECT from the sums of days. */
export const SUMMED = NAMES.map((name) => `sum(${COLUMNS[name]})::bigint AS "${name}"`).join(', ');

export const NOTHING = Object.fromEntries(NAMES.map((name) => [name, 0])) as unknown as SpendSums;

/** The database gives large numbers as texts. */
export const numbersOf = (row: SpendSums): SpendSums =>
  Object.fromEntries(NAMES.map((name) => [name, Number(row[name])])) as unknown as SpendSums;

export const plus = (some: SpendSums, other: SpendSums): SpendSums =>
  Object.fromEntries(NAMES.map((name) => [name, some[name] + other[name]])) as unknown as SpendSums;
