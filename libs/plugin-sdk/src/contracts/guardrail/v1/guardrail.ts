import type { ChatRequest, ChatResponse, JsonObject } from '@turnpike/domain';

export interface GuardrailContext {
  readonly callId: string;
  readonly keyHash?: string;
  readonly teamId?: string;
  readonly metadata: Readonly<JsonObject>;
  readonly signal: AbortSignal;
}

/** `pass` as it is · `replace` go on with this instead · `block` answer the client 400 with the message. */
export type GuardrailVerdict<T> =
  { action: 'pass' } | { action: 'replace'; value: T } | { action: 'block'; message: string; details?: JsonObject };

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
}

/** A guardrail. One that fails stops the call, unless it is configured to let it pass. */
export interface GuardrailV1 {
  preCall?: PreCallV1;
  duringCall?: DuringCallV1;
  postCall?: PostCallV1;
}
