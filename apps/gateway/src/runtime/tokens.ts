// What controllers ask Nest for.
import type { CallRecord } from './recent-calls.js';

export const RUNTIME = Symbol('runtime');

/** What only all workers of this gateway know together. */
export abstract class AllWorkers {
  /** All metrics in Prometheus' text format. */
  abstract metricsText(): Promise<string>;
  /** A recent call, whichever worker had it. */
  abstract findCall(callId: string): Promise<CallRecord | undefined>;
  /** Lets the other workers forget answers, which each may have in its own memory. @param keys absent: all */
  abstract forgetAnswers(keys?: readonly string[]): Promise<void>;
}
