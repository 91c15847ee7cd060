// The newest calls, for whoever asks what became of one.
import type { Usage } from '@turnpike/domain';
import type { GatewayError } from '@turnpike/errors';
import { formatUsd } from '@turnpike/pricing';
import type { Target } from '@turnpike/router';
import { shownMessage } from '../filters/error-answer.js';
import type { Attempt, AttemptStatus } from '../pipeline/attempt.js';
import type { Exchange, Outcome } from '../pipeline/exchange.js';

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

interface ShownError {
  readonly code: string;
  readonly message: string;
  readonly retryAfterMs: number | null;
}

/** Providers quote what they were sent, and may quote a lot of it. */
const shown = (error: GatewayError): ShownError => ({
  code: error.code,
  message: shownMessage(error),
  retryAfterMs: error.facts.retryAfterMs ?? null,
});

/** Longest call id there is. */
const ID_BYTES = 128;

/** A number that is not known. Not undefined: a field that may hold both keeps a new object for each number. */
const UNKNOWN = Number.NaN;

/** Copied: the call's own object would outlive the young generation. */
class KeptUsage implements Usage {
  isKnown = false;
  inputTokens = 0;
  outputTokens = 0;
  totalTokens = 0;
  cachedInputTokens: number | undefined;
  cacheWriteTokens: number | undefined;
  cacheWriteLongTokens: number | undefined;
  reasoningTokens: number | undefined;
  inputAudioTokens: number | undefined;
  outputAudioTokens: number | undefined;
  inputImageTokens: number | undefined;
  outputImageTokens: number | undefined;
  acceptedPredictionTokens: number | undefined;
  rejectedPredictionTokens: number | undefined;
  webSearchRequests: number | undefined;

  keep(usage: Usage | undefined): void {
    this.isKnown = usage !== undefined;
    if (!usage) return;
    this.inputTokens = usage.inputTokens;
    this.outputTokens = usage.outputTokens;
    this.totalTokens = usage.totalTokens;
    this.cachedInputTokens = usage.cachedInputTokens;
    this.cacheWriteTokens = usage.cacheWriteTokens;
    this.cacheWriteLongTokens = usage.cacheWriteLongTokens;
    this.reasoningTokens = usage.reasoningTokens;
    this.inputAudioTokens = usage.inputAudioTokens;
    this.outputAudioTokens = usage.outputAudioTokens;
    this.inputImageTokens = usage.inputImageTokens;
    this.outputImageTokens = usage.outputImageTokens;
    this.acceptedPredictionTokens = usage.acceptedPredictionTokens;
    this.rejectedPredictionTokens = usage.rejectedPredictionTokens;
    this.webSearchRequests = usage.webSearchRequests;
  }

  /** A copy of what is known. */
  told(): Usage | null {
    if (!this.isKnown) return null;
    const counts = Object.entries(this).filter(([, count]) => typeof count === 'number');
    return Object.fromEntries(counts) as unknown as Usage;
  }
}

/** What is kept of an attempt. */
class KeptAttempt {
  target: Target | undefined;
  group = '';
  reason = '';
  retry = 0;
  fallback = 0;
  status: AttemptStatus = 'open';
  startedAt = 0;
  firstTokenAt = UNKNOWN;
  endedAt = UNKNOWN;
  error: ShownError | undefined;
  readonly usage = new KeptUsage();
  isUsageEstimated = false;
  costNanoUsd = UNKNOWN;

  keep(attempt: Attempt): void {
    const { choice } = attempt;
    this.target = choice.target;
    this.group = choice.level.group.name;
    this.reason = attempt.reason;
    this.retry = choice.retry;
    this.fallback = choice.fallback;
    this.status = attempt.status;
    this.startedAt = attempt.startedAt;
    this.firstTokenAt = attempt.firstTokenAt ?? UNKNOWN;
    this.endedAt = attempt.endedAt ?? UNKNOWN;
    this.error = attempt.error && shown(attempt.error);
    this.usage.keep(attempt.usage);
    this.isUsageEstimated = attempt.isUsageEstimated;
    this.costNanoUsd = attempt.costNanoUsd ?? UNKNOWN;
  }
}

/**
 * What is kept of a call: enough to tell of it, none of what was said in it. Written over in place: objects made for each
 * call would outlive the young generation, and every collection would copy them.
 */
class Kept {
  readonly attempts: KeptAttempt[] = [];
  attemptCount = 0;
  model = '';
  operation = '';
  stream = false;
  /** `performance.now()` */
  startedAt = 0;
  endedAt = 0;
  cache: CallRecord['cache'] = 'off';
  status: Outcome['status'] = 'success';
  statusCode = 0;
  error: ShownError | undefined;
  private readonly summed = new KeptUsage();
  private costNanoUsd = UNKNOWN;
  private readonly id = Buffer.allocUnsafe(ID_BYTES);
  private idLength = 0;

  get callId(): string {
    return this.id.toString('latin1', 0, this.idLength);
  }

  /** Of the one attempt, or the sums over all. */
  get used(): { readonly usage: KeptUsage; readonly costNanoUsd: number } {
    return this.attemptCount === 1 ? this.attempts[0]! : { usage: this.summed, costNanoUsd: this.costNanoUsd };
  }

  keep(exchange: Exchange, outcome: Outcome): void {
    this.idLength = this.id.write(exchange.callId, 'latin1');
    // The index's own text, where it has one: the client's goes with its request.
    this.model = exchange.resolution?.requested ?? exchange.model ?? '';
    this.operation = exchange.front.operation;
    this.stream = exchange.isStream;
    this.startedAt = exchange.startedAt;
    this.endedAt = outcome.endedAt;
    this.cache = exchange.cache ?? 'off';
    this.status = outcome.status;
    this.statusCode = outcome.statusCode;
    this.error = outcome.error && shown(outcome.error);
    const { attempts } = exchange;
    this.attemptCount = attempts.length;
    if (attempts.length !== 1) {
      this.summed.keep(outcome.usage);
      this.costNanoUsd = outcome.costNanoUsd ?? UNKNOWN;
    }
    for (let at = 0; at < attempts.length; at += 1) (this.attempts[at] ??= new KeptAttempt()).keep(attempts[at]!);
  }
}

export class RecentCalls {
  private readonly calls: Kept[] = [];
  private next = 0;

  add(exchange: Exchange, outcome: Outcome): void {
    (this.calls[this.next] ??= new Kept()).keep(exchange, outcome);
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

const rounded = (ms: number): number => Math.round(ms * 1_000) / 1_000;

const usd = (nano: number): string | null => (Number.isNaN(nano) ? null : formatUsd(nano));

const between = (from: number, to: number): number | null => (Number.isNaN(to) ? null : rounded(to - from));

const recordOf = (call: Kept): CallRecord => ({
  callId: call.callId,
  model: call.model,
  operation: call.operation,
  stream: call.stream,
  startedAt: Math.round(performance.timeOrigin + call.startedAt),
  durationMs: rounded(call.endedAt - call.startedAt),
  status: call.status,
  statusCode: call.statusCode,
  cache: call.cache,
  attempts: call.attempts.slice(0, call.attemptCount).map((attempt) => attemptOf(attempt, call.startedAt)),
  error: call.error ? { code: call.error.code, message: call.error.message } : null,
  usage: call.used.usage.told(),
  costUsd: usd(call.used.costNanoUsd),
});

const attemptOf = (attempt: KeptAttempt, callStartedAt: number): AttemptRecord => {
  const { target, startedAt, endedAt, firstTokenAt, error } = attempt;
  return {
    deploymentId: target?.deployment.id ?? '',
    provider: target?.deployment.provider ?? '',
    model: target?.model ?? '',
    group: attempt.group,
    reason: attempt.reason,
    retry: attempt.retry,
    fallback: attempt.fallback,
    status: attempt.status,
    startedMs: rounded(startedAt - callStartedAt),
    durationMs: between(startedAt, endedAt),
    firstTokenMs: between(startedAt, firstTokenAt),
    error: error ?? null,
    usage: attempt.usage.told(),
    isUsageEstimated: attempt.isUsageEstimated,
    costUsd: usd(attempt.costNanoUsd),
  };
};
