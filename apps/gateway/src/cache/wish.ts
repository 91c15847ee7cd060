// What a request wants of the cache: its own controls, those of its key, and the configuration behind them.
import type { CacheSettings } from '@turnpike/config';
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { GatewayError, invalidRequest } from '@turnpike/errors';
import type { CacheTerms } from '../keys/terms.js';
import type { Exchange } from '../pipeline/exchange.js';
import type { OperationName } from '../routes/front.js';

const DEFAULT_TTL_MS = 600_000;

/** Longest life; some stores refuse more. */
const MAX_TTL_MS = 10 * 365 * 24 * 3_600_000;

/** LiteLLM's names for the kinds of call, in `supported_call_types`. */
const CALL_TYPES: Readonly<Record<OperationName, readonly string[]>> = {
  chat: ['completion', 'acompletion'],
  completions: ['text_completion', 'atext_completion'],
  embeddings: ['embedding', 'aembedding'],
};

export interface CacheWish {
  readonly read: boolean;
  readonly write: boolean;
  readonly ttlMs: number;
  /** Older answers do not count. */
  readonly maxAgeMs: number;
  /** Keeps answers apart that are the same otherwise. */
  readonly namespace: string | undefined;
}

/** Those that are told apart by nothing but their model are one object. */
export class CacheWishes {
  private readonly usual = new Map<string, CacheWish>();
  private readonly usualOfOthers: CacheWish;

  constructor(private readonly settings: CacheSettings) {
    for (const [model, ttlMs] of Object.entries(settings.modelTtlMs)) this.usual.set(model, usualWish(ttlMs));
    this.usualOfOthers = usualWish(settings.ttlMs ?? DEFAULT_TTL_MS);
  }

  /**
   * Undefined: this call neither reads nor writes.
   * @throws GW_INVALID_REQUEST, GW_PERMISSION_DENIED for a control that the key may not use
   */
  of(exchange: Exchange): CacheWish | undefined {
    const { body = {}, principal, front } = exchange;
    const { callTypes, mode } = this.settings;
    if (callTypes && !CALL_TYPES[front.operation].some((name) => callTypes.includes(name))) return undefined;
    if (body['caching'] === false) return undefined;
    const usual = this.usualFor(exchange);
    const asked = body['cache'] ?? undefined;
    const terms = principal?.terms?.cache;
    if (asked === undefined && !terms?.forced) return mode === 'default_on' ? usual : undefined;
    const controls = terms?.forced ?? askedControls(asked, terms);
    if (controls === false || (mode === 'default_off' && controls['use-cache'] !== true)) return undefined;
    return wishOf(controls, usual);
  }

  /** By the name asked for, or by the name of its group: `openai/*`. */
  private usualFor({ model = '', resolution }: Exchange): CacheWish {
    if (this.usual.size === 0) return this.usualOfOthers;
    return this.usual.get(model) ?? this.usual.get(resolution?.groups[0]?.name ?? '') ?? this.usualOfOthers;
  }
}

const usualWish = (ttlMs: number): CacheWish => ({
  read: true,
  write: ttlMs > 0,
  ttlMs,
  maxAgeMs: Number.POSITIVE_INFINITY,
  namespace: undefined,
});

/** `cache: {…}` and `cache: false`; `cache: true` says nothing. */
const askedControls = (asked: JsonValue | undefined, terms: CacheTerms | undefined): Readonly<JsonObject> | false => {
  if (asked === false) return false;
  if (asked === true) return {};
  if (!isJsonObject(asked)) throw invalidRequest("'cache' must be an object of controls, or false.", 'cache');
  if (terms?.allowed) {
    for (const name in asked)
      if (!terms.allowed.has(name))
        throw new GatewayError(
          'GW_PERMISSION_DENIED',
          `Not allowed to set ${name.slice(0, 60)} as a cache control. Contact admin to change permissions.`,
          { param: 'cache' },
        );
  }
  return asked;
};

const wishOf = (controls: Readonly<JsonObject>, usual: CacheWish): CacheWish => {
  const ttl = secondsOf(controls, 'ttl');
  const maxAge = secondsOf(controls, 's-maxage') ?? secondsOf(controls, 's-max-age');
  const ttlMs = ttl === undefined ? usual.ttlMs : Math.min(ttl * 1_000, MAX_TTL_MS);
  const namespace = controls['namespace'] ?? undefined;
  if (namespace !== undefined && typeof namespace !== 'string')
    throw invalidRequest("'cache.namespace' must be a string.", 'cache');
  return {
    read: !switchOf(controls, 'no-cache'),
    write: ttlMs > 0 && !switchOf(controls, 'no-store'),
    ttlMs,
    maxAgeMs: maxAge === undefined ? Number.POSITIVE_INFINITY : maxAge * 1_000,
    namespace: namespace === '' ? undefined : namespace,
  };
};

const secondsOf = (controls: Readonly<JsonObject>, name: string): number | undefined => {
  const seconds = controls[name] ?? undefined;
  if (seconds === undefined || (typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0))
    return seconds;
  throw invalidRequest(`'cache.${name}' must be a number of seconds, 0 or more.`, 'cache');
};

const switchOf = (controls: Readonly<JsonObject>, name: string): boolean => {
  const value = controls[name] ?? false;
  if (typeof value === 'boolean') return value;
  throw invalidRequest(`'cache.${name}' must be true or false.`, 'cache');
};
