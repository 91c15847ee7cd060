import type { ChatChunk, JsonObject, NanoUsd, Usage } from '@turnpike/domain';
import type { GuardrailRun } from '../../guardrail/v1/index.js';

/** What is known when a call begins. */
export interface CallStarted {
  readonly callId: string;
  /** `chat`, `completions`, `embeddings` … */
  readonly operation: string;
  /** The name the client asked for. */
  readonly model: string;
  readonly stream: boolean;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** The request's `metadata`, without internal keys. */
  readonly metadata: Readonly<JsonObject>;
  readonly keyHash?: string;
  readonly keyAlias?: string;
  readonly teamId?: string;
  readonly endUser?: string;
  /** The parsed body; absent when message logging is off. */
  readonly request?: Readonly<JsonObject>;
}

/** What is known when it has ended, whatever the end. */
export interface CallFinished extends CallStarted {
  readonly status: 'success' | 'failure' | 'client_closed';
  /** HTTP status the client got. */
  readonly statusCode: number;
  /** Epoch milliseconds. */
  readonly endedAt: number;
  readonly timeToFirstTokenMs?: number;
  readonly provider?: string;
  readonly deploymentId?: string;
  readonly upstreamModel?: string;
  readonly usage?: Usage;
  /** True when `usage` is our estimate because the upstream told none. */
  readonly isUsageEstimated: boolean;
  readonly costNanoUsd?: NanoUsd;
  readonly cacheHit: boolean;
  readonly attempts: number;
  /** What guardrails made of it, in the order in which they ended; absent: none looked at it. */
  readonly guardrails?: readonly GuardrailRun[];
  readonly error?: { code: string; message: string };
  /** The answer; absent for failures and when message logging is off. */
  readonly response?: Readonly<JsonObject>;
}

/**
 * Told about calls; changes nothing. The gateway queues events, so no hook delays a client. Batches hold at most 100
 * events; a batch that fails is sent again with growing waits, then dropped and counted.
 */
export interface EventsV1 {
  /** Before the call goes out. */
  onBeforeCall?(event: CallStarted): void | Promise<void>;
  /** After the upstream answered, whatever it answered. */
  onAfterCall?(event: CallFinished): void | Promise<void>;
  /** One chunk of a stream. Asking for these takes every stream off the byte path. */
  onStreamEvent?(event: { callId: string; chunk: ChatChunk }): void | Promise<void>;
  onSuccess?(events: readonly CallFinished[], signal: AbortSignal): void | Promise<void>;
  onFailure?(events: readonly CallFinished[], signal: AbortSignal): void | Promise<void>;
}

/** A callback (logger, tracer, alert). */
export interface CallbackV1 {
  events: EventsV1;
}
