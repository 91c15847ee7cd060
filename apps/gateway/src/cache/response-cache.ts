// Answers kept by a cache plugin. Whole answers only; a failing cache is a miss.
import type { CacheSettings } from '@turnpike/config';
import { GatewayError } from '@turnpike/errors';
import type { Containment, PluginGraph, PluginInstance } from '@turnpike/kernel';
import type { CacheEntry, Question, ResponsesV1 } from '@turnpike/plugin-sdk';
import type { Exchange, Recalled } from '../pipeline/exchange.js';
import { CACHE_KEY } from '../runtime/plan.js';
import { CacheKeys } from './cache-key.js';
import { Flights } from './flights.js';
import { wordsOf } from './question.js';
import { CacheWishes, type CacheWish } from './wish.js';

const READ_DEADLINE_MS = 50;
const WRITE_DEADLINE_MS = 2_000;
const MANAGE_DEADLINE_MS = 10_000;
/** An embedding is made for it. */
const FIND_DEADLINE_MS = 2_000;
const LEARN_DEADLINE_MS = 5_000;

/** The answer to another question. */
export interface SimilarAnswer {
  readonly body: Buffer;
  readonly key: string;
  readonly similarity: number;
}

/** An answer to be kept. */
export interface KeptAnswer {
  readonly key: string;
  readonly value: Uint8Array;
}

export class ResponseCache {
  readonly keys: CacheKeys;
  /** Equal requests that are under way; absent: each goes its own way. */
  readonly flights: Flights | undefined;
  private readonly wishes: CacheWishes;

  /** Of a cache that knows questions which mean the same: embeddings that fail say nothing of the store. */
  private readonly similarHooks: Containment | undefined;

  private constructor(
    settings: CacheSettings,
    readonly instance: PluginInstance<'cache/v1'>,
  ) {
    this.similarHooks = instance.exports.similar && instance.containment();
    this.keys = new CacheKeys(settings);
    this.wishes = new CacheWishes(settings);
    this.flights = settings.singleFlight ? new Flights() : undefined;
  }

  static create(settings: CacheSettings | undefined, graph: PluginGraph): ResponseCache | undefined {
    const instance = settings?.enabled ? graph.get<'cache/v1'>(CACHE_KEY) : undefined;
    return settings && instance ? new ResponseCache(settings, instance) : undefined;
  }

  /** Undefined: this call neither reads nor writes. @throws GW_INVALID_REQUEST, GW_PERMISSION_DENIED */
  wishOf(exchange: Exchange): CacheWish | undefined {
    return this.wishes.of(exchange);
  }

  /** @param notBefore epoch ms: what was written earlier does not count. Undefined is a miss */
  read(key: string, notBefore: number): Buffer | undefined | Promise<Buffer | undefined> {
    const { hooks, exports } = this.instance;
    try {
      const entry = hooks.ask('get', READ_DEADLINE_MS, (signal) => exports.responses.get(key, signal));
      if (!(entry instanceof Promise)) return bytesOf(entry, notBefore);
      return entry.then((found) => bytesOf(found, notBefore), nothing);
    } catch {
      return undefined;
    }
  }

  /** All together have the time of one. In the order of the keys; undefined is a miss. */
  async readAll(keys: readonly string[], notBefore: number): Promise<(Buffer | undefined)[]> {
    try {
      const entries = await this.run('get', READ_DEADLINE_MS, (store, signal) =>
        Promise.all(keys.map(async (key) => store.get(key, signal))),
      );
      return entries.map((entry) => bytesOf(entry, notBefore));
    } catch {
      return keys.map(() => undefined);
    }
  }

  /** @param key under which the answer will be. Undefined: there is nothing to compare */
  questionOf(exchange: Recalled, key: string, namespace: string | undefined): Question | undefined {
    if (!this.similarHooks || exchange.isRewritten) return undefined;
    const worded = wordsOf(exchange.front.operation, exchange.body);
    if (!worded) return undefined;
    const scope = this.keys.scopeOf(exchange, namespace, worded.rest);
    return { key, scope, text: worded.text, caller: exchange.principal };
  }

  /** The answer to a question that means the same. Undefined is a miss. */
  async readSimilar(question: Question, notBefore: number): Promise<SimilarAnswer | undefined> {
    const { similar } = this.instance.exports;
    try {
      const found = await this.similarHooks?.run('find', FIND_DEADLINE_MS, (signal) => similar!.find(question, signal));
      const body = found && (await this.read(found.key, notBefore));
      return body && { body, key: found.key, similarity: found.similarity };
    } catch {
      return undefined;
    }
  }

  /** Off the road. Its answer has been given to the store. */
  learn(question: Question, ttlMs: number): void {
    const { similar } = this.instance.exports;
    this.similarHooks
      ?.run('learn', LEARN_DEADLINE_MS, (signal) => similar!.learn(question, ttlMs, signal))
      .catch(nothing);
  }

  /** Off the road: nobody waits for it. */
  write(answers: readonly KeptAnswer[], ttlMs: number, storedAt: number): void {
    this.run('set', WRITE_DEADLINE_MS, (store, signal) =>
      Promise.all(answers.map(({ key, value }) => store.set(key, { value, storedAt }, ttlMs, signal))),
    ).catch(() => undefined);
  }

  /** Keys as headers told them, several in one text too. @param keys absent: all. @throws GW_CACHE_UNAVAILABLE */
  async forget(keys?: readonly string[]): Promise<void> {
    await this.manage<unknown>((store) => (keys ? store.delete(keys.flatMap((key) => key.split(','))) : store.flush()));
  }

  /** For administrators, who want to know it also while the cache is left alone. @throws GW_CACHE_UNAVAILABLE */
  async manage<T>(what: (store: ResponsesV1, signal: AbortSignal) => Promise<T>): Promise<T> {
    const { id, exports } = this.instance;
    const signal = AbortSignal.timeout(MANAGE_DEADLINE_MS);
    const late = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(new Error(`no answer within ${MANAGE_DEADLINE_MS / 1_000} s`))),
    );
    try {
      return await Promise.race([what(exports.responses, signal), late]);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new GatewayError('GW_CACHE_UNAVAILABLE', `${id} did not do it: ${reason}`, { cause });
    }
  }

  private run<T>(
    hook: string,
    deadlineMs: number,
    body: (store: ResponsesV1, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { hooks, exports } = this.instance;
    return hooks.run(hook, deadlineMs, (signal) => body(exports.responses, signal));
  }
}

const nothing = (): undefined => undefined;

/** Without a copy: the entry is the reader's own. */
const bytesOf = (entry: CacheEntry | undefined, notBefore: number): Buffer | undefined =>
  entry && entry.storedAt >= notBefore
    ? Buffer.from(entry.value.buffer, entry.value.byteOffset, entry.value.byteLength)
    : undefined;
