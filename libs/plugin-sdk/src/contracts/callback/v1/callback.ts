// A callback (logger, tracer, alert): told about calls, and changes nothing.
import type { ChatChunk, CompletionChunk } from '@turnpike/domain';
import type { Alert } from './alert.js';
import type { CallFinished, CallStarted, UpstreamAnswered, UpstreamAsked } from './told-call.js';

/** How a callback wants its batches. */
export interface Delivery {
  /** Largest number of calls in one; 100 unless told. */
  readonly maxBatch?: number;
  /** Longest that a call waits for others, in milliseconds; 1,000 unless told. */
  readonly intervalMs?: number;
}

/**
 * The gateway queues what it tells, so no hook delays a client. The queue is bounded: the oldest goes first, and is
 * counted. A batch whose hook fails is sent again with growing waits, then dropped and counted; what waits when the
 * gateway stops is sent before `stop` is called.
 */
export interface EventsV1 {
  readonly delivery?: Delivery;
  /** Before a provider is asked. */
  onBeforeCall?(event: UpstreamAsked): void | Promise<void>;
  /** After the provider answered, whatever it answered. */
  onAfterCall?(event: UpstreamAnswered): void | Promise<void>;
  /** One chunk of a stream. Asking for these has every stream decoded on the side. */
  onStreamEvent?(event: { call: CallStarted; chunk: ChatChunk | CompletionChunk }): void | Promise<void>;
  onSuccess?(events: readonly CallFinished[], signal: AbortSignal): void | Promise<void>;
  /** Failures, and clients that left. */
  onFailure?(events: readonly CallFinished[], signal: AbortSignal): void | Promise<void>;
  /** Of the gateway itself. Several workers may tell the same: `host.state` is theirs together. */
  onAlert?(alerts: readonly Alert[], signal: AbortSignal): void | Promise<void>;
}

export interface CallbackV1 {
  events: EventsV1;
}
