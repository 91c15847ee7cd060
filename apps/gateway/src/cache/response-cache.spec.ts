import type { CacheSettings } from '@turnpike/config';
import type { JsonObject } from '@turnpike/domain';
import type { CacheEntry, ResponsesV1 } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { aFront, aGraph, anExchange, anInstance } from '../../test/doubles.js';
import type { Exchange, Principal } from '../pipeline/exchange.js';
import type { OperationName } from '../routes/front.js';
import { ResponseCache } from './response-cache.js';

const NOW = 1_000_000;

class FakeStore implements ResponsesV1 {
  readonly entries = new Map<string, CacheEntry>();
  readonly ttls: number[] = [];
  failure: Error | undefined;

  async get(key: string): Promise<CacheEntry | undefined> {
    if (this.failure) throw this.failure;
    return this.entries.get(key);
  }

  async set(key: string, entry: CacheEntry, ttlMs: number): Promise<void> {
    if (this.failure) throw this.failure;
    this.entries.set(key, entry);
    this.ttls.push(ttlMs);
  }

  delete = async (): Promise<number> => 0;
  flush = async (): Promise<void> => undefined;
  ping = async (): Promise<void> => undefined;
}

const aCache = (settings: Partial<CacheSettings> = {}, store = new FakeStore()): ResponseCache => {
  const whole = { enabled: true, mode: 'default_on', shared: false, plugin: 'cache.x', settings: {}, ...settings };
  return ResponseCache.create(
    whole as CacheSettings,
    aGraph({ cache: anInstance<'cache/v1'>('cache.x', { responses: store }) }),
  )!;
};

const principal = (changes: Partial<Principal> = {}): Principal => ({
  isAdmin: false,
  keyHash: 'hash-1',
  keyAlias: '',
  teamId: '',
  userId: '',
  ...changes,
});

const asked = (body: JsonObject, changes: Partial<Exchange> = {}): Exchange =>
  anExchange({ body, model: 'm', principal: principal(), ...changes });

const BODY: JsonObject = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], temperature: 0 };

describe('a cache', () => {
  const instance = anInstance<'cache/v1'>('cache.x', { responses: new FakeStore() });
  it.each<[string, Partial<CacheSettings> | undefined, object]>([
    ['is not configured', undefined, { cache: instance }],
    ['is switched off', { enabled: false }, { cache: instance }],
    ['is not installed', { enabled: true }, {}],
  ])('that %s is none', (_title, settings, instances) => {
    expect(ResponseCache.create(settings as CacheSettings | undefined, aGraph({ ...instances }))).toBeUndefined();
  });
});

describe('what a request wishes', () => {
  const wish = (body: JsonObject, settings: Partial<CacheSettings> = {}, operation: OperationName = 'chat') =>
    aCache(settings).wishOf(body, operation);

  it('is to read and to write, unless it says otherwise', () => {
    expect(wish({})).toEqual({
      read: true,
      write: true,
      ttlMs: 600_000,
      maxAgeMs: Number.POSITIVE_INFINITY,
      namespace: undefined,
    });
  });

  it.each<[JsonObject, Partial<CacheSettings>, object | undefined]>([
    [{ cache: false }, {}, undefined],
    [{ caching: false }, {}, undefined],
    [{ cache: { 'no-cache': true } }, {}, { read: false, write: true }],
    [{ cache: { 'no-store': true } }, {}, { read: true, write: false }],
    [{ cache: { ttl: 60 } }, { ttlMs: 5_000 }, { ttlMs: 60_000 }],
    [{ cache: { ttl: -1 } }, { ttlMs: 5_000 }, { ttlMs: 5_000 }],
    [{ cache: { ttl: 'long' } }, {}, { ttlMs: 600_000 }],
    [{ cache: { 's-maxage': 30 } }, {}, { maxAgeMs: 30_000 }],
    [{ cache: { 's-max-age': 30 } }, {}, { maxAgeMs: 30_000 }],
    [{ cache: { namespace: 'mine' } }, {}, { namespace: 'mine' }],
    [{}, { mode: 'default_off' }, undefined],
    [{ cache: { 'use-cache': true } }, { mode: 'default_off' }, { read: true, write: true }],
    [{ cache: { 'use-cache': true, 'no-store': true } }, { mode: 'default_off' }, { write: false }],
  ])('%j under %j is %j', (body, settings, expected) => {
    if (expected) expect(wish(body, settings)).toMatchObject(expected);
    else expect(wish(body, settings)).toBeUndefined();
  });

  it.each<[readonly string[] | undefined, OperationName[]]>([
    [undefined, ['chat', 'completions', 'embeddings']],
    [[], []],
    [['acompletion'], ['chat']],
    [
      ['completion', 'aembedding'],
      ['chat', 'embeddings'],
    ],
    [['text_completion'], ['completions']],
    [['transcription'], []],
  ])('counts for the kinds of call in %j only: %j', (callTypes, expected) => {
    const operations: OperationName[] = ['chat', 'completions', 'embeddings'];
    expect(operations.filter((operation) => wish({}, { callTypes }, operation))).toEqual(expected);
  });
});

describe('the key of an answer', () => {
  const key = (body: JsonObject, changes: Partial<Exchange> = {}, settings: Partial<CacheSettings> = {}) =>
    aCache(settings).keyOf(asked(body, changes), undefined);
  const usual = key(BODY);

  it.each<[string, JsonObject]>([
    ['the order of the fields', { temperature: 0, messages: [{ content: 'Hi', role: 'user' }], model: 'm' }],
    ['how it is sent', { ...BODY, stream: true, stream_options: { include_usage: true } }],
    ['who it is for', { ...BODY, user: 'u', metadata: { a: 1 } }],
    ['what is said to the gateway', { ...BODY, cache: { ttl: 5 }, timeout: 5, tags: ['a'], fallbacks: ['b'] }],
  ])('does not depend on %s', (_title, body) => expect(key(body)).toBe(usual));

  it.each<[string, JsonObject]>([
    ['the messages', { ...BODY, messages: [{ role: 'user', content: 'Ho' }] }],
    ['a parameter', { ...BODY, temperature: 1 }],
    ['a parameter that only the provider knows', { ...BODY, top_k: 1 }],
    ['fields that travel in extra_body', { ...BODY, extra_body: { temperature: 2 } }],
    ['headers for the provider', { ...BODY, extra_headers: { 'x-a': 'b' } }],
    ['parameters that are dropped', { ...BODY, additional_drop_params: ['temperature'] }],
  ])('depends on %s', (_title, body) => expect(key(body)).not.toBe(usual));

  it('depends on the model asked for, the kind of call and the dialect', () => {
    const other = (front: Parameters<typeof aFront>[0]) =>
      aCache().keyOf(
        anExchange({ body: BODY, model: 'm', principal: principal() }, { front: aFront(front) }),
        undefined,
      );
    const keys = [usual, key(BODY, { model: 'n' }), other({ operation: 'completions' }), other({ dialect: 'gemini' })];
    expect(new Set(keys).size).toBe(4);
  });

  it('keeps tenants apart: teams, and keys without a team', () => {
    const of = (changes: Partial<Principal>) => key(BODY, { principal: principal(changes) });
    expect(of({ keyHash: 'hash-2' })).not.toBe(usual);
    expect(of({ teamId: 't', keyHash: 'hash-2' })).toBe(of({ teamId: 't', keyHash: 'hash-3' }));
    expect(of({ isAdmin: true })).not.toBe(usual);
    expect(of({ isAdmin: true, keyHash: 'a' })).toBe(of({ isAdmin: true, keyHash: 'b' }));
  });

  it('is shared by all where the operator wants that', () => {
    const of = (keyHash: string) => key(BODY, { principal: principal({ keyHash }) }, { shared: true });
    expect(of('hash-1')).toBe(of('hash-2'));
  });

  it("is in the operator's namespace, and in the request's own", () => {
    expect(key(BODY, {}, { namespace: 'ns' })).toBe(`ns:${usual}`);
    const cache = aCache();
    expect(cache.keyOf(asked(BODY), 'a')).not.toBe(cache.keyOf(asked(BODY), 'b'));
    expect(cache.keyOf(asked(BODY), 'a')).not.toBe(usual);
  });

  it('tells nothing of the prompt', () => expect(usual).toMatch(/^[0-9a-f]{64}$/));
});

describe('an answer', () => {
  it('that was written is read', async () => {
    const store = new FakeStore();
    const cache = aCache({}, store);
    cache.write('k', Buffer.from('{"a":1}'), 5_000, NOW);
    await new Promise(setImmediate);
    expect((await cache.read('k', asked(BODY), NOW - 1))?.toString()).toBe('{"a":1}');
    expect([store.ttls, store.entries.get('k')?.storedAt]).toEqual([[5_000], NOW]);
  });

  it('that is older than the request accepts is a miss', async () => {
    const store = new FakeStore();
    store.entries.set('k', { value: Buffer.from('x'), storedAt: NOW });
    const cache = aCache({}, store);
    expect(await cache.read('k', asked(BODY), NOW + 1)).toBeUndefined();
    expect(await cache.read('k', asked(BODY), NOW)).toBeDefined();
    expect(await cache.read('k', asked(BODY), Number.NEGATIVE_INFINITY)).toBeDefined();
  });

  it("of a store that fails is a miss, and a write that fails is nobody else's concern", async () => {
    const store = new FakeStore();
    store.failure = new Error('away');
    const cache = aCache({}, store);
    expect(await cache.read('k', asked(BODY), NOW)).toBeUndefined();
    expect(() => cache.write('k', Buffer.from('x'), 5_000, NOW)).not.toThrow();
    await new Promise(setImmediate);
  });

  it('of a store that takes too long is a miss', async () => {
    const store = new FakeStore();
    store.get = () => new Promise(() => undefined);
    const startedAt = performance.now();
    expect(await aCache({}, store).read('k', asked(BODY), NOW)).toBeUndefined();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
