// The shape of a plugin: static data and one function.
import type { PluginKind } from '@turnpike/domain';
import type { z } from 'zod';
import type { ContractName, Contracts } from './contracts/index.js';
import type { Health, PluginHost } from './host.js';

/** init → start → use → stop. `stop` also runs after a failed `start`, and may run twice. */
export interface Lifecycle {
  /** I/O begins here. 10 s at most. */
  start?(signal: AbortSignal): Promise<void>;
  /** 5 s at most. */
  stop?(): Promise<void>;
  /** Answers within 1,000 ms and never throws. */
  health?(): Promise<Health>;
}

/** Host powers beyond the usual, granted by declaration. */
export type Need = 'redis' | 'embed' | 'credentials' | 'sockets';

export interface PluginModule<C extends ContractName = ContractName, S extends z.ZodType = z.ZodType> {
  /** Read first; an unknown one is refused before anything else of the plugin runs. */
  readonly contract: C;
  /** `<kind>.<name>`, for instance `provider.acme`; also config key, log field and metric label. */
  readonly id: `${PluginKind}.${string}`;
  /** `init` must return exactly these. */
  readonly capabilities: readonly (keyof Contracts[C] & string)[];
  /** A `z.strictObject`: a misspelt key fails at load. Also draws the dashboard's form. */
  readonly config: S;
  /** `groq/`: model names that are this provider's. */
  readonly prefixes?: readonly string[];
  /** Bare model names, for instance /^claude-/. */
  readonly recognises?: readonly RegExp[];
  /** Other spellings in configurations: `latency-based`, `local`. */
  readonly aliases?: readonly string[];
  /** Environment variable → config key: `GROQ_API_KEY: 'api_key'`. Earlier ones win. */
  readonly env?: Readonly<Record<string, string>>;
  /** Keys of other config sections that are its own: `langfuse_*`, `webhook_url`. */
  readonly legacyKeys?: readonly string[];
  /** Keys of other config sections that hold several of its settings, by name: `s3_callback_params`. */
  readonly legacyMaps?: readonly string[];
  /**
   * Settings that keys and teams, which may bring settings of their own, must not: paths, and addresses that are reached
   * past `host.http` and its guard.
   */
  readonly fileOnly?: readonly string[];
  /** What a failing hook does to the call. Guardrails are closed by default, all else open. */
  readonly failure?: 'open' | 'closed';
  readonly needs?: readonly Need[];
  /** Quick; no I/O, no timers. */
  init(config: z.output<S>, host: PluginHost): Contracts[C] & Lifecycle;
}

/** Types a plugin. Its default export is one of these, or a list for a package that serves several. */
export const definePlugin = <const C extends ContractName, S extends z.ZodType>(
  module: PluginModule<C, S>,
): PluginModule<C, S> => module;

/** Any plugin, its types forgotten: what a list of several, and the kernel, deal in. */
export interface AnyPlugin extends Omit<PluginModule, 'capabilities' | 'config' | 'init'> {
  readonly capabilities: readonly string[];
  readonly config: z.ZodType;
  init(config: never, host: PluginHost): object;
}
