// The newest calls, for whoever asks what became of one.
import type { Usage } from '@turnpike/domain';
import type { Attempt, AttemptStatus } from '../pipeline/attempt.js';
import type { Exchange, Outcome } from '../pipeline/exchange.js';
import { formatUsd } from '@turnpike/pricing';

/** Calls kept in memory by each worker. */
const MAX_KEPT = 1_000;

export interface AttemptRecord {
  deploymentId: string;
  provider: string;
  model: string;
  group: string;
  /** Why this deployment: `only`, `strategy`, `affinity`, `shuffle` (the strategy failed), `hedge`, `mid-stream`. */
  reason: string;
  /** Retries within its group before it, and the number of the fallback; 0: the group asked for. */
  retry: number;
  fallback: number;
  status: AttemptStatus;
  /** After the call came in. */
  startedMs: number;
  durationMs: number | null;
  firstTokenMs: number | null;
  error: { code: string; message: string; retryAfterMs: number | null } | null;
  usage: Usage | null;
  isUsageEstimated: boolean;
  costUsd: string | null;
}

export interface CallRecord {
  callId: string;
  /** As asked for. */
  model: string;
  operation: string;
  stream: boolean;
  /** Epoch milliseconds. */
  startedAt: number;
  durationMs: number;
  status: Outcome['status'];
  statusCode: number;
  cache: 'off' | 'miss' | 'hit';
  attempts: AttemptRecord[];
  error: { code: string; message: string } | null;
  usage: Usage | null;
  costUsd: string | null;
}

/** What is kept of a call: enough to tell of it, none of what was said in it. */
interface Kept {
  readonly callId: string;
  readonly model: string;
  readonly operation: string;
  readonly stream: boolean;
  /** `performance.now()` */
  readonly startedAt: number;
  readonly cache: CallRecord['cache'];
  readonly outcome: Outcome;
  readonly attempts: readonly KeptAttempt[];
}

type KeptAttempt = Pick<
  Attempt,
  | 'choice'
  | 'status'
  | 'startedAt'
  | 'firstTokenAt'
  | 'endedAt'
  | 'error'
  | 'usage'
  | 'isUsageEstimated'
  | 'costNanoUsd'
>;

export class RecentCalls {
  /** A ring: to write over the oldest costs less than to take it out of a map, and looking up is seldom. */
  private readonly calls: Kept[] = [];
  private next = 0;

  add(exchange: Exchange, outcome: Outcome): void {
    this.calls[this.next] = {
      callId: exchange.callId,
      model: exchange.model ?? '',
      operation: exchange.front.operation,
      stream: exchange.isStream,
      startedAt: exchange.startedAt,
      cache: exchange.cache ?? 'off',
      outcome,
      attempts: exchange.attempts.map(keptOf),
    };
    this.next = (this.next + 1) % MAX_KEPT;
  }

  /** A client may send one id twice: the newer call is the one that is told. */
  find(callId: string): CallRecord | undefined {
    for (let back = 1; back <= this.calls.length; back += 1) {
      const kept = this.calls[(this.next - back + this.calls.length) % this.calls.length];
      if (kept?.callId === callId) return recordOf(kept);
    }
    return undefined;
  }
}

const keptOf = (attempt: Attempt): KeptAttempt => ({
  choice: attempt.choice,
  status: attempt.status,
  startedAt: attempt.startedAt,
  firstTokenAt: attempt.firstTokenAt,
  endedAt: attempt.endedAt,
  error: attempt.error,
  usage: attempt.usage,
  isUsageEstimated: attempt.isUsageEstimated,
  costNanoUsd: attempt.costNanoUsd,
});

const rounded = (ms: number): number => Math.round(ms * 1_000) / 1_000;

const usd = (nano: number | undefined): string | null => (nano === undefined ? null : formatUsd(nano));

const recordOf = ({ startedAt, outcome, attempts, ...call }: Kept): CallRecord => ({
  ...call,
  startedAt: Math.round(performance.timeOrigin + startedAt),
  durationMs: rounded(outcome.endedAt - startedAt),
  status: outcome.status,
  statusCode: outcome.statusCode,
  attempts: attempts.map((attempt) => attemptOf(attempt, startedAt)),
  error: outcome.error ? { code: outcome.error.code, message: outcome.error.message } : null,
  usage: outcome.usage ?? null,
  costUsd: usd(outcome.costNanoUsd),
});

const attemptOf = (attempt: KeptAttempt, callStartedAt: number): AttemptRecord => {
  const { choice, startedAt, endedAt, firstTokenAt, error } = attempt;
  const { deployment, model } = choice.target;
  return {
    deploymentId: deployment.id,
    provider: deployment.provider,
    model,
    group: choice.level.group.name,
    reason: choice.reason,
    retry: choice.retry,
    fallback: choice.fallback,
    status: attempt.status,
    startedMs: rounded(startedAt - callStartedAt),
    durationMs: endedAt === undefined ? null : rounded(endedAt - startedAt),
    firstTokenMs: firstTokenAt === undefined ? null : rounded(firstTokenAt - startedAt),
    error: error ? { code: error.code, message: error.message, retryAfterMs: error.facts.retryAfterMs ?? null } : null,
    usage: attempt.usage ?? null,
    isUsageEstimated: attempt.isUsageEstimated,
    costUsd: usd(attempt.costNanoUsd),
  };
};
