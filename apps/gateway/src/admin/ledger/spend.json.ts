// What was spent: the ledger's messages as LiteLLM's JSON.
import type { JsonObject } from '@turnpike/domain';
import type {
  ActivityBreakdown,
  ActivityPart,
  DayActivity,
  DaySpend,
  PageInfo,
  SpendLog,
  SpendMetrics,
} from '@turnpike/rpc';
import { toUsd } from './kinds.js';

/** What is of no team. */
export const UNASSIGNED = 'Unassigned Team';

/** As LiteLLM names what is asked for, in its log. */
const CALL_TYPES: Readonly<Record<string, string>> = {
  chat: 'acompletion',
  completions: 'atext_completion',
  embeddings: 'aembedding',
  moderations: 'amoderation',
  responses: 'aresponses',
  rerank: 'arerank',
};

const timeOf = (time: Date | undefined): string | null => time?.toISOString() ?? null;

export const callTypeOf = (operation: string): string => CALL_TYPES[operation] ?? operation;

export const providerOf = (plugin: string): string => plugin.replace(/^provider\./, '');

/** A row of the log. Prompts and answers are not kept. */
export const fromSpendLog = (log: SpendLog): JsonObject => {
  const { startedAt, endedAt, usage } = log;
  return {
    request_id: log.callId || log.id,
    id: log.id,
    call_type: callTypeOf(log.operation),
    api_key: log.keyHash,
    spend: toUsd(log.costNanoUsd),
    total_tokens: usage?.totalTokens ?? 0,
    prompt_tokens: usage?.inputTokens ?? 0,
    completion_tokens: usage?.outputTokens ?? 0,
    startTime: timeOf(startedAt),
    endTime: timeOf(endedAt),
    completionStartTime: timeOf(log.firstTokenAt),
    request_duration_ms: startedAt && endedAt ? endedAt.getTime() - startedAt.getTime() : null,
    model: log.model,
    model_id: log.modelId,
    model_group: log.modelGroup,
    custom_llm_provider: providerOf(log.provider),
    user: log.userId,
    team_id: log.teamId,
    organization_id: log.organizationId || null,
    end_user: log.customerId,
    cache_hit: log.cache === 'hit' ? 'True' : 'False',
    cache_key: log.cache === 'off' ? 'Cache OFF' : '',
    request_tags: log.tags,
    requester_ip_address: log.requesterIpAddress || null,
    session_id: log.sessionId || null,
    status: log.status,
    stream: log.stream,
    metadata: metadataOf(log),
    messages: {},
    response: {},
    proxy_server_request: {},
  };
};

const metadataOf = (log: SpendLog): JsonObject => ({
  user_api_key: log.keyHash,
  user_api_key_alias: log.keyAlias || null,
  user_api_key_user_id: log.userId || null,
  user_api_key_team_id: log.teamId || null,
  user_api_key_team_alias: log.teamAlias || null,
  user_api_key_org_id: log.organizationId || null,
  requester_ip_address: log.requesterIpAddress || null,
  status: log.status,
  spend_logs_metadata: log.metadata ?? null,
  usage_object: log.usage
    ? {
        prompt_tokens: log.usage.inputTokens,
        completion_tokens: log.usage.outputTokens,
        total_tokens: log.usage.totalTokens,
        cache_read_input_tokens: log.usage.cachedInputTokens,
        cache_creation_input_tokens: log.usage.cacheWriteTokens,
        reasoning_tokens: log.usage.reasoningTokens,
      }
    : null,
  is_usage_estimated: log.usageSource === 'estimated',
  is_cost_unknown: log.isCostUnknown,
  attempted_retries: Math.max(0, log.attempts.length - 1),
  attempts: log.attempts.map((attempt) => ({
    model_id: attempt.deploymentId,
    custom_llm_provider: providerOf(attempt.provider),
    model: attempt.model,
    model_group: attempt.modelGroup,
    status: attempt.status,
    started_ms: attempt.startedMs,
    duration_ms: attempt.durationMs,
    first_token_ms: attempt.firstTokenMs ?? null,
    spend: toUsd(attempt.costNanoUsd),
    error: attempt.errorCode ? { code: attempt.errorCode, message: attempt.errorMessage } : null,
  })),
  error_information: log.errorCode
    ? { error_code: String(log.statusCode), error_class: log.errorCode, error_message: log.errorMessage }
    : null,
});

const usdByName = (amounts: Readonly<Record<string, number>>): JsonObject =>
  Object.fromEntries(Object.entries(amounts).map(([name, nano]) => [name, toUsd(nano)]));

/** A day of `/spend/logs?summarize=true`. */
export const fromDaySpend = ({ date, spendNanoUsd, users, models }: DaySpend): JsonObject => ({
  startTime: date,
  spend: toUsd(spendNanoUsd),
  users: usdByName(users),
  models: usdByName(models),
});

export const fromMetrics = (metrics: SpendMetrics | undefined): JsonObject => ({
  spend: toUsd(metrics?.spendNanoUsd ?? 0),
  prompt_tokens: metrics?.inputTokens ?? 0,
  completion_tokens: metrics?.outputTokens ?? 0,
  cache_read_input_tokens: metrics?.cachedInputTokens ?? 0,
  cache_creation_input_tokens: metrics?.cacheWriteTokens ?? 0,
  total_tokens: metrics?.totalTokens ?? 0,
  successful_requests: metrics?.successfulRequests ?? 0,
  failed_requests: metrics?.failedRequests ?? 0,
  api_requests: metrics?.requests ?? 0,
});

const fromPart = ({ metrics, alias, teamId, keys }: ActivityPart): JsonObject => ({
  metrics: fromMetrics(metrics),
  metadata: { alias: alias || null, key_alias: alias || null, team_id: teamId || null },
  api_key_breakdown: Object.fromEntries(
    Object.entries(keys).map(([hash, ofKey]) => [hash, { metrics: fromMetrics(ofKey), metadata: {} }]),
  ),
});

const fromParts = (parts: Readonly<Record<string, ActivityPart>> = {}): JsonObject =>
  Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, fromPart(part)]));

const fromBreakdown = (breakdown: ActivityBreakdown | undefined): JsonObject => ({
  models: fromParts(breakdown?.models),
  model_groups: fromParts(breakdown?.modelGroups),
  providers: fromParts(breakdown?.providers),
  api_keys: fromParts(breakdown?.keys),
  entities: fromParts(breakdown?.entities),
  endpoints: fromParts(breakdown?.endpoints),
  mcp_servers: {},
});

export const fromDayActivity = ({ date, metrics, breakdown }: DayActivity): JsonObject => ({
  date,
  metrics: fromMetrics(metrics),
  breakdown: fromBreakdown(breakdown),
});

/** The sums beside the days. */
export const fromActivityTotal = (total: SpendMetrics | undefined, page: PageInfo | undefined): JsonObject => ({
  ...Object.fromEntries(
    Object.entries(fromMetrics(total)).map(([name, value]) => [`total_${name.replace(/^total_/, '')}`, value]),
  ),
  page: page?.page ?? 1,
  total_pages: page?.totalPages ?? 1,
  has_more: (page?.page ?? 1) < (page?.totalPages ?? 1),
});
