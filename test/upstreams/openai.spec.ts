// The OpenAI mock's shapes, against plain fetch.
import { describe, expect, it } from '@jest/globals';
import { chat, chunksOf, eventsOf, jsonOf, messages, openAi, post, type Json } from './spec-clients.js';

describe('the OpenAI mock', () => {
  it('streams role, content, finish, usage and [DONE]', async () => {
    const response = await chat.openAi('gpt-4o', { stream: true, stream_options: { include_usage: true } });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const events = await eventsOf(response);
    expect(events.at(-1)).toEqual([undefined, '[DONE]']);
    const chunks = events.slice(0, -1).map(([, data]): Json => JSON.parse(data));
    expect(chunks[0].choices[0].delta).toEqual({ role: 'assistant', content: '', refusal: null });
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Mock answer to: Hello');
    expect(chunks.at(-2).choices).toEqual([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }]);
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 },
    });
    expect(new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`)).size).toBe(1);
    expect(chunks[0].created).toBe(1_700_000_000);
  });

  it('says nothing of usage in a stream that did not ask for it', async () => {
    const chunks = await chunksOf(await chat.openAi('gpt-4o', { stream: true }));
    expect(chunks.some((chunk) => 'usage' in chunk || chunk.choices.length === 0)).toBe(false);
  });

  it('names each parallel tool call once and then adds to its arguments', async () => {
    const chunks = await chunksOf(await chat.openAi('mock-parallel-tools', { stream: true }));
    const deltas = chunks.flatMap((chunk) => chunk.choices[0].delta.tool_calls ?? []);
    expect(deltas.filter((delta) => delta.id).map(({ index, type }) => [index, type])).toEqual([
      [0, 'function'],
      [1, 'function'],
    ]);
    const joined = [0, 1].map((call) =>
      deltas.flatMap((delta) => (delta.index === call ? [delta.function.arguments] : [])).join(''),
    );
    expect(joined).toEqual(['{"city":"Paris"}', '{"city":"Paris"}']);
    expect(chunks.at(-1).choices[0].finish_reason).toBe('tool_calls');
  });

  it('answers in words after a tool has answered', async () => {
    const tools = [{ type: 'function', function: { name: 'f', parameters: {} } }];
    const turns = [...messages, { role: 'assistant', tool_calls: [] }, { role: 'tool', content: '42' }];
    const body = await jsonOf(await chat.openAi('any', { tools, messages: turns }));
    expect(body.choices[0]).toMatchObject({ message: { content: 'Mock answer to: Hello' }, finish_reason: 'stop' });
  });

  it.each([
    ['json_object', { type: 'json_object' }, { answer: 'Mock answer to: Hello' }],
    [
      'json_schema',
      {
        type: 'json_schema',
        json_schema: {
          name: 'trip',
          schema: {
            type: 'object',
            properties: { stops: { type: 'array', items: { $ref: '#/$defs/stop' } } },
            $defs: {
              stop: { type: 'object', properties: { name: { enum: ['Lisbon'] }, nights: { type: 'integer' } } },
            },
          },
        },
      },
      { stops: [{ name: 'Lisbon', nights: 1 }] },
    ],
  ])('honours response_format %s', async (_name, response_format, expected) => {
    const body = await jsonOf(await chat.openAi('any', { response_format }));
    expect(JSON.parse(body.choices[0].message.content)).toEqual(expected);
  });

  it('stops at max_tokens', async () => {
    const body = await jsonOf(await chat.openAi('any', { max_completion_tokens: 2 }));
    expect(body.choices[0]).toMatchObject({ message: { content: 'Mock answer' }, finish_reason: 'length' });
    expect(body.usage.completion_tokens).toBe(2);
  });

  it.each([
    ['sk-bad', { code: 'invalid_api_key', message: expect.stringContaining('Incorrect API key provided: sk-bad') }],
    ['', { code: null, message: expect.stringContaining("You didn't provide an API key") }],
  ])('refuses the key "%s" with 401', async (key, error) => {
    const response = await chat.openAi('any', {}, { key });
    expect(response.status).toBe(401);
    expect(await jsonOf(response)).toEqual({
      error: expect.objectContaining({ type: 'invalid_request_error', ...error }),
    });
  });

  it('says when to come back after 429', async () => {
    const response = await chat.openAi('mock-429-7');
    expect([response.headers.get('retry-after'), (await jsonOf(response)).error.code]).toEqual([
      '7',
      'rate_limit_exceeded',
    ]);
  });

  it.each([
    ['mock-first-chunk-error', 0],
    ['mock-error-in-stream', 3],
  ])('%s sends the error event after %d chunks, and no [DONE]', async (model, before) => {
    const events = await eventsOf(await chat.openAi(model, { stream: true }));
    expect(events).toHaveLength(before + 1);
    expect(JSON.parse(events.at(-1)?.[1] ?? '').error.type).toBe('server_error');
  });

  it.each([
    ['mock-long-50', (text: string) => text.split(' ').length - 1, 50],
    ['mock-big-64', (text: string) => text.length, 65_536],
  ])('%s answers at length', async (model, size, expected) => {
    const chunks = await chunksOf(await chat.openAi(model, { stream: true }));
    expect(size(chunks.map((chunk) => chunk.choices[0].delta.content ?? '').join(''))).toBe(expected);
  });

  it('leaves usage out when asked', async () => {
    expect((await jsonOf(await chat.openAi('mock-usage-null'))).usage).toBeNull();
    const options = { stream: true, stream_options: { include_usage: true } };
    const chunks = await chunksOf(await chat.openAi('mock-usage-null', options));
    expect(chunks.every((chunk) => chunk.usage === null && chunk.choices.length === 1)).toBe(true);
  });

  it('keeps the bytes that it sent', async () => {
    const text = await chat.openAi('any', { stream: true }).then((response) => response.text());
    expect(openAi.requests[0]?.answer.toString()).toBe(text);
  });

  it('embeds as floats or as base64 of the same floats', async () => {
    const [floats, base64] = await Promise.all(
      ['float', 'base64'].map(async (encoding_format) => {
        const body = { model: 'e', input: ['a', 'b'], dimensions: 4, encoding_format };
        return jsonOf(await post(`${openAi.url}/v1/embeddings`, body, { authorization: 'Bearer k' }));
      }),
    );
    const decoded = base64.data.map(({ embedding }: Json) => [
      ...new Float32Array(Uint8Array.from(Buffer.from(embedding, 'base64')).buffer),
    ]);
    expect(decoded).toEqual(floats.data.map(({ embedding }: Json) => embedding));
    expect(decoded[0]).toHaveLength(4);
    expect(floats).toMatchObject({ object: 'list', model: 'e', usage: { prompt_tokens: 2, total_tokens: 2 } });
  });

  it('completes prompts by the legacy endpoint', async () => {
    const body = { model: 'davinci', prompt: 'Once', stream: true, stream_options: { include_usage: true } };
    const chunks = await chunksOf(await post(`${openAi.url}/v1/completions`, body, { authorization: 'Bearer k' }));
    expect(chunks.map((chunk) => chunk.choices[0]?.text ?? '').join('')).toBe('Mock answer to: Once');
    expect(chunks.at(-2).choices[0].finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ object: 'text_completion', choices: [], usage: { prompt_tokens: 1 } });
  });

  it('takes the deployment in an Azure path for the model, and the key from api-key', async () => {
    const url = `${openAi.url}/openai/deployments/mine/chat/completions?api-version=2024-10-21`;
    const chunks = await chunksOf(await post(url, { messages, stream: true }, { 'api-key': 'k' }));
    expect(chunks[0]).toMatchObject({ choices: [], prompt_filter_results: [{}] });
    expect(chunks[1].model).toBe('mine');
  });

  it.each([
    ['GET', '/v1/models', 200],
    ['GET', '/v1/models/gpt-4o', 200],
    ['GET', '/v1/nothing', 404],
  ])('answers %s %s with %d', async (method, path, status) => {
    const response = await fetch(`${openAi.url}${path}`, { method, headers: { authorization: 'Bearer k' } });
    expect(response.status).toBe(status);
  });
});
