// Stage 6: the cache. A hit goes straight to the answer.
import type { JsonValue } from '@turnpike/domain';
import type { Runtime } from '../runtime/runtime.js';
import type { UpstreamAnswer } from '../upstream/answer.js';
import { replay, ReplayedStream } from '../upstream/chunk-stream.js';
import type { Guarded, Recalled } from './exchange.js';
import type { Stage } from './stage.js';

export const recall = (runtime: Runtime): Stage<Guarded, Recalled> => ({
  name: 'recall',
  run(exchange) {
    const { cache } = exchange.snapshot;
    const wish = cache?.wishOf(exchange.body, exchange.front.operation);
    if (!cache || !wish) {
      exchange.cache = 'off';
      return exchange as Recalled;
    }
    const key = cache.keyOf(exchange, wish.namespace);
    exchange.cache = 'miss';
    exchange.cacheKey = key;
    if (wish.write) exchange.cacheWrite = { key, ttlMs: wish.ttlMs };
    if (!wish.read) return exchange as Recalled;
    return cache
      .read(key, exchange, runtime.clock.now() - wish.maxAgeMs)
      .then((body) => (body ? recalled(exchange as Recalled, body) : (exchange as Recalled)));
  },
});

/** What cannot be read is a miss: somebody else may write under our names. */
const recalled = (exchange: Recalled, body: Buffer): Recalled => {
  const answer = answerOf(exchange, body);
  if (!answer) return exchange;
  exchange.cache = 'hit';
  exchange.cacheWrite = undefined;
  exchange.answer = answer;
  return exchange;
};

/** Guardrails may have come since it was stored, so they look at it again. */
const answerOf = (exchange: Recalled, body: Buffer): UpstreamAnswer | undefined => {
  const { isStream, mustReadAnswer, streamGuards } = exchange;
  const isChecked = mustReadAnswer || streamGuards !== undefined;
  if (!isStream && !isChecked) return { kind: 'whole', body, usage: undefined, headers: {} };
  const response = readAnswer(exchange, body);
  if (response === undefined) return undefined;
  if (isChecked) return { kind: 'unchecked', response, usage: undefined, headers: {} };
  return new ReplayedStream(exchange, replay(exchange, response), {}, undefined);
};

const readAnswer = ({ front }: Recalled, body: Buffer): unknown => {
  try {
    return front.readAnswer(JSON.parse(body.toString('utf8')) as JsonValue);
  } catch {
    return undefined;
  }
};
