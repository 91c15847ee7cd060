// Stage 7: the cache. A hit goes straight to the answer; so does the answer of an equal request that is under way.
import type { JsonValue } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import type { Flights, Found, Seat } from '../cache/flights.js';
import { ListParts, MAX_THINGS } from '../cache/list-parts.js';
import type { ResponseCache } from '../cache/response-cache.js';
import type { CacheWish } from '../cache/wish.js';
import type { Question } from '@turnpike/plugin-sdk';
import type { Runtime } from '../runtime/runtime.js';
import type { UpstreamAnswer } from '../upstream/answer.js';
import { replay, ReplayedStream } from '../upstream/chunk-stream.js';
import { FollowedStream } from '../upstream/followed-stream.js';
import type { Guarded, Recalled } from './exchange.js';
import type { Stage } from './stage.js';

export const recall = (runtime: Runtime): Stage<Guarded, Recalled> => ({
  name: 'recall',
  run(exchange) {
    const { cache } = exchange.snapshot;
    const wish = cache?.wishOf(exchange);
    if (!cache || !wish) {
      exchange.cache = 'off';
      return exchange as Recalled;
    }
    exchange.cache = 'miss';
    const recalled = exchange as Recalled;
    const notBefore = runtime.clock.now() - wish.maxAgeMs;
    return recallParts(cache, recalled, wish, notBefore) ?? recallWhole(cache, recalled, wish, notBefore);
  },
});

const recallWhole = (
  cache: ResponseCache,
  exchange: Recalled,
  { read, write, ttlMs, namespace }: CacheWish,
  notBefore: number,
): Recalled | Promise<Recalled> => {
  const key = cache.keys.keyOf(exchange, namespace);
  exchange.cacheKey = key;
  const question = cache.questionOf(exchange, key, namespace);
  if (write) {
    exchange.cacheWrite = { key, ttlMs };
    exchange.question = question;
  }
  if (!read) return exchange;
  const kept = cache.read(key, notBefore);
  const otherwise = (): Recalled | Promise<Recalled> =>
    question ? recallSimilar(cache, exchange, question, notBefore) : missed(cache, exchange, key);
  return kept instanceof Promise
    ? kept.then((body) => withKept(exchange, body, otherwise))
    : withKept(exchange, kept, otherwise);
};

const withKept = (
  exchange: Recalled,
  body: Buffer | undefined,
  otherwise: () => Recalled | Promise<Recalled>,
): Recalled | Promise<Recalled> => {
  const answer = body && answerOf(exchange, body);
  return answer ? hit(exchange, answer) : otherwise();
};

const recallSimilar = async (
  cache: ResponseCache,
  exchange: Recalled,
  question: Question,
  notBefore: number,
): Promise<Recalled> => {
  const found = await cache.readSimilar(question, notBefore);
  const answer = found && answerOf(exchange, found.body);
  if (!answer) return missed(cache, exchange, question.key);
  exchange.cacheKey = found.key;
  exchange.similarity = found.similarity;
  return hit(exchange, answer);
};

/** Undefined: what is asked for is no list, or not to be kept in parts. */
const recallParts = (
  cache: ResponseCache,
  exchange: Recalled,
  { read, write, ttlMs, namespace }: CacheWish,
  notBefore: number,
): Recalled | Promise<Recalled> | undefined => {
  const { front, body } = exchange;
  const { list } = front;
  // Where the field is not the client's word alone, nobody knows what belongs to what.
  if (!list || exchange.isRewritten || body['extra_body'] !== undefined) return undefined;
  const things = list.thingsOf(body[list.field]);
  if (!things || things.length > MAX_THINGS) return undefined;
  const keys = cache.keys.keysOf(exchange, namespace, list.field, things);
  exchange.cacheKey = namesOf(keys);
  const withKept = (kept: readonly (Buffer | undefined)[]): Recalled | Promise<Recalled> => {
    const parts = new ListParts(list, things, keys, kept, write ? ttlMs : undefined);
    const { whole } = parts;
    if (whole) return hit(exchange, wholeAnswer(whole));
    exchange.parts = parts;
    return read ? missed(cache, exchange, keys.join()) : exchange;
  };
  return read ? cache.readAll(keys, notBefore).then(withKept) : withKept([]);
};

/** So many names fit in a header. */
const MAX_NAMES = 20;

const namesOf = (keys: readonly string[]): string | undefined =>
  keys.length <= MAX_NAMES ? keys.join(',') : undefined;

const hit = (exchange: Recalled, answer: UpstreamAnswer): Recalled => {
  exchange.cache = 'hit';
  exchange.cacheWrite = undefined;
  exchange.parts = undefined;
  exchange.answer = answer;
  return exchange;
};

const missed = (cache: ResponseCache, exchange: Recalled, key: string): Recalled | Promise<Recalled> => {
  const { flights } = cache;
  // What guardrails let pass in one stream they have not seen for another caller.
  if (!flights || (exchange.isStream && isChecked(exchange))) return exchange;
  return share(flights, exchange, `${shapeOf(exchange)} ${key}`);
};

/** Equal requests may want the answer in different shapes. */
const shapeOf = ({ isStream, front, body }: Recalled): string =>
  isStream ? (front.wantsUsage(body) ? 'stream and usage' : 'stream') : 'whole';

/** After so many leaders that failed a request goes its own way, so that no line of them makes it wait for ever. */
const MAX_LEADERS = 2;

const share = async (flights: Flights, exchange: Recalled, key: string): Promise<Recalled> => {
  for (let leaders = 0; leaders < MAX_LEADERS; leaders += 1) {
    const flight = flights.find(key);
    if (!flight) {
      const own = flights.lead(key);
      if (own) exchange.leads(own);
      return exchange;
    }
    const seat = flight.follow();
    exchange.whenDeserted(seat);
    const found = await foundInTime(seat, patienceMs(exchange));
    if (exchange.isClientGone)
      throw new GatewayError('GW_CLIENT_CLOSED', 'The client left while it waited for an equal request.');
    if (found === 'nothing in time') return exchange;
    const answer = found && followed(exchange, found);
    if (answer) return hit(exchange, answer);
  }
  return exchange;
};

const foundInTime = (seat: Seat, ms: number): Promise<Found | 'nothing in time'> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve('nothing in time');
      seat.abort();
    }, ms);
    void seat.answer.then((found) => {
      clearTimeout(timer);
      resolve(found);
    });
  });

/** As long as the client would let a provider take to begin. */
const patienceMs = ({ snapshot, deadlines, isStream }: Recalled): number => {
  const asked = (isStream && deadlines.firstTokenMs) || deadlines.attemptMs;
  return Math.min(asked || Number.POSITIVE_INFINITY, snapshot.config.router.requestTimeoutMs, 0x7fff_ffff);
};

const followed = (exchange: Recalled, found: NonNullable<Found>): UpstreamAnswer | undefined => {
  if ('stream' in found) return new FollowedStream(exchange, found.stream);
  return exchange.parts ? wholeAnswer(found.body) : answerOf(exchange, found.body);
};

const wholeAnswer = (body: Buffer): UpstreamAnswer => ({ kind: 'whole', body, usage: undefined, headers: {} });

/**
 * What cannot be read is a miss: somebody else may write under our names. Guardrails may have come since it was stored,
 * so they look at it again.
 */
const answerOf = (exchange: Recalled, body: Buffer): UpstreamAnswer | undefined => {
  const { isStream } = exchange;
  if (!isStream && !isChecked(exchange)) return wholeAnswer(body);
  const response = readAnswer(exchange, body);
  if (response === undefined) return undefined;
  if (isChecked(exchange)) return { kind: 'unchecked', response, usage: undefined, headers: {} };
  return new ReplayedStream(exchange, replay(exchange, response), {}, undefined);
};

/** Guardrails look at its answer. */
const isChecked = ({ mustReadAnswer, streamGuards }: Recalled): boolean => mustReadAnswer || streamGuards !== undefined;

const readAnswer = ({ front }: Recalled, body: Buffer): unknown => {
  try {
    return front.readAnswer(JSON.parse(body.toString('utf8')) as JsonValue);
  } catch {
    return undefined;
  }
};
