import type { ChatRequest, ChatResponse, JsonObject } from '@turnpike/domain';
import type { AnswerStreamV1 } from './answer-stream.js';

/** When a guardrail looks at a call; `logging_only` looks at what callbacks and logs are told of it. */
export type GuardrailMode = 'pre_call' | 'during_call' | 'post_call' | 'logging_only';

/** One look at one call. */
export interface GuardrailContext {
  readonly callId: string;
  /** As the configuration calls this guardrail. */
  readonly guardrail: string;
  readonly mode: GuardrailMode;
  /** `chat`, `completions`, `embeddings` …: texts of other kinds of call are shown as the chat that says the same. */
  readonly operation: string;
  /** `/v1/chat/completions`. */
  readonly route: string;
  /** The name the client asked for. */
  readonly model: string;
  readonly stream: boolean;
  /** SHA-256, hex. */
  readonly keyHash?: string;
  readonly keyAlias?: string;
  readonly teamId?: string;
  readonly teamAlias?: string;
  readonly userId?: string;
  readonly organizationId?: string;
  /** The client's own name for whom it calls for. */
  readonly endUser?: string;
  /** The request's `metadata`, without internal keys. */
  readonly metadata: Readonly<JsonObject>;
  /** What the client says to this guardrail: `guardrails: [{ <name>: { extra_body: { … } } }]`. */
  readonly parameters: Readonly<JsonObject>;
  /** A header of the client's request by its lower-case name; undefined also for those that hold secrets. */
  header(name: string): string | undefined;
  /**
   * What this guardrail keeps of this call, from its look at the request to its look at the answer. It is the same
   * object in all modes but `logging_only`, and ends with the call.
   */
  readonly memory: { kept?: unknown };
  /** Aborted when nobody waits any more, or the time is over. */
  readonly signal: AbortSignal;
}

/** `block` answers the client 400 with the message. */
export interface GuardrailBlock {
  readonly action: 'block';
  readonly message: string;
  readonly details?: JsonObject;
}

/** How often something was put in the place of what, by kind: `{ EMAIL: 2 }`. Told to callbacks. */
export type MaskedCounts = Readonly<Record<string, number>>;

/** `pass` as it is · `replace` go on with this instead · `block` answer the client 400 with the message. */
export type GuardrailVerdict<T> =
  { action: 'pass' } | { action: 'replace'; value: T; masked?: MaskedCounts } | GuardrailBlock;

export interface PreCallV1 {
  /** Before the call; may change the request. */
  check(request: ChatRequest, context: GuardrailContext): Promise<GuardrailVerdict<ChatRequest>>;
}

export interface DuringCallV1 {
  /** Beside the call; may only stop it. */
  check(request: Readonly<ChatRequest>, context: GuardrailContext): Promise<GuardrailVerdict<never>>;
}

export interface PostCallV1 {
  /** Before the client sees the answer. */
  check(
    response: ChatResponse,
    request: Readonly<ChatRequest>,
    context: GuardrailContext,
  ): Promise<GuardrailVerdict<ChatResponse>>;
  /**
   * For a stream that may be checked as it comes; `pass`: it need not be. Absent, or undefined for this call: the whole
   * answer is waited for, and `check` sees it before the client sees any of it. Asked after `preCall`, and what it gives
   * may go unused.
   */
  stream?(request: Readonly<ChatRequest>, context: GuardrailContext): AnswerStreamV1 | 'pass' | undefined;
}

/**
 * A guardrail. One that fails stops the call, unless it is configured to let it pass. An error with
 * `isUnreachable: true` says that a service could not be asked, for which there is a setting of its own.
 */
export interface GuardrailV1 {
  preCall?: PreCallV1;
  duringCall?: DuringCallV1;
  postCall?: PostCallV1;
}
