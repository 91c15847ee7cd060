// Stage 8: model group → deployments, around the call. Ends with 400, 408, 429 or 503, or what the last attempt met.
import type { Runtime } from '../runtime/runtime.js';
import type { UpstreamAnswer } from '../upstream/answer.js';
import type { Attempt } from './attempt.js';
import type { Called, Recalled } from './exchange.js';
import { promptTextOf } from './prompt-text.js';
import { RouteDriver } from './route-driver.js';
import type { AroundStage } from './stage.js';

/** Asks the deployment of one attempt. Settles at the first token, or with the whole answer. */
export interface CallStage {
  readonly name: string;
  run(attempt: Attempt): Promise<UpstreamAnswer>;
}

export const route = (runtime: Runtime): AroundStage<Recalled, CallStage, Called> => ({
  name: 'route',
  run(exchange, call) {
    // A cache hit has its answer.
    if (exchange.answer) return exchange as Called;
    const { snapshot, resolution, raw, body } = exchange;
    // A token is a byte at least, so most prompts are known to fit without being counted.
    if (!snapshot.router.isCountNeeded(resolution, raw.length)) return new RouteDriver(runtime, exchange, call).run();
    return runtime.tokens
      .count(promptTextOf(body))
      .then((tokens) => new RouteDriver(runtime, exchange, call, tokens).run());
  },
});
