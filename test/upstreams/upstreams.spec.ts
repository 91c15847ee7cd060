// What every mock provider does, against plain fetch.
import { describe, expect, it } from '@jest/globals';
import { behaviourOf, startOpenAiUpstream } from './index.mjs';
import { chat, jsonOf, textOf, upstreams } from './spec-clients.js';

describe.each(['openAi', 'anthropic', 'gemini', 'ollama'] as const)('the %s mock', (provider) => {
  it('quotes the last user message', async () => {
    const response = await chat[provider]('some-model');
    expect(response.status).toBe(200);
    expect(textOf[provider](await jsonOf(response))).toBe('Mock answer to: Hello');
  });

  it.each([429, 500, 503])('answers %d when the name of the model asks for it', async (status) => {
    expect((await chat[provider](`mock-${status}`)).status).toBe(status);
  });

  it('sends a page of HTML, as a proxy would', async () => {
    const response = await chat[provider]('mock-html');
    expect([response.status, response.headers.get('content-type')]).toEqual([502, 'text/html']);
  });

  it('sends JSON that does not parse', async () => {
    await expect(chat[provider]('mock-broken-json').then(jsonOf)).rejects.toThrow();
  });

  it('sends no body', async () => {
    const response = await chat[provider]('mock-empty');
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it.each(['mock-reset', 'mock-cut'])('closes the connection early: %s', async (model) => {
    await expect(chat[provider](model).then((response) => response.text())).rejects.toThrow();
  });

  it('cuts a stream after so many events', async () => {
    await expect(chat[provider]('mock-cut-2', { stream: true }).then((response) => response.text())).rejects.toThrow();
  });

  it('names no wait with a limit when it is told so', async () => {
    const response = await chat[provider]('mock-429-0');
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, null]);
    expect(await response.text()).not.toMatch(/retryDelay|try again in/);
  });

  it('sends its error body with status 200', async () => {
    const response = await chat[provider]('mock-error-200');
    expect([response.status, await jsonOf(response)]).toEqual([
      200,
      expect.objectContaining({ error: expect.anything() }),
    ]);
  });

  it('ends a stream early, as if that were all', async () => {
    const [short, whole] = await Promise.all(
      ['mock-end-after-2', 'any'].map((model) =>
        chat[provider](model, { stream: true }).then((response) => response.text()),
      ),
    );
    expect(short!.length).toBeGreaterThan(0);
    expect(short!.length).toBeLessThan(whole!.length);
  });

  it.each([{}, { stream: true }])('sends the head long before the rest (%j)', async (more) => {
    const response = await chat[provider]('mock-late-80', more);
    const headAt = performance.now();
    await response.text();
    expect(performance.now() - headAt).toBeGreaterThan(40);
  });

  it('waits before it answers', async () => {
    const start = performance.now();
    await chat[provider]('mock-slow-80');
    expect(performance.now() - start).toBeGreaterThan(70);
  });

  it('keeps a request without an answer, and notices that the client leaves', async () => {
    const leave = new AbortController();
    const arrival = upstreams[provider].nextRequest();
    const answer = chat[provider]('mock-hang', {}, { signal: leave.signal });
    const request = await arrival;
    expect([request.clientLeft, upstreams[provider].inFlight]).toEqual([false, 1]);
    leave.abort();
    await expect(answer).rejects.toThrow();
    while (upstreams[provider].inFlight > 0) await new Promise(setImmediate);
    expect(request.clientLeft).toBe(true);
  });

  it('fails so many times before it answers', async () => {
    const statuses = [];
    for (let index = 0; index < 3; index += 1) statuses.push((await chat[provider]('mock-flaky-2')).status);
    expect(statuses).toEqual([500, 500, 200]);
  });

  it('follows a script before the name of the model', async () => {
    upstreams[provider].script('500', (_request, response) => response.writeHead(418).end());
    const statuses = [];
    for (let index = 0; index < 3; index += 1) statuses.push((await chat[provider]('any')).status);
    expect(statuses).toEqual([500, 418, 200]);
  });

  it('sends the same bytes when it cuts them into single bytes', async () => {
    const texts = await Promise.all(
      ['mock-unicode', 'mock-unicode+split-1'].map((model) =>
        chat[provider](model, { stream: true }).then((response) => response.text()),
      ),
    );
    // What differs from call to call, or by the name asked for.
    const constant = texts.map((text) =>
      text.replace(/"(id|created_at|responseId|model|modelVersion)":\s?"[^"]*"/g, ''),
    );
    expect(constant[0]).toBe(constant[1]);
    expect(constant[0]).toContain('🚀');
  });

  it('calls the first tool offered, with arguments that fit its schema', async () => {
    const schema = { type: 'object', properties: { place: { type: 'string' }, days: { type: 'integer' } } };
    const tools = {
      openAi: [{ type: 'function', function: { name: 'forecast', parameters: schema } }],
      anthropic: [{ name: 'forecast', input_schema: schema }],
      gemini: [{ functionDeclarations: [{ name: 'forecast', parameters: schema }] }],
      ollama: [{ type: 'function', function: { name: 'forecast', parameters: schema } }],
    }[provider];
    const body = await jsonOf(await chat[provider]('any', { tools }));
    const [name, input] = {
      openAi: () => [
        body.choices[0].message.tool_calls[0].function.name,
        JSON.parse(body.choices[0].message.tool_calls[0].function.arguments),
      ],
      anthropic: () => [body.content[0].name, body.content[0].input],
      gemini: () => Object.values(body.candidates[0].content.parts[0].functionCall),
      ollama: () => Object.values(body.message.tool_calls[0].function),
    }[provider]();
    expect([name, input]).toEqual(['forecast', { place: 'text', days: 1 }]);
  });

  it('records the newest requests', async () => {
    await chat[provider]('first', {}, { key: 'sk-one' });
    await chat[provider]('second');
    const [first, second] = upstreams[provider].requests;
    expect(upstreams[provider].requests).toHaveLength(2);
    expect([first?.method, JSON.stringify([first?.path, first?.body])]).toEqual([
      'POST',
      expect.stringContaining('first'),
    ]);
    expect(JSON.stringify([second?.path, second?.body])).toContain('second');
    expect(JSON.stringify(first?.headers)).toContain('sk-one');
    expect(JSON.parse(first?.rawBody.toString() ?? '')).toEqual(first?.body);
  });
});

describe('behaviourOf', () => {
  it.each([
    ['gpt-4o', {}],
    ['mock-unheard-of', {}],
    ['openai/mock-slow-200+tools', { slowMs: 200, toolCalls: 1 }],
    ['mock-429-30', { status: 429, retryAfterSeconds: 30 }],
    ['mock-error-in-stream-5', { errorAfter: 5 }],
    ['mock-error-200', { errorWithStatus: 200 }],
    ['mock-429+wait-ms-50', { status: 429, retryAfterMs: 50 }],
  ])('reads %s', (model, expected) => {
    expect(behaviourOf(model)).toEqual(expected);
  });
});

it('does as it is told until it is reset, and can be away for a while', async () => {
  const upstream = await startOpenAiUpstream({ requireKey: false });
  const status = async (): Promise<number> => (await fetch(`${upstream.url}/v1/models/a`)).status;
  upstream.behave('503');
  expect(await status()).toBe(503);
  upstream.reset();
  upstream.behave('500', 'b');
  expect(await status()).toBe(200);
  upstream.behave('500', 'a');
  expect(await status()).toBe(500);
  upstream.reset();
  expect(await status()).toBe(200);
  await upstream.close();
  await expect(status()).rejects.toThrow();
  await upstream.open();
  expect(await status()).toBe(200);
  await upstream.close();
});

it('keeps no more requests than it is told to', async () => {
  const upstream = await startOpenAiUpstream({ keepRequests: 2, requireKey: false });
  for (const id of ['a', 'b', 'c']) await fetch(`${upstream.url}/v1/models/${id}`);
  expect(upstream.requests.map(({ path }) => path)).toEqual(['/v1/models/b', '/v1/models/c']);
  await upstream.close();
});
