import type { ChatChunk, ChatResponse, JsonObject } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { decode } from '../../test/streams.js';
import { toChunks } from '../chunks.js';
import { openAiStreamDecoder } from './stream-decoder.js';
import { openAiStreamEncoder } from './stream-encoder.js';

const START: ChatChunk = { type: 'start', id: 'chatcmpl-1', model: 'm', created: 1 };
const FINISH: ChatChunk = { type: 'finish', choice: 0, reason: 'stop' };
const USAGE: ChatChunk = { type: 'usage', usage: { inputTokens: 5, outputTokens: 3, totalTokens: 8 } };

const write = (chunks: readonly ChatChunk[], includeUsage = false): string => {
  const encoder = openAiStreamEncoder({ includeUsage });
  return chunks.map((chunk) => encoder.encode(chunk)).join('') + encoder.end();
};

/** Events as clients see them, `[DONE]` and the empty opening delta left out. */
const events = (text: string): JsonObject[] =>
  text
    .split('\n\n')
    .filter((event) => event !== '' && event !== 'data: [DONE]')
    .map((event) => JSON.parse(event.slice('data: '.length)) as JsonObject);

const deltasOf = (...chunks: ChatChunk[]): unknown[] =>
  events(write([START, ...chunks]))
    .slice(1)
    .map((event) => (event['choices'] as JsonObject[])[0]?.['delta']);

describe('openAiStreamEncoder', () => {
  it('writes a stream as OpenAI does', () => {
    const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' };
    const choice = (delta: JsonObject, finish: string | null) => ({
      ...head,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    });
    const text = write([START, { type: 'text-delta', choice: 0, text: 'Hi' }, FINISH]);
    expect(events(text)).toStrictEqual([
      choice({ role: 'assistant', content: '', refusal: null }, null),
      choice({ content: 'Hi' }, null),
      choice({}, 'stop'),
    ]);
    expect(text.endsWith('\n\ndata: [DONE]\n\n')).toBe(true);
  });

  it('keeps usage to itself when the client did not ask', () => {
    expect(write([START, FINISH, USAGE])).not.toContain('usage');
  });

  it('sends usage last, in a chunk without choices, when the client asked', () => {
    const [first, , last] = events(write([START, USAGE, FINISH], true));
    expect(first).toHaveProperty('usage', null);
    expect(last).toStrictEqual({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [],
      usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
    });
  });

  it('says what it cost in the usage, where the client reads that', () => {
    const encoder = openAiStreamEncoder({ includeUsage: true, tellCost: ({ totalTokens }) => `0.00${totalTokens}` });
    const text = [START, FINISH, USAGE].map((chunk) => encoder.encode(chunk)).join('') + encoder.end();
    expect(events(text).at(-1)?.['usage']).toMatchObject({ total_tokens: 8, cost: 0.008 });
  });

  it('sends no usage that is not known', () => {
    expect(events(write([START, FINISH], true)).every((event) => event['usage'] === null)).toBe(true);
  });

  it('names the fingerprint and the tier in every chunk', () => {
    const named = events(write([{ ...START, systemFingerprint: 'fp', serviceTier: 'flex' }, FINISH]));
    for (const event of named) expect(event).toMatchObject({ system_fingerprint: 'fp', service_tier: 'flex' });
  });

  const logprobs = { content: [{ token: 'x', logprob: -1 }] };
  it.each<[ChatChunk, JsonObject]>([
    [{ type: 'reasoning-delta', choice: 0, text: 'r' }, { reasoning_content: 'r' }],
    [
      { type: 'reasoning-signature', choice: 0, signature: 's' },
      { thinking_blocks: [{ type: 'thinking', thinking: '', signature: 's' }] },
    ],
    [
      { type: 'reasoning-signature', choice: 0, redacted: 'd' },
      { thinking_blocks: [{ type: 'redacted_thinking', data: 'd' }] },
    ],
    [{ type: 'refusal-delta', choice: 0, text: 'no' }, { refusal: 'no' }],
    [
      { type: 'tool-call-start', choice: 0, index: 1, id: 'a', name: 'f' },
      { tool_calls: [{ index: 1, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] },
    ],
    [
      { type: 'tool-call-delta', choice: 0, index: 1, arguments: '{}' },
      { tool_calls: [{ index: 1, function: { arguments: '{}' } }] },
    ],
    [{ type: 'annotations', choice: 0, annotations: [{ a: 1 }] }, { annotations: [{ a: 1 }] }],
    [
      { type: 'image', choice: 0, mediaType: 'image/png', data: 'AAAA' },
      { images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] },
    ],
    [{ type: 'audio-delta', choice: 0, audio: { id: 'a' } }, { audio: { id: 'a' } }],
    [{ type: 'logprobs', choice: 0, logprobs }, {}],
  ])('writes %j', (chunk, delta) => expect(deltasOf(chunk)).toEqual([delta]));

  it('sends log probabilities beside the delta', () => {
    const [, event] = events(write([START, { type: 'logprobs', choice: 0, logprobs }]));
    expect(event).toMatchObject({ choices: [{ delta: {}, logprobs }] });
  });

  it('opens every choice with its role', () => {
    const said = [0, 1].map((choice): ChatChunk => ({ type: 'text-delta', choice, text: 'x' }));
    const roles = events(write([START, ...said])).map((event) => {
      const { index, delta } = (event['choices'] as JsonObject[])[0] as { index: number; delta: JsonObject };
      return [index, delta['role']];
    });
    expect(roles).toEqual([
      [0, 'assistant'],
      [0, undefined],
      [1, 'assistant'],
      [1, undefined],
    ]);
  });

  it('tells an error in one event, without [DONE]', () => {
    expect(openAiStreamEncoder({ includeUsage: false }).error('{"error":{}}')).toBe('data: {"error":{}}\n\n');
  });
});

describe('an answer that is streamed and read again', () => {
  const answer: ChatResponse = {
    id: 'chatcmpl-1',
    model: 'm',
    created: 1,
    systemFingerprint: 'fp',
    serviceTier: 'flex',
    choices: [
      {
        index: 0,
        content: [
          { type: 'reasoning', text: 'Hm.', signature: 's' },
          { type: 'reasoning', text: '', redacted: 'd' },
          { type: 'text', text: 'Grüße "\n" 🙂', annotations: [{ type: 'url_citation' }] },
          { type: 'tool-call', id: 'a', name: 'f', arguments: '{"x":1}', signature: 't' },
          { type: 'tool-call', id: 'b', name: 'g', arguments: '{}' },
        ],
        finishReason: 'tool-calls',
        nativeFinishReason: 'tool_calls',
        logprobs: { content: [] },
      },
      {
        index: 1,
        content: [
          { type: 'refusal', text: 'No.' },
          { type: 'image', mediaType: 'image/png', data: 'AAAA' },
          { type: 'audio', id: 'x', data: 'AAAA', transcript: 't', expiresAt: 5 },
        ],
        finishReason: 'length',
        nativeFinishReason: 'length',
      },
    ],
    usage: { inputTokens: 5, outputTokens: 3, totalTokens: 8, reasoningTokens: 1 },
  };

  it('is the same answer', () => {
    const chunks = [...toChunks(answer)];
    expect(decode(openAiStreamDecoder, write(chunks, true))).toEqual(chunks);
  });
});
