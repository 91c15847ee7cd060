// A set of plugin instances that belong together: built, started, used and stopped as one.
import type { JsonObject } from '@turnpike/domain';
import { isGatewayError, type GatewayError } from '@turnpike/errors';
import type { ContractName } from '@turnpike/plugin-sdk';
import type { PluginCatalogue } from './catalogue.js';
import { PluginInstance, type InstanceOptions } from './instance.js';

/** One wish: this plugin with these settings. */
export interface PluginUse {
  /** Id or alias with its kind: `provider.openai`, `cache.local`. */
  id: string;
  /** Unique in the plan. Equal keys share one instance. */
  key: string;
  settings: JsonObject;
  /** Settings that the plugin refuses are reported in `refused` instead of stopping the build. */
  mayBeRefused?: boolean;
}

export class PluginGraph {
  private constructor(
    private readonly instances: ReadonlyMap<string, PluginInstance>,
    /** By key: why a use was refused. */
    readonly refused: ReadonlyMap<string, GatewayError>,
  ) {}

  /**
   * Loads, checks, sets up and starts every plugin of the plan. When one fails, those already started are stopped and
   * nothing remains.
   * @throws GW_PLUGIN_* naming the plugin and the step
   */
  static async build(
    catalogue: PluginCatalogue,
    plan: readonly PluginUse[],
    options: InstanceOptions,
  ): Promise<PluginGraph> {
    const instances = new Map<string, PluginInstance>();
    const refused = new Map<string, GatewayError>();
    for (const use of plan) {
      if (instances.has(use.key) || refused.has(use.key)) continue;
      const loaded = await catalogue.load(use.id);
      try {
        const settings = { ...loaded.settings, ...use.settings };
        instances.set(use.key, PluginInstance.create(use.key, loaded, settings, options));
      } catch (error) {
        if (!use.mayBeRefused || !isGatewayError(error) || error.code !== 'GW_PLUGIN_CONFIG') {
          await stopAll(instances.values());
          throw error;
        }
        refused.set(use.key, error);
      }
    }
    const starts = await Promise.allSettled([...instances.values()].map((instance) => instance.start()));
    const failure = starts.find((outcome) => outcome.status === 'rejected');
    if (failure) {
      await stopAll(instances.values());
      throw failure.reason;
    }
    return new PluginGraph(instances, refused);
  }

  /** The instance made for a key of the plan. */
  get<C extends ContractName>(key: string): PluginInstance<C> | undefined {
    return this.instances.get(key) as PluginInstance<C> | undefined;
  }

  all(): PluginInstance[] {
    return [...this.instances.values()];
  }

  async stop(): Promise<void> {
    await stopAll(this.instances.values());
  }
}

const stopAll = async (instances: Iterable<PluginInstance>): Promise<void> => {
  await Promise.all([...instances].map((instance) => instance.stop()));
};
