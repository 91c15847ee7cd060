// Answers kept by a cache plugin. Whole answers only; a failing cache is a miss.
import type { CacheSettings } from '@turnpike/config';
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { PluginGraph, PluginInstance } from '@turnpike/kernel';
import { hash } from 'node:crypto';
import type { Exchange } from '../pipeline/exchange.js';
import type { OperationName } from '../routes/front.js';
import { canonicalJson } from './canonical-json.js';
import { GATEWAY_PARAMETERS } from '../upstream/client-parameters.js';
import { CACHE_KEY } from './plan.js';

const READ_DEADLINE_MS = 50;
const WRITE_DEADLINE_MS = 2_000;
const DEFAULT_TTL_MS = 600_000;

/** LiteLLM's names for the kinds of call, in `supported_call_types`. */
const CALL_TYPES: Readonly<Record<OperationName, readonly string[]>> = {
  chat: ['completion', 'acompletion'],
  completions: ['text_completion', 'atext_completion'],
  embeddings: ['embedding', 'aembedding'],
};

/** Said to the gateway, and yet they change what the provider is asked. */
const CHANGES_THE_CALL: ReadonlySet<string> = new Set(['additional_drop_params', 'extra_body', 'extra_headers']);

/** Make no difference to the answer. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(['stream', 'stream_options', 'metadata', 'user']);

/** What a request says about caching: `cache: {no-cache, no-store, ttl, …}`, `cache: false`, `caching: false`. */
export interface CacheWish {
  read: boolean;
  write: boolean;
  ttlMs: number;
  /** Older answers do not count (`s-maxage`). */
  maxAgeMs: number;
  /** Keeps answers apart that are the same otherwise. */
  namespace: string | undefined;
}

const millisecondsOf = (seconds: JsonValue | undefined): number | undefined =>
  typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : undefined;

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
  wishOf(body: Readonly<JsonObject>, operation: OperationName): CacheWish | undefined {
    const { callTypes } = this.settings;
    if (callTypes && !CALL_TYPES[operation].some((name) => callTypes.includes(name))) return undefined;
    const asked = body['cache'];
    if (asked === false || body['caching'] === false) return undefined;
    const controls: Readonly<JsonObject> = isJsonObject(asked) ? asked : {};
    if (this.settings.mode === 'default_off' && controls['use-cache'] !== true) return undefined;
    const { namespace } = controls;
    return {
      read: controls['no-cache'] !== true,
      write: controls['no-store'] !== true,
      ttlMs: millisecondsOf(controls['ttl']) ?? this.settings.ttlMs ?? DEFAULT_TTL_MS,
      maxAgeMs: millisecondsOf(controls['s-maxage'] ?? controls['s-max-age']) ?? Number.POSITIVE_INFINITY,
      namespace: typeof namespace === 'string' ? namespace : undefined,
    };
  }

  /**
   * The same effective request of the same tenant gives the same key, whatever the order of its fields.
   * A key's tenant is its team if it has one, else the key itself.
   */
  keyOf(exchange: Exchange, namespace: string | undefined): string {
    const counts = (name: string): boolean =>
      !WITHOUT_EFFECT.has(name) && (!GATEWAY_PARAMETERS.has(name) || CHANGES_THE_CALL.has(name));
    const body = Object.fromEntries(Object.entries(exchange.body ?? {}).filter(([name]) => counts(name)));
    const { principal } = exchange;
    const tenant = this.settings.shared
      ? ''
      : principal?.isAdmin
        ? 'admin'
        : ((principal?.teamId || principal?.keyHash) ?? '');
    const { operation, dialect } = exchange.front;
    const parts: unknown[] = [tenant, operation, dialect, exchange.model, canonicalJson(body)];
    if (namespace) parts.push(namespace);
    // What they made of the request and the answer is no answer to whoever calls without them.
    if (exchange.guardrails && exchange.guardrails.names.length > 0)
      parts.push({ guardrails: exchange.guardrails.names });
    const key = hash('sha256', JSON.stringify(parts));
    return this.settings.namespace ? `${this.settings.namespace}:${key}` : key;
  }

  /** Undefined is a miss. */
  async read(key: string, exchange: Exchange, notBefore: number): Promise<Buffer | undefined> {
    try {
      const entry = await this.instance.hooks.run(
        'get',
        READ_DEADLINE_MS,
        (signal) => this.instance.exports.responses.get(key, signal),
        exchange.signal,
      );
      return entry && entry.storedAt >= notBefore ? Buffer.from(entry.value) : undefined;
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
