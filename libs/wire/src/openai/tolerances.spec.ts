// What hosts of this format write otherwise than OpenAI, and is read all the same.
import type { ChatChunk, JsonObject } from '@turnpike/domain';
import { isGatewayError } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import { fromOpenAiCompletionResponse } from './completions.js';
import { openAiCompletionStreamDecoder } from './completions-stream.js';
import { fromOpenAiEmbeddingResponse } from './embeddings.js';
import { fromOpenAiResponse } from './from-response.js';
import { openAiStreamDecoder } from './stream-decoder.js';

const answer = (message: JsonObject, choice: JsonObject = {}): JsonObject => ({
  id: 'a',
  model: 'm',
  created: 1,
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop', ...choice }],
});

const contentOf = (message: JsonObject) => fromOpenAiResponse(answer(message)).choices[0]?.content;

const chunk = (delta: JsonObject, choice: JsonObject = {}, rest: JsonObject = {}): JsonObject => ({
  id: 'a',
  model: 'm',
  created: 1,
  choices: [{ index: 0, delta, finish_reason: null, ...choice }],
  ...rest,
});

const END = chunk({}, { finish_reason: 'stop' });

/** Chunks after the `start`, up to the error if there is one. */
const streamed = (...events: JsonObject[]): { chunks: ChatChunk[]; code?: string } => {
  const chunks: ChatChunk[] = [];
  const decoder = openAiStreamDecoder((one) => chunks.push(one));
  try {
    for (const event of events) decoder.push(Buffer.from(`data: ${JSON.stringify(event)}\n\n`));
    decoder.end();
  } catch (error) {
    return { chunks: chunks.slice(1), ...(isGatewayError(error) ? { code: error.code } : {}) };
  }
  return { chunks: chunks.slice(1) };
};

const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    if (isGatewayError(error)) return error.code;
    throw error;
  }
  return undefined;
};

describe('reasoning as parts of the content', () => {
  const text = { type: 'text', text: 'So.' };

  it.each<[string, JsonObject, JsonObject]>([
    ['a list of texts', { type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] }, { text: 'Hm.' }],
    ['a text', { type: 'thinking', thinking: 'Hm.' }, { text: 'Hm.' }],
    [
      'a signed summary',
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.', signature: 's' }] },
      { text: 'Hm.', signature: 's' },
    ],
  ])('is read from %s', (_title, part, expected) => {
    expect(contentOf({ content: [part, text] })).toEqual([{ type: 'reasoning', ...expected }, text]);
    const signed = 'signature' in expected ? [{ type: 'reasoning-signature', choice: 0, signature: 's' }] : [];
    expect(streamed(chunk({ content: [part, text] }), END).chunks.slice(0, -1)).toEqual([
      { type: 'reasoning-delta', choice: 0, text: 'Hm.' },
      ...signed,
      { type: 'text-delta', choice: 0, text: 'So.' },
    ]);
  });

  it('says nothing when it is empty', () => {
    expect(contentOf({ content: [{ type: 'thinking', thinking: [] }, text] })).toEqual([text]);
  });
});

describe('tool calls', () => {
  const call = { id: 'c', function: { name: 'f', arguments: { a: 1 } } };
  const part = { type: 'tool-call', id: 'c', name: 'f', arguments: '{"a":1}' };

  it('may come without the list around them', () => {
    expect(contentOf({ content: null, tool_calls: call })).toEqual([part]);
    expect(streamed(chunk({ tool_calls: call }), END).chunks.map((one) => one.type)).toEqual([
      'tool-call-start',
      'tool-call-delta',
      'finish',
    ]);
  });

  it('get an id where the host gives none', () => {
    const [made] = contentOf({ tool_calls: [{ function: { name: 'f', arguments: '{}' } }] }) ?? [];
    expect(made).toMatchObject({ type: 'tool-call', id: expect.stringMatching(/^call_[0-9a-f]{24}$/) });
  });

  it('stand alone where an empty text came with them', () => {
    expect(contentOf({ content: '', tool_calls: [call] })).toEqual([part]);
  });

  it('are why the model stopped, whatever the host says', () => {
    expect(fromOpenAiResponse(answer({ tool_calls: [call] }, { finish_reason: '' })).choices[0]?.finishReason).toBe(
      'tool-calls',
    );
  });
});

it('keeps an empty text that is all there is', () => {
  expect(contentOf({ content: '' })).toEqual([{ type: 'text', text: '' }]);
});

describe('usage of a stream', () => {
  const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
  const read = { type: 'usage', usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } };

  it.each<[string, JsonObject]>([
    ['at the top', chunk({}, { finish_reason: 'stop' }, { usage })],
    ['in the choice', chunk({}, { finish_reason: 'stop', usage })],
    ['in a field of its own', chunk({}, { finish_reason: 'stop' }, { x_groq: { id: 'r', usage } })],
  ])('is read %s', (_title, last) => expect(streamed(last).chunks).toContainEqual(read));
});

describe('an error inside a 200', () => {
  it.each<[string, JsonObject, string]>([
    ['an error object', { error: { message: 'Busy', code: 503 } }, 'GW_UPSTREAM_UNAVAILABLE'],
    ['an error text', { error: 'insufficient balance' }, 'GW_UPSTREAM_BILLING'],
    [
      'a status of its own',
      { choices: null, base_resp: { status_code: 1002, status_msg: 'rate limit' } },
      'GW_UPSTREAM_RATE_LIMITED',
    ],
  ])('is read from %s', (_title, body, code) => {
    expect(codeOf(() => fromOpenAiResponse(body))).toBe(code);
    expect(codeOf(() => fromOpenAiEmbeddingResponse(body))).toBe(code);
    expect(codeOf(() => fromOpenAiCompletionResponse(body))).toBe(code);
    expect(streamed(chunk({ content: 'x' }), body)).toEqual({
      chunks: [{ type: 'text-delta', choice: 0, text: 'x' }],
      code,
    });
    const completion = openAiCompletionStreamDecoder(() => {});
    expect(codeOf(() => completion.push(Buffer.from(`data: ${JSON.stringify(body)}\n\n`)))).toBe(code);
  });

  it.each<[string, JsonObject]>([
    ['no error', { error: null }],
    ['a status of 0', { base_resp: { status_code: 0, status_msg: '' } }],
  ])('is none with %s', (_title, fields) => {
    expect(codeOf(() => fromOpenAiResponse({ ...answer({ content: 'x' }), ...fields }))).toBeUndefined();
  });

  it.each(['error', 'network_error', 'insufficient_system_resource'])('is told by the finish reason %s', (word) => {
    const last = chunk({}, { finish_reason: word });
    expect(codeOf(() => fromOpenAiResponse(answer({ content: 'x' }, { finish_reason: word })))).toBe(
      'GW_UPSTREAM_UNAVAILABLE',
    );
    expect(streamed(last).code).toBe('GW_UPSTREAM_UNAVAILABLE');
  });

  it("is told with the choice's own reason where there is one", () => {
    const choice = { finish_reason: 'error', error: { message: 'slow down', code: 429 } };
    expect(codeOf(() => fromOpenAiResponse(answer({ content: 'x' }, choice)))).toBe('GW_UPSTREAM_RATE_LIMITED');
    expect(streamed(chunk({}, choice)).code).toBe('GW_UPSTREAM_RATE_LIMITED');
  });
});
