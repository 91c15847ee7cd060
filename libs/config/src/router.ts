// `router_settings` and its kin in other sections → what the router is told.
import { isJsonObject, ROUTER_DEFAULTS, type Deployment, type JsonObject, type RouterSettings } from '@turnpike/domain';
import { readAliases, readUnions, resolveAliases, resolveUnions } from './aliases.js';
import type { DisabledDeployment } from './canonical.js';
import type { Diagnostics } from './diagnostics.js';
import { joinFallbacks, readDefaultFallbacks, readFallbacks, resolveFallbacks, type FallbackMap } from './fallbacks.js';
import { readHedge } from './hedge.js';
import type { Manifests } from './manifests.js';
import type { Settings } from './settings.js';
import { SETTINGS } from './setting-keys.js';
import { readStrategy, readStrategyArguments } from './strategy.js';
import { Targets } from './targets.js';
import { readValue } from './value-types.js';

export interface RouterContext {
  readonly settings: Settings;
  readonly manifests: Manifests;
  readonly diagnostics: Diagnostics;
  readonly deployments: readonly Deployment[];
  readonly disabled: readonly DisabledDeployment[];
  readonly makeImplicit: (model: string) => Deployment | undefined;
}

export interface RouterResult {
  readonly router: RouterSettings;
  /** Deployments that fallbacks and aliases name without a `model_list` entry. */
  readonly implicit: readonly Deployment[];
}

const toMs = (seconds: number): number => seconds * 1_000;

export const readRouter = (context: RouterContext): RouterResult => {
  const { settings, manifests, diagnostics, deployments } = context;
  const aliases = readAliases(
    settings.get('model_group_alias') ?? {},
    settings.where('model_group_alias'),
    diagnostics,
  );
  const unions = readUnions(settings.get('model_group') ?? {}, settings.where('model_group'), diagnostics);
  const ownNames = new Set(deployments.map(({ modelName }) => modelName));
  const targets = new Targets({
    ...context,
    otherNames: [...Object.keys(aliases), ...Object.keys(unions)],
    mayGrow: settings.get('store_model_in_db') ?? false,
  });
  const resolvedUnions = resolveUnions(unions, settings.where('model_group'), ownNames, targets);
  const resolvedAliases = resolveAliases(aliases, settings.where('model_group_alias'), ownNames, targets);
  for (const name of [...Object.keys(aliases), ...Object.keys(unions)]) {
    if (!(name in resolvedAliases) && !(name in resolvedUnions) && !ownNames.has(name)) targets.forget(name);
  }
  const timeout = settings.get('timeout');
  const streamTimeout = settings.get('stream_timeout');
  const strategy = readStrategy(
    settings.get('routing_strategy'),
    settings.where('routing_strategy'),
    manifests,
    diagnostics,
  );
  const router: RouterSettings = {
    strategy,
    strategyArgs: readStrategyArguments(
      settings.get('routing_strategy_args') ?? {},
      settings.where('routing_strategy_args'),
      manifests.byId(strategy),
      diagnostics,
    ),
    aliases: resolvedAliases,
    unions: resolvedUnions,
    fallbacks: readAllFallbacks(settings, diagnostics, targets),
    contextWindowFallbacks: readSpecialFallbacks('context_window_fallbacks', settings, diagnostics, targets),
    contentPolicyFallbacks: readSpecialFallbacks('content_policy_fallbacks', settings, diagnostics, targets),
    maxFallbacks: settings.get('max_fallbacks') ?? ROUTER_DEFAULTS.maxFallbacks,
    fallbackOnRateLimit: settings.get('fallback_on_rate_limit') ?? ROUTER_DEFAULTS.fallbackOnRateLimit,
    numRetries: settings.get('num_retries') ?? ROUTER_DEFAULTS.numRetries,
    retryAfterMs: inMs(settings.get('retry_after')) ?? ROUTER_DEFAULTS.retryAfterMs,
    retryPolicy: readCounts('retry_policy', settings.get('retry_policy'), settings, diagnostics),
    modelGroupRetryPolicy: readGroupPolicies(settings, diagnostics),
    requestTimeoutMs: inMs(settings.get('request_timeout')) ?? ROUTER_DEFAULTS.requestTimeoutMs,
    allowedFailsPolicy: readCounts('allowed_fails_policy', settings.get('allowed_fails_policy'), settings, diagnostics),
    cooldownMs: inMs(settings.get('cooldown_time')) ?? ROUTER_DEFAULTS.cooldownMs,
    disableCooldowns: settings.get('disable_cooldowns') ?? ROUTER_DEFAULTS.disableCooldowns,
    enablePreCallChecks: settings.get('enable_pre_call_checks') ?? ROUTER_DEFAULTS.enablePreCallChecks,
    optionalPreCallChecks: settings.get('optional_pre_call_checks') ?? [],
    enableTagFiltering: settings.get('enable_tag_filtering') ?? ROUTER_DEFAULTS.enableTagFiltering,
    tagFilteringMatchAny: settings.get('tag_filtering_match_any') ?? ROUTER_DEFAULTS.tagFilteringMatchAny,
    sessionAffinity: readAffinity(settings),
    midStreamFailover: settings.get('mid_stream_failover') ?? ROUTER_DEFAULTS.midStreamFailover,
    extras: extrasOf(settings),
    ...readHedge(settings.get('hedge'), settings.where('hedge'), diagnostics),
    ...(timeout === undefined ? {} : { timeoutMs: toMs(timeout) }),
    ...(streamTimeout === undefined ? {} : { streamTimeoutMs: toMs(streamTimeout) }),
    ...optional('streamIdleTimeoutMs', inMs(settings.get('stream_idle_timeout'))),
    ...optional('connectTimeoutMs', inMs(settings.get('connect_timeout'))),
    ...optional('allowedFails', settings.get('allowed_fails')),
    ...optional('defaultMaxParallelRequests', settings.get('default_max_parallel_requests')),
    ...optional('defaultPriority', settings.get('default_priority')),
  };
  return { router, implicit: targets.implicit };
};

const inMs = (seconds: number | undefined): number | undefined => (seconds === undefined ? undefined : toMs(seconds));

/** LiteLLM's checks that keep a caller's, or a cached prompt's, requests together. */
const AFFINITY_CHECKS = ['session_affinity', 'deployment_affinity', 'prompt_caching'];

const readAffinity = (settings: Settings): boolean => {
  const checks = settings.get('optional_pre_call_checks') ?? [];
  return settings.get('session_affinity') ?? AFFINITY_CHECKS.some((check) => checks.includes(check));
};

const optional = <K extends string>(key: K, value: number | undefined): { [P in K]?: number } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]?: number });

/** Per group: `fallbacks`, then `set_fallbacks`. For every group: what those say of `*`, then the keys that say only that. */
const readAllFallbacks = (settings: Settings, diagnostics: Diagnostics, targets: Targets): FallbackMap => {
  const resolved = (
    [
      ['fallbacks', readFallbacks],
      ['set_fallbacks', readFallbacks],
      ['default_fallbacks', readDefaultFallbacks],
      ['fallback_models', readDefaultFallbacks],
      ['fallback_model', readDefaultFallbacks],
    ] as const
  ).map(([name, read]) => {
    const where = settings.where(name);
    return resolveFallbacks(read(settings.get(name), name, where, diagnostics), name, where, targets);
  });
  return joinFallbacks(resolved);
};

const readSpecialFallbacks = (
  name: 'context_window_fallbacks' | 'content_policy_fallbacks',
  settings: Settings,
  diagnostics: Diagnostics,
  targets: Targets,
): FallbackMap => {
  const where = settings.where(name);
  return resolveFallbacks(readFallbacks(settings.get(name), name, where, diagnostics), name, where, targets);
};

const readCounts = (
  name: 'retry_policy' | 'allowed_fails_policy' | 'model_group_retry_policy',
  written: JsonObject | undefined,
  settings: Settings,
  diagnostics: Diagnostics,
): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const [key, value] of Object.entries(written ?? {})) {
    if (value === undefined || value === null) continue;
    const count = readValue('count', value);
    if (count === undefined)
      diagnostics.fail(`${name}.${key} must be a whole number, 0 or more.`, settings.where(name));
    else counts[key] = count;
  }
  return counts;
};

const readGroupPolicies = (settings: Settings, diagnostics: Diagnostics): Record<string, Record<string, number>> => {
  const name = 'model_group_retry_policy';
  const policies: Record<string, Record<string, number>> = {};
  for (const [group, policy] of Object.entries(settings.get(name) ?? {})) {
    if (isJsonObject(policy)) policies[group] = readCounts(name, policy, settings, diagnostics);
    else diagnostics.fail(`${name}.${group} must be a map of error class to retries.`, settings.where(name));
  }
  return policies;
};

/** What has a field of its own, here or in another part of the configuration, stands in `SETTINGS`. */
const extrasOf = (settings: Settings): JsonObject =>
  Object.fromEntries(Object.entries(settings.kept().router).filter(([key]) => !(key in SETTINGS)));
