// A finished call as OpenTelemetry spans: one of the call with everything that is known, and one below it for each attempt.
// docs: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans, read 2026-11-21. Names that LiteLLM's spans have
// besides stand next to those of the conventions.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { createHash } from 'node:crypto';
import type { CallFinished, EndedAttempt } from '../contracts/callback/v1/index.js';
import { inputMessages, outputMessages } from './gen-ai-messages.js';
import type { OtlpAttributes, OtlpValue } from './otlp-common.js';
import type { OtlpSpan } from './otlp.js';
import { standardLoggingPayload } from './standard-payload.js';

export interface SpanPlace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
}

export interface GenAiSpanOptions {
  /** The span that the call's is a child of. Absent: the call begins a trace of its own. */
  readonly parent?: SpanPlace;
  /** Prompts and answers as attributes, where they may be told. */
  readonly withContent: boolean;
}

const OPERATIONS: Readonly<Record<string, string>> = {
  chat: 'chat',
  completions: 'text_completion',
  embeddings: 'embeddings',
};

/** The call's span comes first. Ids follow from the call's, so what is sent twice is the same. */
export const genAiSpans = (call: CallFinished, { parent, withContent }: GenAiSpanOptions): OtlpSpan[] => {
  const traceId = parent?.traceId ?? digest(call.callId, 32);
  const spanId = digest(`${call.callId} call`, 16);
  const operation = OPERATIONS[call.operation] ?? call.operation;
  const root: OtlpSpan = {
    traceId,
    spanId,
    parentSpanId: parent?.spanId,
    name: `${operation} ${call.model}`.trim(),
    kind: 'server',
    startedAt: call.startedAt,
    endedAt: call.endedAt,
    attributes: {
      'gen_ai.operation.name': operation,
      ...modelOf(call),
      ...parametersOf(call.parameters),
      ...usageOf(call),
      ...answerOf(call),
      ...callerOf(call),
      ...(withContent && contentOf(call)),
      'error.type': call.error?.code,
    },
    status: statusOf(call),
  };
  return [root, ...call.attempts.map((attempt) => attemptSpan(call, operation, root, attempt))];
};

/** `traceparent: 00-<trace id>-<span id>-<flags>`, as clients that trace send it. */
export const traceParentOf = ({ headers }: Pick<CallFinished, 'headers'>): SpanPlace | undefined => {
  const [, traceId, spanId] =
    /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}(?:-|$)/.exec(
      headers['traceparent'] ?? '',
    ) ?? [];
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId };
};

const attemptSpan = (
  { callId }: CallFinished,
  operation: string,
  { traceId, spanId }: OtlpSpan,
  attempt: EndedAttempt,
): OtlpSpan => ({
  traceId,
  spanId: digest(`${callId} attempt ${attempt.attempt}`, 16),
  parentSpanId: spanId,
  name: `attempt ${attempt.attempt} ${attempt.upstreamModel}`,
  kind: 'client',
  startedAt: attempt.startedAt,
  endedAt: attempt.endedAt,
  // Tokens and costs stand in the call's span alone: whoever adds up spans counts them once.
  attributes: {
    'turnpike.attempt': attempt.attempt,
    'turnpike.attempt.status': attempt.status,
    'turnpike.model_group': attempt.group,
    'turnpike.deployment.id': attempt.deploymentId,
    'turnpike.upstream.operation': operation,
    'turnpike.upstream.model': attempt.upstreamModel,
    'turnpike.upstream.provider': nameOf(attempt.provider),
    'turnpike.time_to_first_token_ms': attempt.timeToFirstTokenMs,
    'server.address': hostOf(attempt.apiBase),
    'http.response.status_code': attempt.error?.upstreamStatus,
    'error.type': attempt.error?.code,
  },
  status: attempt.status === 'failure' ? { code: 'error', message: attempt.error?.message } : { code: 'ok' },
});

const modelOf = (call: CallFinished): OtlpAttributes => {
  const model = call.response?.['model'];
  const provider = nameOf(call.provider);
  return {
    'gen_ai.provider.name': provider,
    'gen_ai.system': provider,
    'gen_ai.request.model': call.model,
    'gen_ai.response.model': typeof model === 'string' ? model : call.upstreamModel,
    'server.address': hostOf(call.apiBase),
    'turnpike.model_group': call.group,
    'turnpike.deployment.id': call.deploymentId,
  };
};

const PARAMETERS: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  top_p: 'top_p',
  top_k: 'top_k',
  max_tokens: 'max_tokens',
  max_completion_tokens: 'max_tokens',
  frequency_penalty: 'frequency_penalty',
  presence_penalty: 'presence_penalty',
  seed: 'seed',
  n: 'choice.count',
};

const parametersOf = (parameters: Readonly<JsonObject>): OtlpAttributes => {
  const attributes: Record<string, OtlpValue> = {};
  for (const [name, attribute] of Object.entries(PARAMETERS)) {
    const value = parameters[name];
    if (typeof value === 'number') attributes[`gen_ai.request.${attribute}`] = value;
  }
  return attributes;
};

const usageOf = ({ usage, costNanoUsd, isUsageEstimated }: CallFinished): OtlpAttributes => ({
  'gen_ai.usage.input_tokens': usage?.inputTokens,
  'gen_ai.usage.output_tokens': usage?.outputTokens,
  'gen_ai.usage.prompt_tokens': usage?.inputTokens,
  'gen_ai.usage.completion_tokens': usage?.outputTokens,
  'gen_ai.usage.total_tokens': usage?.totalTokens,
  'gen_ai.usage.cache_read.input_tokens': usage?.cachedInputTokens,
  'gen_ai.usage.cache_creation.input_tokens': usage?.cacheWriteTokens,
  'gen_ai.usage.reasoning.output_tokens': usage?.reasoningTokens,
  'gen_ai.cost.total_cost': costNanoUsd === undefined ? undefined : costNanoUsd / 1e9,
  'turnpike.usage.estimated': isUsageEstimated ? true : undefined,
});

const answerOf = ({
  response,
  stream,
  cache,
  statusCode,
  timeToFirstTokenMs,
  attempts,
}: CallFinished): OtlpAttributes => {
  const choices = Array.isArray(response?.['choices']) ? response['choices'].filter(isJsonObject) : [];
  const reasons = choices.map(({ finish_reason: reason }) => reason).filter((reason) => typeof reason === 'string');
  const id = response?.['id'];
  return {
    'gen_ai.response.id': typeof id === 'string' ? id : undefined,
    'gen_ai.response.finish_reasons': reasons.length > 0 ? reasons : undefined,
    'gen_ai.response.time_to_first_chunk':
      stream && timeToFirstTokenMs !== undefined ? timeToFirstTokenMs / 1_000 : undefined,
    'llm.is_streaming': stream,
    'http.response.status_code': statusCode,
    'turnpike.cache': cache,
    'turnpike.attempts': attempts.length,
  };
};

/** Who called, with LiteLLM's names below `metadata.`: what is text, number or switch. */
const callerOf = (call: CallFinished): OtlpAttributes => {
  const metadata = standardLoggingPayload(call)['metadata'] as JsonObject;
  const attributes: Record<string, OtlpValue | undefined> = {
    'turnpike.call_id': call.callId,
    'http.route': call.route,
    'gen_ai.conversation.id': call.sessionId,
    'session.id': call.sessionId,
    'user.id': call.endUser ?? call.userId,
    'llm.user': call.endUser,
    'turnpike.tags': call.tags.length > 0 ? call.tags : undefined,
  };
  for (const [name, value] of Object.entries(metadata)) if (isPlain(value)) attributes[`metadata.${name}`] = value;
  return attributes;
};

const isPlain = (value: JsonValue | undefined): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

const contentOf = (call: CallFinished): OtlpAttributes => {
  const [input, output] = [inputMessages(call), outputMessages(call)];
  return {
    'gen_ai.input.messages': input && JSON.stringify(input),
    'gen_ai.output.messages': output && JSON.stringify(output),
  };
};

/** A client that leaves is no error of ours. */
const statusOf = ({ status, error }: CallFinished): OtlpSpan['status'] => {
  if (status === 'success') return { code: 'ok' };
  return status === 'failure' ? { code: 'error', message: error?.message } : undefined;
};

const nameOf = (pluginId: string | undefined): string | undefined => pluginId?.slice(pluginId.indexOf('.') + 1);

const hostOf = (address: string | undefined): string | undefined =>
  address !== undefined && URL.canParse(address) ? new URL(address).hostname : undefined;

const digest = (text: string, length: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, length);
