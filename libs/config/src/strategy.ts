// `routing_strategy` in every spelling → the id of a strategy plugin.
import { ROUTER_DEFAULTS, type JsonObject, type PluginManifest } from '@turnpike/domain';
import type { Diagnostics } from './diagnostics.js';
import { propertiesOf, type Manifests } from './manifests.js';
import { suggestion } from './nearest.js';

const DEFAULT_STRATEGY = ROUTER_DEFAULTS.strategy;

/** LiteLLM's names: they mean something even where no plugin for them is installed. */
const KNOWN_NAMES = [
  'simple-shuffle',
  'least-busy',
  'latency-based-routing',
  'usage-based-routing',
  'usage-based-routing-v2',
  'cost-based-routing',
];

/** `latency-based-routing` and `latency-based` are the same, and so are their `-v2`. */
const shorten = (name: string): string => name.replace(/-routing(?=$|-v\d+$)/, '');

/** @param names `routing_strategy` as written: one name, perhaps in a list; of several the last is used */
export const readStrategy = (
  names: readonly string[] | undefined,
  where: string | undefined,
  manifests: Manifests,
  diagnostics: Diagnostics,
): string => {
  if (names === undefined || names.length === 0) return DEFAULT_STRATEGY;
  const name = names.at(-1)!.trim();
  if (names.length > 1) {
    diagnostics.warn('value', `routing_strategy takes one name; of ${names.length}, '${name}' is used.`, where);
  }
  const short = shorten(name);
  const manifest = manifests.find('strategy', name) ?? manifests.find('strategy', short);
  if (manifest) return manifest.id;
  if (KNOWN_NAMES.some((known) => shorten(known) === short)) return `strategy.${short}`;
  const hint = suggestion(name, [...KNOWN_NAMES, ...KNOWN_NAMES.map(shorten), ...manifests.names('strategy')]);
  diagnostics.doubt('value', `No routing strategy is called '${name}'; simple-shuffle is used.${hint}`, where);
  return DEFAULT_STRATEGY;
};

/** LiteLLM's arguments. There a strategy passes over those of the others, and files carry them along. */
const LITELLM_ARGUMENTS = ['ttl', 'lowest_latency_buffer', 'max_latency_list_size', 'rpm', 'tpm'];

/** `routing_strategy_args` that this strategy takes. What nobody knows is left for it to refuse. */
export const readStrategyArguments = (
  written: JsonObject,
  where: string | undefined,
  manifest: PluginManifest | undefined,
  diagnostics: Diagnostics,
): JsonObject => {
  const known = manifest ? propertiesOf(manifest) : {};
  const isForeign = (name: string): boolean => LITELLM_ARGUMENTS.includes(name) && !(name in known);
  const names = Object.keys(written);
  for (const name of names.filter(isForeign)) {
    const strategy = manifest?.id.replace('strategy.', '') ?? 'This strategy';
    diagnostics.warn('value', `routing_strategy_args.${name} has no effect: ${strategy} does not take it.`, where);
  }
  return Object.fromEntries(Object.entries(written).filter(([name]) => !isForeign(name)));
};
