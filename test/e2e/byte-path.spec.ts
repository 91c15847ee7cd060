// A client and a provider that speak the same dialect: what each of them gets is what the other one sent.
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { chat, eventsOf, exchange, jsonOf, messages, okJson, send } from './client.js';
import { eventually, startGateway, type Gateway } from './harness.js';
import { anthropic, connections, deployment, everyModelOf, openAi, PROVIDER_KEY } from './upstreams.js';

jest.setTimeout(30_000);

let gateway: Gateway;
let restamping: Gateway;

beforeAll(async () => {
  [gateway, restamping] = await Promise.all([
    startGateway({
      config: {
        model_list: [
          ...everyModelOf('openai'),
          deployment('gpt-4o', 'openai/gpt-4o'),
          deployment('warm', 'openai/gpt-4o', { temperature: 0.3, max_tokens: 50, user: 'from-file' }),
          deployment('branded', 'openai/gpt-4o', { headers: { 'X-Team': 'blue', 'X-Cost-Centre': '42' } }),
          deployment('beta', 'openai/gpt-4o', { headers: { 'Anthropic-Beta': 'file,both' } }),
          deployment('beta claude', 'anthropic/claude-sonnet-4-5', { headers: { 'Anthropic-Beta': 'file,both' } }),
          deployment('claude', 'anthropic/claude-sonnet-4-5'),
          deployment('extended', 'openai/gpt-4o', { extra_body: { vendor_flag: { deep: [1] } } }),
        ],
      },
    }),
    startGateway({
      config: { model_list: [deployment('public-name', 'openai/gpt-4o')], litellm_settings: { restamp_model: true } },
    }),
  ]);
});

const received = () => openAi.requests.at(-1)!;

/** What the mock sent last; it notes that when the last byte is out. */
const sentByUpstream = (): Promise<Buffer> =>
  eventually(
    () => received().answer,
    (answer) => answer.length > 0,
  );

const CHAT = '/v1/chat/completions';

describe('the request', () => {
  it.each<[string, (model: string) => string]>([
    ['as compact JSON', (model) => `{"model":"${model}","messages":[{"role":"user","content":"Hello"}]}`],
    [
      'with white space, order and escapes of the client',
      (model) =>
        `{\n\t"messages" : [ {"role":"user", "content":"h\\u00e9 \\/ 你好 🚀"} ],\r\n "temperature":1.0e0 , "model" : "${model}"  }`,
    ],
    [
      'with fields that nobody has heard of, at every depth',
      (model) =>
        `{"model":"${model}","messages":[{"role":"user","content":"Hello","sparkle":[null,{"a":1e400}]}],"x_new":{"deep":{"er":[1.50]}},"seed":12345678901234567890}`,
    ],
    [
      'with the word model elsewhere',
      (model) => `{"messages":[{"role":"user","content":"\\"model\\":\\"gpt-4o\\""}],"model":"${model}"}`,
    ],
  ])('%s goes on byte for byte, with only the model changed', async (_title, write) => {
    const answer = await exchange(gateway, CHAT, { body: write('openai/gpt-4o-mini') });
    expect(answer.status).toBe(200);
    expect(received().rawBody.toString()).toBe(write('gpt-4o-mini'));
  });

  it('goes on untouched when the names are the same', async () => {
    const body = '{ "model":"gpt-4o",  "messages":[{"role":"user","content":"Hello"}] }';
    await exchange(gateway, CHAT, { body });
    expect(received().rawBody.toString()).toBe(body);
  });

  it('of a stream asks for the token counts, and keeps its other stream options', async () => {
    const body =
      '{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"Hello"}],"stream_options":{"include_obfuscation":false}}';
    await exchange(gateway, CHAT, { body });
    expect(received().rawBody.toString()).toBe(body.replace('false}', 'false,"include_usage":true}'));
  });

  it.each(['/v1/completions', '/v1/embeddings'])('to %s goes on byte for byte, too', async (path) => {
    const write = (model: string) => `{ "model": "${model}", "prompt": "Hi", "input": ["a", "b"], "odd" : {} }`;
    const { status } = await exchange(gateway, path, { body: write('openai/gpt-4o') });
    expect(status).toBe(200);
    expect([received().path, received().rawBody.toString()]).toEqual([path, write('gpt-4o')]);
  });

  it.each(['/chat/completions', '/engines/gpt-4o/chat/completions', '/openai/deployments/gpt-4o/chat/completions'])(
    'reaches the same model at %s',
    async (path) => {
      const body = '{"messages":[{"role":"user","content":"Hello"}]}';
      const named = path === '/chat/completions' ? body.replace('{', '{"model":"gpt-4o",') : body;
      expect((await exchange(gateway, path, { body: named })).status).toBe(200);
      expect(received().body).toMatchObject({ model: 'gpt-4o', messages: [{ content: 'Hello' }] });
    },
  );
});

describe('the answer', () => {
  it('arrives byte for byte as the provider indented it', async () => {
    const { status, body } = await exchange(gateway, CHAT, {
      body: { model: 'openai/mock-unicode+reasoning', messages },
    });
    expect(status).toBe(200);
    expect(body.equals(await sentByUpstream())).toBe(true);
    expect(JSON.parse(body.toString()).model).toBe('mock-unicode+reasoning');
  });

  it.each(['mock-unicode', 'mock-unicode+split-1', 'mock-parallel-tools-3+split-7', 'mock-reasoning+long-200'])(
    'streams byte for byte when the client asks for the token counts (%s)',
    async (model) => {
      const { body } = await exchange(gateway, CHAT, {
        body: { model: `openai/${model}`, messages, stream: true, stream_options: { include_usage: true } },
      });
      expect(body.equals(await sentByUpstream())).toBe(true);
      expect(body.toString()).toContain('"total_tokens"');
    },
  );

  it.each(['mock-unicode', 'mock-unicode+split-1', 'mock-parallel-tools-3+split-7', 'mock-reasoning+long-200'])(
    'streams without the one chunk of token counts, when the client did not ask for it (%s)',
    async (model) => {
      const { body } = await exchange(gateway, CHAT, {
        body: { model: `openai/${model}`, messages, stream: true },
      });
      const sent = eventsOf((await sentByUpstream()).toString());
      const withheld = sent.filter((event) => !eventsOf(body.toString()).includes(event));
      expect(withheld.map((event) => JSON.parse(event).choices)).toEqual([[]]);
      expect(body.toString()).toBe(
        sent
          .filter((event) => event !== withheld[0])
          .map((event) => `data: ${event}\n\n`)
          .join(''),
      );
    },
  );

  it('gets the [DONE] that the provider forgot', async () => {
    const { body } = await exchange(gateway, CHAT, {
      body: { model: 'openai/mock-no-end', messages, stream: true, stream_options: { include_usage: true } },
    });
    expect(body.toString()).toBe(`${(await sentByUpstream()).toString()}data: [DONE]\n\n`);
  });

  it('carries the provider’s limits and ids, its other headers under a prefix, and ours', async () => {
    const { headers } = await exchange(gateway, CHAT, { body: { model: 'gpt-4o', messages } });
    expect(headers).toMatchObject({
      'x-ratelimit-remaining-requests': expect.any(String),
      'x-request-id': expect.stringMatching(/^req_/),
      'llm_provider-openai-processing-ms': '12',
      'x-litellm-call-id': expect.any(String),
      'x-litellm-model-group': 'gpt-4o',
      'x-litellm-response-cost': expect.stringMatching(/^\d*\.?\d+(e-\d+)?$/),
    });
  });
});

describe('defaults of a deployment', () => {
  it('are added when the client says nothing', async () => {
    const write = (model: string) => `{"model":"${model}","messages":[{"role":"user","content":"Hello"}]`;
    await exchange(gateway, CHAT, { body: `${write('warm')}}` });
    expect(received().rawBody.toString()).toBe(
      `${write('gpt-4o')},"temperature":0.3,"max_tokens":50,"user":"from-file"}`,
    );
  });

  it.each<[string, object, object]>([
    ['what the client says', { temperature: 0, user: 'me' }, { temperature: 0, max_tokens: 50, user: 'me' }],
    [
      'the other spelling of the same wish',
      { max_completion_tokens: 9 },
      { temperature: 0.3, max_completion_tokens: 9, user: 'from-file' },
    ],
  ])('give way to %s', async (_title, said, expected) => {
    await okJson(chat(gateway, { model: 'warm', ...said }));
    const { model: _model, messages: _messages, ...rest } = received().body;
    expect(rest).toEqual(expected);
  });

  it('extra_body is sent whatever the client says', async () => {
    await okJson(chat(gateway, { model: 'extended' }));
    expect(received().body.vendor_flag).toEqual({ deep: [1] });
  });
});

describe('what is said to the gateway', () => {
  it('does not reach the provider', async () => {
    const own = {
      metadata: { tags: ['a'], trace: 't' },
      litellm_metadata: { b: 1 },
      tags: ['a'],
      timeout: 20,
      stream_timeout: 10,
      request_timeout: 20,
      num_retries: 0,
      drop_params: true,
      additional_drop_params: ['top_k'],
      allowed_openai_params: ['x'],
      cache: { 'no-cache': true },
      caching: true,
      fallbacks: ['none'],
      guardrails: [],
      priority: 1,
      mock_response: 'no',
      litellm_trace_id: 't',
      'no-log': true,
    };
    await okJson(chat(gateway, { model: 'gpt-4o', ...own, top_k: 3, user: 'me', seed: 7 }));
    const { model: _model, messages: _messages, ...rest } = received().body;
    expect(rest).toEqual({ user: 'me', seed: 7 });
  });

  it('metadata does reach it beside store: true, whose answers it labels', async () => {
    await okJson(chat(gateway, { model: 'gpt-4o', store: true, metadata: { label: 'x' } }));
    expect(received().body).toMatchObject({ store: true, metadata: { label: 'x' } });
  });

  it('extra_body joins the body, extra_headers the headers', async () => {
    await okJson(
      chat(gateway, {
        model: 'gpt-4o',
        extra_body: { vendor_mode: 'fast', model: 'other' },
        extra_headers: { 'X-Feature': 'on', Authorization: 'Bearer stolen' },
      }),
    );
    expect(received().body).toMatchObject({ vendor_mode: 'fast', model: 'gpt-4o' });
    expect(received().headers).toMatchObject({ 'x-feature': 'on', authorization: `Bearer ${PROVIDER_KEY}` });
  });

  it.each(['api_key', 'api_base', 'base_url', 'organization'])('%s is refused and goes nowhere', async (param) => {
    const response = await chat(gateway, { model: 'gpt-4o', [param]: connections.openai.api_base });
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).error).toMatchObject({ param, code: 'forbidden_parameter' });
    expect(openAi.requests).toHaveLength(0);
  });
});

describe('headers', () => {
  it.each<[string, string[]]>([
    ['beta claude', ['file', 'both', 'header', 'body', 'context-management-2025-06-27']],
    ['claude', ['both', 'header', 'body', 'context-management-2025-06-27']],
    ['beta', ['file', 'both', 'header', 'body']],
  ])('that list features are joined, whoever names them: %s', async (model, features) => {
    const body = { model, extra_headers: { 'Anthropic-Beta': 'body, both' }, context_management: { edits: [] } };
    await okJson(chat(gateway, body, { headers: { 'anthropic-beta': 'header,both' } }));
    const upstream = model === 'beta' ? openAi : anthropic;
    const sent = String(upstream.requests.at(-1)!.headers['anthropic-beta']).split(',');
    expect(sent.sort()).toEqual([...features].sort());
  });

  it('of the file reach the provider', async () => {
    await okJson(chat(gateway, { model: 'branded' }));
    expect(received().headers).toMatchObject({ 'x-team': 'blue', 'x-cost-centre': '42' });
  });

  it('of the client stay here: neither its key nor its cookies are the provider’s business', async () => {
    await okJson(
      chat(gateway, { model: 'gpt-4o' }, { headers: { cookie: 'session=1', 'x-private': 'p', 'user-agent': 'me' } }),
    );
    const { headers } = received();
    expect(headers.authorization).toBe(`Bearer ${PROVIDER_KEY}`);
    expect([headers.cookie, headers['x-private'], headers['user-agent']]).toEqual([undefined, undefined, undefined]);
  });
});

describe('restamp_model', () => {
  it('changes the model of a whole answer and nothing else', async () => {
    const { body } = await exchange(restamping, CHAT, {
      body: { model: 'public-name', messages },
    });
    expect(body.toString()).toBe(
      (await sentByUpstream()).toString().replace('"model": "gpt-4o"', '"model": "public-name"'),
    );
  });

  it('changes the model of every chunk', async () => {
    const response = await send(restamping, CHAT, {
      body: { model: 'public-name', messages, stream: true },
    });
    const events = eventsOf(await response.text());
    expect(events.at(-1)).toBe('[DONE]');
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event));
    expect(new Set(chunks.map(({ model }) => model))).toEqual(new Set(['public-name']));
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('Mock answer to: Hello');
  });
});
