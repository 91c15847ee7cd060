// Embeddings are kept one by one: of a list only what is not there goes upstream, and the answer is that of the whole list.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import OpenAI from 'openai';
import { metricsOf, send, type Json } from './client.js';
import { MASTER_KEY, startGateway, type Gateway } from './harness.js';
import { deployment, ONE_ATTEMPT, openAi } from './upstreams.js';

jest.setTimeout(60_000);

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({
    config: {
      model_list: [deployment('embed', 'openai/text-embedding-3-small', { input_cost_per_token: 0.001 })],
      litellm_settings: { cache: true, cache_params: { type: 'local', single_flight: true } },
      router_settings: ONE_ATTEMPT,
    },
  });
});
afterAll(() => gateway.stop());

let serial = 0;
const aText = (): string => `A text to be embedded, the number ${(serial += 1)}`;

interface Embedded {
  vectors: number[][];
  tokens: number;
  isHit: boolean;
  cost: number;
  body: Json;
}

const embed = async (input: unknown, more: object = {}): Promise<Embedded> => {
  const body = { model: 'embed', input, dimensions: 8, ...more };
  const response = await send(gateway, '/v1/embeddings', { body });
  const answer = (await response.json()) as Json;
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return {
    vectors: answer.data.map(({ embedding }: Json) => embedding),
    tokens: answer.usage.prompt_tokens,
    isHit: response.headers.get('x-litellm-cache-hit') === 'True',
    cost: Number(response.headers.get('x-litellm-response-cost')),
    body: answer,
  };
};
/** What each of these came to upstream, in order. */
const asked = (): unknown[] => openAi.requests.map(({ body }) => body.input);

describe('a list', () => {
  it('of which some are there asks for the others alone, and is answered whole and in order', async () => {
    const [a, b, c, d] = [aText(), aText(), aText(), aText()];
    const apart = [await embed(a), await embed(b), await embed(c), await embed(d)];
    const [fresh, other] = [aText(), aText()];
    const mixed = await embed([fresh, b, other, d]);
    expect(asked().at(-1)).toEqual([fresh, other]);
    expect(mixed.vectors).toHaveLength(4);
    expect([mixed.vectors[1], mixed.vectors[3]]).toEqual([apart[1]!.vectors[0], apart[3]!.vectors[0]]);
    expect(mixed.body.data.map(({ index }: Json) => index)).toEqual([0, 1, 2, 3]);
    expect(mixed.isHit).toBe(false);
    const all = await embed([d, c, fresh, a, other, b]);
    expect(all).toMatchObject({ isHit: true, cost: 0 });
    expect(all.vectors).toEqual([
      apart[3]!.vectors[0],
      apart[2]!.vectors[0],
      mixed.vectors[0],
      apart[0]!.vectors[0],
      mixed.vectors[2],
      apart[1]!.vectors[0],
    ]);
    expect(openAi.requests).toHaveLength(5);
  });

  it('tells the tokens of all of it, and costs those that went upstream', async () => {
    const [a, b] = [aText(), `${aText()} which is longer than the other by some words`];
    const first = await embed([a, b]);
    const again = await embed([a, b]);
    expect(again.body).toEqual(first.body);
    const c = aText();
    const mixed = await embed([a, b, c]);
    const alone = await embed(c, { cache: { 'no-cache': true, 'no-store': true } });
    expect(mixed.tokens).toBe(first.tokens + alone.tokens);
    expect(mixed.cost).toBeCloseTo(alone.cost, 9);
    expect(alone.cost).toBeGreaterThan(0);
  });

  it('may name one text twice', async () => {
    const [a, b] = [aText(), aText()];
    const { vectors } = await embed([a, b, a]);
    expect(vectors[0]).toEqual(vectors[2]);
    expect((await embed([b, a, b])).isHit).toBe(true);
  });

  it('of token ids is kept as well, and differs from texts', async () => {
    const ids = [
      [1, 2, serial++],
      [3, 4, serial++],
    ];
    await embed(ids);
    expect((await embed(ids[1])).isHit).toBe(true);
    expect((await embed([ids[1], ids[0]])).isHit).toBe(true);
    expect((await embed(JSON.stringify(ids[0]))).isHit).toBe(false);
  });

  it('is asked for anew where the way of asking differs', async () => {
    const a = aText();
    await embed([a]);
    expect((await embed([a], { dimensions: 4 })).isHit).toBe(false);
    expect((await embed([a], { encoding_format: 'base64' })).isHit).toBe(false);
    expect((await embed([a], { user: 'somebody' })).isHit).toBe(true);
  });

  it('goes to the provider as it is where extra_body may say something else', async () => {
    const [a, b] = [aText(), aText()];
    await embed(a);
    const { vectors } = await embed([a, b], { extra_body: { input: [b] } });
    expect([asked().at(-1), vectors.length]).toEqual([[b], 1]);
    expect((await embed(b)).isHit).toBe(false);
  });

  it('by the official client, which asks for base64', async () => {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: MASTER_KEY, maxRetries: 0 });
    const [a, b, c] = [aText(), aText(), aText()];
    const whole = await client.embeddings.create({ model: 'embed', input: [a, b] });
    const mixed = await client.embeddings.create({ model: 'embed', input: [c, a] });
    expect(mixed.data[1]!.embedding).toEqual(whole.data[0]!.embedding);
    expect(mixed.data[0]!.embedding).toHaveLength(whole.data[0]!.embedding.length);
    expect(asked().at(-1)).toEqual([c]);
  });

  it('equal to one under way waits for that', async () => {
    openAi.behave('slow-300');
    const [a, b] = [aText(), aText()];
    const answers = await Promise.all([embed([a, b]), embed([a, b]), embed([a, b])]);
    expect(openAi.requests).toHaveLength(1);
    expect(answers[1].body).toEqual(answers[0].body);
  });

  it('of thousands is looked up at once', async () => {
    const texts = Array.from({ length: 2_000 }, aText);
    await embed(texts);
    expect((await embed(texts)).isHit).toBe(true);
  });
});

describe('a provider that answers', () => {
  const answersWith = (data: object[]): void =>
    openAi.script((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ object: 'list', model: 'm', data, usage: { prompt_tokens: 2, total_tokens: 2 } }));
    });
  const entry = (index: number, value: number): object => ({ object: 'embedding', index, embedding: [value] });

  it('out of order is put in order', async () => {
    const [a, b, c] = [aText(), aText(), aText()];
    await embed(a);
    answersWith([entry(1, 3), entry(0, 2)]);
    const { vectors } = await embed([a, b, c]);
    expect(vectors.slice(1)).toEqual([[2], [3]]);
    expect((await embed([c])).vectors).toEqual([[3]]);
  });

  it('fewer than it was asked for is an error, and keeps nothing', async () => {
    const [a, b, c] = [aText(), aText(), aText()];
    await embed(a);
    answersWith([entry(0, 2)]);
    await expect(embed([a, b, c])).rejects.toThrow(/asked about 2 of 'input'/);
    expect((await embed([a, b, c])).vectors).toHaveLength(3);
  });

  it('fewer to a list of which nothing was there is passed on, and kept nowhere', async () => {
    const [a, b] = [aText(), aText()];
    answersWith([entry(0, 2)]);
    expect((await embed([a, b])).vectors).toHaveLength(1);
    expect((await embed([a, b])).isHit).toBe(false);
  });
});

it('is never too slow for its cache', async () => {
  const metrics = await metricsOf(gateway);
  expect(metrics.sum('turnpike_plugin_hook_calls_total', { hook: 'get', outcome: 'ok' })).toBeGreaterThan(0);
  expect(metrics.sum('turnpike_plugin_hook_calls_total', { outcome: 'timeout' })).toBe(0);
});
