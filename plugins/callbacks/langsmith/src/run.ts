// A finished call as a run of LangSmith.
// docs: https://docs.langchain.com/langsmith/run-data-format and …/log-llm-trace, read 2026-11-21
import {
  contentIn,
  contentOut,
  isJsonObject,
  standardLoggingPayload,
  type CallFinished,
  type JsonObject,
  type JsonValue,
  type Usage,
} from '@turnpike/plugin-sdk';
import type { LangsmithSettings } from './config.js';
import { uuidOf } from './ids.js';
import { placeOf, type Place } from './place.js';
import { wishesOf } from './wishes.js';

/** `RunIngest` of LangSmith's API, as far as it is used. */
export interface Run extends Place {
  readonly id: string;
  readonly name: string;
  readonly run_type: 'llm';
  /** ISO 8601. */
  readonly start_time: string;
  readonly end_time: string;
  readonly session_name?: string;
  readonly session_id?: string;
  readonly inputs: JsonObject;
  readonly outputs?: JsonObject;
  readonly error?: string;
  readonly status: 'success' | 'error';
  readonly events?: readonly { name: string; time: string }[];
  readonly tags: readonly string[];
  readonly extra: JsonObject;
}

export const runOf = (call: CallFinished, settings: Pick<LangsmithSettings, 'project' | 'default_run_name'>): Run => {
  const wishes = wishesOf(call);
  const id = wishes.id ?? uuidOf(call.callId);
  return {
    id,
    ...placeOf(id, call.startedAt, wishes),
    name: wishes.runName ?? settings.default_run_name,
    run_type: 'llm',
    start_time: new Date(call.startedAt).toISOString(),
    end_time: new Date(call.endedAt).toISOString(),
    ...(wishes.sessionId && !wishes.projectName
      ? { session_id: wishes.sessionId }
      : { session_name: wishes.projectName ?? settings.project }),
    inputs: inputsOf(call),
    outputs: outputsOf(call),
    ...verdict(call),
    events: firstTokenOf(call),
    tags: call.tags,
    extra: {
      invocation_params: { model: call.upstreamModel ?? call.model, stream: call.stream, ...call.parameters },
      metadata: metadataOf(call, wishes.metadata),
    },
  };
};

/** Always an object: `{}` when nothing of it may be told. */
const inputsOf = (call: CallFinished): JsonObject => {
  const content = contentIn(call) ?? {};
  return isJsonObject(content) ? content : { input: content };
};

/** The answer in its own dialect, which LangSmith knows how to show; no vectors. */
const outputsOf = (call: CallFinished): JsonObject | undefined =>
  contentOut(call) === undefined ? undefined : call.response;

const verdict = ({ status, error }: CallFinished): Pick<Run, 'status' | 'error'> => {
  if (status === 'success') return { status: 'success' };
  const fallback = status === 'client_closed' ? 'The client left.' : 'The call failed.';
  return { status: 'error', error: error ? `${error.code}: ${error.message}` : fallback };
};

/** By this event LangSmith knows when the first token came. */
const firstTokenOf = ({ stream, startedAt, attempts, timeToFirstTokenMs }: CallFinished): Run['events'] => {
  if (!stream || timeToFirstTokenMs === undefined) return undefined;
  const at = Math.round((attempts.at(-1)?.startedAt ?? startedAt) + timeToFirstTokenMs);
  return [{ name: 'new_token', time: new Date(at).toISOString() }];
};

/** The client's own, who called what, and what LangSmith counts and groups by. */
const metadataOf = (call: CallFinished, own: JsonObject): JsonObject => {
  const facts = standardLoggingPayload(call);
  const { requester_metadata: _own, requester_custom_headers: _headers, ...who } = facts['metadata'] as JsonObject;
  const { temperature, max_tokens: maxTokens } = call.parameters;
  return withoutUnknown({
    ...own,
    ...who,
    litellm_call_id: call.callId,
    model_group: facts['model_group'],
    custom_llm_provider: facts['custom_llm_provider'],
    cache_hit: facts['cache_hit'],
    response_cost: facts['response_cost'],
    hidden_params: facts['hidden_params'],
    attempts: call.attempts.length,
    session_id: call.sessionId ?? own['session_id'],
    ls_provider: facts['custom_llm_provider'],
    ls_model_name: call.upstreamModel ?? call.model,
    ls_model_type: call.operation === 'chat' ? 'chat' : 'llm',
    ls_temperature: temperature,
    ls_max_tokens: maxTokens,
    usage_metadata: call.usage && usageMetadata(call.usage, call.costNanoUsd),
  });
};

/** Counts contain one another, as in LangSmith's own. The gateway knows the cost as a whole. */
export const usageMetadata = (usage: Usage, costNanoUsd: number | undefined): JsonObject =>
  withoutUnknown({
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    total_tokens: usage.totalTokens,
    input_token_details: counted({
      cache_read: usage.cachedInputTokens,
      cache_creation: usage.cacheWriteTokens,
      audio: usage.inputAudioTokens,
    }),
    output_token_details: counted({ reasoning: usage.reasoningTokens, audio: usage.outputAudioTokens }),
    total_cost: costNanoUsd === undefined ? undefined : costNanoUsd / 1e9,
  });

const counted = (counts: Record<string, number | undefined>): JsonObject | undefined => {
  const known = withoutUnknown(counts);
  return Object.keys(known).length > 0 ? known : undefined;
};

const withoutUnknown = (fields: Record<string, JsonValue | undefined>): JsonObject =>
  Object.fromEntries<JsonValue | undefined>(Object.entries(fields).filter(([, value]) => value !== undefined));
