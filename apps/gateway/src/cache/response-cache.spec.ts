import type { CacheSettings } from '@turnpike/config';
import type { CacheEntry, ResponsesV1 } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { aGraph, anInstance } from '../../test/doubles.js';
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

  async delete(keys: readonly string[]): Promise<number> {
    if (this.failure) throw this.failure;
    return keys.filter((key) => this.entries.delete(key)).length;
  }

  flush = async (): Promise<void> => this.entries.clear();
  ping = async (): Promise<void> => undefined;
}

const SETTINGS = { enabled: true, mode: 'default_on', modelTtlMs: {}, shared: false } as Partial<CacheSettings>;

const aCache = (store = new FakeStore(), settings: Partial<CacheSettings> = {}): ResponseCache =>
  ResponseCache.create(
    { ...SETTINGS, ...settings } as CacheSettings,
    aGraph({ cache: anInstance<'cache/v1'>('cache.x', { responses: store }) }),
  )!;

describe('a cache', () => {
  const instance = anInstance<'cache/v1'>('cache.x', { responses: new FakeStore() });
  it.each<[string, Partial<CacheSettings> | undefined, object]>([
    ['is not configured', undefined, { cache: instance }],
    ['is switched off', { enabled: false }, { cache: instance }],
    ['is not installed', { enabled: true }, {}],
  ])('that %s is none', (_title, settings, instances) => {
    expect(ResponseCache.create(settings as CacheSettings | undefined, aGraph({ ...instances }))).toBeUndefined();
  });

  it('shares calls under way where it is told to', () => {
    expect([aCache().flights, aCache(undefined, { singleFlight: true }).flights]).toEqual([
      undefined,
      expect.anything(),
    ]);
  });
});

describe('an answer', () => {
  it('that was written is read', async () => {
    const store = new FakeStore();
    const cache = aCache(store);
    cache.write([{ key: 'k', value: Buffer.from('{"a":1}') }], 5_000, NOW);
    await new Promise(setImmediate);
    expect((await cache.read('k', NOW - 1))?.toString()).toBe('{"a":1}');
    expect([store.ttls, store.entries.get('k')?.storedAt]).toEqual([[5_000], NOW]);
  });

  it('that is older than the request accepts is a miss', async () => {
    const store = new FakeStore();
    store.entries.set('k', { value: Buffer.from('x'), storedAt: NOW });
    const cache = aCache(store);
    expect(await cache.read('k', NOW + 1)).toBeUndefined();
    expect(await cache.read('k', NOW)).toBeDefined();
    expect(await cache.readAll(['k', 'never'], NOW)).toEqual([Buffer.from('x'), undefined]);
    expect(await cache.readAll(['k'], NOW + 1)).toEqual([undefined]);
  });

  it("of a store that fails is a miss, and a write that fails is nobody else's concern", async () => {
    const store = new FakeStore();
    store.failure = new Error('away');
    const cache = aCache(store);
    expect(await cache.read('k', NOW)).toBeUndefined();
    expect(await cache.readAll(['k', 'l'], NOW)).toEqual([undefined, undefined]);
    expect(() => cache.write([{ key: 'k', value: Buffer.from('x') }], 5_000, NOW)).not.toThrow();
    await new Promise(setImmediate);
  });

  it('of a store that takes too long is a miss', async () => {
    const store = new FakeStore();
    store.get = () => new Promise(() => undefined);
    const startedAt = performance.now();
    expect(await aCache(store).read('k', NOW)).toBeUndefined();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('an administrator', () => {
  it('makes it forget answers, by keys that may stand in one text, or all', async () => {
    const store = new FakeStore();
    const cache = aCache(store);
    for (const key of ['a', 'b', 'c', 'd']) store.entries.set(key, { value: Buffer.from('x'), storedAt: NOW });
    await cache.forget(['a,b', 'c']);
    expect([...store.entries.keys()]).toEqual(['d']);
    await cache.forget();
    expect(store.entries.size).toBe(0);
  });

  it('is told when that fails', async () => {
    const store = new FakeStore();
    store.failure = new Error('the disk is full');
    await expect(aCache(store).forget(['a'])).rejects.toMatchObject({
      code: 'GW_CACHE_UNAVAILABLE',
      message: expect.stringContaining('the disk is full'),
    });
  });
});
