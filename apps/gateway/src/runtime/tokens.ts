// What controllers ask Nest for.
import type { CallRecord } from './recent-calls.js';

export const RUNTIME = Symbol('runtime');

/** What only all workers of this gateway know together. */
export abstract class AllWorkers {
  /** All metrics in Prometheus' text format. */
  abstract metricsText(): Promise<string>;
  /** A recent call, whichever worker had it. */
  abstract findCall(callId: string): Promise<CallRecord | undefined>;
}
