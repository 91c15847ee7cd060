// A finished call as its journal entry: what it cost whom, and nothing of what was said in it.
import { ENTRY_LIMITS, type CallEntry, type EntryAttempt, type EntryError } from '@turnpike/domain';
import type { GatewayError } from '@turnpike/errors';
import { shownMessage } from '../filters/error-answer.js';
import type { Attempt } from './attempt.js';
import { sessionOf } from './conversation-key.js';
import type { Exchange, Outcome } from './exchange.js';
import { keptMetadata, keptPrompts } from './spend-log-extras.js';

/** Whose journal it is. */
export interface EntryFacts {
  readonly id: string;
  readonly holder: string;
  /** Our clock is so far behind the ledger's. */
  readonly clockOffsetMs: number;
}

export const entryOf = (exchange: Exchange, outcome: Outcome, { id, holder, clockOffsetMs }: EntryFacts): CallEntry => {
  const { principal, attempt, body, isStream, snapshot } = exchange;
  const cost = outcome.costNanoUsd;
  const origin = performance.timeOrigin + clockOffsetMs;
  const entry: CallEntry = {
    v: 1,
    id,
    callId: exchange.callId,
    startedAt: Math.round(origin + exchange.startedAt),
    endedAt: Math.round(origin + outcome.endedAt),
    holder,
    key: principal?.isToken ? undefined : principal?.keyHash || undefined,
    alias: principal?.keyAlias || undefined,
    user: exchange.internalUser ?? (principal?.userId || undefined),
    team: principal?.teamId || undefined,
    organization: principal?.organizationId || undefined,
    customer: snapshot.config.callers.isCustomerCostIgnored ? undefined : exchange.customer,
    tags: exchange.tags && [...exchange.tags],
    model: exchange.model,
    group: attempt?.choice.level.group.name,
    operation: exchange.front.operation,
    stream: isStream,
    status: outcome.status,
    statusCode: outcome.statusCode,
    cache: exchange.cache,
    cost: cost ?? 0,
    costUnknown: (cost === undefined && outcome.usage !== undefined) || undefined,
    usage: outcome.usage,
    usageSource: outcome.usage && (outcome.isUsageEstimated ? 'estimated' : 'upstream'),
    ip: exchange.clientAddress,
    attempts: exchange.attempts.map((one) => attemptOf(one, exchange.startedAt)),
    error: outcome.error && errorOf(outcome.error),
    sessionId: body && sessionOf(exchange.headers, body)?.slice(0, ENTRY_LIMITS.name),
    metadata: keptMetadata(exchange),
    accounts: exchange.bounds?.furtherAccounts,
  };
  const prompts = keptPrompts(exchange);
  if (prompts) Object.assign(entry, prompts);
  return entry;
};

const attemptOf = (attempt: Attempt, callStartedAt: number): EntryAttempt => {
  const { choice, target, status, startedAt, firstTokenAt, endedAt = startedAt, usage, error } = attempt;
  return {
    deployment: target.deployment.id,
    provider: target.deployment.provider,
    model: target.model,
    group: choice.level.group.name,
    reason: attempt.reason,
    retry: choice.retry || undefined,
    fallback: choice.fallback || undefined,
    // A call that ends takes its attempts with it.
    status: status === 'open' ? 'abandoned' : status,
    startedMs: rounded(startedAt - callStartedAt),
    durationMs: rounded(endedAt - startedAt),
    firstTokenMs: firstTokenAt === undefined ? undefined : rounded(firstTokenAt - startedAt),
    cost: attempt.costNanoUsd,
    usage,
    usageSource: usage && (attempt.isUsageEstimated ? 'estimated' : 'upstream'),
    error: error && errorOf(error),
  };
};

const errorOf = (error: GatewayError): EntryError => ({ code: error.code, message: shownMessage(error) });

/** To the microsecond. */
const rounded = (ms: number): number => Math.round(ms * 1_000) / 1_000;
