import type { CacheEntry } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { failuresOf } from '../check.js';
import { cacheSubject, semanticSubject, type ChangeCache, type ChangeSimilar } from '../samples/sample-others.js';
import { cacheChecks, cacheConformance, type CacheConformance } from './conformance.js';

const unpackaged = [{ case: 'import', reason: 'the plugin of this spec is no package' }];
const down: CacheConformance['down'] = { config: { away: true } };

cacheConformance({ ...cacheSubject(), down, skips: unpackaged });

const failing = async (subject: CacheConformance, only = /^(responses|down)\//): Promise<string[]> =>
  Object.keys(await failuresOf(cacheChecks(subject).filter(({ id }) => only.test(id))));

const copy = ({ value, storedAt }: CacheEntry, size = value.length): CacheEntry => ({
  value: value.subarray(0, size),
  storedAt,
});

describe('the cache suite fails a cache that', () => {
  it.each<[string, ChangeCache, string[]]>([
    [
      'remembers nothing',
      () => ({ set: async () => {} }),
      ['hit', 'binary', 'keys', 'overwrite', 'expiry', 'large', 'delete'],
    ],
    [
      'finds what was never stored',
      () => ({ get: async () => ({ value: Buffer.from('x'), storedAt: 0 }) }),
      ['miss', 'hit', 'binary', 'keys', 'overwrite', 'expiry', 'large', 'delete', 'flush'],
    ],
    [
      'forgets when it was written',
      (good) => ({ get: async (...call) => withTime(await good.get(...call), 0) }),
      ['hit', 'binary', 'keys', 'overwrite', 'expiry', 'large', 'delete'],
    ],
    [
      'keeps text only',
      (good) => ({
        set: async (key, entry, ...rest) =>
          good.set(key, { ...entry, value: Buffer.from(Buffer.from(entry.value).toString('utf8')) }, ...rest),
      }),
      ['binary'],
    ],
    [
      'mixes keys up that differ in case',
      (good) => ({
        get: async (key, signal) => good.get(key.toLowerCase(), signal),
        set: async (key, ...rest) => good.set(key.toLowerCase(), ...rest),
      }),
      ['keys'],
    ],
    [
      'keeps the first of two writes',
      (good, entries) => ({ set: async (key, ...rest) => (entries.has(key) ? undefined : good.set(key, ...rest)) }),
      ['overwrite'],
    ],
    [
      'never forgets',
      (good) => ({ set: async (key, entry, _ttl, signal) => good.set(key, entry, Number.MAX_SAFE_INTEGER, signal) }),
      ['expiry'],
    ],
    [
      'forgets too early',
      (good) => ({ set: async (key, entry, ttl, signal) => good.set(key, entry, ttl / 10, signal) }),
      ['expiry'],
    ],
    [
      'cuts large values',
      (good) => ({ set: async (key, entry, ...rest) => good.set(key, copy(entry, 1_000_000), ...rest) }),
      ['large'],
    ],
    [
      'counts keys and not entries',
      (good) => ({ delete: async (keys) => (await good.delete(keys), keys.length) }),
      ['delete'],
    ],
    ['does not delete', () => ({ delete: async () => 2 }), ['delete']],
    ['does not flush', () => ({ flush: async () => {} }), ['flush']],
    ['does not answer a ping', () => ({ ping: () => new Promise(() => {}) }), ['ping']],
    [
      'waits although it was told to give up',
      (good) => ({
        get: (key, signal) => (signal.aborted ? new Promise(() => {}) : good.get(key, signal)),
      }),
      ['aborted'],
    ],
  ])('%s', async (_title, change, fails) => {
    expect(await failing(cacheSubject(change), /^responses\//)).toEqual(fails.map((id) => `responses/${id}`));
  });

  it('calls itself well while its store is away', async () => {
    const change: ChangeCache = () => ({ ping: async () => {}, get: () => new Promise(() => {}) });
    expect(await failing({ ...cacheSubject(change), down }, /^down\//)).toEqual(['down/get', 'down/ping']);
  });
});

cacheConformance({ ...semanticSubject(), skips: unpackaged });

describe('the cache suite fails a cache of similar questions that', () => {
  it.each<[string, ChangeSimilar, string[]]>([
    ['finds nothing', () => ({ find: async () => undefined }), ['near', 'scope', 'again', 'expiry']],
    [
      'finds whatever there is',
      () => ({ find: async () => ({ key: 'france', similarity: 0.9 }) }),
      ['miss', 'near', 'scope', 'again', 'expiry'],
    ],
    [
      'mixes scopes',
      (good) => ({
        find: (question, signal) => good.find({ ...question, scope: 's' }, signal),
        learn: (question, ...rest) => good.learn({ ...question, scope: 's' }, ...rest),
      }),
      ['scope', 'embeds'],
    ],
    [
      'never forgets',
      (good) => ({ learn: (question, _ttl, signal) => good.learn(question, Number.MAX_SAFE_INTEGER, signal) }),
      ['expiry'],
    ],
    [
      'asks for each embedding twice',
      (good) => ({ learn: (question, ...rest) => good.learn({ ...question }, ...rest) }),
      ['embeds'],
    ],
    [
      'says nobody of whom it is for',
      (good) => ({
        find: (question, signal) => good.find({ ...question, caller: {} }, signal),
        learn: async () => undefined,
      }),
      ['near', 'scope', 'again', 'expiry', 'embeds'],
    ],
    [
      'tells a strange similarity',
      () => ({ find: async () => ({ key: 'france', similarity: 5 }) }),
      ['miss', 'near', 'scope', 'again', 'expiry'],
    ],
  ])('%s', async (_title, change, fails) => {
    expect(await failing(semanticSubject(change), /^similar\//)).toEqual(fails.map((id) => `similar/${id}`));
  });
});

const withTime = (entry: CacheEntry | undefined, storedAt: number): CacheEntry | undefined =>
  entry && { ...entry, storedAt };
