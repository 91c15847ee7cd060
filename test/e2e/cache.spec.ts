// Answers from the cache, in the memory of a gateway and in Redis: what hits, and what does not.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { RedisServer } from '../../plugins/caches/redis/test/redis-server.js';
import { chat, chunksOf, metricsOf, okJson, send, type Json } from './client.js';
import { eventually, MASTER_KEY, readText, sleep, startGateway, type Gateway } from './harness.js';
import { deployment, everyModelOf, openAi } from './upstreams.js';

jest.setTimeout(60_000);

const MODEL = 'priced';
const EMBEDDINGS = '/v1/embeddings';
const model_list = [
  deployment(MODEL, 'openai/gpt-4o', { input_cost_per_token: 0.001, output_cost_per_token: 0.001 }),
  ...everyModelOf('openai'),
];

const redis = await RedisServer.start();
afterAll(() => redis.remove());

const inRedis = (): object => ({ type: 'redis', host: '127.0.0.1', port: redis.port });
const cached = (cache_params: object, more: object = {}, env: Record<string, string> = {}): Promise<Gateway> =>
  startGateway({ config: { model_list, litellm_settings: { cache: true, cache_params }, ...more }, env });

let gateways: Record<string, Gateway>;
let sameRedis: Gateway;
beforeAll(async () => {
  const [local, disk, shared, same] = await Promise.all([
    cached({ type: 'local' }),
    cached({ type: 'disk' }),
    cached(inRedis()),
    // The back end and the server from the environment alone.
    cached({}, {}, { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(redis.port) }),
  ]);
  gateways = { local, disk, redis: shared };
  sameRedis = same;
});

interface Asked {
  status: number;
  body: Json;
  isHit: boolean;
  /** `x-litellm-cache-key` */
  key: string | null;
  cost: string | null;
}

const ask = async (gateway: Gateway, body: object, key?: string | null): Promise<Asked> => {
  const response = await chat(gateway, { model: MODEL, ...body }, key === undefined ? {} : { key });
  return {
    status: response.status,
    body: await response.json(),
    isHit: response.headers.get('x-litellm-cache-hit') === 'True',
    key: response.headers.get('x-litellm-cache-key'),
    cost: response.headers.get('x-litellm-response-cost'),
  };
};

/** Writes are off the road: the answer is out before they are done. */
const writes = async (gateway: Gateway): Promise<number> =>
  (await metricsOf(gateway)).sum('turnpike_plugin_hook_calls_total', { hook: 'set', outcome: 'ok' });

/** Waits until what `call` brought is kept. */
const kept = async <T>(gateway: Gateway, call: () => Promise<T>): Promise<T> => {
  const before = await writes(gateway);
  const answer = await call();
  await eventually(
    () => writes(gateway),
    (now) => now > before,
  );
  return answer;
};

let serial = 0;
/** A question that nobody has asked yet. */
const aQuestion = (): { messages: object[] } => ({
  messages: [{ role: 'user', content: `Question ${(serial += 1)}` }],
});

/** What the second of two calls got. */
const second = async (gateway: Gateway, first: object, then: object): Promise<Asked> => {
  await kept(gateway, () => ask(gateway, first));
  return ask(gateway, then);
};

describe.each(['local', 'disk', 'redis'])('with the cache %s', (type) => {
  const gateway = (): Gateway => gateways[type]!;

  it('the second answer is the first, costs nothing and asks nobody', async () => {
    const question = aQuestion();
    const first = await kept(gateway(), () => ask(gateway(), question));
    const again = await ask(gateway(), question);
    expect(first).toMatchObject({ status: 200, isHit: false });
    expect(Number(first.cost)).toBeGreaterThan(0);
    expect(again).toEqual({ ...first, isHit: true, cost: expect.stringMatching(/^0(\.0*)?$/) });
    expect(again.key).toMatch(/^[0-9a-f]{64}$/);
    expect(openAi.requests).toHaveLength(1);
  });

  it('neither the order of fields nor who asks makes a difference', async () => {
    const { messages } = aQuestion();
    const text = JSON.stringify({ temperature: 0, user: 'a', metadata: { b: 1 }, messages, model: MODEL });
    await kept(gateway(), () => ask(gateway(), { messages, temperature: 0 }));
    const response = await send(gateway(), '/v1/chat/completions', { body: text });
    expect(response.headers.get('x-litellm-cache-hit')).toBe('True');
  });

  it.each<[boolean, string, object]>([
    [false, 'another parameter', { temperature: 0.5 }],
    [false, 'another model', { model: 'openai/gpt-4o' }],
    [false, 'cache: {no-cache: true}', { cache: { 'no-cache': true } }],
    [false, 'cache: false', { cache: false }],
    [false, 'caching: false', { caching: false }],
    [false, 'another namespace', { cache: { namespace: 'mine' } }],
    [true, 's-maxage, long enough', { cache: { 's-maxage': 60 } }],
    [true, 'no-store, which reads', { cache: { 'no-store': true } }],
  ])('it is a hit (%p) to ask again with %s', async (isHit, _what, then) => {
    const question = aQuestion();
    await kept(gateway(), () => ask(gateway(), question));
    const again = (): Promise<Asked> => ask(gateway(), { ...question, ...then });
    if (!isHit) expect((await again()).isHit).toBe(false);
    // A store that is slow for once is a miss.
    else await eventually(again, (asked) => asked.isHit);
  });

  it('what is not to be stored is not', async () => {
    const question = aQuestion();
    await ask(gateway(), { ...question, cache: { 'no-store': true } });
    await sleep(100);
    expect((await ask(gateway(), question)).isHit).toBe(false);
  });

  it('no-cache asks anew and keeps what comes', async () => {
    const question = aQuestion();
    const first = await kept(gateway(), () => ask(gateway(), question));
    const fresh = await kept(gateway(), () => ask(gateway(), { ...question, cache: { 'no-cache': true } }));
    expect(fresh.body.id).not.toBe(first.body.id);
    expect(await ask(gateway(), question)).toMatchObject({ isHit: true, body: { id: fresh.body.id } });
  });

  it('an answer of a namespace is there for those who name it', async () => {
    const question = { ...aQuestion(), cache: { namespace: 'mine' } };
    expect((await second(gateway(), question, question)).isHit).toBe(true);
    expect((await ask(gateway(), { ...question, cache: { namespace: 'yours' } })).isHit).toBe(false);
  });

  it('an answer is too old for s-maxage after so many seconds, and gone after its ttl', async () => {
    const question = aQuestion();
    await kept(gateway(), () => ask(gateway(), { ...question, cache: { ttl: 1.5 } }));
    await sleep(700);
    const reading = { ...question, cache: { 'no-store': true } };
    expect((await ask(gateway(), { ...question, cache: { 's-maxage': 0.5, 'no-store': true } })).isHit).toBe(false);
    expect((await ask(gateway(), reading)).isHit).toBe(true);
    await sleep(900);
    expect((await ask(gateway(), reading)).isHit).toBe(false);
  });

  it('a failed call is not kept', async () => {
    const question = { ...aQuestion(), model: 'openai/mock-400' };
    expect((await ask(gateway(), question)).status).toBe(400);
    await sleep(100);
    expect(await ask(gateway(), question)).toMatchObject({ status: 400, isHit: false });
  });

  it('embeddings are kept', async () => {
    const body = { model: 'openai/text-embedding-3-small', input: `Text ${(serial += 1)}`, dimensions: 4 };
    const first = await kept(gateway(), () => okJson(send(gateway(), EMBEDDINGS, { body })));
    const again = await send(gateway(), EMBEDDINGS, { body });
    expect([again.headers.get('x-litellm-cache-hit'), await again.json()]).toEqual(['True', first]);
    expect(openAi.requests).toHaveLength(1);
  });

  it('a stream is kept whole, and whole answers are played as streams', async () => {
    const question = { model: MODEL, ...aQuestion() };
    const joined = (chunks: Json[]): string => chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    const live = await kept(gateway(), () => chunksOf(chat(gateway(), { ...question, stream: true })));
    const whole = await ask(gateway(), question);
    expect([whole.isHit, whole.body.choices[0].message.content]).toEqual([true, joined(live)]);
    const played = await chat(gateway(), { ...question, stream: true });
    expect(played.headers.get('x-litellm-cache-hit')).toBe('True');
    expect(joined(await chunksOf(Promise.resolve(played)))).toBe(joined(live));
    expect(openAi.requests).toHaveLength(1);
  });

  it('a large answer in many scripts comes back as it was', async () => {
    const question = {
      messages: [{ role: 'user', content: `\u0000 ü 漢 😀 ${'long '.repeat(40_000)}${(serial += 1)}` }],
    };
    const first = await kept(gateway(), () => ask(gateway(), question));
    expect(await ask(gateway(), question)).toMatchObject({ isHit: true, body: first.body });
  });
});

it('on the disk, answers outlive the gateway', async () => {
  const gateway = await cached({ type: 'disk' });
  const question = aQuestion();
  const first = await kept(gateway, () => ask(gateway, question));
  await gateway.stop();
  const next = await startGateway({
    folder: gateway.folder,
    env: { LITELLM_MASTER_KEY: MASTER_KEY },
  });
  // A disk that is slow to begin with is a miss.
  const again = await eventually(
    () => ask(next, { ...question, cache: { 'no-store': true } }),
    ({ isHit }) => isHit,
  );
  expect(again.body).toEqual(first.body);
  expect(statSync(join(gateway.folder, '.turnpike', 'plugins', 'cache.disk', 'answers')).mode & 0o777).toBe(0o700);
  await next.stop();
});

describe('gateways with one Redis', () => {
  it('have each other’s answers', async () => {
    const question = aQuestion();
    const { redis: gateway } = gateways;
    const first = await kept(gateway!, () => ask(gateway!, question));
    expect(await ask(sameRedis, question)).toMatchObject({ isHit: true, key: first.key, body: first.body });
    expect(openAi.requests).toHaveLength(1);
  });

  it('keep nothing of a prompt there, but its answer under a name that tells nothing', async () => {
    await redis.admin.flushall();
    const gateway = gateways['redis']!;
    const { key } = await kept(gateway, () => ask(gateway, aQuestion()));
    expect(await redis.admin.keys('*')).toEqual([`turnpike:cache:${key}`]);
    expect(await redis.admin.pttl(`turnpike:cache:${key}`)).toBeLessThanOrEqual(600_000);
  });

  it('take what somebody else wrote there for a miss', async () => {
    const gateway = gateways['redis']!;
    const question = aQuestion();
    const { key } = await kept(gateway, () => ask(gateway, question));
    for (const garbage of ['garbage', '{"id":1}', '']) {
      await redis.admin.set(`turnpike:cache:${key}`, garbage);
      expect(await kept(gateway, () => ask(gateway, question))).toMatchObject({ status: 200, isHit: false });
    }
    expect((await ask(gateway, question)).isHit).toBe(true);
  });

  it('stand apart by their namespaces, and take their ttl from the configuration', async () => {
    await redis.admin.flushall();
    const gateway = await cached({ ...inRedis(), namespace: 'team-a', default_in_redis_ttl: 5 });
    const question = aQuestion();
    const { key } = await kept(gateway, () => ask(gateway, question));
    expect((await ask(gateway, question)).isHit).toBe(true);
    expect((await ask(sameRedis, question)).isHit).toBe(false);
    const own = await redis.admin.keys('team-a:*');
    expect(own).toEqual([`team-a:turnpike:cache:${key!.replace('team-a:', '')}`]);
    expect(await redis.admin.pttl(own[0]!)).toBeLessThanOrEqual(5_000);
    await gateway.stop();
  });
});

describe('tenants', () => {
  it.each([
    [false, false],
    [true, true],
  ])('with shared: %p share answers: %p', async (shared, isHit) => {
    // Without a master key in the file everybody may ask, and the generated one is the admin's.
    const config = { model_list, litellm_settings: { cache: true, cache_params: { type: 'local', shared } } };
    const gateway = await startGateway({ files: { 'litellm_config.yaml': JSON.stringify(config) } });
    const admin = readText(join(gateway.folder, '.turnpike', 'master-key')).trim();
    const question = aQuestion();
    await ask(gateway, question, admin);
    await eventually(
      async () => (await ask(gateway, question, admin)).isHit,
      (hit) => hit,
    );
    expect((await ask(gateway, question, null)).isHit).toBe(isHit);
    await gateway.stop();
  });
});
