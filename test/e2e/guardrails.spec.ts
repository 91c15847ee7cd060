// Guardrails on every kind of call, and what a client might try so that the upstream reads something else than they did.
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { chat, chunksOf, jsonOf, metricsOf, okJson, send, type Json } from './client.js';
import { readText, ROOT, startGateway, type Gateway } from './harness.js';
import { anthropic, everyModelOf, openAi } from './upstreams.js';

jest.setTimeout(60_000);

const COMPLETIONS = '/v1/completions';
const EMBEDDINGS = '/v1/embeddings';

const PLUGINS = ['word-guard', 'broken-guard', 'shelf'];
const files = Object.fromEntries(
  PLUGINS.map((name) => [`${name}.mjs`, readText(join(ROOT, 'test', 'e2e', 'fixtures', 'plugins', `${name}.mjs`))]),
);

const guardrail = (name: string, mode: string | string[], settings: object = {}): object => ({
  guardrail_name: name,
  litellm_params: { guardrail: name, mode, default_on: true, ...settings },
});

/** A gateway whose guardrails look at calls before, at answers after, or let everything pass because they fail. */
let before: Gateway;
let after: Gateway;
let open: Gateway;
/** None, but a cache. */
let cached: Gateway;

beforeAll(async () => {
  const model_list = everyModelOf('openai', 'anthropic', 'echo');
  const words = { path: './word-guard.mjs', config: { forbidden: 'dragon', hide: 'Mock' } };
  const start = (more: object): Promise<Gateway> => startGateway({ config: { model_list, ...more }, files });
  [before, after, open, cached] = await Promise.all([
    start({ plugins: [words], guardrails: [guardrail('word-guard', 'pre_call', { hide: 'secret' })] }),
    start({ plugins: [words], guardrails: [guardrail('word-guard', 'post_call')] }),
    start({
      plugins: [{ path: './broken-guard.mjs' }],
      guardrails: [guardrail('broken-guard', ['pre_call', 'post_call'])],
    }),
    start({
      plugins: [{ path: './shelf.mjs', config: { label: 'shelf' } }],
      litellm_settings: { cache: true, cache_params: { type: 'shelf' } },
    }),
  ]);
});

const received = (): Json => openAi.requests.at(-1)!.body;
const refusal = async (answer: Promise<Response>): Promise<[number, string, string]> => {
  const response = await answer;
  const { error } = await jsonOf(response);
  return [response.status, error.code, error.message];
};

describe('before a text completion', () => {
  it.each([
    ['a prompt', 'My secret is out', 'My *** is out'],
    ['several prompts', ['My secret', 'No news', 'secrets'], ['My ***', 'No news', '***s']],
  ])('changes %s', async (_what, prompt, sent) => {
    const response = await send(before, COMPLETIONS, { body: { model: 'openai/m', prompt, top_p: 0.5, x_new: 1 } });
    expect([response.status, response.headers.get('x-litellm-applied-guardrails')]).toEqual([200, 'word-guard']);
    expect(received()).toMatchObject({ model: 'm', prompt: sent, top_p: 0.5, x_new: 1 });
  });

  it.each(['anthropic/m', 'echo/echo'])('changes the prompt for %s, which only chats', async (model) => {
    const { choices } = await okJson(send(before, COMPLETIONS, { body: { model, prompt: 'My secret is out' } }));
    expect(choices[0].text).toContain('My *** is out');
    expect(JSON.stringify(anthropic.requests.map(({ body }) => body))).not.toContain('secret');
  });

  it.each([
    ['a prompt', 'Here be a dragon', false],
    ['a prompt of a stream', 'Here be a dragon', true],
    ['one prompt of several', ['Harmless', 'a dragon'], false],
  ])('stops %s, and no provider hears of it', async (_what, prompt, stream) => {
    expect(await refusal(send(before, COMPLETIONS, { body: { model: 'openai/m', prompt, stream } }))).toEqual([
      400,
      'guardrail_blocked',
      expect.stringMatching(/'word-guard'.*nobody says dragon here/),
    ]);
    expect(openAi.requests).toHaveLength(0);
  });
});

describe('before an embedding', () => {
  it.each([
    ['a text', 'My secret is out', ['My *** is out']],
    ['several texts', ['My secret', 'No news'], ['My ***', 'No news']],
  ])('changes %s', async (_what, input, sent) => {
    const { data } = await okJson(send(before, EMBEDDINGS, { body: { model: 'openai/m', input, dimensions: 4 } }));
    expect(data).toHaveLength(sent.length);
    expect([received().input].flat()).toEqual(sent);
    expect(received()).toMatchObject({ model: 'm', dimensions: 4 });
  });

  it.each([
    ['a text', 'a dragon'],
    ['one text of several', ['Harmless', 'a dragon']],
  ])('stops %s, and no provider hears of it', async (_what, input) => {
    expect((await refusal(send(before, EMBEDDINGS, { body: { model: 'openai/m', input } }))).slice(0, 2)).toEqual([
      400,
      'guardrail_blocked',
    ]);
    expect(openAi.requests).toHaveLength(0);
  });
});

describe('what no guardrail can read is refused', () => {
  it.each([
    [COMPLETIONS, 'prompt', [1, 2, 3]],
    [EMBEDDINGS, 'input', [[1, 2], [3]]],
  ])('%s, token ids', async (path, param, ids) => {
    const response = await send(before, path, { body: { model: 'openai/m', [param]: ids } });
    expect([response.status, (await jsonOf(response)).error]).toEqual([
      400,
      expect.objectContaining({ param, message: expect.stringContaining('token ids') }),
    ]);
    expect(openAi.requests).toHaveLength(0);
  });
});

describe('after a text completion', () => {
  const models = ['openai/m', 'anthropic/m'];

  it.each(models)('changes what %s said', async (model) => {
    const { choices } = await okJson(send(after, COMPLETIONS, { body: { model, prompt: 'Hello' } }));
    expect(choices[0].text).toBe('*** answer to: Hello');
  });

  it.each(models)('changes what %s said, also in a stream', async (model) => {
    const chunks = await chunksOf(send(after, COMPLETIONS, { body: { model, prompt: 'Hello', stream: true } }));
    expect(chunks.map((chunk) => chunk.choices[0]?.text ?? '').join('')).toBe('*** answer to: Hello');
  });

  it.each([true, false])('keeps it to itself (stream: %s)', async (stream) => {
    const response = await send(after, COMPLETIONS, { body: { model: 'openai/m', prompt: 'a dragon', stream } });
    const text = await response.text();
    expect([response.status, text]).toEqual([400, expect.stringContaining('guardrail_blocked')]);
    expect(text).not.toContain('answer to');
  });
});

it('after an embedding there are no words to look at', async () => {
  const { data } = await okJson(send(after, EMBEDDINGS, { body: { model: 'openai/m', input: 'a dragon' } }));
  expect(data[0].embedding.length).toBeGreaterThan(0);
});

describe('a guardrail that fails', () => {
  const calls: [string, object, number][] = [
    [COMPLETIONS, { prompt: 'explode' }, 2],
    [EMBEDDINGS, { input: 'explode' }, 1],
    ['/v1/chat/completions', { messages: [{ role: 'user', content: 'explode' }] }, 2],
  ];

  it.each(calls)('before the call stops it: %s', async (path, body) => {
    const failed = { plugin: 'guardrail.word-guard', hook: 'preCall', outcome: 'error' };
    const counted = async (): Promise<number> =>
      (await metricsOf(before)).sum('turnpike_plugin_hook_calls_total', failed);
    const sofar = await counted();
    expect((await refusal(send(before, path, { body: { model: 'openai/m', ...body } }))).slice(0, 2)).toEqual([
      500,
      'plugin_failed',
    ]);
    expect(openAi.requests).toHaveLength(0);
    expect(await counted()).toBe(sofar + 1);
  });

  it('after the call keeps the answer', async () => {
    const response = await send(after, COMPLETIONS, { body: { model: 'openai/m', prompt: 'explode' } });
    const text = await response.text();
    expect([response.status, text]).toEqual([500, expect.stringContaining('plugin_failed')]);
    expect(text).not.toContain('explode');
  });

  it.each(calls)('and is declared open lets the call pass, unchanged: %s', async (path, body, hooks) => {
    const failed = { plugin: 'guardrail.broken-guard', outcome: 'error' };
    const counted = async (): Promise<number> =>
      (await metricsOf(open)).sum('turnpike_plugin_hook_calls_total', failed);
    const sofar = await counted();
    const answer = await okJson(send(open, path, { body: { model: 'openai/m', ...body } }));
    expect(received()).toEqual({ model: 'm', ...body });
    if (hooks === 2) expect(JSON.stringify(answer)).toContain('Mock answer to: explode');
    expect(await counted()).toBe(sofar + hooks);
  });
});

describe('the upstream reads what was judged', () => {
  const user = (content: string): string => `{"role":"user","content":"${content}"}`;
  const model = '"model":"openai/m"';

  it.each([
    ['messages', `{${model},"messages":[${user('a dragon')}],"messages":[${user('Hello')}]}`],
    ['a text', `{${model},"messages":[{"role":"user","content":"a dragon","content":"Hello"}]}`],
    ['a name in disguise', String.raw`{${model},"m\u0065ssages":[${user('a dragon')}],"messages":[${user('Hello')}]}`],
    [
      'messages, in a stream',
      `{${model},"stream":true,"messages":[${user('a dragon')}],"messages":[${user('Hello')}]}`,
    ],
  ])('and nothing else, where %s stand twice', async (_what, body) => {
    const response = await send(before, '/v1/chat/completions', { body });
    await response.text();
    const { rawBody, body: read } = openAi.requests.at(-1)!;
    expect([response.status, rawBody.toString().match(/dragon/)]).toEqual([200, null]);
    expect(read).toMatchObject({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] });
  });

  it('and the last of two is what is judged', async () => {
    const body = `{${model},"messages":[${user('Hello')}],"messages":[${user('a dragon')}]}`;
    expect((await refusal(send(before, '/v1/chat/completions', { body })))[1]).toBe('guardrail_blocked');
  });

  it.each<[string, object]>([
    ['a body over the body', { extra_body: { messages: [{ role: 'user', content: 'a dragon' }] } }],
    ['the same, in a stream', { stream: true, extra_body: { messages: [{ role: 'user', content: 'a dragon' }] } }],
  ])('also where the client sends %s', async (_what, more) => {
    expect((await refusal(chat(before, { model: 'openai/m', ...more })))[1]).toBe('guardrail_blocked');
    expect(openAi.requests).toHaveLength(0);
  });

  it.each<[string, string, object]>([
    ['puts a body over the body', 'secret!', { extra_body: { messages: [{ role: 'user', content: 'My secret' }] } }],
    ['has parts of it dropped', 'My secret', { additional_drop_params: ['messages[0].name'] }],
  ])('also where a guardrail changed it and the client %s', async (_what, content, more) => {
    const messages = [{ role: 'user', content, name: 'me' }];
    await okJson(chat(before, { model: 'openai/m', messages, ...more }));
    expect(received().messages[0].content).toBe('My ***');
  });

  it('and nothing else, where the answer is kept', async () => {
    const body = `{${model},"messages":[${user('Who?')}],"messages":[${user('Where?')}]}`;
    await okJson(send(cached, '/v1/chat/completions', { body }));
    expect(openAi.requests.at(-1)!.rawBody.toString()).not.toContain('Who?');
  });
});

describe('the client’s own bytes go up', () => {
  const text =
    '{ "model": "m", "seed": 12345678901234567890,\n "messages": [{"role":"user","content":"Hello"}], "x": 1.0 }';

  it('after a guardrail that changed nothing', async () => {
    await okJson(send(before, '/v1/chat/completions', { body: text.replace('"m"', '"openai/m"') }));
    expect(openAi.requests.at(-1)!.rawBody.toString()).toBe(text);
  });

  it('with all that stands twice in them, where nobody judges them', async () => {
    const twice = `{"model":"openai/m","cache":{"no-store":true},"messages":[],"messages":[{"role":"user","content":"Hi"}]}`;
    await okJson(send(cached, '/v1/chat/completions', { body: twice }));
    expect(openAi.requests.at(-1)!.rawBody.toString()).toBe(
      '{"model":"m","messages":[],"messages":[{"role":"user","content":"Hi"}]}',
    );
  });
});
