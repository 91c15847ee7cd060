// Stage 11: off the road. The answer is out; what remains is to count it, to remember it, and to tell.
import type { Runtime } from '../runtime/runtime.js';
import type { Exchange, Outcome } from './exchange.js';

export const settle = (runtime: Runtime): { readonly name: string; run(exchange: Exchange): void } => ({
  name: 'settle',
  run(exchange) {
    const { outcome, answer, cacheWrite, snapshot } = exchange;
    if (!outcome) return;
    if (exchange.admission) {
      exchange.admission.release(outcome.usage?.totalTokens);
      snapshot.waitingRoom?.letIn();
    }
    if (exchange.budget) {
      exchange.budget.settle(outcome.costNanoUsd ?? 0);
      const group = exchange.attempt?.choice.level.group.name;
      if (group !== undefined && outcome.usage) runtime.estimates.answered(group, outcome.usage.outputTokens);
    }
    runtime.metrics.record(exchange, outcome);
    if (cacheWrite && outcome.status === 'success') {
      const body = answer?.kind === 'whole' ? answer.body : recordedBody(exchange);
      if (body) snapshot.cache?.write(cacheWrite.key, body, cacheWrite.ttlMs, runtime.clock.now());
    }
    snapshot.callbacks.finished(exchange, outcome);
    runtime.recentCalls.add(exchange, outcome);
    if (snapshot.config.logging.verbose) logCall(runtime, exchange, outcome);
    runtime.left(exchange);
  },
});

/** The whole answer that a stream told; one that went on elsewhere is not kept. */
const recordedBody = ({ attempt, front, body }: Exchange): Buffer | undefined => {
  const chunks = attempt?.transcript?.former ? undefined : attempt?.recording?.chunks;
  if (!chunks || !body) return undefined;
  try {
    return Buffer.from(JSON.stringify(front.fromDomain(front.join(chunks), body)));
  } catch {
    // A stream that passed although it said nothing whole.
    return undefined;
  }
};

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
