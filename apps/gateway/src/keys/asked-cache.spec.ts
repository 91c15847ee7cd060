import { GatewayError } from '@turnpike/errors';
import { describe, expect, it, jest } from '@jest/globals';
import type { Principal } from '../pipeline/exchange.js';
import { AskedCache, type AskedCacheOptions } from './asked-cache.js';

type KeyCacheOptions = AskedCacheOptions<Principal>;

const TTL = 60_000;
const STALE = 3_600_000;

const principalOf = (keyHash: string, teamId = ''): Principal => ({
  isAdmin: false,
  keyHash,
  keyAlias: '',
  teamId,
  userId: '',
});
const away = (): GatewayError => new GatewayError('GW_LEDGER_UNAVAILABLE', 'away');

const aCache = (options: Partial<KeyCacheOptions> = {}) => {
  const clock = { now: 1_000_000, confirmedAt: 1_000_000 };
  const ask = jest.fn<KeyCacheOptions['ask']>((keyHash) =>
    Promise.resolve(keyHash.startsWith('no') ? undefined : principalOf(keyHash)),
  );
  const cache = new AskedCache<Principal>({
    what: 'key',
    ask,
    confirmedAt: () => clock.confirmedAt,
    max: 3,
    ttlMs: TTL,
    staleMs: STALE,
    now: () => clock.now,
    ...options,
  });
  return { cache, ask, clock };
};

describe('a key', () => {
  it('is asked for once, and known at once afterwards', async () => {
    const { cache, ask } = aCache();
    expect(await cache.resolve('a')).toEqual(principalOf('a'));
    expect(cache.resolve('a')).toEqual(principalOf('a'));
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('is asked for once by all who want it at the same time', async () => {
    const { cache, ask } = aCache();
    const all = await Promise.all(['a', 'a', 'a', 'b'].map(async (keyHash) => cache.resolve(keyHash)));
    expect(all.map((principal) => principal?.keyHash)).toEqual(['a', 'a', 'a', 'b']);
    expect(ask.mock.calls).toEqual([['a'], ['b']]);
  });

  it('that nobody knows is not asked for again for five seconds, unless it is made meanwhile', async () => {
    const { cache, ask, clock } = aCache();
    expect(await cache.resolve('no')).toBeUndefined();
    clock.now += 4_999;
    expect(cache.resolve('no')).toBeUndefined();
    expect(ask).toHaveBeenCalledTimes(1);
    cache.forget('no');
    await cache.resolve('no');
    expect(ask).toHaveBeenCalledTimes(2);
    clock.now += 5_001;
    await cache.resolve('no');
    expect(ask).toHaveBeenCalledTimes(3);
  });
});

describe('in bounded memory', () => {
  it('keys that are used stay, and the oldest of the others goes', async () => {
    const { cache, ask } = aCache();
    for (const keyHash of ['a', 'b', 'c']) await cache.resolve(keyHash);
    void cache.resolve('a');
    await cache.resolve('d');
    expect(cache.size).toBe(3);
    ask.mockClear();
    for (const keyHash of ['a', 'c', 'd']) void cache.resolve(keyHash);
    expect(ask).not.toHaveBeenCalled();
    void cache.resolve('b');
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('one has to go even where all are used', async () => {
    const { cache } = aCache();
    for (const keyHash of ['a', 'b', 'c']) await cache.resolve(keyHash);
    for (const keyHash of ['a', 'b', 'c']) void cache.resolve(keyHash);
    await cache.resolve('d');
    expect(cache.size).toBe(3);
  });

  it('unknown keys are, too', async () => {
    const { cache, ask } = aCache();
    for (let index = 0; index <= 5_000; index += 1) await cache.resolve(`no ${index}`);
    ask.mockClear();
    expect(cache.resolve('no 5000')).toBeUndefined();
    expect(ask).not.toHaveBeenCalled();
    await cache.resolve('no 0');
    expect(ask).toHaveBeenCalledTimes(1);
  });
});

describe('a change', () => {
  it('of a key, or of what keys belong to, has them asked for again', async () => {
    const { cache } = aCache({
      ask: (keyHash) => Promise.resolve(principalOf(keyHash, keyHash === 'a' ? 'team' : '')),
    });
    await cache.resolve('a');
    await cache.resolve('b');
    cache.forgetWhere(({ teamId }) => teamId === 'team');
    expect(cache.resolve('a')).toBeInstanceOf(Promise);
    expect(cache.resolve('b')).toEqual(principalOf('b'));
    cache.forget('b');
    expect(cache.resolve('b')).toBeInstanceOf(Promise);
  });

  it('that comes while the key is asked for is not lost', async () => {
    const answers = [Promise.withResolvers<Principal>(), Promise.withResolvers<Principal>()];
    let asked = 0;
    const { cache } = aCache({ ask: () => answers[asked++]!.promise });
    const resolved = cache.resolve('a');
    cache.forget('a');
    answers[0]!.resolve(principalOf('a', 'before'));
    answers[1]!.resolve(principalOf('a', 'after'));
    expect((await resolved)?.teamId).toBe('after');
    expect(cache.resolve('a')).toEqual(principalOf('a', 'after'));
  });

  it('without end does not keep a call waiting, and nothing outdated is kept', async () => {
    const { cache } = aCache({
      ask: (keyHash) => {
        queueMicrotask(() => cache.forget('a'));
        return new Promise((resolve) => setImmediate(() => resolve(principalOf(keyHash))));
      },
    });
    expect(await cache.resolve('a')).toEqual(principalOf('a'));
    expect(cache.size).toBe(0);
  });
});

describe('without news from the ledger', () => {
  it('a key is asked for again after its time', async () => {
    const { cache, ask, clock } = aCache();
    await cache.resolve('a');
    clock.now += TTL - 1;
    expect(cache.resolve('a')).toEqual(principalOf('a'));
    clock.now += 1;
    expect(await cache.resolve('a')).toEqual(principalOf('a'));
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('news of no change are as good as asking', async () => {
    const { cache, ask, clock } = aCache();
    await cache.resolve('a');
    clock.now += 10 * TTL;
    clock.confirmedAt = clock.now - 1;
    expect(cache.resolve('a')).toEqual(principalOf('a'));
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('known keys are good for an hour while it is away, and then are not', async () => {
    const { cache, ask, clock } = aCache();
    await cache.resolve('a');
    ask.mockRejectedValue(away());
    clock.now += TTL + STALE - 1;
    expect(await cache.resolve('a')).toEqual(principalOf('a'));
    clock.now += 1;
    expect(() => cache.resolve('a')).toThrow('ledger does not answer');
    clock.now += 1_000;
    await expect(cache.resolve('a')).rejects.toThrow('away');
  });

  it('it is not asked by every call while it is away', async () => {
    const { cache, ask, clock } = aCache();
    await cache.resolve('a');
    ask.mockRejectedValue(away());
    clock.now += TTL;
    await cache.resolve('a');
    expect(cache.resolve('a')).toEqual(principalOf('a'));
    expect(() => cache.resolve('b')).toThrow(expect.objectContaining({ code: 'GW_LEDGER_UNAVAILABLE' }));
    expect(ask).toHaveBeenCalledTimes(2);
    clock.now += 1_001;
    ask.mockImplementation((keyHash) => Promise.resolve(principalOf(keyHash)));
    expect(await cache.resolve('b')).toEqual(principalOf('b'));
  });

  it('nothing is good for longer where that is not wanted', async () => {
    const { cache, ask, clock } = aCache({ staleMs: 0 });
    await cache.resolve('a');
    ask.mockRejectedValue(away());
    clock.now += TTL;
    await expect(cache.resolve('a')).rejects.toThrow('away');
  });

  it('a key that was deleted meanwhile is unknown again', async () => {
    const { cache, ask, clock } = aCache();
    await cache.resolve('a');
    ask.mockResolvedValue(undefined);
    clock.now += TTL;
    expect(await cache.resolve('a')).toBeUndefined();
    expect(cache.resolve('a')).toBeUndefined();
    expect(cache.size).toBe(0);
  });
});
