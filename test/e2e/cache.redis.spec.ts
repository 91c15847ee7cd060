// Redis as the cache's store: one that goes, or stands still; a cluster; a master that sentinels name. All of them real.
import { describe, expect, it, jest } from '@jest/globals';
import {
  eventually as untilSo,
  RedisServer,
  startCluster,
  startSentinel,
} from '../../plugins/caches/redis/test/redis-server.js';
import { chat, metricsOf, okJson, send, type Json } from './client.js';
import { eventually, startGateway, type Gateway } from './harness.js';
import { deployment } from './upstreams.js';

jest.setTimeout(120_000);

const cached = (cache_params: object): Promise<Gateway> =>
  startGateway({
    config: { model_list: [deployment('m', 'openai/gpt-4o')], litellm_settings: { cache: true, cache_params } },
  });

interface Asked {
  status: number;
  isHit: boolean;
}
const ask = async (gateway: Gateway, body: object): Promise<Asked> => {
  const response = await chat(gateway, { model: 'm', ...body });
  await response.text();
  return { status: response.status, isHit: response.headers.get('x-litellm-cache-hit') === 'True' };
};

let serial = 0;
const aQuestion = (): object => ({ messages: [{ role: 'user', content: `In Redis ${(serial += 1)}` }] });

/** What a call gets, once the answer to one before it is kept. */
const second = (gateway: Gateway, question: object): Promise<Asked> =>
  eventually(
    () => ask(gateway, question),
    ({ isHit }) => isHit,
  );

const cachePlugin = async (gateway: Gateway): Promise<Json> => {
  const { plugins } = await okJson(send(gateway, '/plugins'));
  return plugins.find(({ id }: Json) => id === 'cache.redis');
};
const untilHealth = (gateway: Gateway, status: string): Promise<Json> =>
  eventually(
    async () => (await cachePlugin(gateway)).health,
    (health) => health.status === status,
  );

describe('a Redis that goes', () => {
  it('is noticed by nobody but the admin, and used again when it is back', async () => {
    const own = await RedisServer.start();
    const gateway = await cached({ type: 'redis', host: '127.0.0.1', port: own.port });
    const question = aQuestion();
    expect((await second(gateway, question)).isHit).toBe(true);

    await own.stop();
    const without = await ask(gateway, question);
    expect(without).toMatchObject({ status: 200, isHit: false });
    expect((await untilHealth(gateway, 'degraded')).reason).toMatch(/Redis is away/);

    await own.start();
    await untilHealth(gateway, 'up');
    expect(await second(gateway, question)).toMatchObject({ status: 200, isHit: true });

    await own.stop();
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(gateway, aQuestion())));
    expect(answers.filter(({ status, isHit }) => status === 200 && !isHit)).toHaveLength(30);
    expect((await untilHealth(gateway, 'degraded')).reason).toMatch(/switched off/);
    expect((await gateway.stop()).code).toBe(0);
    await own.remove();
  });

  it('and stands still costs one call 50 ms at most, until it is tried again', async () => {
    const own = await RedisServer.start();
    const gateway = await cached({ type: 'redis', host: '127.0.0.1', port: own.port });
    const question = aQuestion();
    await second(gateway, question);
    own.freeze(true);
    const startedAt = performance.now();
    for (let call = 0; call < 20; call += 1) expect((await ask(gateway, aQuestion())).status).toBe(200);
    const tookMs = performance.now() - startedAt;
    const outcomes = async (outcome: string): Promise<number> =>
      (await metricsOf(gateway)).sum('turnpike_plugin_hook_calls_total', { hook: 'get', outcome });
    // It is tried again after 1 s, after 2 s more, and so on: once each.
    const tries = 1 + Math.floor(Math.log2(tookMs / 1_000 + 1));
    expect(await outcomes('timeout')).toBeLessThanOrEqual(tries);
    expect(await outcomes('skipped')).toBeGreaterThanOrEqual(20 - tries);
    expect((await untilHealth(gateway, 'degraded')).reason).toMatch(/switched off/);
    own.freeze(false);
    await eventually(
      async () => (await ask(gateway, { ...question, cache: { 'no-store': true } })).isHit,
      (hit) => hit,
    );
    await gateway.stop();
    await own.remove();
  });

  it('and was never there does not keep the gateway from starting', async () => {
    const own = await RedisServer.start();
    await own.stop();
    const gateway = await cached({
      type: 'redis',
      host: '127.0.0.1',
      port: own.port,
      password: 'made-up-password-0123456789',
    });
    const { health } = await cachePlugin(gateway);
    expect(health).toEqual({ status: 'degraded', reason: expect.stringMatching(/ECONNREFUSED/) });
    expect((await ask(gateway, aQuestion())).status).toBe(200);
    expect(gateway.output()).not.toContain('made-up');
    await gateway.stop();
    await own.remove();
  });
});

describe('a cluster of three masters', () => {
  it('keeps the answers, on each of them, and is flushed', async () => {
    const masters = await startCluster(3);
    const gateway = await cached({
      type: 'redis',
      namespace: 'prod',
      redis_startup_nodes: [{ host: '127.0.0.1', port: String(masters[0]!.port) }],
    });
    const questions = Array.from({ length: 40 }, aQuestion);
    for (const question of questions) await ask(gateway, question);
    for (const question of questions) expect(await second(gateway, question)).toMatchObject({ isHit: true });
    for (const { admin } of masters) expect(await admin.dbsize()).toBeGreaterThan(0);
    const { info, num_clients } = await okJson(send(gateway, '/cache/redis/info'));
    expect([Object.keys(info).length, num_clients > 2]).toEqual([3, true]);
    await okJson(send(gateway, '/cache/flushall', { body: {} }));
    expect((await ask(gateway, questions[0]!)).isHit).toBe(false);
    // One that dies takes its part of the answers along, and no call.
    await masters[2]!.stop();
    for (const question of questions) expect((await ask(gateway, question)).status).toBe(200);
    await gateway.stop();
    await Promise.all(masters.map((master) => master.remove()));
  });
});

describe('a master that a sentinel names', () => {
  it('keeps the answers, and so does its successor', async () => {
    const master = await RedisServer.start();
    const replica = await RedisServer.start({ lines: [`replicaof 127.0.0.1 ${master.port}`] });
    await untilSo(async () => (await replica.admin.info('replication')).includes('master_link_status:up'));
    const sentinel = await startSentinel(master);
    await untilSo(async () => String(await sentinel.admin.call('SENTINEL', 'MASTER', 'main')).includes('num-slaves,1'));
    const gateway = await cached({
      type: 'redis',
      sentinel_nodes: [['127.0.0.1', sentinel.port]],
      service_name: 'main',
    });
    const question = aQuestion();
    expect((await second(gateway, question)).isHit).toBe(true);
    await master.stop();
    expect((await ask(gateway, aQuestion())).status).toBe(200);
    await untilSo(async () => (await replica.admin.info('replication')).includes('role:master'), 60_000);
    expect((await second(gateway, question)).isHit).toBe(true);
    await gateway.stop();
    await Promise.all([sentinel, replica, master].map((server) => server.remove()));
  });
});
