// Stage 4: may this caller make this call now? Ends with 403, 429 or 503.
import type { Runtime } from '../runtime/runtime.js';
import type { Admission, Admitted, Read } from './exchange.js';
import type { Stage } from './stage.js';

/** Who is admitted without a reservation has nothing to give back. */
const FREE: Admission = { release: () => undefined };

export const admit = (runtime: Runtime): Stage<Read, Admitted> => ({
  name: 'admit',
  run(exchange) {
    exchange.resolution = exchange.snapshot.router.resolve(exchange.model);
    runtime.metrics.inFlight.add(1);
    exchange.admission = FREE;
    return exchange as Admitted;
  },
});
