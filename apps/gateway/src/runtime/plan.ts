// The plugins that a configuration asks for, as the kernel wants to hear it.
import { namedCallback, type GatewayConfig } from '@turnpike/config';
import { ROUTER_DEFAULTS, type Deployment } from '@turnpike/domain';
import type { PluginUse } from '@turnpike/kernel';
import { canonicalJson } from './canonical-json.js';

/** Deployments with the same provider and settings share one instance, and so its connections and tokens. */
export const keyOfProvider = ({ provider, connection, isGuarded }: Deployment): string =>
  `${isGuarded ? 'guarded ' : ''}${provider} ${canonicalJson(connection)}`;

/** What came by API is off by itself, whatever is wrong with it; what the file says must at least start. */
export const useOfProvider = (deployment: Deployment): PluginUse => ({
  id: deployment.provider,
  key: keyOfProvider(deployment),
  settings: deployment.connection,
  isGuarded: deployment.isGuarded,
  mayFail: deployment.isStored ? 'always' : 'settings',
});

export const STRATEGY_KEY = 'strategy';
export const CACHE_KEY = 'cache';
export const keyOfGuardrail = (index: number): string => `guardrail ${index}`;

/** Used when the configured strategy is none that is installed. */
const DEFAULT_STRATEGY = ROUTER_DEFAULTS.strategy;

export interface PlanResult {
  uses: PluginUse[];
  /** What was configured and cannot be served by any plugin at hand; for the start-up page. */
  missing: string[];
}

/** @param idOf an installed plugin's own id for its id or alias; undefined when there is none */
export const planOf = (config: GatewayConfig, idOf: (name: string) => string | undefined): PlanResult => {
  const missing: string[] = [];
  const uses = config.deployments.map(useOfProvider);

  const strategy = idOf(config.router.strategy);
  if (!strategy) missing.push(`${config.router.strategy} is not installed: routing uses ${DEFAULT_STRATEGY}`);
  uses.push({
    id: strategy ?? DEFAULT_STRATEGY,
    key: STRATEGY_KEY,
    settings: strategy ? config.router.strategyArgs : {},
  });

  if (config.cache?.enabled) {
    const cache = idOf(config.cache.plugin);
    if (cache) uses.push({ id: cache, key: CACHE_KEY, settings: config.cache.settings });
    else missing.push(`${config.cache.plugin} is not installed: answers are not cached`);
  }
  for (const name of callbackNames(config)) {
    const own = namedCallback(config.callbacks, name);
    const id = idOf(own?.plugin ?? `callback.${name}`);
    const settings = own?.settings ?? config.pluginSettings[id ?? ''] ?? {};
    if (id) uses.push({ id, key: `callback.${name}`, settings });
    else missing.push(`callback.${name} is not installed: it is not told of calls`);
  }
  config.guardrails.forEach((guardrail, index) => {
    uses.push({ id: guardrail.plugin, key: keyOfGuardrail(index), settings: guardrail.settings });
  });
  return { uses, missing };
};

/** LiteLLM's name for metrics, which are always on here: no plugin has to be told. */
const METRICS = 'prometheus';

const callbackNames = ({ callbacks: { both, success, failure, alerts } }: GatewayConfig): string[] =>
  [...new Set([...both, ...success, ...failure, ...alerts])].filter((name) => name !== METRICS);
