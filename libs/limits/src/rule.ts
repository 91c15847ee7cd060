// What callers of this room say and hear: rules, permits, denials.

export type Dimension = 'requests' | 'tokens' | 'parallel';

export const DIMENSIONS: readonly Dimension[] = ['requests', 'tokens', 'parallel'];

/** One limited thing. An absent limit is none; 0 admits nothing. */
export interface LimitRule {
  /** Names it: 'deployment:<id>', 'global'. Rules of one key are meant to have the same limits; the last seen count. */
  readonly key: string;
  /** Requests in a minute of the clock (UTC). */
  readonly rpm?: number;
  /** Tokens in a minute of the clock (UTC). */
  readonly tpm?: number;
  /** Requests under way at one moment. */
  readonly maxParallel?: number;
}

export interface Denial {
  /** The rule that had no room. */
  readonly rule: LimitRule;
  readonly dimension: Dimension;
  /** Of that rule in that dimension. */
  readonly limit: number;
  /** Milliseconds until there may be room, at least 1. For requests and tokens, the rest of the minute at most. */
  readonly retryAfterMs: number;
}

export interface Permit {
  /**
   * Frees the slots, and corrects the estimate of tokens when the true number is known. To be called once, when the
   * request is over; further calls do nothing.
   */
  release(actualTokens?: number): void;
}

export const isDenial = (outcome: Permit | Denial): outcome is Denial => 'dimension' in outcome;

export const isUnlimited = (rule: LimitRule): boolean =>
  rule.rpm === undefined && rule.tpm === undefined && rule.maxParallel === undefined;
