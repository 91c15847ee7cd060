// What the router is told. All durations in milliseconds.
import type { JsonObject } from './json.js';

export interface RouterSettings {
  /** Strategy plugin id, for instance `strategy.simple-shuffle`. */
  strategy: string;
  strategyArgs: JsonObject;
  /** Public name → cascade of names it stands for. One entry is an alias; several are tried in order. */
  aliases: Record<string, ModelAlias>;
  /** Public name → groups whose deployments it unites under one name (`model_group`). */
  unions: Record<string, string[]>;
  /** Group → targets in order. `*` holds for every group without its own. */
  fallbacks: Record<string, FallbackTarget[]>;
  contextWindowFallbacks: Record<string, FallbackTarget[]>;
  contentPolicyFallbacks: Record<string, FallbackTarget[]>;
  maxFallbacks: number;
  /** False: a 429 goes to the client once the retries are spent. */
  fallbackOnRateLimit: boolean;
  numRetries: number;
  retryAfterMs: number;
  /** Error class (`RateLimitErrorRetries` …) → retries. */
  retryPolicy: Record<string, number>;
  modelGroupRetryPolicy: Record<string, Record<string, number>>;
  /** One attempt; of a stream: its silences. Absent: what is left of `requestTimeoutMs`. */
  timeoutMs?: number;
  /** To the first token of a stream; absent: `timeoutMs`. */
  streamTimeoutMs?: number;
  /** Between two tokens of a stream; absent: `timeoutMs`. */
  streamIdleTimeoutMs?: number;
  /** To a connection with the provider. */
  connectTimeoutMs?: number;
  /** A whole call: attempts, waits, queue and fallbacks. */
  requestTimeoutMs: number;
  allowedFails?: number;
  allowedFailsPolicy: Record<string, number>;
  cooldownMs: number;
  disableCooldowns: boolean;
  enablePreCallChecks: boolean;
  optionalPreCallChecks: string[];
  enableTagFiltering: boolean;
  tagFilteringMatchAny: boolean;
  defaultMaxParallelRequests?: number;
  defaultPriority?: number;
  /** Absent: one deployment is asked at a time. */
  hedge?: HedgeSettings;
  /** Requests of one conversation keep to one deployment while it is healthy. */
  sessionAffinity: boolean;
  /** A stream that breaks goes on with the next deployment, with what was delivered as its beginning. */
  midStreamFailover: boolean;
  /** Every further router key as written, for features that read their own. */
  extras: JsonObject;
}

/** What holds where a configuration says nothing: LiteLLM's defaults, and nothing of ours switched on. */
export const ROUTER_DEFAULTS: RouterSettings = Object.freeze({
  strategy: 'strategy.simple-shuffle',
  strategyArgs: {},
  aliases: {},
  unions: {},
  fallbacks: {},
  contextWindowFallbacks: {},
  contentPolicyFallbacks: {},
  maxFallbacks: 5,
  fallbackOnRateLimit: true,
  numRetries: 2,
  retryAfterMs: 0,
  retryPolicy: {},
  modelGroupRetryPolicy: {},
  requestTimeoutMs: 6_000_000,
  allowedFailsPolicy: {},
  cooldownMs: 5_000,
  disableCooldowns: false,
  enablePreCallChecks: false,
  optionalPreCallChecks: [],
  enableTagFiltering: false,
  tagFilteringMatchAny: true,
  sessionAffinity: false,
  midStreamFailover: false,
  extras: {},
});

/** When a second deployment is asked too: after a time, or after the share of calls that have answered by then. */
export type HedgeSettings = { readonly afterMs: number } | { readonly afterPercentile: number };

export interface ModelAlias {
  targets: string[];
  /** Not listed in `/v1/models`. */
  hidden: boolean;
}

/** A group, deployment id or model name; with `overrides` it also replaces request fields. */
export interface FallbackTarget {
  model: string;
  overrides?: JsonObject;
}
