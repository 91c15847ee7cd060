import type { Deployment } from '@turnpike/domain';

/** A deployment that may be chosen now, with what is known of its state. All figures are of this moment. */
export interface Candidate {
  readonly deployment: Deployment;
  /** Calls under way. */
  readonly inFlight: number;
  /** This minute's requests and tokens. */
  readonly requestsThisMinute: number;
  readonly tokensThisMinute: number;
  /** Moving average of milliseconds per output token; undefined before the first answer. */
  readonly msPerOutputToken?: number;
  /** Moving average of milliseconds to the first token of streams. */
  readonly msToFirstToken?: number;
  /** Nano-dollars per million input plus output tokens; undefined when the price is unknown. */
  readonly priceNanoUsd?: number;
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
   * candidates; those in cooldown are not among them.
   * @returns index into `candidates`, or -1 when none suits (all over their limits)
   */
  select(candidates: readonly Candidate[], context: SelectionContext): number;
}

/** A routing strategy. */
export interface StrategyV1 {
  select: SelectV1;
}
