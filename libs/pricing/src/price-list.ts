// Models in LiteLLM's shape: a price file, or what a plugin knows of its own models.
import { isJsonObject, type JsonObject } from '@turnpike/domain';
import { normaliseName, spellingsOf } from './model-names.js';
import { readPriceKeys } from './price-keys.js';

export interface PriceList {
  /** The entry of a model; `vendors` are the names that may stand before it (`acme/`), nearest first. */
  find(vendors: readonly string[], model: string): JsonObject | undefined;
  /** Names, vendor prefix removed, of the entries that belong to one of the vendors. */
  modelsOf(vendors: readonly string[]): string[];
}

/** LiteLLM's map opens with an entry that documents the keys. */
const DOCUMENTATION_ENTRY = 'sample_spec';

/**
 * `{"x": {input_cost_per_token, max_input_tokens, supports_vision …}, "acme/y": …}`. `where` names the list in
 * messages. Throws GW_CONFIG_INVALID for a price that is negative or not a number, so that it shows at the start.
 */
export const readPriceList = (list: JsonObject, where: string): PriceList => {
  const exact = new Map<string, JsonObject>();
  const similar = new Map<string, JsonObject>();
  for (const [name, entry] of Object.entries(list)) {
    if (name === DOCUMENTATION_ENTRY || !isJsonObject(entry)) continue;
    readPriceKeys(entry, `${where}: model '${name}'`);
    exact.set(name, entry);
    const normalised = normaliseName(name);
    if (!similar.has(normalised)) similar.set(normalised, entry);
  }

  const get = (name: string): JsonObject | undefined => exact.get(name) ?? similar.get(normaliseName(name));

  return {
    find: (vendors, model) => {
      for (const spelling of spellingsOf(model)) {
        for (const vendor of vendors) {
          const entry = get(`${vendor}/${spelling}`);
          if (entry) return entry;
        }
        const entry = get(spelling);
        if (entry) return entry;
      }
      return undefined;
    },
    modelsOf: (vendors) => {
      const wanted = new Set(vendors.map(normaliseName));
      const models: string[] = [];
      for (const [name, entry] of exact) {
        const slash = name.indexOf('/');
        const owner = entry['litellm_provider'];
        if (slash > 0 && wanted.has(normaliseName(name.slice(0, slash)))) models.push(name.slice(slash + 1));
        else if (typeof owner === 'string' && wanted.has(normaliseName(owner))) models.push(name);
      }
      return models;
    },
  };
};
