// Stage 7: model group → deployment, around the call. Ends with 429 or 503.
import type { Runtime } from '../runtime/runtime.js';
import type { Called, Recalled, Routed } from './exchange.js';
import type { AroundStage } from './stage.js';

export const route = (runtime: Runtime): AroundStage<Recalled, Routed, Called> => ({
  name: 'route',
  run(exchange, call) {
    // A cache hit has its answer.
    if (exchange.answer) return exchange as Called;
    const { router } = exchange.snapshot;
    exchange.resolution ??= router.resolve(exchange.model);
    exchange.choice = router.choose(exchange.resolution, {
      stream: exchange.isStream,
      promptTokens: exchange.raw.length / 4,
      now: runtime.clock.now(),
      random: runtime.random,
    });
    return call.run(exchange as Routed);
  },
});
