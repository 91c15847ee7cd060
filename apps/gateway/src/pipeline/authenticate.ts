// Stage 2: the key becomes a principal. Ends with 401 or 503.
import type { Runtime } from '../runtime/runtime.js';
import type { Authenticated, Received } from './exchange.js';
import type { Stage } from './stage.js';

export const authenticate = (runtime: Runtime): Stage<Received, Authenticated> => ({
  name: 'authenticate',
  run(exchange) {
    // A call of the gateway itself.
    if (exchange.principal) return exchange as Authenticated;
    const { headers, snapshot, response, front } = exchange;
    const principal = runtime.keys.authenticate(headers, snapshot.config.auth, front.route, response.socket);
    if (principal instanceof Promise) {
      return principal.then((known) => {
        exchange.principal = known;
        return exchange as Authenticated;
      });
    }
    exchange.principal = principal;
    return exchange as Authenticated;
  },
});
