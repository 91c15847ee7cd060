// One running plugin: its settings checked, its code set up, its life watched over.
import type { JsonObject } from '@turnpike/domain';
import { isGatewayError } from '@turnpike/errors';
import { instanceProblems, type ContractName, type Contracts, type Health, type Lifecycle } from '@turnpike/plugin-sdk';
import type { LoadedPlugin } from './catalogue.js';
import { Containment, type HookEvent } from './containment.js';
import { createHost, type HostServices, type PluginTimers } from './host.js';
import { pluginError } from './module-check.js';

export type PluginStatus = 'ready' | 'started' | 'failed' | 'stopped';

/** One plugin with settings. */
export interface InstanceUse {
  /** Same key, same settings: the instance is shared. */
  readonly key: string;
  readonly settings: JsonObject;
  /** Addresses in the settings did not come from the operator's file: what the plugin calls is checked. */
  readonly isGuarded?: boolean;
}

/** How long the steps of a plugin's life may take, in milliseconds. */
export interface Deadlines {
  startMs: number;
  stopMs: number;
  healthMs: number;
}

export const DEFAULT_DEADLINES: Deadlines = { startMs: 10_000, stopMs: 5_000, healthMs: 1_000 };

export interface InstanceOptions {
  services: HostServices;
  /** Told of every run of a hook. Must not throw. */
  onHook: (event: HookEvent) => void;
  deadlines?: Deadlines;
}

/** Calls wait for a cache, so that one which is too slow is left alone at once. */
const CACHE_FIRST_REST_MS = 1_000;

const within = async <T>(ms: number, what: string, body: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`${what} took longer than ${ms} ms`);
      controller.abort(error);
      reject(error);
    }, ms);
  });
  try {
    return await Promise.race([body(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
};

/** As the plugin's own schema makes them. @throws GW_PLUGIN_CONFIG */
export const readSettings = ({ settings }: InstanceUse, { module }: LoadedPlugin): unknown => {
  const parsed = module.config.safeParse(settings);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'settings'}: ${issue.message}`);
  throw pluginError('GW_PLUGIN_CONFIG', module.id, 'config', problems.join('; '), parsed.error);
};

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export class PluginInstance<C extends ContractName = ContractName> {
  status: PluginStatus = 'ready';
  readonly id: string;
  readonly contract: string;
  readonly version: string;
  readonly origin: string;
  readonly hash: string;
  readonly failure: 'open' | 'closed';
  /** Guards the hooks that are called during requests. */
  readonly hooks: Containment;
  private readonly deadlines: Deadlines;
  /** Graphs that it is part of. */
  private holders = 0;

  private constructor(
    private readonly use: InstanceUse,
    private readonly loaded: LoadedPlugin,
    /** What the plugin offers, by capability. */
    readonly exports: Contracts[C],
    private readonly life: Lifecycle,
    private readonly timers: PluginTimers,
    private readonly options: InstanceOptions,
  ) {
    this.deadlines = options.deadlines ?? DEFAULT_DEADLINES;
    this.id = loaded.module.id;
    this.contract = loaded.module.contract;
    this.version = loaded.file.version;
    this.origin = loaded.file.origin;
    this.hash = loaded.file.hash;
    this.failure = loaded.module.failure ?? (this.contract.startsWith('guardrail/') ? 'closed' : 'open');
    this.hooks = this.containment();
  }

  /** @throws GW_PLUGIN_CONFIG, GW_PLUGIN_INIT, GW_PLUGIN_INVALID when the instance does not keep its contract */
  static create<C extends ContractName>(
    use: InstanceUse,
    loaded: LoadedPlugin,
    options: InstanceOptions,
  ): PluginInstance<C> {
    const { module } = loaded;
    const settings = readSettings(use, loaded);
    const { host, timers } = createHost(module.id, options.services, {
      needs: module.needs,
      isGuarded: use.isGuarded,
    });
    // A plugin in plain JavaScript may return anything.
    let made: unknown;
    try {
      made = module.init(settings as never, host);
    } catch (cause) {
      timers.close();
      throw pluginError(
        'GW_PLUGIN_INIT',
        module.id,
        'init',
        isGatewayError(cause) ? cause.message : `init threw: ${reasonOf(cause)}`,
        cause,
      );
    }
    const problems = instanceProblems(module, made);
    if (problems.length > 0) {
      timers.close();
      throw pluginError(
        'GW_PLUGIN_INVALID',
        module.id,
        'init',
        `${problems.join('; ')}. Return from init what ${module.contract} describes.`,
      );
    }
    const whole = made as Contracts[C] & Lifecycle;
    return new PluginInstance<C>(use, loaded, whole, whole, timers, options);
  }

  get key(): string {
    return this.use.key;
  }

  /** Whether it is what a use of this plugin would make anew: it runs, from the same code, with the same settings. */
  serves(use: InstanceUse, loaded: LoadedPlugin): boolean {
    return (
      this.status === 'started' &&
      this.loaded === loaded &&
      this.use.isGuarded === use.isGuarded &&
      JSON.stringify(this.use.settings) === JSON.stringify(use.settings)
    );
  }

  /** A graph has it; the pair of `release`. */
  retain(): void {
    this.holders += 1;
  }

  /** Stops once no graph has it any more. Never throws. */
  async release(): Promise<void> {
    this.holders -= 1;
    if (this.holders <= 0) await this.stop();
  }

  /** Watches over hooks whose failures say nothing of the others. */
  containment(): Containment {
    const { services, onHook } = this.options;
    const firstRestMs = this.contract.startsWith('cache/') ? CACHE_FIRST_REST_MS : undefined;
    // While one rests without which no call passes, nothing would pass, whoever made it fail.
    const maxFailures = this.failure === 'closed' ? Number.POSITIVE_INFINITY : undefined;
    return new Containment({ plugin: this.id, clock: services.clock, onEvent: onHook, firstRestMs, maxFailures });
  }

  /**
   * The same plugin with other settings, for settings that come with a call. It is set up and not started, so it is
   * nothing for plugins that do something at their start.
   * @throws GW_PLUGIN_CONFIG, GW_PLUGIN_INIT, GW_PLUGIN_INVALID
   */
  derive(use: InstanceUse): PluginInstance<C> {
    if (this.life.start) throw pluginError('GW_PLUGIN_INIT', this.id, 'init', 'it cannot take settings from a call.');
    return PluginInstance.create<C>(use, this.loaded, this.options);
  }

  /** @throws GW_PLUGIN_START; `stop` must be called all the same */
  async start(): Promise<void> {
    try {
      await within(this.deadlines.startMs, 'start', async (signal) => this.life.start?.(signal));
      this.status = 'started';
    } catch (cause) {
      this.status = 'failed';
      throw pluginError('GW_PLUGIN_START', this.id, 'start', `${reasonOf(cause)}.`, cause);
    }
  }

  /** Never throws: a plugin that cannot stop is left behind. */
  async stop(): Promise<void> {
    this.timers.close();
    try {
      await within(this.deadlines.stopMs, 'stop', async () => this.life.stop?.());
    } catch {
      // Nothing can be done about it, and the process must be able to end.
    }
    this.status = 'stopped';
  }

  /** Never throws. */
  async health(): Promise<Health> {
    if (this.status !== 'started') return { status: 'down', reason: `the plugin is ${this.status}` };
    if (this.hooks.isResting) return { status: 'degraded', reason: 'switched off for a while after repeated failures' };
    if (!this.life.health) return { status: 'up' };
    try {
      return await within(this.deadlines.healthMs, 'health', async () => this.life.health!());
    } catch (error) {
      return { status: 'down', reason: `the health check failed: ${reasonOf(error)}` };
    }
  }
}
