// The configuration that variables describe by themselves: LITELLM_PRIMARY_MODEL and its companions.
import type { JsonObject } from '@turnpike/domain';
import type { Environment } from './environment.js';
import type { Manifests } from './manifests.js';

/** Variables of one provider by its prefix: `LOCALAI_BASE_URL`, `LM_STUDIO_TIMEOUT`. */
const variableName = (prefix: string, part: string): string =>
  `${prefix
    .replace(/\/$/, '')
    .replace(/[^a-z0-9]+/gi, '_')
    .toUpperCase()}_${part}`;

/**
 * The tree of a file that says the same as the variables; undefined when they name no model. Each model goes by its
 * full name and by its name at the provider. The primary falls back to LITELLM_FALLBACK_MODEL, else to the secondary.
 */
export const configFromEnvironment = (manifests: Manifests, environment: Environment): JsonObject | undefined => {
  const named = (variable: string): string | undefined => environment.get(variable)?.trim() || undefined;
  const primary = named('LITELLM_PRIMARY_MODEL');
  const secondary = named('LITELLM_SECONDARY_MODEL');
  const fallback = named('LITELLM_FALLBACK_MODEL');
  const models = new Set([primary, secondary, fallback].filter((model) => model !== undefined));
  if (models.size === 0) return undefined;
  for (const model of [...models]) addOwnModel(model, models, manifests, named);

  const aliases: JsonObject = {};
  for (const model of models) {
    const bare = manifests.byPrefix(model)?.model;
    if (bare !== undefined && !models.has(bare)) aliases[bare] ??= model;
  }
  const fallbacks = fallback
    ? { default_fallbacks: [fallback] }
    : primary && secondary
      ? { fallbacks: [{ [primary]: [secondary] }] }
      : {};
  return {
    model_list: [...models].map((model) => ({
      model_name: model,
      litellm_params: { model, ...connectionOf(model, manifests, named) },
    })),
    router_settings: { model_group_alias: aliases, ...fallbacks },
  };
};

type Lookup = (variable: string) => string | undefined;

/** `LOCALAI_MODEL` names one more model of a provider that is in use. */
const addOwnModel = (model: string, models: Set<string>, manifests: Manifests, named: Lookup): void => {
  const prefix = prefixOf(model, manifests);
  const own = prefix && named(variableName(prefix, 'MODEL'));
  if (own) models.add(own.startsWith(prefix) ? own : `${prefix}${own}`);
};

const prefixOf = (model: string, manifests: Manifests): string | undefined =>
  manifests.byPrefix(model)?.manifest.prefixes.find((prefix) => model.startsWith(prefix));

const connectionOf = (model: string, manifests: Manifests, named: Lookup): JsonObject => {
  const prefix = prefixOf(model, manifests);
  if (prefix === undefined) return {};
  const address = named(variableName(prefix, 'BASE_URL')) ?? named(variableName(prefix, 'API_BASE'));
  const timeout = named(variableName(prefix, 'TIMEOUT'));
  return { ...(address ? { api_base: address } : {}), ...(timeout ? { timeout } : {}) };
};
