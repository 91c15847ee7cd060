// A finished call as LiteLLM's standard logging payload: what its sinks send, and what is built on them reads.
import type { JsonObject, JsonValue, Usage } from '@turnpike/domain';
import type { CallFinished } from '../contracts/callback/v1/index.js';

const CALL_TYPES: Readonly<Record<string, string>> = {
  chat: 'acompletion',
  completions: 'atext_completion',
  embeddings: 'aembedding',
};

const NANO_PER_USD = 1e9;

/** Absent fields are those of features that the call did not use. */
export const standardLoggingPayload = (call: CallFinished): JsonObject => {
  const { usage, error, request, endedAt, startedAt } = call;
  const cost = usdOf(call.costNanoUsd);
  const rateLimits = Object.entries(call.rateLimits).map(([name, value]): [string, string] => [
    name.replaceAll('-', '_'),
    value,
  ]);
  return compact({
    id: call.callId,
    trace_id: call.traceId,
    call_type: CALL_TYPES[call.operation] ?? call.operation,
    stream: call.stream,
    status: call.status === 'success' ? 'success' : 'failure',
    status_fields: {
      llm_api_status: call.status === 'success' ? 'success' : 'failure',
      guardrail_status: guardrailStatusOf(call),
    },
    model: call.upstreamModel ?? call.model,
    model_id: call.deploymentId,
    model_group: call.group ?? call.model,
    custom_llm_provider: providerOf(call.provider),
    api_base: call.apiBase,
    response_cost: cost ?? 0,
    cost_breakdown: cost === undefined ? undefined : { total_cost: cost },
    prompt_tokens: usage?.inputTokens ?? 0,
    completion_tokens: usage?.outputTokens ?? 0,
    total_tokens: usage?.totalTokens ?? 0,
    startTime: startedAt / 1_000,
    endTime: endedAt / 1_000,
    completionStartTime: (startedAt + (call.timeToFirstTokenMs ?? endedAt - startedAt)) / 1_000,
    response_time: (endedAt - startedAt) / 1_000,
    cache_hit: call.cache === 'hit',
    cache_key: call.cacheKey,
    request_tags: [...call.tags],
    end_user: call.endUser ?? '',
    requester_ip_address: call.ip,
    user_agent: call.userAgent,
    messages: request && contentOf(request),
    response: call.response,
    model_parameters: call.parameters,
    error_str: error?.message,
    error_information: error && {
      error_code: String(error.upstreamStatus ?? call.statusCode),
      error_class: error.code,
      error_message: error.message,
      llm_provider: providerOf(error.provider) ?? '',
    },
    hidden_params: compact({
      model_id: call.deploymentId,
      cache_key: call.cacheKey,
      api_base: call.apiBase,
      response_cost: cost,
      litellm_overhead_time_ms: call.overheadMs,
      litellm_model_name: call.upstreamModel,
      additional_headers: rateLimits.length > 0 ? Object.fromEntries(rateLimits) : undefined,
      usage_object: usage && usageOf(usage),
    }),
    guardrail_information:
      call.guardrails.length === 0
        ? undefined
        : call.guardrails.map((one) =>
            compact({
              guardrail_name: one.name,
              guardrail_mode: one.mode,
              guardrail_status: one.status,
              start_time: one.startedAt / 1_000,
              end_time: (one.startedAt + one.ms) / 1_000,
              duration: one.ms / 1_000,
              masked_entity_count: one.masked && { ...one.masked },
            }),
          ),
    metadata: metadataOf(call),
  });
};

const metadataOf = (call: CallFinished): JsonObject =>
  compact({
    user_api_key_hash: call.keyHash,
    user_api_key_alias: call.keyAlias,
    user_api_key_user_id: call.userId,
    user_api_key_user_email: call.userEmail,
    user_api_key_team_id: call.teamId,
    user_api_key_team_alias: call.teamAlias,
    user_api_key_org_id: call.organizationId,
    user_api_key_end_user_id: call.endUser,
    user_api_key_request_route: call.route,
    spend_logs_metadata: call.spendLogsMetadata,
    requester_ip_address: call.ip,
    requester_metadata: call.metadata,
    requester_custom_headers: { ...call.headers },
    applied_guardrails: [...new Set(call.guardrails.map(({ name }) => name))],
    usage_object: call.usage && usageOf(call.usage),
  });

/** As OpenAI names the counts. */
const usageOf = (usage: Usage): JsonObject =>
  compact({
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.totalTokens,
    prompt_tokens_details: compact({
      cached_tokens: usage.cachedInputTokens,
      cache_creation_tokens: usage.cacheWriteTokens,
      audio_tokens: usage.inputAudioTokens,
    }),
    completion_tokens_details: compact({
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: usage.outputAudioTokens,
    }),
  });

const guardrailStatusOf = ({ guardrails }: CallFinished): string => {
  if (guardrails.length === 0) return 'not_run';
  const worst = ['guardrail_intervened', 'guardrail_failed_to_respond'].find((status) =>
    guardrails.some((one) => one.status === status),
  );
  return worst ?? 'success';
};

/** What the call was about, whatever the dialect calls it. */
const contentOf = (request: Readonly<JsonObject>): JsonValue =>
  request['messages'] ?? request['prompt'] ?? request['input'] ?? request['contents'] ?? null;

/** USD for sinks that want a plain number. */
const usdOf = (nano: number | undefined): number | undefined => (nano === undefined ? undefined : nano / NANO_PER_USD);

const providerOf = (id: string | undefined): string | undefined => id?.slice(id.indexOf('.') + 1);

/** Without what is not known. */
const compact = (fields: Record<string, JsonValue | undefined>): JsonObject =>
  Object.fromEntries<JsonValue | undefined>(Object.entries(fields).filter(([, value]) => value !== undefined));
