// The price catalogue, @pydantic/genai-prices: prices by vendor and model, with tiers, cache rates and their history.
import { createRequire } from 'node:module';
import type * as GenaiPrices from '@pydantic/genai-prices';
import type { Component } from './components.js';
import { divide, parseDecimal } from './exact.js';
import { spellingsOf } from './model-names.js';
import type { RateEntry, RateSheet } from './rate-sheet.js';

/** The catalogue's price keys, and how many units a price is for. Keys of things that no usage counts are left out. */
const KEYS: Readonly<Record<string, { component: Component; per: number }>> = {
  input_mtok: { component: 'input', per: 1_000_000 },
  cache_read_mtok: { component: 'cacheRead', per: 1_000_000 },
  cache_write_mtok: { component: 'cacheWrite', per: 1_000_000 },
  cache_write_1h_mtok: { component: 'cacheWriteLong', per: 1_000_000 },
  input_audio_mtok: { component: 'inputAudio', per: 1_000_000 },
  input_image_mtok: { component: 'inputImage', per: 1_000_000 },
  output_mtok: { component: 'output', per: 1_000_000 },
  output_reasoning_mtok: { component: 'reasoning', per: 1_000_000 },
  output_audio_mtok: { component: 'outputAudio', per: 1_000_000 },
  output_image_mtok: { component: 'outputImage', per: 1_000_000 },
  web_searches_kcount: { component: 'webSearch', per: 1_000 },
  requests_kcount: { component: 'perRequest', per: 1_000 },
  input_audio_hours: { component: 'perInputMs', per: 3_600_000 },
  input_document_kpages: { component: 'perPage', per: 1_000 },
};

export interface CataloguePrice {
  readonly sheet: RateSheet;
  /** Epoch milliseconds until which it holds; Infinity for a price without a timetable. */
  readonly validUntilMs: number;
  /** Tokens of prompt and answer together. */
  readonly contextWindow: number | undefined;
}

/** Timetables (dates, hours of the day) turn on whole minutes, so a price that has one holds until the next. */
const MINUTE_MS = 60_000;

let loaded: typeof GenaiPrices | undefined;

/** 25 ms and 3 MB of heap, so only when first needed; synchronously, because prices are asked for in mid-request. */
const catalogue = (): typeof GenaiPrices =>
  (loaded ??= createRequire(import.meta.url)('@pydantic/genai-prices') as typeof GenaiPrices);

/** Loads the catalogue now, so that the first priced call does not wait for it. */
export const warmCataloguePrices = (): void => {
  catalogue();
};

const readEntries = (key: string, price: number | GenaiPrices.TieredPrices): RateEntry[] => {
  const row = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
  if (!row) return [];
  const { base, tiers } = typeof price === 'number' ? { base: price, tiers: [] } : price;
  return [{ start: 0, price: base }, ...tiers].flatMap(({ start, price: value }) => {
    const usd = parseDecimal(value);
    return usd ? [{ component: row.component, aboveInputTokens: start, variant: '', usd: divide(usd, row.per) }] : [];
  });
};

/** The catalogue's name of a vendor that may be spelt otherwise (`acmeai`, `acme-ai`); undefined: not in it. */
export const catalogueVendor = (name: string): string | undefined => {
  const { findProvider } = catalogue();
  const found =
    findProvider({ providerId: name }) ?? findProvider({ providerId: name.replace(/[-_]?ai$/, '') || name });
  return found?.id;
};

/** Looks the model up at the vendor, or, without one, at the vendor who makes models of such names. */
export const cataloguePrice = (
  vendor: string | undefined,
  model: string,
  nowMs: number,
): CataloguePrice | undefined => {
  const timestamp = new Date(nowMs);
  for (const spelling of spellingsOf(model)) {
    const found = catalogue().calcPrice({}, spelling, { providerId: vendor, timestamp });
    if (!found) continue;
    const sheet = Object.entries(found.model_price).flatMap(([key, price]) =>
      price === undefined ? [] : readEntries(key, price),
    );
    const hasTimetable = Array.isArray(found.model.prices) && found.model.prices.length > 1;
    return {
      sheet,
      validUntilMs: hasTimetable ? (Math.floor(nowMs / MINUTE_MS) + 1) * MINUTE_MS : Infinity,
      contextWindow: found.model.context_window,
    };
  }
  return undefined;
};

/** Entries that stand for a family (`x-`) or for all regions (`regional.x`) are no names that can be called. */
const isCallable = (id: string): boolean => /[a-z0-9]$/i.test(id) && !id.startsWith('regional.');

/** Names of a vendor's models that can be called, which is told by their answering to their own name. */
export const catalogueModels = (vendor: string): string[] => {
  const { calcPrice, findProvider } = catalogue();
  return (findProvider({ providerId: vendor })?.models ?? [])
    .filter(({ deprecated, id }) => !deprecated && isCallable(id))
    .filter((model) => calcPrice({}, model.id, { providerId: vendor })?.model.id === model.id)
    .map(({ id }) => id);
};
