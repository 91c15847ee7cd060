// Calls as rows: the main fields of the standard logging payload, and the payload.
import { standardLoggingPayload, type CallFinished, type JsonObject } from '@turnpike/plugin-sdk';

/** Column → type, in the order of the table. */
export const COLUMNS = {
  call_id: 'text',
  trace_id: 'text',
  session_id: 'text',
  started_at: 'timestamptz',
  ended_at: 'timestamptz',
  duration_ms: 'double precision',
  time_to_first_token_ms: 'double precision',
  route: 'text',
  call_type: 'text',
  status: 'text',
  status_code: 'integer',
  stream: 'boolean',
  cache_hit: 'boolean',
  model: 'text',
  model_group: 'text',
  provider: 'text',
  upstream_model: 'text',
  deployment_id: 'text',
  prompt_tokens: 'bigint',
  completion_tokens: 'bigint',
  total_tokens: 'bigint',
  cost_usd: 'numeric(20, 9)',
  attempts: 'integer',
  key_hash: 'text',
  key_alias: 'text',
  user_id: 'text',
  team_id: 'text',
  team_alias: 'text',
  organization_id: 'text',
  end_user: 'text',
  tags: 'jsonb',
  error_code: 'text',
  error_message: 'text',
  payload: 'jsonb',
} as const;

type Row = { [C in keyof typeof COLUMNS]: unknown };

export const rowOf = (call: CallFinished): Row => {
  const payload: JsonObject = standardLoggingPayload(call);
  return {
    call_id: call.callId,
    trace_id: call.traceId,
    session_id: call.sessionId,
    started_at: new Date(call.startedAt),
    ended_at: new Date(call.endedAt),
    duration_ms: call.endedAt - call.startedAt,
    time_to_first_token_ms: call.timeToFirstTokenMs,
    route: call.route,
    call_type: payload['call_type'],
    status: call.status,
    status_code: call.statusCode,
    stream: call.stream,
    cache_hit: call.cache === 'hit',
    model: call.model,
    model_group: call.group,
    provider: payload['custom_llm_provider'],
    upstream_model: call.upstreamModel,
    deployment_id: call.deploymentId,
    prompt_tokens: call.usage?.inputTokens,
    completion_tokens: call.usage?.outputTokens,
    total_tokens: call.usage?.totalTokens,
    cost_usd: call.costNanoUsd === undefined ? undefined : decimalUsd(call.costNanoUsd),
    attempts: call.attempts.length,
    key_hash: call.keyHash,
    key_alias: call.keyAlias,
    user_id: call.userId,
    team_id: call.teamId,
    team_alias: call.teamAlias,
    organization_id: call.organizationId,
    end_user: call.endUser,
    tags: call.tags,
    error_code: call.error?.code,
    error_message: call.error?.message,
    payload,
  };
};

/** Nine places, without a detour through fractions: 54000 → `0.000054000`. */
const decimalUsd = (nano: number): string => {
  const digits = String(Math.round(Math.abs(nano))).padStart(10, '0');
  return `${nano < 0 ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`;
};
