// Stage 6: the cache. A hit goes straight to the answer.
import type { Runtime } from '../runtime/runtime.js';
import type { Guarded, Recalled } from './exchange.js';
import type { Stage } from './stage.js';

export const recall = (runtime: Runtime): Stage<Guarded, Recalled> => ({
  name: 'recall',
  run(exchange) {
    const { cache } = exchange.snapshot;
    const wish = cache && !exchange.isStream ? cache.wishOf(exchange.body, exchange.front.operation) : undefined;
    if (!cache || !wish) {
      exchange.cache = 'off';
      return exchange as Recalled;
    }
    const key = cache.keyOf(exchange, wish.namespace);
    exchange.cache = 'miss';
    if (wish.write) exchange.cacheWrite = { key, ttlMs: wish.ttlMs };
    if (!wish.read) return exchange as Recalled;
    return cache.read(key, exchange, runtime.clock.now() - wish.maxAgeMs).then((body) => {
      if (body) {
        exchange.cache = 'hit';
        exchange.cacheWrite = undefined;
        exchange.answer = { kind: 'whole', body, usage: undefined, headers: {} };
      }
      return exchange as Recalled;
    });
  },
});
