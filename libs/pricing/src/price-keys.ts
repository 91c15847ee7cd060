// LiteLLM's price keys, as deployments and price files write them, to a rate sheet.
import { isJsonObject } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import type { Component } from './components.js';
import { divide, parseDecimal, type Ratio } from './exact.js';
import { BATCHES, type RateEntry, type RateSheet } from './rate-sheet.js';

const KEYS: Readonly<Record<string, { component: Component; per?: number }>> = {
  input_cost_per_token: { component: 'input' },
  cache_read_input_token_cost: { component: 'cacheRead' },
  input_cost_per_token_cache_hit: { component: 'cacheRead' },
  cache_creation_input_token_cost: { component: 'cacheWrite' },
  cache_creation_input_token_cost_above_1hr: { component: 'cacheWriteLong' },
  input_cost_per_audio_token: { component: 'inputAudio' },
  input_cost_per_image_token: { component: 'inputImage' },
  output_cost_per_token: { component: 'output' },
  output_cost_per_reasoning_token: { component: 'reasoning' },
  output_cost_per_audio_token: { component: 'outputAudio' },
  output_cost_per_image_token: { component: 'outputImage' },
  input_cost_per_image: { component: 'perInputImage' },
  output_cost_per_image: { component: 'perOutputImage' },
  input_cost_per_pixel: { component: 'perInputPixel' },
  output_cost_per_pixel: { component: 'perOutputPixel' },
  input_cost_per_character: { component: 'perInputCharacter' },
  output_cost_per_character: { component: 'perOutputCharacter' },
  input_cost_per_second: { component: 'perInputMs', per: 1_000 },
  input_cost_per_audio_per_second: { component: 'perInputMs', per: 1_000 },
  output_cost_per_second: { component: 'perOutputMs', per: 1_000 },
  output_cost_per_audio_per_second: { component: 'perOutputMs', per: 1_000 },
  input_cost_per_video_per_second: { component: 'perInputVideoMs', per: 1_000 },
  output_cost_per_video_per_second: { component: 'perOutputVideoMs', per: 1_000 },
  input_cost_per_query: { component: 'perQuery' },
  ocr_cost_per_page: { component: 'perPage' },
  input_cost_per_request: { component: 'perRequest' },
};

const SEARCH_SIZES: Readonly<Record<string, Component>> = {
  search_context_size_low: 'webSearchLow',
  search_context_size_medium: 'webSearch',
  search_context_size_high: 'webSearchHigh',
};

const SUFFIXED = new RegExp(`^(.+?)(?:_above_(\\d+)k_tokens)?(?:_(${BATCHES}|flex|priority|ultrafast))?$`);

const readUsd = (key: string, value: unknown, where: string): Ratio => {
  const usd = parseDecimal(value);
  if (usd) return usd;
  throw new GatewayError(
    'GW_CONFIG_INVALID',
    `${where}: ${key} must be a number of US dollars of at least 0, not ${JSON.stringify(value)}.`,
    { param: key },
  );
};

/** `input_cost_per_token_above_200k_tokens_priority` → input, above 200,000, priority. Undefined: not a price key. */
const readKey = (key: string): (Omit<RateEntry, 'usd'> & { per: number }) | undefined => {
  const [, name = '', thousands = '0', variant = ''] = SUFFIXED.exec(key) ?? [];
  const row = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined;
  return row && { component: row.component, per: row.per ?? 1, aboveInputTokens: Number(thousands) * 1_000, variant };
};

/** `[{range: [0, 32000], input_cost_per_token: …}, {range: [32000, 128000], …}]`: one row prices the whole call. */
const readTable = (rows: unknown, where: string): RateEntry[] =>
  (Array.isArray(rows) ? rows : []).filter(isJsonObject).flatMap((row) => {
    const from = Array.isArray(row['range']) ? Number(row['range'][0]) : 0;
    return readPriceKeys(row, where).map((entry) => ({ ...entry, aboveInputTokens: from }));
  });

/**
 * Every rate that the record states; keys that are no prices are passed over, and so are empty ones.
 * `where` names the record in messages. Throws GW_CONFIG_INVALID for a price that is negative or not a number.
 */
export const readPriceKeys = (record: Readonly<Record<string, unknown>>, where: string): RateSheet => {
  const sheet: RateEntry[] = [];
  for (const [key, value] of Object.entries(record)) {
    if (value === null || value === undefined) continue;
    if (key === 'search_context_cost_per_query' && isJsonObject(value)) {
      for (const [size, usd] of Object.entries(value)) {
        const component = SEARCH_SIZES[size];
        if (component) sheet.push({ component, aboveInputTokens: 0, variant: '', usd: readUsd(size, usd, where) });
      }
    } else if (key === 'tiered_pricing') {
      sheet.push(...readTable(value, where));
    } else {
      const known = readKey(key);
      if (!known) continue;
      const { per, ...entry } = known;
      sheet.push({ ...entry, usd: divide(readUsd(key, value, where), per) });
    }
  }
  return sheet;
};
