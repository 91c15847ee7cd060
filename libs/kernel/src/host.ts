// What one plugin gets to reach, made by the kernel.
import type {
  Clock,
  Embed,
  HttpClient,
  Logger,
  Metrics,
  ModelCatalogue,
  Need,
  PluginHost,
  Timers,
} from '@turnpike/plugin-sdk';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StateStore } from './shared-state.js';

/** The powers that the gateway lends to the kernel. */
export interface HostServices {
  logger: (pluginId: string) => Logger;
  metrics: (pluginId: string) => Metrics;
  clock: Clock;
  random: () => number;
  models: ModelCatalogue;
  http: HttpClient;
  /** For plugins whose addresses did not come from the operator's file. */
  guardedHttp: HttpClient;
  state: StateStore;
  /** For plugins that need it; absent: there is none. */
  embed?: Embed;
  /** Each plugin gets a folder of its own below it. */
  dataDir: string;
}

/** Timers that can all be stopped at once. A callback that throws is logged and does not end the process. */
export class PluginTimers implements Timers {
  private readonly running = new Set<NodeJS.Timeout>();
  private isClosed = false;

  constructor(private readonly log: Logger) {}

  after(ms: number, run: () => void): () => void {
    const timer: NodeJS.Timeout = setTimeout(() => {
      this.running.delete(timer);
      this.contained(run);
    }, ms);
    return this.track(timer);
  }

  every(ms: number, run: () => void): () => void {
    return this.track(setInterval(() => this.contained(run), ms));
  }

  close(): void {
    this.isClosed = true;
    for (const timer of this.running) clearTimeout(timer);
    this.running.clear();
  }

  private track(timer: NodeJS.Timeout): () => void {
    if (this.isClosed) clearTimeout(timer);
    else this.running.add(timer.unref());
    return () => {
      clearTimeout(timer);
      this.running.delete(timer);
    };
  }

  private contained(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.log.error('a timer of this plugin threw', { error });
    }
  }
}

/** @param needs powers beyond the usual that the plugin declares */
export const createHost = (
  pluginId: string,
  services: HostServices,
  { needs = [], isGuarded = false }: { needs?: readonly Need[]; isGuarded?: boolean } = {},
): { host: PluginHost; timers: PluginTimers } => {
  const log = services.logger(pluginId);
  const timers = new PluginTimers(log);
  const host: PluginHost = {
    log,
    timers,
    clock: services.clock,
    random: services.random,
    metrics: services.metrics(pluginId),
    state: services.state.forPlugin(pluginId),
    models: services.models,
    http: isGuarded ? services.guardedHttp : services.http,
    dataDir: () => {
      const folder = join(services.dataDir, 'plugins', pluginId);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return folder;
    },
    ...(needs.includes('embed') && services.embed && { embed: services.embed }),
  };
  return { host, timers };
};
