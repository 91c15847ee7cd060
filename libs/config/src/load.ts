// Reads the configuration and puts every part in its canonical place.
import { isJsonObject, type Deployment, type JsonObject, type JsonValue, type PluginSource } from '@turnpike/domain';
import { readCache } from './cache.js';
import { readCallers } from './callers.js';
import { readCallbacks } from './callbacks.js';
import type { GatewayConfig } from './canonical.js';
import { openSource, type ConfigSource, type LoadOptions } from './config-source.js';
import { IdRegister } from './deployment-id.js';
import { readModelList, type DeploymentContext } from './deployments.js';
import type { Diagnostics } from './diagnostics.js';
import { flagValues } from './flags.js';
import { deepFreeze } from './freeze.js';
import {
  readAuth,
  readBudget,
  readDatabase,
  readHealth,
  readHttp,
  readLimits,
  readLogging,
  readRequests,
  readServer,
} from './gateway-settings.js';
import { readMetrics } from './metrics.js';
import { readGuardrails } from './guardrails.js';
import { implicitDeployment } from './implicit.js';
import { readLedger } from './ledger.js';
import { readPluginKeys } from './legacy-keys.js';
import type { Places } from './places.js';
import { readPluginSources } from './plugin-sources.js';
import { readPrices } from './prices.js';
import { readRedis } from './redis.js';
import { readRouter } from './router.js';
import { SECTION_NAMES, TOP_KEYS } from './setting-keys.js';
import { sectionTrees, Settings } from './settings.js';
import { readStoredModels, type StoredModel } from './stored-models.js';
import { withStoredSettings, type StoredSettings } from './stored-settings.js';
import { readValue, wrongType } from './value-types.js';

export interface LoadedConfig {
  /** Frozen to its leaves. */
  readonly config: GatewayConfig;
  /** All variables: process, `.env`, `.env.litellm` and the file's `environment_variables`. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What came by API, decrypted. */
export interface StoredConfiguration {
  readonly models: readonly StoredModel[];
  /** Name → values. */
  readonly credentials: ReadonlyMap<string, JsonObject>;
  readonly settings: StoredSettings;
}

export const NOTHING_STORED: StoredConfiguration = { models: [], credentials: new Map(), settings: {} };

/** The files and variables of one moment, which can be joined with what is stored as often as that changes. */
export interface OpenedConfig {
  /** @throws GW_CONFIG_INVALID naming every problem with its file and line */
  read(stored?: StoredConfiguration): LoadedConfig;
}

/**
 * The foreign plugins that the configuration names, so that their manifests can be read before `loadConfig`.
 *
 * @throws GW_CONFIG_INVALID
 */
export const loadPluginSources = (options: LoadOptions): readonly PluginSource[] => {
  const { root, files, places, diagnostics } = openSource(options);
  const sources = readPluginSources(root, files[0], options.cwd, places, diagnostics);
  diagnostics.throwIfFailed();
  return sources;
};

/**
 * Reads the configuration in any dialect.
 *
 * @throws GW_CONFIG_INVALID naming every problem with its file and line
 */
export const loadConfig = (options: LoadOptions): LoadedConfig => openConfig(options).read();

/** @throws GW_CONFIG_INVALID when a file cannot be read or is not valid YAML */
export const openConfig = (options: LoadOptions): OpenedConfig => {
  const source = openSource(options);
  return { read: (stored = NOTHING_STORED) => interpret(source, options, stored) };
};

const interpret = (source: ConfigSource, options: LoadOptions, stored: StoredConfiguration): LoadedConfig => {
  const { root, environment, places, manifests, kind } = source;
  const diagnostics = source.diagnostics.fork();
  checkTopTypes(root, places, diagnostics);
  const trees = withStoredSettings(sectionTrees(root, places, diagnostics), stored.settings, places);
  const flags = flagValues(options.flags ?? {});
  const settings = new Settings({ trees, flags, environment, places, diagnostics });
  const reading = { settings, environment, places, diagnostics, manifests, trees };
  const pluginKeys = readPluginKeys(trees, manifests, places, diagnostics);
  const auth = readAuth(reading, kind === 'file');

  const deploymentContext: DeploymentContext = {
    ...reading,
    credentials: readCredentials(root, places, diagnostics),
    defaultParams: settings.get('default_litellm_params') ?? {},
    pluginSettings: pluginKeys.pluginSettings,
    ids: new IdRegister(),
  };
  const ofFile = readModelList(listOf(root['model_list']), listOf(source.written['model_list']), deploymentContext);
  const ofApi = readStoredModels(stored.models, {
    ...deploymentContext,
    deployments: ofFile.deployments,
    envNames: auth.apiEnvNames,
    fileCredentials: deploymentContext.credentials,
    credentials: stored.credentials,
  });
  diagnostics.warnings.push(...ofApi.warnings);
  const models = {
    deployments: [...ofFile.deployments, ...ofApi.deployments],
    disabled: [...ofFile.disabled, ...ofApi.disabled],
  };
  const { router, implicit } = readRouter({
    ...reading,
    ...models,
    makeImplicit: (model): Deployment | undefined => implicitDeployment(model, deploymentContext, options.isKnownModel),
  });
  const { cache, off: cacheOff, redis: cacheRedis } = readCache(reading);
  const { callbacks, off: callbacksOff, pluginSettings } = readCallbacks({ ...reading, ...pluginKeys, root });

  const config: GatewayConfig = {
    source: { files: source.files, kind },
    server: readServer(reading, options.cwd),
    auth,
    callers: readCallers(reading),
    deployments: [...models.deployments, ...implicit],
    disabled: models.disabled,
    off: [...cacheOff, ...callbacksOff],
    router,
    limits: readLimits(reading),
    requests: readRequests(reading, options.flags?.alias ?? options.flags?.model),
    http: readHttp(reading),
    prices: readPrices(reading, options.cwd),
    logging: readLogging(reading),
    cache,
    callbacks,
    guardrails: readGuardrails(reading),
    database: readDatabase(reading),
    ledger: readLedger(reading),
    redis: readRedis(settings, environment, cacheRedis),
    budget: readBudget(reading),
    health: readHealth(reading),
    metrics: readMetrics(reading),
    plugins: readPluginSources(root, source.files[0], options.cwd, places, diagnostics),
    pluginSettings: { ...pluginKeys.pluginSettings, ...pluginSettings },
    kept: keptOf(root, settings, pluginKeys.kept),
    warnings: diagnostics.warnings,
  };
  source.resolver.report(diagnostics);
  diagnostics.throwIfFailed();
  return { config: deepFreeze(structuredClone(config)), environment: Object.freeze(environment.all()) };
};

const listOf = (value: JsonValue | undefined): readonly JsonValue[] => (Array.isArray(value) ? value : []);

const checkTopTypes = (root: JsonObject, places: Places, diagnostics: Diagnostics): void => {
  const readElsewhere: readonly string[] = Object.values(SECTION_NAMES);
  for (const [key, type] of Object.entries(TOP_KEYS)) {
    const value = root[key];
    if (
      value === undefined ||
      value === null ||
      readElsewhere.includes(key) ||
      key === 'guardrails' ||
      key === 'plugins'
    )
      continue;
    if (readValue(type, value) === undefined)
      diagnostics.fail(`${key} ${wrongType(type, value, false)}`, places.text(root, key));
  }
};

const readCredentials = (root: JsonObject, places: Places, diagnostics: Diagnostics): Map<string, JsonObject> => {
  const credentials = new Map<string, JsonObject>();
  const list = listOf(root['credential_list']);
  list.forEach((item, index) => {
    const name = isJsonObject(item) ? item['credential_name'] : undefined;
    const values = isJsonObject(item) ? item['credential_values'] : undefined;
    if (typeof name === 'string' && isJsonObject(values)) credentials.set(name, values);
    else
      diagnostics.fail(
        'An entry of credential_list needs credential_name and credential_values.',
        places.text(list, index),
      );
  });
  return credentials;
};

const NOT_KEPT = new Set<string>(['model_list', 'include', 'plugins', ...Object.values(SECTION_NAMES)]);

const keptOf = (
  root: JsonObject,
  settings: Settings,
  sinks: Record<'general' | 'litellm' | 'router', JsonObject>,
): GatewayConfig['kept'] => {
  const own = settings.kept();
  return {
    general: { ...sinks.general, ...own.general },
    litellm: { ...sinks.litellm, ...own.litellm },
    router: { ...sinks.router, ...own.router },
    top: Object.fromEntries(Object.entries(root).filter(([key]) => key in TOP_KEYS && !NOT_KEPT.has(key))),
  };
};
