// What callbacks are told of calls. Each is made once, shared by all who listen, and never changed.
import type { CacheState, CallStatus, JsonObject, NanoUsd, Usage } from '@turnpike/domain';
import type { GuardrailRun } from '../../guardrail/v1/index.js';

/** What is known when a call begins. */
export interface CallStarted {
  /** Of this form. Fields may be added to a version, never changed. */
  readonly version: 1;
  readonly callId: string;
  /** Calls that belong together, as their client says; the call's own id where it says nothing. */
  readonly traceId: string;
  /** The conversation that the call is part of, where its client names one. */
  readonly sessionId?: string;
  /** `chat`, `completions`, `embeddings` … */
  readonly operation: string;
  /** Of the API: `/v1/chat/completions`. */
  readonly route: string;
  /** The name the client asked for. */
  readonly model: string;
  readonly stream: boolean;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** The request's `metadata`, without internal keys. */
  readonly metadata: Readonly<JsonObject>;
  /** The request's own, its key's and its team's. */
  readonly tags: readonly string[];
  /** SHA-256 of the key, hex. */
  readonly keyHash?: string;
  readonly keyAlias?: string;
  readonly userId?: string;
  readonly userEmail?: string;
  readonly teamId?: string;
  readonly teamAlias?: string;
  readonly organizationId?: string;
  readonly endUser?: string;
  /** What operators attached to the key for their records. */
  readonly spendLogsMetadata?: Readonly<JsonObject>;
  readonly ip?: string;
  readonly userAgent?: string;
  /** The request's headers that begin with `x-` or have an underscore, lower-case names, without credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** Sampling and the like: nothing of what was said. */
  readonly parameters: Readonly<JsonObject>;
  /** The body, in the client's dialect, without credentials; absent when message logging is off. */
  readonly request?: Readonly<JsonObject>;
}

/** A request that goes to a provider. A call has as many as it takes. */
export interface ToldAttempt {
  /** From 1 on. */
  readonly attempt: number;
  /** The model group whose deployment it is. */
  readonly group: string;
  /** Plugin id: `provider.openai`. */
  readonly provider: string;
  readonly deploymentId: string;
  /** As the provider calls it. */
  readonly upstreamModel: string;
  /** Without credentials; absent: the provider's usual one. */
  readonly apiBase?: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

export interface ToldError {
  /** `GW_…` */
  readonly code: string;
  /** As the client was told. */
  readonly message: string;
  /** HTTP status of the provider's answer, where there was one. */
  readonly upstreamStatus?: number;
  /** Plugin id of whose fault it was. */
  readonly provider?: string;
}

/** What became of it. */
export interface EndedAttempt extends ToldAttempt {
  /** Epoch milliseconds. */
  readonly endedAt: number;
  /** `abandoned`: the client left, or another attempt was quicker. */
  readonly status: 'success' | 'failure' | 'abandoned';
  readonly timeToFirstTokenMs?: number;
  readonly usage?: Usage;
  /** True when `usage` is our estimate because the upstream told none. */
  readonly isUsageEstimated: boolean;
  /** Absent: no price is known. */
  readonly costNanoUsd?: NanoUsd;
  readonly error?: ToldError;
}

/** A provider is about to be asked. */
export interface UpstreamAsked extends ToldAttempt {
  readonly call: CallStarted;
}

/** It answered, or will not. */
export interface UpstreamAnswered extends EndedAttempt {
  readonly call: CallStarted;
}

/** What is known of a call when it has ended, whatever the end. */
export interface CallFinished extends CallStarted {
  readonly status: CallStatus;
  /** HTTP status the client got; 499: it left. */
  readonly statusCode: number;
  /** Epoch milliseconds. */
  readonly endedAt: number;
  readonly timeToFirstTokenMs?: number;
  /** Of the attempt that answered, or was the last: these five. */
  readonly group?: string;
  readonly provider?: string;
  readonly deploymentId?: string;
  readonly upstreamModel?: string;
  readonly apiBase?: string;
  readonly usage?: Usage;
  /** True when `usage` is our estimate because the upstream told none. */
  readonly isUsageEstimated: boolean;
  /** Of all attempts together; absent: no price is known. */
  readonly costNanoUsd?: NanoUsd;
  readonly cache: CacheState;
  readonly cacheKey?: string;
  readonly attempts: readonly EndedAttempt[];
  /** Milliseconds of the call that no provider was waited for. */
  readonly overheadMs?: number;
  /** The provider's `x-ratelimit-` headers. */
  readonly rateLimits: Readonly<Record<string, string>>;
  /** Their looks at it, in the order in which they ended. */
  readonly guardrails: readonly GuardrailRun[];
  readonly error?: ToldError;
  /** The answer, whole, in the client's dialect; absent for failures and when message logging is off. */
  readonly response?: Readonly<JsonObject>;
}
