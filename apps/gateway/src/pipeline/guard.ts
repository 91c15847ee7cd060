// Stage 6: guardrails before the call. Ends with 400.
import type { Runtime } from '../runtime/runtime.js';
import type { Admitted, Guarded } from './exchange.js';
import type { Stage } from './stage.js';

const NONE: readonly string[] = [];

export const guard = (_runtime: Runtime): Stage<Admitted, Guarded> => ({
  name: 'guard',
  run(exchange) {
    const { guardrails } = exchange.snapshot;
    exchange.mustReadAnswer = guardrails.postCall.length > 0;
    if (guardrails.preCall.length === 0) {
      exchange.guardrails = NONE;
      return exchange as Guarded;
    }
    return guardrails.before(exchange).then((applied) => {
      exchange.guardrails = applied;
      return exchange as Guarded;
    });
  },
});
