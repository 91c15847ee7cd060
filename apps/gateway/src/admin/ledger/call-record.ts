// What the spend log has of a call, told as recent calls are.
import type { AttemptStatus, CacheState, CallStatus, Usage } from '@turnpike/domain';
import { formatUsd } from '@turnpike/pricing';
import type { SpendLog, SpendLogAttempt, TokenUsage } from '@turnpike/rpc';
import type { AttemptRecord, CallRecord } from '../../runtime/recent-calls.js';

export const toCallRecord = (log: SpendLog): CallRecord => {
  const startedAt = log.startedAt?.getTime() ?? 0;
  return {
    callId: log.callId || log.id,
    model: log.requestedModel || log.modelGroup,
    operation: log.operation,
    stream: log.stream,
    startedAt,
    durationMs: (log.endedAt?.getTime() ?? startedAt) - startedAt,
    status: log.status as CallStatus,
    statusCode: log.statusCode,
    cache: (log.cache || 'off') as CacheState,
    attempts: log.attempts.map((attempt) => attemptOf(attempt, log.isCostUnknown)),
    error: log.errorCode === '' ? null : { code: log.errorCode, message: log.errorMessage },
    usage: usageOf(log.usage),
    costUsd: log.isCostUnknown ? null : formatUsd(log.costNanoUsd),
  };
};

/** @param isCostUnknown of one of the call's attempts; it then says that it cost nothing */
const attemptOf = (attempt: SpendLogAttempt, isCostUnknown: boolean): AttemptRecord => ({
  deploymentId: attempt.deploymentId,
  provider: attempt.provider,
  model: attempt.model,
  group: attempt.modelGroup,
  reason: attempt.reason,
  retry: attempt.retry,
  fallback: attempt.fallback,
  status: attempt.status as AttemptStatus,
  startedMs: attempt.startedMs,
  durationMs: attempt.durationMs,
  firstTokenMs: attempt.firstTokenMs ?? null,
  error:
    attempt.errorCode === '' ? null : { code: attempt.errorCode, message: attempt.errorMessage, retryAfterMs: null },
  usage: usageOf(attempt.usage),
  isUsageEstimated: attempt.usageSource === 'estimated',
  costUsd: isCostUnknown && attempt.costNanoUsd === 0 ? null : formatUsd(attempt.costNanoUsd),
});

/** Parts of nothing are not told. */
const usageOf = (usage: TokenUsage | undefined): Usage | null => {
  if (!usage) return null;
  const { inputTokens, outputTokens, totalTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens } = usage;
  return {
    inputTokens,
    outputTokens,
    totalTokens,
    ...(cachedInputTokens > 0 && { cachedInputTokens }),
    ...(cacheWriteTokens > 0 && { cacheWriteTokens }),
    ...(reasoningTokens > 0 && { reasoningTokens }),
  };
};
