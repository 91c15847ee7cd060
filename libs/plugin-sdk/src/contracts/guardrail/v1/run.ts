import type { GuardrailMode, MaskedCounts } from './guardrail.js';

/** One guardrail's look at one call, as callbacks and metrics are told of it. */
export interface GuardrailRun {
  /** As the configuration calls it. */
  readonly name: string;
  /** Plugin id. */
  readonly plugin: string;
  readonly mode: GuardrailMode;
  /** A masked call is a success; one that was stopped was intervened in. */
  readonly status: 'success' | 'guardrail_intervened' | 'guardrail_failed_to_respond';
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Of a stream that was checked as it came: spent in the guardrail. */
  readonly ms: number;
  readonly masked?: MaskedCounts;
  /** Why it stopped the call, as the client was told. */
  readonly message?: string;
  /** Code of its failure. */
  readonly error?: string;
}
