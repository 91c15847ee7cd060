// Who states prices and facts, nearest first: deployment > price file > plugin's own models > catalogue.
import type { JsonObject } from '@turnpike/domain';
import { catalogueFacts, isRetiredModel } from './catalogue.facts.js';
import { catalogueModels, cataloguePrice, catalogueVendor, type CataloguePrice } from './catalogue.prices.js';
import { mergeFacts, readFactKeys, type ModelFacts, type StatedFacts } from './facts.js';
import { nameOfProvider } from './model-names.js';
import { readPriceKeys } from './price-keys.js';
import { readPriceList, type PriceList } from './price-list.js';
import { compilePrice, type Price, type PriceSource } from './price.js';
import { overlay, type RateSheet } from './rate-sheet.js';

export interface PriceQuery {
  /** Plugin id, for instance `provider.acme`. */
  provider: string;
  /** The upstream's name of the model. */
  model: string;
  /** The model to price it as (`model_info.base_model`): a name, or `vendor/name`. */
  baseModel?: string;
  /** The deployment's own price keys. The same object each time: prices are cached by its identity. */
  overrides?: Readonly<Record<string, number>>;
}

export interface TimedPrice {
  price: Price | undefined;
  /** Epoch milliseconds; Infinity for a price without a timetable. */
  validUntilMs: number;
}

interface Layer {
  source: PriceSource;
  sheet: RateSheet;
}

export class PriceSources {
  private readonly file: PriceList;
  private readonly plugins: ReadonlyMap<string, PriceList>;

  /** Arguments as in `PriceBookOptions`. Throws GW_CONFIG_INVALID for a price that is negative or not a number. */
  constructor(
    priceFile: JsonObject,
    private readonly pluginModels: Readonly<Record<string, JsonObject>>,
    private readonly vendorNames: Readonly<Record<string, readonly string[]>>,
  ) {
    this.file = readPriceList(priceFile, 'price file');
    this.plugins = new Map(
      Object.entries(pluginModels).map(([id, models]) => [id, readPriceList(models, `models of ${id}`)]),
    );
  }

  price({ provider, model, baseModel, overrides = {} }: PriceQuery, nowMs: number): TimedPrice {
    const vendors = this.vendorsOf(provider);
    const names = baseModel ? [baseModel, model] : [model];
    const stated = (list: PriceList | undefined, where: string): RateSheet => {
      const entry = names.map((name) => list?.find(vendors, name)).find((found) => found !== undefined);
      return entry ? readPriceKeys(entry, where) : [];
    };
    // The operator names the base model, so it may be any vendor's; the model itself only counts at its own provider.
    const base = baseModel
      ? (this.catalogued(vendors, baseModel, nowMs) ?? this.byNameAlone(baseModel, nowMs))
      : undefined;
    const catalogued = base ?? this.catalogued(vendors, model, nowMs);

    const layers: Layer[] = [
      { source: 'deployment', sheet: readPriceKeys(overrides, `deployment of ${provider}/${model}`) },
      { source: 'price-file', sheet: stated(this.file, 'price file') },
      { source: 'plugin', sheet: stated(this.plugins.get(provider), `models of ${provider}`) },
      { source: 'catalogue', sheet: catalogued?.sheet ?? [] },
    ];
    const sheet = layers.reduceRight<RateSheet>((lower, layer) => overlay(layer.sheet, lower), []);
    const nearest = layers.find((layer) => layer.sheet.length > 0);
    return {
      price: nearest && compilePrice(sheet, nearest.source),
      validUntilMs: catalogued?.validUntilMs ?? Infinity,
    };
  }

  facts(provider: string, model: string, nowMs: number): ModelFacts | undefined {
    const vendors = this.vendorsOf(provider);
    const stated = (list: PriceList | undefined): StatedFacts | undefined => {
      const entry = list?.find(vendors, model);
      return entry && readFactKeys(entry);
    };
    const window = this.catalogued(vendors, model, nowMs)?.contextWindow;
    return mergeFacts([
      stated(this.file),
      stated(this.plugins.get(provider)),
      catalogueFacts(model),
      window === undefined ? undefined : { maxInputTokens: window, capabilities: new Map() },
    ]);
  }

  models(provider: string): string[] {
    const vendors = this.vendorsOf(provider);
    const catalogued = vendors
      .map(catalogueVendor)
      .flatMap((vendor) => (vendor ? catalogueModels(vendor) : []))
      .filter((name) => !isRetiredModel(name));
    const own = Object.keys(this.pluginModels[provider] ?? {});
    return [...new Set([...this.file.modelsOf(vendors), ...own, ...catalogued])].sort();
  }

  knows(model: string, nowMs: number): boolean {
    const lists = [this.file, ...this.plugins.values()];
    return lists.some((list) => list.find([], model)) || this.byNameAlone(model, nowMs) !== undefined;
  }

  private vendorsOf(provider: string): readonly string[] {
    return this.vendorNames[provider] ?? [nameOfProvider(provider)];
  }

  private catalogued(vendors: readonly string[], model: string, nowMs: number): CataloguePrice | undefined {
    for (const name of vendors) {
      const vendor = catalogueVendor(name);
      const found = vendor === undefined ? undefined : cataloguePrice(vendor, model, nowMs);
      if (found) return found;
    }
    return undefined;
  }

  /** A name that stands for itself: `vendor/name`, or a name whose maker the catalogue can tell. */
  private byNameAlone(name: string, nowMs: number): CataloguePrice | undefined {
    const slash = name.indexOf('/');
    const named = slash > 0 ? this.catalogued([name.slice(0, slash)], name.slice(slash + 1), nowMs) : undefined;
    return named ?? cataloguePrice(undefined, name, nowMs);
  }
}
