// Single flight: equal requests at the same time are one call upstream, whatever becomes of its client.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import OpenAI from 'openai';
import type { IncomingMessage } from 'node:http';
import { chat, chunksOf, metricsOf, okJson, open, type Json } from './client.js';
import { eventually, MASTER_KEY, startGateway, type Gateway } from './harness.js';
import { deployment, everyModelOf, ONE_ATTEMPT, openAi } from './upstreams.js';

jest.setTimeout(60_000);

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('priced', 'openai/mock-slow-300', { input_cost_per_token: 0.001, output_cost_per_token: 0.001 }),
        ...everyModelOf('openai'),
      ],
      litellm_settings: { cache: true, cache_params: { type: 'local', single_flight: true } },
      router_settings: ONE_ATTEMPT,
    },
  });
});
afterAll(() => gateway.stop());

let serial = 0;
const aQuestion = (model: string): { model: string; messages: object[] } => ({
  model,
  messages: [{ role: 'user', content: `Flight ${(serial += 1)}` }],
});
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
const arrived = (count: number): Promise<unknown> =>
  eventually(
    () => openAi.requests.length,
    (length) => length >= count,
  );
/** Every request has been let in: what is under way is counted before the cache is asked. */
const underWay = (count: number): Promise<unknown> =>
  eventually(
    async () => (await metricsOf(gateway)).sum('litellm_in_flight_requests'),
    (now) => now >= count,
  );

/** What came so far of a stream, and how it ended. */
const listen = (response: IncomingMessage): { text: () => string; ended: Promise<string> } => {
  let text = '';
  response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  const ended = new Promise<string>((resolve) => {
    response.once('end', () => resolve('end')).once('error', () => resolve('error'));
  });
  return { text: () => text, ended };
};
const stream = (question: object): Promise<IncomingMessage> =>
  open(gateway, '/v1/chat/completions', { body: { ...question, stream: true } });

describe('many equal requests', () => {
  it('are one call, paid for once', async () => {
    const question = aQuestion('priced');
    const answers = await Promise.all(times(50, () => chat(gateway, question)));
    const bodies = await Promise.all(answers.map((answer) => answer.json() as Promise<Json>));
    expect(openAi.requests).toHaveLength(1);
    expect(new Set(bodies.map(({ id }) => id)).size).toBe(1);
    const hits = answers.filter(({ headers }) => headers.get('x-litellm-cache-hit') === 'True');
    expect(hits).toHaveLength(49);
    expect(hits.every(({ headers }) => Number(headers.get('x-litellm-response-cost')) === 0)).toBe(true);
  });

  it('by the official client, whole and streamed', async () => {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: MASTER_KEY, maxRetries: 0 });
    const question = aQuestion('openai/mock-slow-200') as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming;
    const wholes = times(5, () => client.chat.completions.create(question));
    const streams = times(5, async () => {
      let text = '';
      const chunks = await client.chat.completions.create({ ...question, stream: true });
      for await (const chunk of chunks) text += chunk.choices[0]?.delta.content ?? '';
      return text;
    });
    const texts = [...(await Promise.all(wholes)).map(({ choices }) => choices[0]!.message.content!)];
    texts.push(...(await Promise.all(streams)));
    expect(new Set(texts).size).toBe(1);
    // Whole answers and streams are two kinds of call.
    expect(openAi.requests).toHaveLength(2);
  });

  it('that differ are not one', async () => {
    const question = aQuestion('openai/mock-slow-200');
    const bodies = [question, { ...question, temperature: 0.5 }, { ...question, cache: { 'no-cache': true } }];
    await Promise.all(
      [...bodies, { ...question, cache: { namespace: 'mine' } }].map((body) => okJson(chat(gateway, body))),
    );
    expect(openAi.requests).toHaveLength(4);
  });
});

describe('a stream', () => {
  it('comes to those who follow it as it comes, from its beginning', async () => {
    const question = aQuestion('openai/mock-pace-40+long-30');
    const leader = listen(await stream(question));
    await eventually(leader.text, (text) => text.split('data: ').length > 8);
    const follower = listen(await stream(question));
    await eventually(follower.text, (text) => text.split('data: ').length > 8);
    // It has not waited for the end.
    expect(follower.text()).not.toContain('[DONE]');
    expect(await Promise.all([leader.ended, follower.ended])).toEqual(['end', 'end']);
    expect(follower.text()).toBe(leader.text());
    expect(openAi.requests).toHaveLength(1);
    const again = await chunksOf(chat(gateway, { ...question, stream: true }));
    expect(again.length).toBeGreaterThan(0);
    expect(openAi.requests).toHaveLength(1);
  });

  it('is each client’s own where one wants the usage and another does not', async () => {
    const question = aQuestion('openai/mock-slow-200');
    const [plain, counted] = await Promise.all([
      chunksOf(chat(gateway, { ...question, stream: true })),
      chunksOf(chat(gateway, { ...question, stream: true, stream_options: { include_usage: true } })),
    ]);
    expect(plain.some(({ usage }) => usage)).toBe(false);
    expect(counted.at(-1).usage.total_tokens).toBeGreaterThan(0);
  });

  it('that breaks off does so for all who have seen some of it', async () => {
    const question = aQuestion('openai/mock-pace-30+error-in-stream-5');
    const leader = listen(await stream(question));
    const follower = listen(await stream(question));
    await Promise.all([leader.ended, follower.ended]);
    expect(openAi.requests).toHaveLength(1);
    expect(follower.text()).toContain('"error"');
    expect(follower.text()).not.toContain('[DONE]');
  });

  it('a reader that does not read keeps from nobody', async () => {
    const question = aQuestion('openai/mock-big-2048');
    const idle = await stream(question);
    const follower = listen(await stream(question));
    expect(await follower.ended).toBe('end');
    expect(follower.text()).toContain('[DONE]');
    idle.destroy();
  });
});

describe('a leader', () => {
  it('whose client leaves leads on for those who follow', async () => {
    const question = aQuestion('openai/mock-slow-500');
    const leaving = new AbortController();
    const left = chat(gateway, question, { signal: leaving.signal }).catch(() => 'left');
    await arrived(1);
    const followers = times(3, () => okJson(chat(gateway, question)));
    await underWay(4);
    leaving.abort();
    const answers = await Promise.all(followers);
    expect([await left, new Set(answers.map(({ id }) => id)).size]).toEqual(['left', 1]);
    expect(openAi.requests).toHaveLength(1);
    // What it brought is kept.
    expect((await chat(gateway, question)).headers.get('x-litellm-cache-hit')).toBe('True');
  });

  it('whose client leaves in mid-stream leads on for those who follow', async () => {
    const question = aQuestion('openai/mock-pace-40+long-20');
    const response = await stream(question);
    const leader = listen(response);
    await eventually(leader.text, (text) => text.length > 100);
    const follower = listen(await stream(question));
    await eventually(follower.text, (text) => text.length > 100);
    response.destroy();
    expect(await follower.ended).toBe('end');
    expect(follower.text()).toContain('[DONE]');
    expect(openAi.requests).toHaveLength(1);
  });

  it('that nobody follows any more gives up its call', async () => {
    const question = aQuestion('openai/mock-slow-5000');
    const leaving = times(3, () => new AbortController());
    const calls = leaving.map(({ signal }) => chat(gateway, question, { signal }).catch(() => 'left'));
    await arrived(1);
    await underWay(3);
    for (const one of leaving) one.abort();
    expect(await Promise.all(calls)).toEqual(['left', 'left', 'left']);
    await eventually(
      () => openAi.requests[0]!.clientLeft,
      (hasLeft) => hasLeft,
    );
  });

  it('that fails does not fail the others: one of them goes on, and leads', async () => {
    openAi.script('slow-300+500', 'slow-300');
    const question = aQuestion('openai/gpt-4o');
    const answers = await Promise.all(times(5, () => chat(gateway, question)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 500]);
    expect(openAi.requests).toHaveLength(2);
  });

  it('that fails after another does not make the rest wait for a third', async () => {
    openAi.behave('slow-200+500');
    const question = aQuestion('openai/gpt-4o');
    const startedAt = performance.now();
    const answers = await Promise.all(times(10, () => chat(gateway, question)));
    expect(answers.every(({ status }) => status === 500)).toBe(true);
    expect(openAi.requests).toHaveLength(10);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });
});

it('a follower waits no longer than its own timeout', async () => {
  const question = aQuestion('openai/gpt-4o');
  openAi.script('slow-3000');
  const slow = okJson(chat(gateway, question));
  await arrived(1);
  const startedAt = performance.now();
  await okJson(chat(gateway, { ...question, timeout: 0.5 }));
  expect(performance.now() - startedAt).toBeLessThan(2_500);
  expect(openAi.requests).toHaveLength(2);
  await slow;
});
