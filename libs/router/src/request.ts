// What the router is told of one request.
import type { FallbackTarget } from '@turnpike/domain';

/** What a caller may ask of the router; most ask nothing. */
export interface RoutingWishes {
  readonly numRetries?: number;
  readonly fallbacks?: readonly FallbackTarget[];
  readonly contextWindowFallbacks?: readonly FallbackTarget[];
  readonly contentPolicyFallbacks?: readonly FallbackTarget[];
  readonly disableFallbacks?: boolean;
  /** `!tag` must not be there, `&tag` must be. */
  readonly tags?: readonly string[];
  /** For `tag_regex`, matched as `User-Agent: …`. */
  readonly userAgent?: string;
  /** `allowed_model_region`: `eu`, or a cloud's own name of a region. */
  readonly region?: string;
  /** Requests that share it keep to one deployment while it is healthy. */
  readonly affinityKey?: string;
  /** Of the request queue: lower goes first. */
  readonly priority?: number;
}

export const NO_WISHES: RoutingWishes = Object.freeze({});

export interface RoutingRequest {
  readonly model: string;
  /** Whose own names fallbacks may name too. */
  readonly teamId?: string;
  readonly stream: boolean;
  /** Estimated prompt tokens. */
  readonly promptTokens: number;
  /** Prompt tokens that are certain; `promptTokens` when they were counted. Only these rule a deployment out. */
  readonly certainPromptTokens: number;
  /** No attempt begins, and no wait ends, after this. The router's clock. */
  readonly deadlineAt: number;
  readonly wishes: RoutingWishes;
}
