// Streams while they run: nothing is held back, nothing is called complete that is not, and nobody is forgotten.
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { chat, chunksOf, eventsOf, exchange, jsonOf, messages, metricsOf, open, type Json } from './client.js';
import { eventually, sleep, startGateway, type Gateway } from './harness.js';
import {
  deployment,
  everyModelOf,
  openAi,
  upstreams,
  type ProviderName,
  type UpstreamName,
  ONE_ATTEMPT,
} from './upstreams.js';

jest.setTimeout(30_000);

const CHAT = '/v1/chat/completions';

let gateway: Gateway;

const PROVIDERS: [prefix: ProviderName, UpstreamName][] = [
  ['openai', 'openAi'],
  ['azure', 'openAi'],
  ['anthropic', 'anthropic'],
  ['gemini', 'gemini'],
  ['ollama', 'ollama'],
];

beforeAll(async () => {
  const prefixes = PROVIDERS.map(([prefix]) => prefix);
  gateway = await startGateway({
    config: {
      router_settings: ONE_ATTEMPT,
      model_list: [
        ...everyModelOf(...prefixes),
        ...prefixes.map((prefix) => deployment(`long ${prefix}`, `${prefix}/mock-long-1000+pace-2`)),
      ],
    },
  });
});

const streaming = (model: string, more: object = {}) => ({ model, messages, stream: true, ...more });

/** A stream's text so far. */
const reading = (response: IncomingMessage): { text: string } => {
  const read = { text: '' };
  response.setEncoding('utf8').on('data', (piece: string) => (read.text += piece));
  response.on('error', () => undefined);
  return read;
};

const sse = (event: object): string => `data: ${JSON.stringify(event)}\n\n`;
const named = (event: { type: string; [field: string]: unknown }): string => `event: ${event.type}\n${sse(event)}`;
const openAiChunk = (delta: object, finish: string | null = null): string =>
  sse({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
const geminiChunk = (text: string, more: object = {}): string =>
  `data: ${JSON.stringify({ candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0, ...more }] })}\r\n\r\n`;
const ollamaLine = (content: string, more: object = { done: false }): string =>
  `${JSON.stringify({ model: 'm', created_at: '2026-01-01T00:00:00Z', message: { role: 'assistant', content }, ...more })}\n`;

/** A stream in each provider's format: what comes before the words, one word, what comes after them. */
const FORMATS: Record<UpstreamName, { type: string; head: string; word: (word: string) => string; tail: string }> = {
  openAi: {
    type: 'text/event-stream',
    head: openAiChunk({ role: 'assistant', content: '' }),
    word: (content) => openAiChunk({ content }),
    tail: `${openAiChunk({}, 'stop')}data: [DONE]\n\n`,
  },
  anthropic: {
    type: 'text/event-stream',
    head:
      named({
        type: 'message_start',
        message: {
          id: 'm',
          type: 'message',
          role: 'assistant',
          model: 'm',
          content: [],
          usage: { input_tokens: 1, output_tokens: 1 },
        },
      }) + named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    word: (text) => named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
    tail:
      named({ type: 'content_block_stop', index: 0 }) +
      named({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } }) +
      named({ type: 'message_stop' }),
  },
  gemini: { type: 'text/event-stream', head: '', word: geminiChunk, tail: geminiChunk('', { finishReason: 'STOP' }) },
  ollama: {
    type: 'application/x-ndjson',
    head: '',
    word: ollamaLine,
    tail: ollamaLine('', { done: true, done_reason: 'stop' }),
  },
};

describe.each(PROVIDERS)('a stream of %s', (prefix, name) => {
  const upstream = upstreams[name];

  it('passes on each piece before the next one is sent', async () => {
    const { type, head, word, tail } = FORMATS[name];
    const read: { text: string } = { text: '' };
    const seen: string[] = [];
    const arrives = (text: string): Promise<string> =>
      eventually(
        () => read.text,
        (sofar) => sofar.includes(text),
        2_000,
      );
    const play = async (response: ServerResponse): Promise<void> => {
      response.writeHead(200, { 'content-type': type });
      response.write(head);
      for (const text of ['alpha', 'beta', 'gamma']) {
        response.write(word(text));
        // Not another byte before the client has this one.
        await arrives(text);
        seen.push(text);
      }
      response.end(tail);
    };
    upstream.script((_request: IncomingMessage, response: ServerResponse) => void play(response));
    const response = await open(gateway, CHAT, { body: streaming(`${prefix}/m`) });
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
    response.setEncoding('utf8').on('data', (piece: string) => (read.text += piece));
    await arrives('[DONE]');
    expect(seen).toEqual(['alpha', 'beta', 'gamma']);
  });

  it('that begins with an error is an ordinary error', async () => {
    const response = await chat(gateway, streaming(`${prefix}/mock-first-chunk-error`));
    expect(response.status).toBeGreaterThanOrEqual(500);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect((await jsonOf(response)).error).toMatchObject({
      message: expect.stringMatching(/overloaded|error/i),
      type: 'server_error',
    });
    expect(upstream.requests).toHaveLength(1);
  });

  it.each([
    ['an error of the provider', 'mock-long-20+error-in-stream-6', undefined],
    ['the end of the connection', 'mock-long-20+cut-6', 'stream_cut'],
    ['silence', 'mock-long-20+stall-6', 'timeout'],
  ])('that is broken off by %s ends in one error, and is not called done', async (_what, model, code) => {
    const response = await chat(gateway, streaming(`${prefix}/${model}`, { timeout: 0.5 }));
    expect(response.status).toBe(200);
    const events = eventsOf(await response.text()).map((event): Json =>
      event === '[DONE]' ? event : JSON.parse(event),
    );
    const text = events.map((event) => event.choices?.[0]?.delta.content ?? '').join('');
    expect(text).toMatch(/^word0 word1 /);
    expect(events.filter((event) => event.error !== undefined)).toEqual([events.at(-1)]);
    expect(events.at(-1).error).toMatchObject({ message: expect.any(String), type: expect.any(String) });
    if (code) expect(events.at(-1).error.code).toBe(code);
    expect(events).not.toContain('[DONE]');
    expect(
      events.flatMap((event) => event.choices ?? []).map((choice: Json) => choice.finish_reason ?? null),
    ).not.toContain('stop');
  });

  it('that never begins is a timeout', async () => {
    const response = await chat(gateway, streaming(`${prefix}/mock-hang`, { stream_timeout: 0.2 }));
    expect([response.status, (await jsonOf(response)).error.code]).toEqual([408, 'timeout']);
  });

  it('is given up at once when the client leaves, and what came is counted', async () => {
    const arrival = upstream.nextRequest();
    const response = await open(gateway, CHAT, { body: streaming(`long ${prefix}`) });
    const read = reading(response);
    await eventually(
      () => read.text,
      (text) => text.includes('word3 '),
    );
    const record = await arrival;
    const leftAt = performance.now();
    response.destroy();
    await eventually(
      () => record.clientLeft,
      (left) => left,
    );
    expect(performance.now() - leftAt).toBeLessThan(500);
    const metrics = await metricsOf(gateway);
    const requested = { requested_model: `long ${prefix}` };
    expect(metrics.sum('litellm_proxy_total_requests_metric_total', { ...requested, status_code: '499' })).toBe(1);
    const tokens = metrics.sum('litellm_output_tokens_metric_total', requested);
    expect(tokens).toBeGreaterThanOrEqual(4);
    expect(tokens).toBeLessThan(1_000);
  });

  it('that was not begun is given up at once when the client leaves', async () => {
    const arrival = upstream.nextRequest();
    const abort = new AbortController();
    const answer = chat(gateway, streaming(`${prefix}/mock-hang`), { signal: abort.signal }).catch(() => undefined);
    const record = await arrival;
    abort.abort();
    await answer;
    await eventually(
      () => record.clientLeft,
      (left) => left,
      500,
    );
  });
});

describe('a stream', () => {
  it.each(['openai', 'anthropic'])('of %s that forgets its end marker is complete', async (prefix) => {
    const chunks = await chunksOf(chat(gateway, streaming(`${prefix}/mock-no-end`)));
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Mock answer to: Hello');
  });

  it.each(['azure', 'anthropic', 'gemini', 'ollama'])(
    'of %s that turns into nonsense ends in an error',
    async (prefix) => {
      const response = await chat(gateway, streaming(`${prefix}/mock-long-20+broken-json`));
      const text = await response.text();
      expect(text).toMatch(/"error":/);
      expect(text).not.toContain('[DONE]');
    },
  );

  it('is one of fifty, and none gets a word of another', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const model = PROVIDERS[index % PROVIDERS.length]![0];
        const content = `question ${index}.`;
        const body = streaming(`${model}/mock-pace-1`, { messages: [{ role: 'user', content }] });
        const chunks = await chunksOf(chat(gateway, body));
        return chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
      }),
    );
    expect(answers).toEqual(answers.map((_, index) => `Mock answer to: question ${index}.`));
  });

  it('waits for a client that reads slowly, instead of keeping all of it in memory', async () => {
    let accepted = 0;
    const piece = openAiChunk({ content: 'x'.repeat(64 * 1_024) });
    const pour = async (response: ServerResponse): Promise<void> => {
      const closed = new Promise((resolve) => response.once('close', resolve));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      while (!response.destroyed && accepted < 256 * 1_024 * 1_024) {
        accepted += piece.length;
        if (!response.write(piece)) {
          await Promise.race([closed, new Promise((resolve) => response.once('drain', resolve))]);
        }
      }
      response.end();
    };
    openAi.script((_request: IncomingMessage, response: ServerResponse) => void pour(response));
    const response = await open(gateway, CHAT, { body: streaming('openai/m') });
    response.pause();
    await sleep(400);
    const [early, later] = [accepted, await sleep(300).then(() => accepted)];
    response.destroy();
    expect(later).toBe(early);
    expect(early).toBeLessThan(64 * 1_024 * 1_024);
  });
});

it('leaves nothing in flight', async () => {
  const metrics = await eventually(
    () => metricsOf(gateway),
    (one) => one.sum('litellm_in_flight_requests') === 0,
  );
  expect(metrics.text).toContain('litellm_in_flight_requests');
});

it('a whole answer is given up, too, when the client leaves', async () => {
  const arrival = openAi.nextRequest();
  const response = exchange(gateway, CHAT, { body: { model: 'openai/mock-hang', messages, timeout: 0.1 } });
  const record = await arrival;
  expect((await response).status).toBe(408);
  await eventually(
    () => record.clientLeft,
    (left) => left,
    500,
  );
});
