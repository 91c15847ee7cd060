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

/** To be added to. */
export type RunningSums = { -readonly [Name in keyof SpendSums]: number };

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

/** For the list of a SELECT from the sums of days. */
export const SUMMED = Object.entries(COLUMNS)
  .map(([name, column]) => `sum(${column})::bigint AS "${name}"`)
  .join(', ');

export const noSums = (): RunningSums => ({
  requests: 0,
  successes: 0,
  failures: 0,
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  cacheHits: 0,
  cacheHitOutputTokens: 0,
  spend: 0,
});

export const NOTHING: SpendSums = noSums();

/** The database gives large numbers as texts. Written out, as answers have ten thousands of them. */
export const numbersOf = (row: SpendSums): SpendSums => ({
  requests: Number(row.requests),
  successes: Number(row.successes),
  failures: Number(row.failures),
  inputTokens: Number(row.inputTokens),
  outputTokens: Number(row.outputTokens),
  cachedInputTokens: Number(row.cachedInputTokens),
  cacheWriteTokens: Number(row.cacheWriteTokens),
  cacheHits: Number(row.cacheHits),
  cacheHitOutputTokens: Number(row.cacheHitOutputTokens),
  spend: Number(row.spend),
});

export const addTo = (sums: RunningSums, more: SpendSums): RunningSums => {
  sums.requests += more.requests;
  sums.successes += more.successes;
  sums.failures += more.failures;
  sums.inputTokens += more.inputTokens;
  sums.outputTokens += more.outputTokens;
  sums.cachedInputTokens += more.cachedInputTokens;
  sums.cacheWriteTokens += more.cacheWriteTokens;
  sums.cacheHits += more.cacheHits;
  sums.cacheHitOutputTokens += more.cacheHitOutputTokens;
  sums.spend += more.spend;
  return sums;
};
