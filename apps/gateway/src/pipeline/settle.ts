// Stage 9: off the road. The answer is out; what remains is to count it, to remember it, and to tell.
import type { Runtime } from '../runtime/runtime.js';
import type { Exchange } from './exchange.js';

export const settle = (runtime: Runtime): { readonly name: string; run(exchange: Exchange): void } => ({
  name: 'settle',
  run(exchange) {
    const { outcome, choice, answer, cacheWrite, snapshot } = exchange;
    if (!outcome) return;
    if (exchange.calledAt !== undefined && choice) {
      runtime.state.of(choice.target.deployment).ended(runtime.clock.now(), {
        tokens: outcome.usage?.totalTokens,
        outputTokens: outcome.status === 'success' ? outcome.usage?.outputTokens : undefined,
        durationMs: outcome.endedAt - exchange.calledAt,
        firstTokenMs: exchange.firstTokenAt === undefined ? undefined : exchange.firstTokenAt - exchange.calledAt,
      });
    }
    if (exchange.admission) {
      exchange.admission.release();
      runtime.metrics.inFlight.add(-1);
    }
    runtime.metrics.record(exchange, outcome);
    if (cacheWrite && answer?.kind === 'whole' && outcome.status === 'success') {
      snapshot.cache?.write(cacheWrite.key, answer.body, cacheWrite.ttlMs, runtime.clock.now());
    }
    runtime.events.finished(exchange, outcome);
    runtime.left(exchange);
  },
});
