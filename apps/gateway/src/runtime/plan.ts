// The plugins that a configuration asks for, as the kernel wants to hear it.
import type { GatewayConfig } from '@turnpike/config';
import type { Deployment, JsonObject } from '@turnpike/domain';
import type { PluginUse } from '@turnpike/kernel';

/** Deployments with the same provider and settings share one instance, and so its connections and tokens. */
export const keyOfProvider = (deployment: Deployment): string =>
  `${deployment.provider} ${JSON.stringify(deployment.connection, Object.keys(deployment.connection).sort())}`;

export const STRATEGY_KEY = 'strategy';
export const CACHE_KEY = 'cache';
export const keyOfGuardrail = (index: number): string => `guardrail ${index}`;

/** Used when the configured strategy is none that is installed. */
const DEFAULT_STRATEGY = 'strategy.simple-shuffle';

export interface PlanResult {
  uses: PluginUse[];
  /** What was configured and cannot be served by any plugin at hand; for the start-up page. */
  missing: string[];
}

/** @param isKnown whether a plugin of this id (or alias) is installed */
export const planOf = (config: GatewayConfig, isKnown: (id: string) => boolean): PlanResult => {
  const missing: string[] = [];
  const uses: PluginUse[] = config.deployments.map((deployment) => ({
    id: deployment.provider,
    key: keyOfProvider(deployment),
    settings: deployment.connection,
    mayBeRefused: true,
  }));

  const strategy = isKnown(config.router.strategy) ? config.router.strategy : DEFAULT_STRATEGY;
  if (strategy !== config.router.strategy)
    missing.push(`${config.router.strategy} (routing falls back to ${DEFAULT_STRATEGY})`);
  uses.push({
    id: strategy,
    key: STRATEGY_KEY,
    settings: strategy === config.router.strategy ? config.router.strategyArgs : {},
  });

  if (config.cache?.enabled) {
    if (isKnown(config.cache.plugin))
      uses.push({ id: config.cache.plugin, key: CACHE_KEY, settings: config.cache.settings });
    else missing.push(`${config.cache.plugin} (answers are not cached)`);
  }
  for (const name of callbackNames(config)) {
    const id = `callback.${name}`;
    if (isKnown(id)) uses.push({ id, key: id, settings: config.pluginSettings[id] ?? {} });
    else missing.push(`${id} (not told of calls)`);
  }
  config.guardrails.forEach((guardrail, index) => {
    uses.push({ id: guardrail.plugin, key: keyOfGuardrail(index), settings: guardrail.settings as JsonObject });
  });
  return { uses, missing };
};

const callbackNames = (config: GatewayConfig): string[] => [
  ...new Set([...config.callbacks.both, ...config.callbacks.success, ...config.callbacks.failure]),
];
