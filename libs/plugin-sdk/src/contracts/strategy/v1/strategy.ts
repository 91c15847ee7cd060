import type { Deployment } from '@turnpike/domain';

/** One call that a deployment answered, or failed to. */
export interface CallSample {
  /** Epoch milliseconds of its end. */
  readonly at: number;
  /** From the upstream request to its end. */
  readonly durationMs: number;
  /** To the first token; absent for whole answers. */
  readonly firstTokenMs?: number;
  /** 0 when unknown, and for failures. */
  readonly outputTokens: number;
  readonly isFailure: boolean;
}

/**
 * A deployment that may be chosen now, with what the workers of this machine know of it. The fields are live: read
 * them during the call, keep none.
 */
export interface Candidate {
  readonly deployment: Deployment;
  /** The upstream's model name, wildcards filled in. */
  readonly model: string;
  /** Calls under way. */
  readonly inFlight: number;
  /** Of the current minute. */
  readonly requestsThisMinute: number;
  readonly tokensThisMinute: number;
  /** The newest calls, at most 50, oldest first. */
  readonly samples: readonly CallSample[];
  /** Nano-dollars per million input plus output tokens; undefined when the price is unknown. */
  readonly priceNanoUsd: number | undefined;
}

export interface SelectionContext {
  readonly stream: boolean;
  /** Estimated prompt tokens. */
  readonly promptTokens: number;
  /** Epoch milliseconds. */
  readonly now: number;
  /** [0, 1) */
  readonly random: () => number;
}

export interface SelectV1 {
  /**
   * Picks one. Pure: the same candidates, context and random numbers give the same choice. Called with at least two
   * candidates; those in cooldown, and those at a limit, are not among them.
   * @returns index into `candidates`, or -1 when none suits
   */
  select(candidates: readonly Candidate[], context: SelectionContext): number;
}

/** A routing strategy. */
export interface StrategyV1 {
  select: SelectV1;
}
