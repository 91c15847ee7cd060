// Answers kept by a cache plugin. Whole answers only; a failing cache is a miss.
import type { CacheSettings } from '@turnpike/config';
import { GatewayError } from '@turnpike/errors';
import type { PluginGraph, PluginInstance } from '@turnpike/kernel';
import type { CacheEntry, ResponsesV1 } from '@turnpike/plugin-sdk';
import type { Exchange } from '../pipeline/exchange.js';
import { CACHE_KEY } from '../runtime/plan.js';
import { CacheKeys } from './cache-key.js';
import { Flights } from './flights.js';
import { CacheWishes, type CacheWish } from './wish.js';

const READ_DEADLINE_MS = 50;
const WRITE_DEADLINE_MS = 2_000;
const MANAGE_DEADLINE_MS = 10_000;

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

  private constructor(
    settings: CacheSettings,
    readonly instance: PluginInstance<'cache/v1'>,
  ) {
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
        Promise.all(keys.map((key) => store.get(key, signal))),
      );
      return entries.map((entry) => bytesOf(entry, notBefore));
    } catch {
      return keys.map(() => undefined);
    }
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
