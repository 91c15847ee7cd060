// The official OpenAI client against providers of its own dialect and of others.
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import OpenAI, {
  APIConnectionError,
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { embeddingOf } from '../upstreams/format.mjs';
import { eventually, MASTER_KEY, startGateway, type Gateway } from './harness.js';
import { connections, everyModelOf, ONE_ATTEMPT, upstreams, type UpstreamName } from './upstreams.js';

jest.setTimeout(30_000);

let gateway: Gateway;
let client: OpenAI;

beforeAll(async () => {
  gateway = await startGateway({
    config: {
      router_settings: ONE_ATTEMPT,
      model_list: [
        ...everyModelOf('openai', 'anthropic', 'gemini', 'ollama', 'echo'),
        {
          model_name: 'wrong-key',
          litellm_params: { model: 'openai/gpt-4o', ...connections.openai, api_key: 'sk-bad' },
        },
      ],
    },
  });
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: MASTER_KEY, maxRetries: 0 });
});

const messages = [{ role: 'user' as const, content: 'Hello' }];

const weather = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

describe.each<[prefix: string, UpstreamName]>([
  ['openai', 'openAi'],
  ['anthropic', 'anthropic'],
  ['gemini', 'gemini'],
  ['ollama', 'ollama'],
])('with a model of %s', (prefix, name) => {
  const model = `${prefix}/some-model`;

  it('gets an answer', async () => {
    const completion = await client.chat.completions.create({ model, messages });
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { role: 'assistant', content: 'Mock answer to: Hello' },
    });
    expect(completion.usage!.total_tokens).toBe(completion.usage!.prompt_tokens + completion.usage!.completion_tokens);
  });

  it('streams an answer, with token counts at the end', async () => {
    const stream = await client.chat.completions.create({
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe('Mock answer to: Hello');
    expect(usage!.completion_tokens).toBeGreaterThan(0);
  });

  it('calls a tool, gives its result back and gets the answer', async () => {
    const asked = await client.chat.completions.create({ model, messages, tools: [weather] });
    const [choice] = asked.choices;
    expect(choice!.finish_reason).toBe('tool_calls');
    const [call] = choice!.message.tool_calls!;
    expect(call).toMatchObject({ type: 'function', function: { name: 'get_weather', arguments: '{"city":"text"}' } });
    const answered = await client.chat.completions.create({
      model,
      messages: [...messages, choice!.message, { role: 'tool', tool_call_id: call!.id, content: '20 °C' }],
      tools: [weather],
    });
    expect(answered.choices[0]!.message.content).toBe('Mock answer to: Hello');
  });

  it('lets the client’s own tool runner go round, streaming', async () => {
    const cities: unknown[] = [];
    const runner = client.chat.completions.runTools({
      model,
      messages,
      stream: true,
      tools: [
        {
          ...weather,
          function: {
            ...weather.function,
            description: 'Weather of a city',
            parse: (text: string) => JSON.parse(text) as { city: string },
            function: (input: { city: string }) => {
              cities.push(input);
              return '20 °C';
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('Mock answer to: Hello');
    expect(cities).toEqual([{ city: 'text' }]);
  });

  it('gets what fits its schema, parsed by the client', async () => {
    const schema = z.object({ city: z.string(), days: z.array(z.number()) });
    const completion = await client.chat.completions.parse({
      model,
      messages,
      response_format: zodResponseFormat(schema, 'forecast'),
    });
    expect(completion.choices[0]!.message.parsed).toEqual({ city: 'text', days: [1] });
  });

  it('accumulates a stream as strictly as the client’s helper does', async () => {
    const final = await client.chat.completions
      .stream({ model: `${prefix}/mock-parallel-tools-3`, messages, tools: [weather] })
      .finalChatCompletion();
    expect(final.choices[0]!.message.tool_calls!.map(({ type }) => type)).toEqual(Array(3).fill('function'));
  });

  it('raises an error that comes in mid-stream', async () => {
    const stream = await client.chat.completions.create({
      model: `${prefix}/mock-long-20+error-in-stream-5`,
      messages,
      stream: true,
    });
    const read = async () => {
      let chunks = 0;
      for await (const _chunk of stream) chunks += 1;
      return chunks;
    };
    await expect(read()).rejects.toThrow(APIError);
  });

  it.each([true, false])('leaves the provider when the call is aborted (stream: %s)', async (stream) => {
    const abort = new AbortController();
    const arrival = upstreams[name].nextRequest();
    const answer = client.chat.completions.create(
      { model: `${prefix}/mock-hang`, messages, stream },
      { signal: abort.signal },
    );
    const request = await arrival;
    abort.abort();
    await expect(answer).rejects.toThrow(APIUserAbortError);
    await eventually(
      () => request.clientLeft,
      (left) => left,
    );
  });
});

it('breaks off a stream that the client no longer reads', async () => {
  const arrival = upstreams.openAi.nextRequest();
  const stream = await client.chat.completions.create({
    model: 'openai/mock-long-1000+pace-5',
    messages,
    stream: true,
  });
  for await (const _chunk of stream) break;
  const request = await arrival;
  await eventually(
    () => request.clientLeft,
    (left) => left,
  );
});

describe('embeddings', () => {
  const input = ['Hello', 'Grüße, 你好'];

  // The client asks for Base64 when nobody says otherwise, and unpacks it.
  it.each([
    ['openai', 256],
    ['gemini', 256],
    ['ollama', 64],
  ])('of %s are the provider’s numbers, to the last bit', async (prefix, dimensions) => {
    const { data, usage } = await client.embeddings.create({ model: `${prefix}/embed`, input, dimensions });
    expect(data.map(({ index }) => index)).toEqual([0, 1]);
    expect(data.map(({ embedding }) => [...embedding])).toEqual(input.map((text) => embeddingOf(text, dimensions)));
    expect(usage).toEqual({ prompt_tokens: expect.any(Number), total_tokens: expect.any(Number) });
  });

  // Google's answer does not say: 5 and 9 characters, a quarter of each, rounded up.
  it('of a provider that counts nothing are counted by their length', async () => {
    const { usage } = await client.embeddings.create({ model: 'gemini/embed', input });
    expect(usage).toEqual({ prompt_tokens: 5, total_tokens: 5 });
  });

  it.each(['openai', 'gemini', 'ollama', 'echo'])('of %s come as plain numbers when asked for', async (prefix) => {
    const { data } = await client.embeddings.create({
      model: `${prefix}/embed`,
      input: 'Hi',
      encoding_format: 'float',
    });
    expect(data[0]!.embedding.every((value) => typeof value === 'number')).toBe(true);
  });
});

describe('the model list', () => {
  it('is paged through by the client', async () => {
    const ids: string[] = [];
    for await (const { id } of client.models.list()) ids.push(id);
    expect(ids).toContain('wrong-key');
    expect(ids.some((id) => id.startsWith('anthropic/claude-'))).toBe(true);
  });

  it('gives one model by its name', async () => {
    expect(await client.models.retrieve('wrong-key')).toMatchObject({ id: 'wrong-key', object: 'model' });
    await expect(client.models.retrieve('nobody')).rejects.toThrow(NotFoundError);
  });
});

describe('errors', () => {
  const failureOf = async (model: string, with_: OpenAI = client): Promise<APIError> =>
    with_.chat.completions.create({ model, messages }).then(
      () => Promise.reject(new Error('there was no error')),
      (error: unknown) => error as APIError,
    );

  it.each<[string, new (...args: never[]) => Error, object]>([
    ['openai/mock-429-30', RateLimitError, { status: 429, code: 'rate_limit_exceeded' }],
    ['anthropic/mock-429-30', RateLimitError, { status: 429, code: 'rate_limit_exceeded' }],
    ['gemini/mock-429-30', RateLimitError, { status: 429, code: 'rate_limit_exceeded' }],
    ['openai/mock-context', BadRequestError, { status: 400, code: 'context_length_exceeded' }],
    ['anthropic/mock-context', BadRequestError, { status: 400, code: 'context_length_exceeded' }],
    ['openai/mock-content-policy', BadRequestError, { status: 400, code: 'content_policy_violation' }],
    ['openai/mock-quota', APIError, { status: 402, code: 'insufficient_quota' }],
    ['openai/mock-404', NotFoundError, { status: 404, code: 'model_not_found' }],
    ['anthropic/mock-529', InternalServerError, { status: 503, code: 'overloaded' }],
    ['openai/mock-html-502', InternalServerError, { status: 503 }],
    ['openai/mock-broken-json', InternalServerError, { status: 502 }],
    ['openai/mock-reset', InternalServerError, { status: 503 }],
    ['wrong-key', AuthenticationError, { status: 401, code: 'invalid_api_key' }],
    ['no-such-model', BadRequestError, { status: 400, code: 'model_not_found', param: 'model' }],
  ])('%s is the client’s own kind of error', async (model, kind, expected) => {
    const error = await failureOf(model);
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject(expected);
  });

  it('a rate limit says when to come back, in seconds', async () => {
    for (const prefix of ['openai', 'anthropic', 'gemini']) {
      expect((await failureOf(`${prefix}/mock-429-30`)).headers!.get('retry-after')).toBe('30');
    }
  });

  it('a key that this gateway does not know never reaches a provider', async () => {
    const stranger = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-somebody-else', maxRetries: 0 });
    const error = await failureOf('openai/gpt-4o', stranger);
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error.message).not.toContain('sk-somebody-else');
    expect(upstreams.openAi.requests).toHaveLength(0);
  });

  it.each([
    ['openai/mock-context', 1],
    ['openai/mock-quota', 1],
    ['openai/mock-404', 1],
    ['wrong-key', 1],
    ['no-such-model', 0],
  ])('%s is not sent again by a client that would retry', async (model, upstreamRequests) => {
    const error = await failureOf(model, client.withOptions({ maxRetries: 2 }));
    expect(error.headers!.get('x-should-retry')).toBe('false');
    expect(upstreams.openAi.requests).toHaveLength(upstreamRequests);
  });

  it('what may pass is sent again, and answered', async () => {
    const completion = await client
      .withOptions({ maxRetries: 2 })
      .chat.completions.create({ model: 'openai/mock-flaky-1', messages });
    expect(completion.choices[0]!.message.content).toBe('Mock answer to: Hello');
    expect(upstreams.openAi.requests).toHaveLength(2);
  });

  it('a timeout of the client’s own ends the call upstream, too', async () => {
    const arrival = upstreams.openAi.nextRequest();
    const impatient = client.withOptions({ timeout: 200 });
    await expect(impatient.chat.completions.create({ model: 'openai/mock-hang', messages })).rejects.toThrow(
      APIConnectionError,
    );
    const request = await arrival;
    await eventually(
      () => request.clientLeft,
      (left) => left,
    );
  });
});
