// Answers kept by a cache plugin. Whole answers only; a failing cache is a miss.
import type { CacheSettings } from '@turnpike/config';
import type { JsonObject } from '@turnpike/domain';
import { isJsonObject } from '@turnpike/domain';
import type { PluginGraph, PluginInstance } from '@turnpike/kernel';
import { hash } from 'node:crypto';
import type { Exchange } from '../pipeline/exchange.js';
import { canonicalJson } from './canonical-json.js';
import { GATEWAY_PARAMETERS } from '../upstream/client-parameters.js';
import { CACHE_KEY } from './plan.js';

const READ_DEADLINE_MS = 50;
const WRITE_DEADLINE_MS = 2_000;
const DEFAULT_TTL_MS = 600_000;

/** What a request says about caching: `cache: {no-cache, no-store, ttl, …}`, `cache: false`, `caching: false`. */
interface Wish {
  read: boolean;
  write: boolean;
  ttlMs: number;
}

export class ResponseCache {
  private constructor(
    private readonly settings: CacheSettings,
    private readonly instance: PluginInstance<'cache/v1'>,
  ) {}

  static create(settings: CacheSettings | undefined, graph: PluginGraph): ResponseCache | undefined {
    const instance = settings?.enabled ? graph.get<'cache/v1'>(CACHE_KEY) : undefined;
    return settings && instance ? new ResponseCache(settings, instance) : undefined;
  }

  /** Undefined: this call neither reads nor writes. */
  wishOf(body: Readonly<JsonObject>): Wish | undefined {
    const asked = body['cache'];
    if (asked === false || body['caching'] === false) return undefined;
    const controls: Readonly<JsonObject> = isJsonObject(asked) ? asked : {};
    if (this.settings.mode === 'default_off' && controls['use-cache'] !== true) return undefined;
    const ttl = Number(controls['ttl']);
    return {
      read: controls['no-cache'] !== true,
      write: controls['no-store'] !== true,
      ttlMs: ttl > 0 ? ttl * 1_000 : (this.settings.ttlMs ?? DEFAULT_TTL_MS),
    };
  }

  /**
   * The same effective request of the same tenant gives the same key, whatever the order of its fields.
   * A key's tenant is its team if it has one, else the key itself.
   */
  keyOf(exchange: Exchange): string {
    const body: JsonObject = {};
    for (const [name, value] of Object.entries(exchange.body ?? {})) {
      if (
        !GATEWAY_PARAMETERS.has(name) &&
        name !== 'stream' &&
        name !== 'stream_options' &&
        name !== 'metadata' &&
        name !== 'user'
      ) {
        body[name] = value;
      }
    }
    const { principal } = exchange;
    const tenant = this.settings.shared
      ? ''
      : principal?.isAdmin
        ? 'admin'
        : ((principal?.teamId || principal?.keyHash) ?? '');
    const parts = [tenant, exchange.front.operation, exchange.front.dialect, exchange.model, canonicalJson(body)];
    const key = hash('sha256', JSON.stringify(parts));
    return this.settings.namespace ? `${this.settings.namespace}:${key}` : key;
  }

  async read(key: string, exchange: Exchange): Promise<Buffer | undefined> {
    try {
      const entry = await this.instance.hooks.run(
        'get',
        READ_DEADLINE_MS,
        (signal) => this.instance.exports.responses.get(key, signal),
        exchange.signal,
      );
      return entry && Buffer.from(entry.value);
    } catch {
      return undefined;
    }
  }

  /** Off the road: nobody waits for it. */
  write(key: string, value: Uint8Array, ttlMs: number, now: number): void {
    this.instance.hooks
      .run('set', WRITE_DEADLINE_MS, (signal) =>
        this.instance.exports.responses.set(key, { value, storedAt: now }, ttlMs, signal),
      )
      .catch(() => undefined);
  }
}
