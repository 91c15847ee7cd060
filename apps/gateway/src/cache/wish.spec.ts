import type { CacheSettings } from '@turnpike/config';
import type { JsonObject } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { aFront, anExchange } from '../../test/doubles.js';
import type { CacheTerms, Terms } from '../keys/terms.js';
import type { Exchange } from '../pipeline/exchange.js';
import type { OperationName } from '../routes/front.js';
import { CacheWishes, type CacheWish } from './wish.js';

interface Asked {
  settings?: Partial<CacheSettings>;
  operation?: OperationName;
  model?: string;
  /** Name of the group that the model is in. */
  group?: string;
  terms?: Partial<CacheTerms>;
}

const wish = (body: JsonObject, { settings, operation = 'chat', model = 'm', group, terms }: Asked = {}) => {
  const wishes = new CacheWishes({ mode: 'default_on', modelTtlMs: {}, ...settings } as CacheSettings);
  const principal = {
    isAdmin: false,
    keyHash: 'k',
    keyAlias: '',
    teamId: '',
    userId: '',
    ...(terms && { terms: { cache: { allowed: undefined, forced: undefined, ...terms } } as Terms }),
  };
  const resolution = { groups: group === undefined ? [] : [{ name: group }] } as unknown as Exchange['resolution'];
  return wishes.of(anExchange({ body, model, principal, resolution }, { front: aFront({ operation }) }));
};

describe('what a request wishes', () => {
  it('is to read and to write, unless it says otherwise', () => {
    expect(wish({})).toEqual({
      read: true,
      write: true,
      ttlMs: 600_000,
      maxAgeMs: Number.POSITIVE_INFINITY,
      namespace: undefined,
    });
  });

  it.each<[JsonObject, Partial<CacheSettings>, Partial<CacheWish> | undefined]>([
    [{ cache: false }, {}, undefined],
    [{ caching: false }, {}, undefined],
    [{ cache: null }, {}, { read: true, write: true }],
    [{ cache: true }, {}, { read: true, write: true }],
    [{ cache: { 'no-cache': true } }, {}, { read: false, write: true }],
    [{ cache: { 'no-store': true } }, {}, { read: true, write: false }],
    [{ cache: { 'no-cache': null, 'no-store': null, ttl: null } }, {}, { read: true, write: true }],
    [{ cache: { ttl: 60 } }, { ttlMs: 5_000 }, { ttlMs: 60_000, write: true }],
    [{ cache: { ttl: 0 } }, { ttlMs: 5_000 }, { read: true, write: false }],
    [{ cache: { ttl: 1e300 } }, {}, { ttlMs: 10 * 365 * 24 * 3_600_000 }],
    [{}, { ttlMs: 0 }, { read: true, write: false }],
    [{ cache: { 's-maxage': 30 } }, {}, { maxAgeMs: 30_000 }],
    [{ cache: { 's-max-age': 30 } }, {}, { maxAgeMs: 30_000 }],
    [{ cache: { 's-maxage': 0 } }, {}, { maxAgeMs: 0 }],
    [{ cache: { namespace: 'mine' } }, {}, { namespace: 'mine' }],
    [{ cache: { namespace: '' } }, {}, { namespace: undefined }],
    [{}, { mode: 'default_off' }, undefined],
    [{ cache: true }, { mode: 'default_off' }, undefined],
    [{ cache: { 'use-cache': true } }, { mode: 'default_off' }, { read: true, write: true }],
    [{ cache: { 'use-cache': true, 'no-store': true } }, { mode: 'default_off' }, { write: false }],
  ])('%j under %j is %j', (body, settings, expected) => {
    if (expected) expect(wish(body, { settings })).toMatchObject(expected);
    else expect(wish(body, { settings })).toBeUndefined();
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
    expect(operations.filter((operation) => wish({}, { settings: { callTypes }, operation }))).toEqual(expected);
  });

  it.each([
    ['m', undefined, 1_000],
    ['openai/x', 'openai/*', 2_000],
    ['other', 'other', 5_000],
  ])('for %s of the group %s is kept for %p ms', (model, group, ttlMs) => {
    const settings = { ttlMs: 5_000, modelTtlMs: { m: 1_000, 'openai/*': 2_000 } };
    expect(wish({}, { settings, model, group })?.ttlMs).toBe(ttlMs);
    expect(wish({ cache: { ttl: 9 } }, { settings, model, group })?.ttlMs).toBe(9_000);
  });

  it.each<[JsonObject, string]>([
    [{ cache: 'no' }, "'cache' must be an object"],
    [{ cache: 5 }, "'cache' must be an object"],
    [{ cache: [{ ttl: 5 }] }, "'cache' must be an object"],
    [{ cache: { ttl: -1 } }, "'cache.ttl' must be a number"],
    [{ cache: { ttl: '60' } }, "'cache.ttl' must be a number"],
    [{ cache: { 's-max-age': [] } }, "'cache.s-max-age' must be a number"],
    [{ cache: { 'no-store': 1 } }, "'cache.no-store' must be true or false"],
    [{ cache: { namespace: {} } }, "'cache.namespace' must be a string"],
  ])('is refused in %j', (body, message) => {
    expect(() => wish(body)).toThrow(
      expect.objectContaining({ code: 'GW_INVALID_REQUEST', message: expect.stringContaining(message) }),
    );
  });
});

describe('what a key says of it', () => {
  it('is which controls its requests may name', () => {
    const terms = { allowed: new Set(['ttl']) };
    expect(wish({ cache: { ttl: 5 } }, { terms })?.ttlMs).toBe(5_000);
    expect(wish({ cache: false }, { terms })).toBeUndefined();
    expect(() => wish({ cache: { ttl: 5, 'no-cache': true } }, { terms })).toThrow(
      expect.objectContaining({ code: 'GW_PERMISSION_DENIED', message: expect.stringContaining('no-cache') }),
    );
  });

  it('counts in place of what the request says', () => {
    const terms = { forced: { ttl: 7, 'no-cache': true }, allowed: new Set(['no-store']) };
    for (const body of [{}, { cache: { ttl: 60, 'no-store': true } }, { cache: false }])
      expect(wish(body, { terms })).toMatchObject({ read: false, write: true, ttlMs: 7_000 });
    expect(wish({ caching: false }, { terms })).toBeUndefined();
  });

  it('can switch the cache on where it is off', () => {
    const settings = { mode: 'default_off' } as const;
    expect(wish({}, { settings, terms: { forced: { 'use-cache': true } } })).toBeDefined();
    expect(wish({}, { settings, terms: { forced: {} } })).toBeUndefined();
  });
});
