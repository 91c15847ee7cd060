// What administrators do with the cache, by LiteLLM's routes.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { RedisServer } from '../../plugins/caches/redis/test/redis-server.js';
import { chat, okJson, send, type Json } from './client.js';
import { startGateway, withGateway, type Gateway } from './harness.js';
import { deployment } from './upstreams.js';

jest.setTimeout(60_000);

const PASSWORD = 'made-up-redis-password-01';
const model_list = [deployment('m', 'openai/gpt-4o')];
const cached = (cache_params: object): object => ({ model_list, litellm_settings: { cache: true, cache_params } });

let redis: RedisServer;
let inRedis: Gateway;
let inMemory: Gateway;
beforeAll(async () => {
  redis = await RedisServer.start({ lines: [`requirepass ${PASSWORD}`], client: { password: PASSWORD } });
  [inRedis, inMemory] = await Promise.all([
    startGateway({ config: cached({ type: 'redis', host: '127.0.0.1', port: redis.port, password: PASSWORD }) }),
    startGateway({ config: cached({ type: 'local' }), args: ['--num_workers', '2'] }),
  ]);
});
afterAll(async () => {
  await Promise.all([inRedis.stop(), inMemory.stop()]);
  await redis.remove();
});

let serial = 0;
const aQuestion = (): object => ({ model: 'm', messages: [{ role: 'user', content: `Routes ${(serial += 1)}` }] });
const ask = async (gateway: Gateway, question: object): Promise<{ isHit: boolean; key: string }> => {
  const { headers } = await chat(gateway, question);
  return { isHit: headers.get('x-litellm-cache-hit') === 'True', key: headers.get('x-litellm-cache-key')! };
};
/** Kept by every worker that there is. */
const kept = async (gateway: Gateway, question: object): Promise<string> => {
  let hits = 0;
  let key = '';
  while (hits < 20) {
    const asked = await ask(gateway, question);
    hits = asked.isHit ? hits + 1 : 0;
    key = asked.key;
  }
  return key;
};
const post = (gateway: Gateway, path: string, body: object = {}): Promise<Json> =>
  okJson(send(gateway, path, { body }));

describe('GET /cache/ping', () => {
  it('tells that Redis answers and can be written to, and no secret', async () => {
    const told = await okJson(send(inRedis, '/cache/ping'));
    expect(told).toEqual({
      status: 'healthy',
      cache_type: 'redis',
      ping_response: true,
      set_cache_response: 'success',
      litellm_cache_params: expect.stringContaining('"mode":"default_on"'),
      health_check_cache_params: expect.objectContaining({ host: '127.0.0.1', port: redis.port }),
    });
    expect(JSON.stringify(told)).not.toContain(PASSWORD);
  });

  it('is 503 when it does not', async () => {
    const own = await RedisServer.start();
    await withGateway({ config: cached({ type: 'redis', host: '127.0.0.1', port: own.port }) }, async (gateway) => {
      expect((await send(gateway, '/cache/ping')).status).toBe(200);
      await own.stop();
      const response = await send(gateway, '/cache/ping');
      expect(response.status).toBe(503);
      expect((await response.json()) as Json).toMatchObject({
        error: { type: 'cache_ping_error', message: expect.stringMatching(/^Service Unhealthy \(.*Redis is away/) },
      });
    });
    await own.remove();
  });

  it('is 503 where there is no cache', async () => {
    await withGateway({ config: { model_list } }, async (gateway) => {
      for (const path of ['/cache/ping', '/cache/redis/info']) {
        const response = await send(gateway, path);
        expect([response.status, await response.text()]).toEqual([
          503,
          expect.stringContaining('Cache not initialized'),
        ]);
      }
    });
  });
});

describe.each<[string, () => Gateway]>([
  ['Redis', () => inRedis],
  ['the memory of two workers', () => inMemory],
])('an answer in %s', (_where, gateway) => {
  it('is forgotten by POST /cache/delete, and no other', async () => {
    const [one, other] = [aQuestion(), aQuestion()];
    const key = await kept(gateway(), one);
    await kept(gateway(), other);
    expect(await post(gateway(), '/cache/delete', { keys: [key, 'never-there'] })).toEqual({ status: 'success' });
    expect((await ask(gateway(), one)).isHit).toBe(false);
    for (let call = 0; call < 10; call += 1) expect((await ask(gateway(), other)).isHit).toBe(true);
  });

  it('is forgotten with all others by POST /cache/flushall', async () => {
    const question = aQuestion();
    await kept(gateway(), question);
    expect(await post(gateway(), '/cache/flushall')).toEqual({ status: 'success' });
    for (let call = 0; call < 10; call += 1)
      expect((await ask(gateway(), { ...question, cache: { 'no-store': true } })).isHit).toBe(false);
  });
});

it('flushall leaves alone what else stands in Redis', async () => {
  await redis.admin.set('somebody else’s', 'value');
  await kept(inRedis, aQuestion());
  await post(inRedis, '/cache/flushall');
  const left = await redis.admin.keys('*');
  expect(left).toContain('somebody else’s');
  expect(left.filter((key) => key.includes('cache'))).toEqual([]);
});

describe('GET /cache/redis/info', () => {
  it('tells what Redis tells', async () => {
    const told = await okJson(send(inRedis, '/cache/redis/info'));
    expect(told.info).toMatchObject({ redis_version: expect.stringMatching(/^\d+\.\d+/), tcp_port: redis.port });
    expect(told.num_clients).toBe(told.clients.length);
    expect(told.clients).toContainEqual(expect.objectContaining({ name: 'turnpike-cache' }));
  });

  it('is 404 for a cache without a server', async () => {
    expect((await send(inMemory, '/cache/redis/info')).status).toBe(404);
  });
});

it.each<[string, unknown]>([
  ['nothing', {}],
  ['a text', { keys: 'one' }],
  ['no keys', { keys: [] }],
  ['a number', { keys: [5] }],
  ['an empty key', { keys: [''] }],
  ['an endless key', { keys: ['a'.repeat(9_000)] }],
  ['a list', []],
])('POST /cache/delete refuses %s', async (_what, body) => {
  const response = await send(inMemory, '/cache/delete', { body: JSON.stringify(body) });
  expect([response.status, ((await response.json()) as Json).error.param]).toEqual([400, 'keys']);
});

it.each(['/cache/ping', '/cache/redis/info', '/cache/delete', '/cache/flushall'])('%s is for admins', async (path) => {
  const sent = { key: 'sk-nobody', ...(/delete|flush/.test(path) && { body: { keys: ['a'] } }) };
  expect((await send(inMemory, path, sent)).status).toBe(401);
});
