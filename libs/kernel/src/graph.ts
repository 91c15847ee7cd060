// A set of plugin instances that belong together: built, started, used and stopped as one.
import { isGatewayError, type GatewayError } from '@turnpike/errors';
import type { ContractName } from '@turnpike/plugin-sdk';
import type { LoadedPlugin, PluginCatalogue } from './catalogue.js';
import { PluginInstance, readSettings, type InstanceOptions, type InstanceUse } from './instance.js';

/** One wish: this plugin with these settings. Equal keys share one instance. */
export interface PluginUse extends InstanceUse {
  /** Id or alias with its kind: `provider.openai`, `cache.local`. */
  id: string;
  /** What is reported in `refused` instead of stopping the build: settings that the plugin refuses, or any failure. */
  mayFail?: 'settings' | 'always';
}

export class PluginGraph {
  private constructor(
    private readonly instances: ReadonlyMap<string, PluginInstance>,
    /** By key: why a use was refused. */
    readonly refused: ReadonlyMap<string, GatewayError>,
  ) {}

  /**
   * Loads, checks, sets up and starts every plugin of the plan. When one fails, those that were made are stopped and
   * nothing remains.
   * @param former a graph whose running instances are taken over where they are what the plan asks for
   * @throws GW_PLUGIN_* naming the plugin and the step
   */
  static async build(
    catalogue: PluginCatalogue,
    plan: readonly PluginUse[],
    options: InstanceOptions,
    former?: PluginGraph,
  ): Promise<PluginGraph> {
    const instances = new Map<string, PluginInstance>();
    const refused = new Map<string, GatewayError>();
    const made = new Map<PluginUse, PluginInstance>();
    try {
      for (const use of plan) {
        if (instances.has(use.key) || refused.has(use.key)) continue;
        const loaded = await catalogue.load(use.id);
        const complete = withGiven(use, loaded);
        const running = former?.get(use.key);
        if (running?.serves(complete, loaded)) {
          instances.set(use.key, running);
          continue;
        }
        try {
          const instance = PluginInstance.create(complete, loaded, options);
          instances.set(use.key, instance);
          made.set(use, instance);
        } catch (error) {
          refused.set(use.key, refusalOf(use, error));
        }
      }
      const starts = await Promise.allSettled([...made.values()].map((instance) => instance.start()));
      for (const [index, [use, instance]] of [...made].entries()) {
        const start = starts[index]!;
        if (start.status === 'fulfilled') continue;
        refused.set(use.key, refusalOf(use, start.reason));
        instances.delete(use.key);
        await instance.stop();
      }
    } catch (error) {
      await Promise.all([...made.values()].map((instance) => instance.stop()));
      throw error;
    }
    for (const instance of instances.values()) instance.retain();
    return new PluginGraph(instances, refused);
  }

  /** The instance made for a key of the plan. */
  get<C extends ContractName>(key: string): PluginInstance<C> | undefined {
    return this.instances.get(key) as PluginInstance<C> | undefined;
  }

  all(): PluginInstance[] {
    return [...this.instances.values()];
  }

  /** Instances that another graph has taken over go on. */
  async stop(): Promise<void> {
    await Promise.all(this.all().map((instance) => instance.release()));
  }
}

/** Whether the plugin would take these settings. @throws GW_PLUGIN_CONFIG, GW_PLUGIN_NOT_FOUND and its kin */
export const checkUse = async (catalogue: PluginCatalogue, use: PluginUse): Promise<void> => {
  const loaded = await catalogue.load(use.id);
  readSettings(withGiven(use, loaded), loaded);
};

/** What the `plugins` entry of the file gives to every use is not for addresses that did not come from there. */
const withGiven = (use: PluginUse, { settings }: LoadedPlugin): InstanceUse => ({
  key: use.key,
  settings: use.isGuarded ? use.settings : { ...settings, ...use.settings },
  isGuarded: use.isGuarded,
});

/** @throws what this use may not fail with */
const refusalOf = ({ mayFail }: PluginUse, error: unknown): GatewayError => {
  if (!isGatewayError(error)) throw error;
  if (mayFail === 'always' || (mayFail === 'settings' && error.code === 'GW_PLUGIN_CONFIG')) return error;
  throw error;
};
