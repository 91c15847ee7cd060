import type { CompletionChunk, JsonObject } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { decode, decodeUntilFault, everyCut, sse } from '../../test/streams.js';
import { openAiCompletionStreamDecoder, openAiCompletionStreamEncoder } from './completions-stream.js';

const event = (text: string, finish: string | null = null, index = 0, rest: JsonObject = {}): JsonObject => ({
  id: 'cmpl-1',
  object: 'text_completion',
  created: 1,
  model: 'm',
  choices: [{ text, index, logprobs: null, finish_reason: finish }],
  ...rest,
});
const USAGE = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
const CHUNKS: CompletionChunk[] = [
  { type: 'start', id: 'cmpl-1', model: 'm', created: 1 },
  { type: 'text-delta', choice: 0, text: 'Grü' },
  { type: 'text-delta', choice: 0, text: 'ße' },
  { type: 'finish', choice: 0, reason: 'length' },
  { type: 'usage', usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } },
];

describe('a streamed completion', () => {
  const stream = sse(event('Grü'), event('ße', 'length'), event('', null, 0, { choices: [], usage: USAGE }), '[DONE]');

  it('is read, whatever its bytes are cut into', () => {
    for (const cuts of everyCut(stream)) expect(decode(openAiCompletionStreamDecoder, stream, cuts)).toEqual(CHUNKS);
  });

  it.each<[string, string]>([
    ['[DONE]', sse(event('x', 'stop'))],
    ['an event without data', sse('', event('x', 'stop'), '[DONE]')],
    ['choices', sse({ choices: null }, event('x', 'stop'))],
    ['the reason of its end, when [DONE] tells of it', sse(event('x'), '[DONE]')],
    ['all but an empty reason', sse(event('x', ''), '[DONE]')],
  ])('may lack %s', (_title, text) => {
    expect(decode(openAiCompletionStreamDecoder, text).slice(1)).toEqual([
      { type: 'text-delta', choice: 0, text: 'x' },
      { type: 'finish', choice: 0, reason: 'stop' },
    ]);
  });

  it.each<[string, string, string]>([
    ['before its end', '', 'GW_STREAM_CUT'],
    ['while another choice goes on', sse(event('y', null, 1), event('', 'stop')), 'GW_STREAM_CUT'],
    ['inside an event', 'data: {"id":', 'GW_STREAM_CUT'],
    ['by an error', sse({ error: { message: 'x', code: 503 } }), 'GW_UPSTREAM_UNAVAILABLE'],
    ['by a reason that is an error', sse(event('', 'error')), 'GW_UPSTREAM_UNAVAILABLE'],
    ['by what is not JSON', sse('oops'), 'GW_UPSTREAM_INVALID_RESPONSE'],
    ['by what is no object', sse('5'), 'GW_UPSTREAM_INVALID_RESPONSE'],
  ])('may be cut off %s', (_title, ending, code) => {
    const { chunks, code: told } = decodeUntilFault(openAiCompletionStreamDecoder, sse(event('x')) + ending);
    expect(chunks[1]).toEqual({ type: 'text-delta', choice: 0, text: 'x' });
    expect(told).toBe(code);
  });
});

describe('a completion that is streamed', () => {
  const write = (includeUsage: boolean): string => {
    const encoder = openAiCompletionStreamEncoder({ includeUsage });
    return CHUNKS.map((chunk) => encoder.encode(chunk)).join('') + encoder.end();
  };

  it('is the same when it is read again', () => {
    expect(decode(openAiCompletionStreamDecoder, write(true))).toEqual(CHUNKS);
  });

  it('tells its usage last, in a chunk without choices, when the client asked', () => {
    const usageOnly = event('', null, 0, { choices: [], usage: USAGE });
    const nothing = { usage: null };
    expect(write(true)).toBe(
      sse(
        event('Grü', null, 0, nothing),
        event('ße', null, 0, nothing),
        event('', 'length', 0, nothing),
        usageOnly,
        '[DONE]',
      ),
    );
  });

  it('says what it cost in the usage, where the client reads that', () => {
    const encoder = openAiCompletionStreamEncoder({ includeUsage: true, tellCost: () => '0.5' });
    const text = CHUNKS.map((chunk) => encoder.encode(chunk)).join('') + encoder.end();
    expect(text).toContain('"cost":0.5');
  });

  it('keeps its usage to itself when the client did not ask', () => {
    expect(write(false)).toBe(sse(event('Grü'), event('ße'), event('', 'length'), '[DONE]'));
  });

  it('tells an error in one event, without [DONE]', () => {
    expect(openAiCompletionStreamEncoder({ includeUsage: true }).error('{}')).toBe('data: {}\n\n');
  });
});
