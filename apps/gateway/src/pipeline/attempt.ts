// One request to one deployment, and what became of it. A call has as many as it takes.
import type { JsonObject, Usage } from '@turnpike/domain';
import type { GatewayError } from '@turnpike/errors';
import type { Permit } from '@turnpike/limits';
import type { AdjustedCost } from '@turnpike/pricing';
import type { Choice, Target } from '@turnpike/router';
import type { UpstreamAnswer } from '../upstream/answer.js';
import type { Recording } from '../upstream/recording.js';
import type { Transcript } from '../upstream/transcript.js';
import type { Recalled } from './exchange.js';

/** Something that can be given up, more than once and after its end too. */
export interface Abortable {
  abort(): void;
}

/** `open` until it is over; `abandoned` when the client left or another attempt won. */
export type AttemptStatus = 'open' | 'success' | 'failure' | 'abandoned';

export class Attempt {
  status: AttemptStatus = 'open';
  /** `performance.now()` of each. */
  readonly startedAt = performance.now();
  firstTokenAt: number | undefined;
  /** The whole answer was there. */
  answeredAt: number | undefined;
  endedAt: number | undefined;

  answer: UpstreamAnswer | undefined;
  error: GatewayError | undefined;
  usage: Usage | undefined;
  isUsageEstimated = false;
  costNanoUsd: number | undefined;
  /** How that came about, where it is not the price alone. */
  adjustedCost: AdjustedCost | undefined;

  private work: Abortable | undefined;
  private isAborted = false;
  private controller: AbortController | undefined;

  constructor(
    readonly exchange: Recalled,
    readonly choice: Choice,
    /** What it holds of its deployment's limits. */
    readonly permit: Permit | undefined,
    /** Kept of a stream that may have to go on elsewhere. */
    readonly transcript?: Transcript,
    /** Of a stream that is to be cached, or told of. */
    readonly recording?: Recording,
  ) {}

  get target(): Target {
    return this.choice.target;
  }

  /** Why this deployment. */
  get reason(): Choice['reason'] | 'mid-stream' {
    return this.transcript?.former ? 'mid-stream' : this.choice.reason;
  }

  /** What differs from the client's request: by the fallback's entry, for what is kept already, or to go on with another. */
  get overrides(): Readonly<JsonObject> | undefined {
    const { front, body, parts } = this.exchange;
    const narrowed = parts?.narrowed;
    const overrides = narrowed ? { ...this.choice.overrides, ...narrowed } : this.choice.overrides;
    const former = this.transcript?.former;
    if (!former?.text) return overrides;
    return { ...overrides, ...front.goOnWith?.({ ...body, ...overrides }, former.text) };
  }

  /** What the client asks for, with what differs from that. */
  get body(): Readonly<JsonObject> {
    const { overrides } = this;
    return overrides ? { ...this.exchange.body, ...overrides } : this.exchange.body;
  }

  /** What is under way for it, so that it can be given up. */
  isDoing(work: Abortable): void {
    this.work = work;
    if (this.isAborted) work.abort();
  }

  abort(): void {
    this.isAborted = true;
    this.controller?.abort();
    this.work?.abort();
  }

  /** For plugins that want a signal. Made when first asked for: most attempts never need one. */
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.isAborted) this.controller.abort();
    }
    return this.controller.signal;
  }
}
