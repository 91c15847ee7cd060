// The settings of the gateway itself: server, access, limits, requests, network, logging, database, health.
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type {
  AuthSettings,
  BudgetSettings,
  DatabaseSettings,
  HealthSettings,
  HttpSettings,
  LimitSettings,
  LoggingSettings,
  RequestSettings,
  ServerSettings,
} from './canonical.js';
import type { Diagnostics } from './diagnostics.js';
import type { Environment } from './environment.js';
import { readJwt } from './jwt.js';
import type { Settings, UnsetVariable } from './settings.js';

export interface SettingsSource {
  readonly settings: Settings;
  readonly environment: Environment;
  readonly diagnostics: Diagnostics;
}

const MEBIBYTE = 1_048_576;

export const readServer = ({ settings, diagnostics }: SettingsSource, cwd: string): ServerSettings => {
  const port = settings.get('port') ?? 4_000;
  if (port > 65_535) diagnostics.fail(`port must be 65535 at most, not ${port}.`, settings.where('port'));
  const numWorkers = settings.get('num_workers') ?? 1;
  if (numWorkers === 0) diagnostics.fail('num_workers must be 1 or more.', settings.where('num_workers'));
  return {
    host: settings.get('host') ?? '0.0.0.0',
    port,
    numWorkers,
    keepaliveTimeoutMs: (settings.get('keepalive_timeout') ?? 5) * 1_000,
    maxRequestsBeforeRestart: settings.get('max_requests_before_restart') ?? 0,
    dataDir: resolve(cwd, settings.get('data_dir') ?? '.turnpike'),
    rootPath: toRootPath(settings.get('root_path') ?? ''),
    drainMs: (settings.get('drain_timeout') ?? 30) * 1_000,
  };
};

/** `api`, `/api/` → `/api`; `/` → nothing. */
const toRootPath = (written: string): string => {
  const path = written.trim().replace(/^\/+|\/+$/g, '');
  return path === '' ? '' : `/${path}`;
};

/** @param isFromFile without a file, a key is generated; a file without a key opens the data plane, as in LiteLLM */
export const readAuth = (source: SettingsSource, isFromFile: boolean): AuthSettings => {
  const { settings } = source;
  const requireAuth = settings.get('require_auth') ?? false;
  const masterKey = readMasterKey(source, isFromFile);
  const jwt = readJwt(source);
  // Who wants tokens does not want everybody.
  const isOpen = isFromFile && masterKey === undefined && jwt === undefined;
  const useForwardedFor = settings.get('use_x_forwarded_for') ?? false;
  const proxies = settings.get('trusted_proxies') === undefined ? 'trusted_proxy_ranges' : 'trusted_proxies';
  const trustedProxies = addressesOf(source, proxies);
  if (useForwardedFor && trustedProxies.length === 0) {
    const message =
      'use_x_forwarded_for without trusted_proxies believes whoever connects. List the addresses of your proxies.';
    source.diagnostics.warn('security', message, settings.where('use_x_forwarded_for'));
  }
  return {
    masterKey,
    requireAuth,
    isOpen,
    keyHeaderName: settings.get('litellm_key_header_name')?.toLowerCase(),
    allowedIps: addressesOf(source, 'allowed_ips'),
    useForwardedFor,
    trustedProxies,
    routes: {
      allowed: settings.get('allowed_routes') ?? [],
      adminOnly: settings.get('admin_only_routes') ?? [],
      public: settings.get('public_routes') ?? [],
    },
    jwt,
    allowClientCredentials: settings.get('allow_client_side_credentials') ?? false,
    apiEnvNames: settings.get('api_env_names') ?? [],
    saltKey: settings.get('salt_key') || undefined,
  };
};

/** `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`. What is none of these would keep out, or let in, somebody else than is meant. */
const addressesOf = (
  { settings, diagnostics }: SettingsSource,
  name: 'allowed_ips' | 'trusted_proxies' | 'trusted_proxy_ranges',
): readonly string[] => {
  const entries = (settings.get(name) ?? []).map((entry) => entry.trim());
  for (const entry of entries) {
    if (!isAddress(entry))
      diagnostics.fail(`${name}: '${entry}' is no address, and no range such as 10.0.0.0/8.`, settings.where(name));
  }
  return entries;
};

const isAddress = (entry: string): boolean => {
  const [address = '', prefix, ...others] = entry.split('/');
  const version = isIP(address);
  if (version === 0 || others.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
};

const readMasterKey = (
  { settings, environment, diagnostics }: SettingsSource,
  isFromFile: boolean,
): string | undefined => {
  const name = 'master_key';
  const masterKey = settings.get(name);
  const unset = settings.unset(name);
  const isEmptyVariable = isFromFile && masterKey === undefined && environment.get('LITELLM_MASTER_KEY') === '';
  if (unset) {
    refuseUnset(name, unset, diagnostics);
  } else if (masterKey === '' || isEmptyVariable) {
    const message = 'The master key is empty. Give one, or remove it to leave the gateway open.';
    diagnostics.fail(message, isEmptyVariable ? environment.where('LITELLM_MASTER_KEY') : settings.where(name));
  } else if (masterKey === undefined) {
    if (isFromFile && !settings.get('enable_jwt_auth')) warnOpen(settings.get('require_auth') ?? false, diagnostics);
  } else if (!masterKey.startsWith('sk-')) {
    const message = "master_key must start with 'sk-': clients and key checks go by that prefix.";
    diagnostics.fail(message, settings.where(name));
  }
  return masterKey || undefined;
};

const warnOpen = (requireAuth: boolean, diagnostics: Diagnostics): void => {
  const remedy = 'Set general_settings.master_key or LITELLM_MASTER_KEY.';
  if (requireAuth) diagnostics.fail(`require_auth is true, but there is no master_key. ${remedy}`);
  else
    diagnostics.doubt('security', `There is no master_key, so everyone who reaches the gateway may use it. ${remedy}`);
};

/** A secret that the file names but nobody gives must not be taken for "none wanted". */
const refuseUnset = (name: string, unset: UnsetVariable | undefined, diagnostics: Diagnostics): void => {
  if (!unset) return;
  const how = unset.state === 'missing' ? 'is not set' : 'is empty';
  diagnostics.fail(
    `${name} needs the variable ${unset.variable}, which ${how}. Set it, or remove ${name}.`,
    unset.where,
  );
};

export const readLimits = ({ settings, diagnostics }: SettingsSource): LimitSettings => {
  const written = settings.get('max_parallel_requests');
  const global = settings.get('global_max_parallel_requests');
  if (written !== undefined) {
    const where = settings.where('max_parallel_requests');
    const perKey = 'for a limit of each key write default_key_max_parallel_requests.';
    if (global === undefined) {
      diagnostics.warn('value', `max_parallel_requests holds for the whole installation; ${perKey}`, where);
    } else {
      diagnostics.warn(
        'duplicate',
        `max_parallel_requests is not used: global_max_parallel_requests wins; ${perKey}`,
        where,
      );
    }
  }
  return {
    maxParallelRequests: global ?? written,
    rpm: settings.get('rpm_limit'),
    tpm: settings.get('tpm_limit'),
    enableQueue: settings.get('enable_request_queue') ?? false,
    queueMaxSize: settings.get('queue_max_size') ?? 1_000,
    queueTimeoutMs: (settings.get('queue_timeout') ?? 60) * 1_000,
    defaultKeyMaxParallelRequests: settings.get('default_key_max_parallel_requests'),
  };
};

const OVERRIDES = ['completion_model', 'embedding_model', 'image_generation_model', 'moderation_model'] as const;

/** @param commandLineModel `--model`, which holds for chat when no `completion_model` is written */
export const readRequests = ({ settings }: SettingsSource, commandLineModel: string | undefined): RequestSettings => {
  const modelOverrides: Record<string, string> = {};
  if (commandLineModel !== undefined) modelOverrides['completion_model'] = commandLineModel;
  for (const name of OVERRIDES) {
    const model = settings.get(name);
    if (model !== undefined) modelOverrides[name] = model;
  }
  const maxResponse = settings.get('max_response_size_mb');
  return {
    dropParams: settings.get('drop_params') ?? false,
    modifyParams: settings.get('modify_params') ?? false,
    restampModel: settings.get('restamp_model') ?? false,
    alwaysIncludeStreamUsage: settings.get('always_include_stream_usage') ?? false,
    maxBodyBytes: Math.floor((settings.get('max_request_size_mb') ?? 50) * MEBIBYTE),
    maxResponseBytes: maxResponse === undefined ? undefined : Math.floor(maxResponse * MEBIBYTE),
    modelOverrides,
    forwardClientHeaders: settings.get('forward_client_headers_to_llm_api') ?? false,
    tellsCostInStreams: settings.get('include_cost_in_streaming_usage') ?? false,
    maxBatchSize: settings.get('max_batch_size'),
  };
};

/** `ssl_verify` may be false, or the path of a bundle to trust. */
export const readHttp = ({ settings, diagnostics }: SettingsSource): HttpSettings => {
  const verify = settings.get('ssl_verify') ?? true;
  if (verify === false) {
    diagnostics.warn(
      'security',
      "ssl_verify is false: providers' certificates are not checked.",
      settings.where('ssl_verify'),
    );
  }
  return {
    verifyTls: verify !== false,
    caFile: typeof verify === 'string' ? verify : settings.get('ssl_ca_file'),
    forceIpv4: settings.get('force_ipv4') ?? false,
    allowedHosts: settings.get('allowed_hosts') ?? [],
  };
};

const LEVELS: Readonly<Record<string, LoggingSettings['level']>> = {
  CRITICAL: 'error',
  ERROR: 'error',
  WARNING: 'warn',
  WARN: 'warn',
  INFO: 'info',
  DEBUG: 'debug',
};

/** `DEBUG=express:*` is somebody else's: only a plain yes switches ours on. */
const isYes = (text: string | undefined): boolean => ['true', '1'].includes(text?.toLowerCase() ?? '');

export const readLogging = ({ settings, environment }: SettingsSource): LoggingSettings => {
  const detailedDebug = settings.get('detailed_debug') ?? isYes(environment.get('DETAILED_DEBUG'));
  const isDebug = detailedDebug || (settings.get('debug') ?? isYes(environment.get('DEBUG')));
  return {
    level: isDebug ? 'debug' : (LEVELS[environment.get('LITELLM_LOG')?.toUpperCase() ?? ''] ?? 'info'),
    verbose: settings.get('set_verbose') ?? false,
    detailedDebug,
    json: settings.get('json_logs') ?? false,
    turnOffMessageLogging: settings.get('turn_off_message_logging') ?? false,
    isCompulsory: settings.get('global_disable_no_log_param') ?? false,
    storesPrompts: settings.get('store_prompts_in_spend_logs') ?? false,
  };
};

export const readDatabase = ({ settings, diagnostics }: SettingsSource): DatabaseSettings => {
  refuseUnset('database_url', settings.unset('database_url'), diagnostics);
  const url = settings.get('database_url');
  if (url !== undefined && !/^postgres(?:ql)?:\/\//.test(url)) {
    const message = "database_url must start with 'postgresql://'; other databases are not supported.";
    diagnostics.fail(message, settings.where('database_url'));
  }
  return {
    url,
    poolLimit: settings.get('database_connection_pool_limit') ?? 10,
    allowRequestsWhenAway: settings.get('allow_requests_on_db_unavailable') ?? false,
    storeModels: settings.get('store_model_in_db') ?? false,
  };
};

export const readBudget = ({ settings, diagnostics }: SettingsSource): BudgetSettings => {
  const maxBudgetUsd = settings.get('max_budget');
  if (maxBudgetUsd !== undefined && maxBudgetUsd < 0) {
    diagnostics.fail(`max_budget must be 0 or more, not ${maxBudgetUsd}.`, settings.where('max_budget'));
  }
  return {
    maxBudgetUsd: maxBudgetUsd === 0 ? undefined : maxBudgetUsd,
    budgetDuration: settings.get('budget_duration'),
  };
};

/** More often than that, checks would be a load of their own. */
const MIN_HEALTH_INTERVAL_MS = 1_000;

export const readHealth = ({ settings }: SettingsSource): HealthSettings => ({
  backgroundChecks: settings.get('background_health_checks') ?? false,
  intervalMs: Math.max(MIN_HEALTH_INTERVAL_MS, (settings.get('health_check_interval') ?? 300) * 1_000),
  tellsDetails: settings.get('health_check_details') ?? true,
  concurrency: Math.max(1, settings.get('health_check_concurrency') ?? 8),
  validateApiKeys: settings.get('validate_api_keys') ?? false,
});
