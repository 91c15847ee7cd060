// The end of an attempt, told to all who count it: its deployment, its limits, the metrics.
import type { Usage } from '@turnpike/domain';
import type { GatewayError } from '@turnpike/errors';
import type { AdjustedCost } from '@turnpike/pricing';
import { outcome } from '@turnpike/router';
import { deploymentAlert } from '../callbacks/deployment-alert.js';
import type { Runtime } from '../runtime/runtime.js';
import type { Attempt, AttemptStatus } from './attempt.js';

/** What it used. Known before its end is told, and counted whether or not the client gets the answer. */
export const countUsage = (
  runtime: Runtime,
  attempt: Attempt,
  usage: Usage | undefined,
  isEstimated: boolean,
): void => {
  attempt.usage = usage;
  attempt.isUsageEstimated = isEstimated;
  const price = usage && runtime.costOf(attempt, usage);
  attempt.adjustedCost = price === undefined ? undefined : adjusted(attempt, price);
  attempt.costNanoUsd = attempt.adjustedCost?.nanoUsd ?? price;
};

const adjusted = ({ exchange, target }: Attempt, price: number): AdjustedCost | undefined =>
  exchange.snapshot.adjustments?.adjust(target.deployment.provider, price);

/** Once; later words about the same attempt are passed over. */
export const endAttempt = (
  runtime: Runtime,
  attempt: Attempt,
  status: Exclude<AttemptStatus, 'open'>,
  error?: GatewayError,
): void => {
  if (attempt.status !== 'open') return;
  const { choice, usage, startedAt, firstTokenAt } = attempt;
  attempt.status = status;
  attempt.error = error;
  attempt.endedAt ??= performance.now();
  attempt.permit?.release(usage?.totalTokens);
  const { snapshot } = attempt.exchange;
  snapshot.waitingRoom?.letIn();
  snapshot.callbacks.attemptEnded(attempt);
  const now = runtime.clock.now();
  const tokens = usage?.totalTokens ?? 0;
  if (status === 'abandoned') {
    outcome.abandoned(choice, tokens, now);
    return;
  }
  const facts: outcome.AttemptFacts = {
    durationMs: (attempt.answeredAt ?? attempt.endedAt) - startedAt,
    firstTokenMs: firstTokenAt === undefined ? undefined : firstTokenAt - startedAt,
    tokens,
    outputTokens: usage?.outputTokens ?? 0,
  };
  if (status === 'success') outcome.succeeded(choice, facts, now);
  else if (error) {
    const { state } = choice.target;
    const { health } = state;
    outcome.failed(choice, error, facts, snapshot.router.cooldowns, now);
    const alert = deploymentAlert(choice.target, health);
    if (alert) snapshot.callbacks.alert(alert);
    runtime.metrics.attemptFailed(attempt, error);
    // Longer is not anew.
    if (state.health.coolUntil > health.coolUntil && health.coolUntil <= now)
      runtime.metrics.cooledDown(attempt, error);
  }
};
