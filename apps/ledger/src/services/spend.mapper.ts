// What was spent: from rows to messages.
import type { EntryAttempt, Usage } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import {
  SpendDimension,
  type ActivityPart,
  type DayActivity,
  type SpendLog as SpendLogMessage,
  type SpendLogAttempt,
  type SpendMetrics,
  type TokenUsage,
} from '@turnpike/rpc';
import type { DayOfActivity, PartOfActivity } from '../spend/daily-activity.js';
import type { Dimension } from '../spend/daily-filter.js';
import type { SpendLog, WholeSpendLog } from '../spend/spend-logs.js';
import type { SpendSums } from '../spend/spend-sums.js';
import type { SpendNamesById } from './spend-names.js';
import { textOf } from './stored-terms.js';

const DIMENSIONS: Readonly<Partial<Record<SpendDimension, Dimension>>> = {
  [SpendDimension.KEY]: 'key',
  [SpendDimension.USER]: 'user',
  [SpendDimension.TEAM]: 'team',
  [SpendDimension.ORGANIZATION]: 'organization',
  [SpendDimension.CUSTOMER]: 'customer',
  [SpendDimension.TAG]: 'tag',
  [SpendDimension.MODEL]: 'model',
  [SpendDimension.MODEL_GROUP]: 'group',
  [SpendDimension.PROVIDER]: 'provider',
  [SpendDimension.DAY]: 'day',
  [SpendDimension.OPERATION]: 'operation',
};

/** @throws GW_INVALID_REQUEST for one that is not among those that can be asked for here */
export const dimensionOf = <D extends Dimension>(
  dimension: SpendDimension,
  among: readonly D[],
  param = 'dimension',
): D => {
  const found = among.find((one) => one === DIMENSIONS[dimension]);
  if (found === undefined) throw invalidRequest(`${param} must be one of ${among.join(', ')}.`, param);
  return found;
};

export const toMetrics = (sums: SpendSums): SpendMetrics => ({
  spendNanoUsd: sums.spend,
  inputTokens: sums.inputTokens,
  outputTokens: sums.outputTokens,
  totalTokens: sums.inputTokens + sums.outputTokens,
  cachedInputTokens: sums.cachedInputTokens,
  cacheWriteTokens: sums.cacheWriteTokens,
  requests: sums.requests,
  successfulRequests: sums.successes,
  failedRequests: sums.failures,
  cacheHits: sums.cacheHits,
  cacheHitOutputTokens: sums.cacheHitOutputTokens,
});

/** Names are the callers' own, `__proto__` included, so no map of them is written by assignment. */
const mapOf = <From, To>(
  from: ReadonlyMap<string, From>,
  change: (value: From, name: string) => To,
): Record<string, To> => Object.fromEntries([...from].map(([name, value]) => [name, change(value, name)]));

const toPart = ({ sums, keys }: PartOfActivity, names: SpendNamesById | undefined, id: string): ActivityPart => ({
  metrics: toMetrics(sums),
  alias: names?.get(id)?.alias ?? '',
  teamId: names?.get(id)?.teamId ?? '',
  keys: mapOf(keys, toMetrics),
});

/** @param entities, keys names of what the day is told by */
export const toDayActivity = (day: DayOfActivity, entities: SpendNamesById, keys: SpendNamesById): DayActivity => {
  const parts = (of: ReadonlyMap<string, PartOfActivity>, names?: SpendNamesById): Record<string, ActivityPart> =>
    mapOf(of, (part, id) => toPart(part, names, id));
  return {
    date: day.day,
    metrics: toMetrics(day.sums),
    breakdown: {
      models: parts(day.models),
      modelGroups: parts(day.groups),
      providers: parts(day.providers),
      keys: parts(day.keys, keys),
      entities: parts(day.entities, entities),
      endpoints: parts(day.operations),
    },
  };
};

const isWhole = (log: SpendLog): log is WholeSpendLog => 'detail' in log;

/** @param teams their names */
export const toSpendLog = (log: SpendLog | WholeSpendLog, teams: SpendNamesById): SpendLogMessage => {
  const detail = isWhole(log) ? log.detail : undefined;
  return {
    id: log.id,
    callId: textOf(log.callId),
    startedAt: log.startedAt,
    endedAt: log.endedAt,
    firstTokenAt: firstTokenAt(log.startedAt, detail?.attempts.at(-1)),
    keyHash: textOf(log.key),
    keyAlias: textOf(log.keyAlias),
    userId: textOf(log.user),
    teamId: textOf(log.team),
    teamAlias: teams.get(textOf(log.team))?.alias ?? '',
    organizationId: textOf(log.organization),
    customerId: textOf(log.customer),
    tags: [...log.tags],
    sessionId: textOf(log.sessionId),
    requesterIpAddress: textOf(log.ip),
    operation: textOf(log.operation),
    stream: log.isStream,
    modelGroup: textOf(log.group ?? log.requestedModel),
    requestedModel: textOf(log.requestedModel),
    model: textOf(log.model),
    modelId: textOf(log.deployment),
    provider: textOf(log.provider),
    status: log.status,
    statusCode: log.statusCode ?? 0,
    cache: textOf(log.cache),
    costNanoUsd: log.cost,
    isCostUnknown: log.isCostUnknown,
    usage: {
      inputTokens: log.inputTokens,
      outputTokens: log.outputTokens,
      totalTokens: log.totalTokens,
      cachedInputTokens: log.cachedInputTokens,
      cacheWriteTokens: log.cacheWriteTokens,
      reasoningTokens: detail?.usage?.reasoningTokens ?? 0,
    },
    usageSource: detail?.usageSource ?? '',
    attempts: detail?.attempts.map(toAttempt) ?? [],
    errorCode: textOf(log.errorCode),
    errorMessage: detail?.error?.message ?? '',
    metadata: detail?.metadata,
  };
};

const firstTokenAt = (startedAt: Date, attempt: EntryAttempt | undefined): Date | undefined =>
  attempt?.firstTokenMs === undefined
    ? undefined
    : new Date(startedAt.getTime() + attempt.startedMs + attempt.firstTokenMs);

const toAttempt = (attempt: EntryAttempt): SpendLogAttempt => ({
  deploymentId: attempt.deployment,
  provider: attempt.provider,
  model: attempt.model,
  modelGroup: attempt.group ?? '',
  status: attempt.status,
  startedMs: attempt.startedMs,
  durationMs: attempt.durationMs,
  firstTokenMs: attempt.firstTokenMs,
  costNanoUsd: attempt.cost ?? 0,
  usage: attempt.usage && toUsage(attempt.usage),
  usageSource: attempt.usageSource ?? '',
  errorCode: attempt.error?.code ?? '',
  errorMessage: attempt.error?.message ?? '',
  reason: attempt.reason ?? '',
  retry: attempt.retry ?? 0,
  fallback: attempt.fallback ?? 0,
});

const toUsage = (usage: Usage): TokenUsage => ({
  inputTokens: usage.inputTokens,
  outputTokens: usage.outputTokens,
  totalTokens: usage.totalTokens,
  cachedInputTokens: usage.cachedInputTokens ?? 0,
  cacheWriteTokens: usage.cacheWriteTokens ?? 0,
  reasoningTokens: usage.reasoningTokens ?? 0,
});
