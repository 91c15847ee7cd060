// The one place that knows what a model costs and can do: the sources, behind bounded caches.
import type { JsonObject } from '@turnpike/domain';
import { warmCatalogueFacts } from './catalogue.facts.js';
import { warmCataloguePrices } from './catalogue.prices.js';
import type { ModelFacts } from './facts.js';
import { NestedCache } from './nested-cache.js';
import { PriceSources, type PriceQuery, type TimedPrice } from './price-sources.js';
import type { Price } from './price.js';

export interface PriceBookOptions {
  /** LiteLLM's price map: model, or `provider/model`, → `{input_cost_per_token, max_input_tokens, supports_vision …}`. */
  priceFile?: JsonObject;
  /** Provider plugin id → what the plugin knows of its models, in the price file's shape. */
  pluginModels?: Readonly<Record<string, JsonObject>>;
  /**
   * Provider plugin id → its names in price files and in the catalogue, nearest first, where they are not the id's own
   * (`provider.acme` is `acme` by itself). An empty list keeps a provider's models out of the catalogue.
   */
  vendorNames?: Readonly<Record<string, readonly string[]>>;
  /** Epoch milliseconds, for prices that change by date or hour. */
  now?: () => number;
  /** Looked-up prices and facts that are kept; 10,000 of each by default. */
  maxCached?: number;
}

export interface PriceBook {
  /** Undefined: nobody states a price. Throws GW_CONFIG_INVALID for overrides that are negative or no numbers. */
  priceOf(query: PriceQuery): Price | undefined;
  /** Undefined: nobody knows the model. */
  facts(provider: string, model: string): ModelFacts | undefined;
  /** Names, without provider prefix, of the models that are known of a provider; sorted. */
  modelsOf(provider: string): readonly string[];
  /** Whether any source knows the model, with or without a provider prefix. */
  isKnown(model: string): boolean;
  /** Reads the catalogues now (35 ms) instead of at the first look-up. */
  warm(): void;
}

const NO_OVERRIDES: Readonly<Record<string, number>> = {};

const isEmpty = (record: object): boolean => {
  for (const _ in record) return false;
  return true;
};

/** Throws GW_CONFIG_INVALID when the price file or a plugin states a price that is negative or not a number. */
export const createPriceBook = (options: PriceBookOptions = {}): PriceBook => {
  const { priceFile = {}, pluginModels = {}, vendorNames = {}, now = Date.now, maxCached = 10_000 } = options;
  const sources = new PriceSources(priceFile, pluginModels, vendorNames);
  const prices = new NestedCache<TimedPrice>(maxCached);
  const facts = new NestedCache<{ facts: ModelFacts | undefined }>(maxCached);
  const models = new NestedCache<readonly string[]>(maxCached);

  return {
    priceOf: (query) => {
      const { provider, model, baseModel = '', overrides = NO_OVERRIDES } = query;
      const owner = isEmpty(overrides) ? NO_OVERRIDES : overrides;
      const cached = prices.get(owner, provider, model, baseModel);
      if (cached && (cached.validUntilMs === Infinity || now() < cached.validUntilMs)) return cached.price;
      return prices.set(owner, provider, model, baseModel, sources.price(query, now())).price;
    },
    facts: (provider, model) => {
      const cached = facts.get(sources, provider, model, '');
      return (cached ?? facts.set(sources, provider, model, '', { facts: sources.facts(provider, model, now()) }))
        .facts;
    },
    modelsOf: (provider) =>
      models.get(sources, provider, '', '') ?? models.set(sources, provider, '', '', sources.models(provider)),
    isKnown: (model) => sources.knows(model, now()),
    warm: () => {
      warmCataloguePrices();
      warmCatalogueFacts();
    },
  };
};
