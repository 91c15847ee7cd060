// What a plugin may reach. Manners, not a sandbox: a plugin is trusted code.
import type { JsonValue } from '@turnpike/domain';

/** Child logger that already carries the plugin id. Secrets are masked before any sink. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

export interface Clock {
  /** Epoch milliseconds; frozen in tests. */
  now(): number;
}

/** Timers that die with the plugin. Each returns a function that cancels it. */
export interface Timers {
  after(ms: number, run: () => void): () => void;
  every(ms: number, run: () => void): () => void;
}

/** Shown as `turnpike_plugin_events_total` and `turnpike_plugin_value`, labelled with plugin id and name. */
export interface Metrics {
  count(name: string, by?: number): void;
  gauge(name: string, value: number): void;
}

/**
 * Small values shared by the workers of this machine, last writer wins. Bounded: 1,000 keys of 64 KiB a plugin;
 * the oldest written goes first. Reads are local and may be 100 ms old.
 */
export interface SharedState {
  get(key: string): JsonValue | undefined;
  set(key: string, value: JsonValue): void;
  delete(key: string): void;
}

export interface ModelFacts {
  /** Tokens that fit in a prompt. */
  maxInputTokens?: number;
  maxOutputTokens?: number;
  /** `vision`, `tools`, `reasoning`, `json_schema` … */
  capabilities: ReadonlySet<string>;
}

/** Prices and context windows, by the upstream's model name. */
export interface ModelCatalogue {
  facts(provider: string, model: string): ModelFacts | undefined;
}

export interface HttpRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  signal?: AbortSignal;
  /** Total time; 30,000 by default. */
  timeoutMs?: number;
  /** Largest answer that is read; 20 MiB by default. */
  maxBytes?: number;
}

export interface HttpResponse {
  status: number;
  /** Lower-case names. */
  headers: Record<string, string | string[] | undefined>;
  body: Uint8Array;
}

/** Pooled, timed, aborted and egress-guarded by the kernel. Statuses ≥ 400 are answers, not errors. */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>;
}

/** For whom something is done. Only the host knows what is in it; plugins hand on what they were given. */
export type Caller = object;

export interface EmbedRequest {
  /** A model name of this gateway. */
  model: string;
  texts: readonly string[];
  /** Who pays; absent: nobody in particular. */
  caller?: Caller;
  signal: AbortSignal;
}

/**
 * Vectors of texts, in their order, by a call of the gateway to itself: with its routing, limits and spend log.
 * @throws what kept it from them
 */
export type Embed = (request: EmbedRequest) => Promise<Float32Array[]>;

export interface PluginHost {
  readonly log: Logger;
  readonly clock: Clock;
  /** [0, 1); seeded in tests. */
  readonly random: () => number;
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly state: SharedState;
  readonly models: ModelCatalogue;
  /** A directory of its own, made when first asked for. */
  readonly dataDir: () => string;
  readonly http: HttpClient;
  /** For plugins that declare that they need it, `needs: ['embed']`. */
  readonly embed?: Embed;
}

export type Health = { status: 'up' | 'degraded' | 'down'; reason?: string };
