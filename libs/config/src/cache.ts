// `cache` and `cache_params` → which cache plugin answers are kept in, and its settings.
import type { JsonObject, JsonValue } from '@turnpike/domain';
import type { CacheSettings, SwitchedOff } from './canonical.js';
import type { Diagnostics } from './diagnostics.js';
import type { Environment } from './environment.js';
import { alternativesOf, fillableOf, propertiesOf, requiredOf, variablesFor, type Manifests } from './manifests.js';
import { suggestion } from './nearest.js';
import type { Places } from './places.js';
import { completeRedis, hasAddress, redisFromEnvironment, redisFromMap } from './redis.js';
import { isSecretName } from './secrets.js';
import { CACHE_KEYS, CACHE_PLUGIN_KEYS } from './setting-keys.js';
import type { Settings } from './settings.js';
import { readValue, saysNothing, wrongType, type TypeName, type ValueTypes } from './value-types.js';

export interface CacheContext {
  readonly settings: Settings;
  readonly manifests: Manifests;
  readonly environment: Environment;
  readonly places: Places;
  readonly diagnostics: Diagnostics;
}

/** LiteLLM's back ends by plugin name; the plugin itself may claim other spellings by its aliases. */
const BACK_ENDS: Readonly<Record<string, string>> = {
  local: 'memory',
  redis: 'redis',
  'redis-semantic': 'redis-semantic',
  'valkey-semantic': 'valkey-semantic',
  'qdrant-semantic': 'qdrant-semantic',
  disk: 'disk',
  s3: 's3',
  gcs: 'gcs',
  'azure-blob': 'azure-blob',
};

const KNOWN_TYPES: ReadonlyMap<string, TypeName> = new Map(Object.entries({ ...CACHE_PLUGIN_KEYS, ...CACHE_KEYS }));

type CommonValues = { -readonly [K in keyof typeof CACHE_KEYS]?: ValueTypes[(typeof CACHE_KEYS)[K]] };

export interface CacheResult {
  /** Undefined when none was asked for. */
  readonly cache: CacheSettings | undefined;
  /** Why one that was asked for cannot be used. */
  readonly off: SwitchedOff[];
  /** Settings of a Redis cache that is wanted: shared limits may use its server. */
  readonly redis: JsonObject | undefined;
}

export const readCache = (context: CacheContext): CacheResult => {
  const { settings, environment, diagnostics } = context;
  const isOn = settings.get('cache');
  const params = settings.get('cache_params');
  if (!isOn && params === undefined) return { cache: undefined, off: [], redis: undefined };
  if (isOn === undefined) {
    const message = 'cache_params without cache: true leaves the cache off.';
    diagnostics.warn('value', message, settings.where('cache_params'));
  }
  const { common, own } = readParams(params ?? {}, context);
  const hasRedis = hasAddress(redisFromEnvironment(environment));
  const type = common.type ?? (hasRedis ? 'redis' : 'local');
  const plugin = pluginOf(type, context);
  const given = { ...sharedBy(plugin, common, context), ...own };
  const pluginParams = plugin === undefined ? given : completeSettings(given, plugin, type, context);
  const reason = plugin === undefined ? `no cache is called '${type}'` : whyOff(pluginParams, plugin, type, context);
  const isWanted = isOn === true;
  const ttl =
    common.ttl ?? (own[isRedis(type) ? 'default_in_redis_ttl' : 'default_in_memory_ttl'] as number | undefined);
  return {
    cache: {
      plugin: plugin ?? `cache.${type}`,
      enabled: isWanted && reason === undefined,
      mode: readMode(common.mode, context),
      ttlMs: ttl === undefined ? undefined : ttl * 1_000,
      modelTtlMs: readModelTtls(common.model_group_ttl, context),
      namespace: common.namespace,
      callTypes: common.supported_call_types,
      shared: common.shared ?? false,
      singleFlight: common.single_flight ?? false,
      settings: pluginParams,
    },
    off: isWanted && reason !== undefined ? [{ kind: 'cache', name: type, reason }] : [],
    redis: isWanted && isRedis(type) ? pluginParams : undefined,
  };
};

const pluginOf = (type: string, { manifests, settings, diagnostics }: CacheContext): string | undefined => {
  const manifest = manifests.find('cache', type) ?? manifests.find('cache', BACK_ENDS[type] ?? type);
  if (manifest) return manifest.id;
  const name = BACK_ENDS[type];
  if (name !== undefined) return `cache.${name}`;
  const hint = suggestion(type, [...Object.keys(BACK_ENDS), ...manifests.names('cache')]);
  diagnostics.doubt('value', `No cache is called '${type}'; the cache is off.${hint}`, settings.where('cache_params'));
  return undefined;
};

const readMode = (mode: string | undefined, { settings, diagnostics }: CacheContext): CacheSettings['mode'] => {
  if (mode === undefined || mode === 'default_on' || mode === 'default_off') return mode ?? 'default_on';
  diagnostics.fail(
    `cache_params.mode must be default_on or default_off, not '${mode}'.`,
    settings.where('cache_params'),
  );
  return 'default_off';
};

/** `{ gpt-4o: 60, "openai/*": 0 }`, in seconds; each as `ttl` is written. */
const readModelTtls = (
  given: JsonObject | undefined,
  { places, diagnostics }: CacheContext,
): Readonly<Record<string, number>> => {
  const ttls: [string, number][] = [];
  for (const [model, value] of Object.entries(given ?? {})) {
    if (saysNothing('seconds', value)) continue;
    const seconds = readValue('seconds', value!);
    if (seconds !== undefined) ttls.push([model, seconds * 1_000]);
    else
      diagnostics.fail(
        `cache_params.model_group_ttl.${model} ${wrongType('seconds', value!, false)}`,
        places.text(given!, model),
      );
  }
  return Object.fromEntries(ttls);
};

const readParams = (params: JsonObject, context: CacheContext): { common: CommonValues; own: JsonObject } => {
  const { places, manifests, diagnostics } = context;
  const common: Record<string, JsonValue> = {};
  const own: JsonObject = {};
  const pluginKeys = new Set(manifests.ofKind('cache').flatMap((manifest) => Object.keys(propertiesOf(manifest))));
  for (const [key, value] of Object.entries(params)) {
    const where = places.text(params, key);
    const known = KNOWN_TYPES.get(key);
    if (known === undefined && !pluginKeys.has(key)) {
      const hint = suggestion(key, [...KNOWN_TYPES.keys(), ...pluginKeys]);
      diagnostics.doubt('unknown-key', `cache_params.${key} is not a known key and has no effect.${hint}`, where);
      continue;
    }
    const type = known ?? 'any';
    if (saysNothing(type, value)) continue;
    const read = readValue(type, value!);
    if (read === undefined)
      diagnostics.fail(`cache_params.${key} ${wrongType(type, value!, isSecretName(key))}`, where);
    else (key in CACHE_KEYS ? common : own)[key] = read;
  }
  return { common: common, own };
};

const isRedis = (type: string): boolean => type.startsWith('redis');

/** What every cache shares is told to the plugin too, where it has a setting of that name. */
const sharedBy = (plugin: string | undefined, common: CommonValues, { manifests }: CacheContext): JsonObject => {
  const manifest = plugin === undefined ? undefined : manifests.byId(plugin);
  if (!manifest) return {};
  const properties = propertiesOf(manifest);
  return Object.fromEntries(Object.entries(common).filter(([key]) => key in properties));
};

/** Adds what the environment gives, and leaves out what the plugin has no setting for. */
const completeSettings = (
  own: JsonObject,
  plugin: string,
  type: string,
  { manifests, environment }: CacheContext,
): JsonObject => {
  const fromRedis = isRedis(type) ? completeRedis(redisFromMap(own), redisFromEnvironment(environment)) : {};
  const complete: JsonObject = { ...own, ...fromRedis };
  const manifest = manifests.byId(plugin);
  if (!manifest) return complete;
  const properties = propertiesOf(manifest);
  for (const key of fillableOf(manifest)) {
    if (isRedis(type) || key in complete) continue;
    const found = environment.first(variablesFor(manifest, key));
    if (found) complete[key] = found.value;
  }
  return Object.fromEntries(Object.entries(complete).filter(([key]) => key in properties));
};

const whyOff = (
  pluginParams: JsonObject,
  plugin: string,
  type: string,
  { manifests, settings, places }: CacheContext,
): string | undefined => {
  const params = settings.get('cache_params') ?? {};
  const unset = [...places.unset(params)];
  const explain = (key: string): string => {
    const written = unset.find(([name]) => name === key)?.[1];
    if (written) return `the variable ${written.variable} is ${written.state === 'missing' ? 'not set' : 'empty'}`;
    return `set it in cache_params`;
  };
  const manifest = manifests.byId(plugin);
  const absent = manifest && requiredOf(manifest).find((key) => pluginParams[key] === undefined);
  if (absent !== undefined) return `${absent} is missing: ${explain(absent)}`;
  if (!isRedis(type) || hasAddress(redisFromMap(pluginParams)) || 'redis_startup_nodes' in pluginParams)
    return undefined;
  // One that can do without a server says so by asking for none.
  if (manifest && alternativesOf(manifest).length === 0) return undefined;
  if ('sentinel_nodes' in pluginParams) return undefined;
  return `host is missing: ${unset.some(([key]) => key === 'host') ? explain('host') : 'set REDIS_HOST, or host in cache_params'}`;
};
