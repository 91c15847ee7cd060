// Holds the running plugin graph and swaps it for a new one without a gap.
import type { PluginSource } from '@turnpike/domain';
import type { ContractName, HttpClient } from '@turnpike/plugin-sdk';
import { PluginCatalogue, type Bundle } from './catalogue.js';
import { checkUse, PluginGraph, type PluginUse } from './graph.js';
import { PluginInstance, type InstanceOptions } from './instance.js';

export interface KernelOptions extends InstanceOptions {
  bundle: Bundle;
  /** Folder that packages and relative plugin paths are looked up from: the config file's. */
  base: string;
}

/** What `GET /plugins` shows of one plugin. */
export interface PluginReport {
  id: string;
  kind: string;
  contract: string;
  version: string;
  /** `bundle`, `package` or `path`. */
  origin: string;
  from: string;
  /** `sha512-…` of the entry file; empty while it is not loaded. */
  hash: string;
  status: string;
  instances: number;
  health: { status: string; reason?: string };
  capabilities: string[];
}

export class Kernel {
  private catalogue: PluginCatalogue;
  private graph: PluginGraph | undefined;

  constructor(private readonly options: KernelOptions) {
    this.catalogue = PluginCatalogue.fromBundle(options.bundle, options.base);
  }

  /**
   * What could be used: the bundle, and these foreign plugins, which are imported to learn what they are.
   * @throws GW_PLUGIN_*
   */
  discover(sources: readonly PluginSource[]): Promise<PluginCatalogue> {
    return discoverPlugins(this.options.bundle, sources, this.options.base);
  }

  /**
   * Prepares a graph beside the running one: everything built and started. Nothing changes for requests until
   * `commit`. A failure leaves the running graph untouched. With the catalogue that is in use, instances whose plugin
   * and settings are what they were go on, with all that they remember; another catalogue may have other code.
   * @throws GW_PLUGIN_*
   */
  async prepare(catalogue: PluginCatalogue, plan: readonly PluginUse[]): Promise<PreparedGraph> {
    const former = this.catalogue === catalogue ? this.graph : undefined;
    return { catalogue, graph: await PluginGraph.build(catalogue, plan, this.options, former) };
  }

  /** Whether a plugin would take these settings; nothing is made. @throws GW_PLUGIN_CONFIG, GW_PLUGIN_NOT_FOUND … */
  async check(use: PluginUse): Promise<void> {
    await checkUse(this.catalogue, use);
  }

  /** Puts a prepared graph in place and returns the one it replaces, which the caller stops once its calls are done. */
  commit({ catalogue, graph }: PreparedGraph): PluginGraph | undefined {
    const former = this.graph;
    this.catalogue = catalogue;
    this.graph = graph;
    return former;
  }

  /**
   * One plugin beside the graph, with settings that came with a call: it reaches only addresses that guests may reach,
   * and `freeOrigins`, which the operator named. Whoever opens it stops it.
   * @throws GW_PLUGIN_*
   */
  async open<C extends ContractName>(
    { id, key, settings }: PluginUse,
    freeOrigins: ReadonlySet<string> = new Set(),
  ): Promise<PluginInstance<C>> {
    const { services } = this.options;
    const guardedHttp: HttpClient = {
      request: (request) =>
        (freeOrigins.has(originOf(request.url)) ? services.http : services.guardedHttp).request(request),
    };
    const options = { ...this.options, services: { ...services, guardedHttp } };
    const use = { key, settings, isGuarded: true };
    const instance = PluginInstance.create<C>(use, await this.catalogue.load(id), options);
    try {
      await instance.start();
    } catch (error) {
      await instance.stop();
      throw error;
    }
    return instance;
  }

  /** Every loaded plugin, and with `all` the ones that could be. */
  async report(all = false): Promise<PluginReport[]> {
    const instances = this.graph?.all() ?? [];
    const reports: PluginReport[] = [];
    for (const { manifest, origin, from } of this.catalogue.known()) {
      const own = instances.filter((instance) => instance.id === manifest.id);
      if (own.length === 0 && !all) continue;
      const healths = await Promise.all(own.map((instance) => instance.health()));
      const worst =
        healths.find(({ status }) => status === 'down') ??
        healths.find(({ status }) => status === 'degraded') ??
        healths[0];
      reports.push({
        id: manifest.id,
        kind: manifest.id.slice(0, manifest.id.indexOf('.')),
        contract: manifest.contract,
        version: own[0]?.version ?? '',
        origin,
        from,
        hash: own[0]?.hash ?? '',
        status: own[0]?.status ?? 'available',
        instances: own.length,
        health: worst ?? { status: 'unknown' },
        capabilities: manifest.capabilities,
      });
    }
    return reports;
  }

  async stop(): Promise<void> {
    await this.graph?.stop();
  }
}

/** Also for those who need the manifests before there is a kernel. @throws GW_PLUGIN_* */
export const discoverPlugins = async (
  bundle: Bundle,
  sources: readonly PluginSource[],
  base: string,
): Promise<PluginCatalogue> => {
  const catalogue = PluginCatalogue.fromBundle(bundle, base);
  return sources.length > 0 ? catalogue.withForeign(sources, base) : catalogue;
};

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : '');

export interface PreparedGraph {
  catalogue: PluginCatalogue;
  graph: PluginGraph;
}
