// Stage 11: off the road. The answer is out; what remains is to count it, to remember it, and to tell.
import type { Runtime } from '../runtime/runtime.js';
import type { Exchange, Outcome } from './exchange.js';
import { keepAnswer } from './keep-answer.js';

export const settle = (runtime: Runtime): { readonly name: string; run(exchange: Exchange): void } => ({
  name: 'settle',
  run(exchange) {
    const { outcome, snapshot } = exchange;
    if (!outcome) return;
    if (exchange.admission) {
      exchange.admission.release(exchange.cache === 'hit' ? 0 : outcome.usage?.totalTokens);
      snapshot.waitingRoom?.letIn();
    }
    if (exchange.budget) {
      exchange.budget.settle(outcome.costNanoUsd ?? 0);
      const group = exchange.attempt?.choice.level.group.name;
      if (group !== undefined && outcome.usage) runtime.estimates.answered(group, outcome.usage.outputTokens);
    }
    runtime.metrics.record(exchange, outcome);
    keepAnswer(exchange, outcome, runtime.clock.now());
    // What others look for from now on is kept.
    exchange.flight?.over();
    snapshot.callbacks.finished(exchange, outcome);
    runtime.recentCalls.add(exchange, outcome);
    if (snapshot.config.logging.verbose) logCall(runtime, exchange, outcome);
    runtime.left(exchange);
  },
});

/** `--verbose`: where the call was routed, who answered, and how long it took. */
const logCall = (runtime: Runtime, exchange: Exchange, outcome: Outcome): void => {
  const target = exchange.attempt?.target;
  const upstream = target && `${target.deployment.provider.slice('provider.'.length)}/${target.model}`;
  const seconds = ((outcome.endedAt - exchange.startedAt) / 1_000).toFixed(2);
  const routed =
    upstream === undefined
      ? `${exchange.model ?? 'a request'} was not routed`
      : `${exchange.model} routed to ${upstream}`;
  const how = outcome.error ? `${outcome.error.code} (${outcome.statusCode})` : outcome.status;
  const { length: attempts } = exchange.attempts;
  const tried = attempts > 1 ? ` after ${attempts} attempts` : '';
  runtime.log.info(`${routed}: ${how} in ${seconds} s${tried}`, {
    callId: exchange.callId,
    deployment: target?.deployment.id,
    ...(outcome.usage ? { inputTokens: outcome.usage.inputTokens, outputTokens: outcome.usage.outputTokens } : {}),
  });
};
