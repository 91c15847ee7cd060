// How often something was put in the place of what.
import type { MaskedCounts } from '../contracts/guardrail/v1/index.js';

export class MaskedCounter {
  private readonly counts: Record<string, number> = {};

  add(kind: string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }

  /** Undefined: nothing was masked. */
  get masked(): MaskedCounts | undefined {
    return Object.keys(this.counts).length === 0 ? undefined : { ...this.counts };
  }
}
