// One server: what stands in it, and what it may hold beside that.
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeAll, open, TTL_MS } from './opened.js';
import { RedisServer } from './redis-server.js';

const server = await RedisServer.start();
const { admin, port } = server;
afterAll(() => server.remove());
beforeEach(() => admin.flushall());
afterEach(closeAll);

const HOST = { host: '127.0.0.1', port };

describe('an answer', () => {
  it.each([
    [{}, 'turnpike:cache:k'],
    [{ namespace: 'litellm.caching' }, 'litellm.caching:turnpike:cache:k'],
  ])('with %j is one string under %s, and Redis forgets it', async (settings, key) => {
    const { set } = await open({ ...HOST, ...settings });
    await set('k', 'text', 5_000);
    expect(await admin.keys('*')).toEqual([key]);
    expect(await admin.type(key)).toBe('string');
    expect((await admin.getBuffer(key))!.toString('latin1')).toMatch(/^TPC\x01.{8}text$/s);
    expect(await admin.pttl(key)).toBeGreaterThan(4_000);
    expect(await admin.pttl(key)).toBeLessThanOrEqual(5_000);
  });

  it.each([
    [0.2, 0, 1],
    [1_500.5, 1_000, 1_501],
    [Number.POSITIVE_INFINITY, 1e15, Number.MAX_SAFE_INTEGER],
  ])('that may live for %p ms lives between %p and %p', async (ttlMs, least, most) => {
    const { set } = await open(HOST);
    await set('k', 'text', ttlMs);
    const left = await admin.pttl('turnpike:cache:k');
    // -2: it is over already.
    expect(Math.max(left, 0)).toBeGreaterThanOrEqual(least);
    expect(left).toBeLessThanOrEqual(most);
  });

  it('is there for other gateways, and under a namespace for those of the same', async () => {
    const [first, second, other] = [await open(HOST), await open(HOST), await open({ ...HOST, namespace: 'n' })];
    await first.set('k', 'text');
    expect(await second.get('k')).toBe('text');
    expect(await other.get('k')).toBeUndefined();
  });

  it('is the same whether the gateway puts the namespace before the key or not', async () => {
    const { set, get, responses } = await open({ ...HOST, namespace: 'n' });
    await set('n:k', 'text');
    expect(await admin.keys('*')).toEqual(['n:turnpike:cache:k']);
    expect(await get('k')).toBe('text');
    expect(await responses.delete(['k', 'n:k'])).toBe(1);
  });

  it('is in the database, and of the user, that the settings name; the user needs no more rights than these', async () => {
    const commands = '+get +set +unlink +scan +ping +info +select +client|setname'.split(' ');
    await admin.call('ACL', 'SETUSER', 'cache', 'on', '>secret', '~n:turnpike:cache:*', ...commands);
    const url = `redis://cache:secret@127.0.0.1:${port}/3`;
    const { set, get, health, responses } = await open({ url, namespace: 'n' });
    await set('k', 'text');
    expect(await get('k')).toBe('text');
    expect(await admin.dbsize()).toBe(0);
    expect(await admin.info('keyspace')).toContain('db3:keys=1');
    expect(await health()).toEqual({ status: 'up' });
    expect(await responses.delete(['k'])).toBe(1);
    await responses.flush();
    expect(String(await admin.call('ACL', 'LOG'))).toBe('');
  });
});

describe('what is not ours', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['text', () => admin.set('turnpike:cache:k', 'garbage')],
    ['nothing', () => admin.set('turnpike:cache:k', '')],
    ['a list', () => admin.rpush('turnpike:cache:k', 'a')],
    ['a hash', () => admin.hset('turnpike:cache:k', 'a', 'b')],
  ])('under our key is a miss, and gives way to an answer: %s', async (_what, put) => {
    await put();
    const { get, set } = await open(HOST);
    expect(await get('k')).toBeUndefined();
    await set('k', 'text');
    expect(await get('k')).toBe('text');
  });

  it('outlives a flush', async () => {
    const others = ['other', 'turnpike:limits:a', 'turnpike:cache', 'n:turnpike:cache:k', 'x:turnpike:cache:k'];
    await Promise.all(others.map((key) => admin.set(key, 'x')));
    const { set, responses } = await open(HOST);
    for (let index = 0; index < 2_500; index += 1) await set(`k${index}`, 'text');
    await responses.flush();
    expect((await admin.keys('*')).sort()).toEqual(others.sort());
  });

  it('outlives a flush of a namespace that reads like a pattern', async () => {
    await Promise.all(['ab:turnpike:cache:k', '**:turnpike:cache:k'].map((key) => admin.set(key, 'x')));
    const { set, responses } = await open({ ...HOST, namespace: String.raw`[a]*?\b` });
    await set('k', 'text');
    await admin.set(String.raw`a1b:turnpike:cache:k`, 'x');
    await responses.flush();
    expect((await admin.keys('*')).sort()).toEqual([
      '**:turnpike:cache:k',
      'a1b:turnpike:cache:k',
      'ab:turnpike:cache:k',
    ]);
  });
});

it('deletes thousands of answers, and counts those that were there', async () => {
  const { set, responses } = await open(HOST);
  const keys = Array.from({ length: 1_300 }, (_, index) => `k${index}`);
  await Promise.all(keys.map((key) => set(key, 'text', TTL_MS)));
  expect(await responses.delete([...keys, ...keys, 'never'])).toBe(1_300);
  expect(await admin.dbsize()).toBe(0);
});

it('uses one connection, by a name', async () => {
  const { set } = await open({ ...HOST, max_connections: 50 });
  await Promise.all(Array.from({ length: 50 }, (_, index) => set(`k${index}`, 'text')));
  const clients = String(await admin.client('LIST')).split('\n');
  expect(clients.filter((line) => line.includes('name=turnpike-cache'))).toHaveLength(1);
});

it('is up, and says no word about it', async () => {
  const { health, host } = await open(HOST);
  expect(await health()).toEqual({ status: 'up' });
  expect(host.logs).toEqual([]);
  expect(host.gauges).toEqual({ connected: 1 });
});
