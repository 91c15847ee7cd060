// Questions that mean the same have one answer: embeddings are made by the gateway's own road, and paid for by who asks.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RedisServer } from '../../plugins/caches/redis/test/redis-server.js';
import { chat, chunksOf, metricsOf, okJson, send, type Json } from './client.js';
import { eventually, startGateway, type Gateway } from './harness.js';
import { deployment, ONE_ATTEMPT, openAi } from './upstreams.js';

jest.setTimeout(120_000);

/** Texts with the same words are close to each other, and others are not. */
const embeddingOf = (text: string): number[] => {
  const vector = new Array<number>(256).fill(0);
  for (const word of text.toLowerCase().match(/\w+/g) ?? []) {
    let hash = 7;
    for (const letter of word) hash = (hash * 31 + letter.charCodeAt(0)) % 251;
    vector[hash]! += 1;
  }
  return vector;
};

/** What was embedded, and how the next ones are answered. */
const embedder = { texts: [] as string[], status: 200, delayMs: 0 };
let server: Server;
let redis: RedisServer;
let gateways: Record<string, Gateway>;

beforeAll(async () => {
  server = createServer((request, response) => {
    void request.toArray().then(async (parts: Buffer[]) => {
      const { input } = JSON.parse(Buffer.concat(parts).toString()) as { input: string | string[] };
      const texts = [input].flat();
      embedder.texts.push(...texts);
      await new Promise((resolve) => setTimeout(resolve, embedder.delayMs));
      response.writeHead(embedder.status, { 'content-type': 'application/json' });
      const data = texts.map((text, index) => ({ object: 'embedding', index, embedding: embeddingOf(text) }));
      const usage = { prompt_tokens: 10, total_tokens: 10 };
      response.end(JSON.stringify({ object: 'list', model: 'bag', data, usage }));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  redis = await RedisServer.start();
  const { port } = server.address() as AddressInfo;
  const config = (more: object): object => ({
    model_list: [
      deployment('gpt', 'openai/gpt-4o', { input_cost_per_token: 0.001, output_cost_per_token: 0.001 }),
      deployment('bag', 'openai/bag', { api_base: `http://127.0.0.1:${port}/v1`, input_cost_per_token: 0.01 }),
    ],
    litellm_settings: {
      cache: true,
      cache_params: {
        type: 'redis-semantic',
        similarity_threshold: 0.9,
        redis_semantic_cache_embedding_model: 'bag',
        ...more,
      },
    },
    router_settings: ONE_ATTEMPT,
  });
  const [memory, inRedis] = await Promise.all([
    startGateway({ config: config({}), hasLedger: true }),
    startGateway({ config: config({ host: '127.0.0.1', port: redis.port }) }),
  ]);
  gateways = { memory, redis: inRedis };
  await eventually(
    async () => (await send(memory, '/key/list')).status,
    (status) => status === 200,
    30_000,
  );
});
afterAll(async () => {
  await Promise.all(Object.values(gateways).map((gateway) => gateway.stop()));
  server.close();
  await redis.remove();
});

interface Asked {
  status: number;
  isHit: boolean;
  similarity: number | undefined;
  cost: number;
  body: Json;
}

const ask = async (gateway: Gateway, content: unknown, more: object = {}, key?: string): Promise<Asked> => {
  const response = await chat(gateway, { model: 'gpt', messages: [{ role: 'user', content }], ...more }, { key });
  const similarity = response.headers.get('x-litellm-semantic-similarity');
  return {
    status: response.status,
    isHit: response.headers.get('x-litellm-cache-hit') === 'True',
    similarity: similarity === null ? undefined : Number(similarity),
    cost: Number(response.headers.get('x-litellm-response-cost')),
    body: await response.json(),
  };
};

/** A subject that no other test asks about. */
let serial = 0;
const aSubject = (): string => `country${(serial += 1)}x${serial * 7_919}`;
const learned = async (gateway: Gateway): Promise<number> =>
  (await metricsOf(gateway)).sum('turnpike_plugin_hook_calls_total', { hook: 'learn', outcome: 'ok' });
/** Asks, and waits until the question is known. */
const taught = async (gateway: Gateway, ...given: [content: unknown, more?: object, key?: string]): Promise<Asked> => {
  const before = await learned(gateway);
  const asked = await ask(gateway, ...given);
  await eventually(
    () => learned(gateway),
    (now) => now > before,
  );
  return asked;
};

describe.each(['memory', 'redis'])('questions in %s', (where) => {
  const gateway = (): Gateway => gateways[where]!;

  it('that mean the same have one answer, which costs nothing', async () => {
    const subject = aSubject();
    const first = await taught(gateway(), `What is the capital of ${subject}, please`);
    const again = await ask(gateway(), `please: what is the capital of ${subject}?`);
    expect(first).toMatchObject({ isHit: false, similarity: undefined });
    expect(again).toMatchObject({ isHit: true, cost: 0, body: { id: first.body.id } });
    expect(again.similarity).toBeGreaterThan(0.95);
    const exact = await ask(gateway(), `What is the capital of ${subject}, please`);
    expect(exact).toMatchObject({ isHit: true, similarity: undefined });
    expect(openAi.requests).toHaveLength(1);
  });

  it('that do not have answers of their own', async () => {
    const subject = aSubject();
    await taught(gateway(), `What is the capital of ${subject}`);
    expect((await ask(gateway(), `How many people live in the old town of ${subject}`)).isHit).toBe(false);
  });

  it.each<[string, object]>([
    ['another temperature', { temperature: 0.3 }],
    ['tools', { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }] }],
    ['another namespace', { cache: { namespace: 'mine' } }],
    ['an extra_body', { extra_body: { seed: 5 } }],
  ])('are others with %s', async (_what, more) => {
    const subject = aSubject();
    await taught(gateway(), `What is the capital of ${subject}`);
    expect((await ask(gateway(), `what is the capital of ${subject}?`, more)).isHit).toBe(false);
  });

  it('are others with a picture, or another one', async () => {
    const subject = aSubject();
    const shown = (url: string): object[] => [
      { type: 'text', text: `What is in this picture of ${subject}` },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${url}` } },
    ];
    await taught(gateway(), shown('AAAA'));
    expect((await ask(gateway(), shown('BBBB'))).isHit).toBe(false);
    expect((await ask(gateway(), `What is in this picture of ${subject}`)).isHit).toBe(false);
  });

  it('are answered in streams too', async () => {
    const subject = aSubject();
    const before = await learned(gateway());
    const messages = [{ role: 'user', content: `What is the capital of ${subject}` }];
    const live = await chunksOf(chat(gateway(), { model: 'gpt', messages, stream: true }));
    await eventually(
      () => learned(gateway()),
      (now) => now > before,
    );
    const again = await ask(gateway(), `what is the capital of ${subject}?`);
    expect([again.isHit, again.body.id]).toEqual([true, live[0]!.id]);
  });

  it('are forgotten with the answers', async () => {
    const subject = aSubject();
    await taught(gateway(), `What is the capital of ${subject}`);
    await okJson(send(gateway(), '/cache/flushall', { body: {} }));
    expect((await ask(gateway(), `what is the capital of ${subject}?`)).isHit).toBe(false);
  });
});

describe('an embedding', () => {
  it('is paid for by who asks, and is a call of its own', async () => {
    const gateway = gateways['memory']!;
    // A key that may not call the embedding model itself.
    const { key } = await okJson(send(gateway, '/key/generate', { body: { models: ['gpt'], max_budget: 10 } }));
    const { cost } = await taught(gateway, `What is the capital of ${aSubject()}`, {}, key);
    const spent = await eventually(
      async () => (await okJson(send(gateway, `/key/info?key=${key}`))).info.spend as number,
      (spend) => spend > cost + 0.05,
    );
    expect(spent).toBeCloseTo(cost + 10 * 0.01, 6);
  });

  it('that fails, or takes too long, is a miss', async () => {
    const gateway = gateways['redis']!;
    const subject = aSubject();
    await taught(gateway, `What is the capital of ${subject}`);
    embedder.status = 500;
    expect(await ask(gateway, `what is the capital of ${subject}?`)).toMatchObject({ status: 200, isHit: false });
    Object.assign(embedder, { status: 200, delayMs: 4_000 });
    const startedAt = performance.now();
    expect(await ask(gateway, `the capital of ${subject} is what`)).toMatchObject({ status: 200, isHit: false });
    expect(performance.now() - startedAt).toBeLessThan(3_500);
    embedder.delayMs = 0;
    // The store itself is well, and what is there word for word is found.
    expect((await ask(gateway, `What is the capital of ${subject}`)).isHit).toBe(true);
  });

  it('is not made of what a request says twice', async () => {
    const subject = aSubject();
    const question = `What is the capital of ${subject}`;
    await taught(gateways['memory']!, question);
    await ask(gateways['memory']!, question);
    expect(embedder.texts.filter((text) => text === question)).toHaveLength(1);
  });

  it('is kept between callers no more than answers are', async () => {
    const gateway = gateways['memory']!;
    const keys = await Promise.all(
      [1, 2].map(async () => (await okJson(send(gateway, '/key/generate', { body: {} }))).key as string),
    );
    const subject = aSubject();
    await taught(gateway, `What is the capital of ${subject}`, {}, keys[0]);
    expect((await ask(gateway, `what is the capital of ${subject}?`, {}, keys[1])).isHit).toBe(false);
    expect((await ask(gateway, `what is the capital of ${subject}?`, {}, keys[0])).isHit).toBe(true);
  });
});
