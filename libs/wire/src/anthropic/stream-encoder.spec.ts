import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ChatChunk, JsonObject } from '@turnpike/domain';
import { anthropicStreamDecoder } from './stream-decoder.js';
import { anthropicStreamEncoder, type AnthropicStreamOptions } from './stream-encoder.js';

beforeAll(() => void jest.useFakeTimers({ now: 1_700_000_000_000 }));
afterAll(() => void jest.useRealTimers());

const START: ChatChunk = { type: 'start', id: 'msg_1', model: 'm', created: 1_700_000_000 };
const text = (value: string): ChatChunk => ({ type: 'text-delta', choice: 0, text: value });
const reasoning = (value: string): ChatChunk => ({ type: 'reasoning-delta', choice: 0, text: value });
const signature = (value: string): ChatChunk => ({ type: 'reasoning-signature', choice: 0, signature: value });
const call = (index: number): ChatChunk => ({ type: 'tool-call-start', choice: 0, index, id: `t${index}`, name: 'f' });
const piece = (index: number, json: string): ChatChunk => ({
  type: 'tool-call-delta',
  choice: 0,
  index,
  arguments: json,
});
const finish = (reason: 'stop' | 'length' | 'tool-calls' = 'stop', native?: string): ChatChunk => ({
  type: 'finish',
  choice: 0,
  reason,
  ...(native ? { native } : {}),
});
const USAGE: ChatChunk = {
  type: 'usage',
  usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedInputTokens: 4 },
};

const encode = (chunks: readonly ChatChunk[], options?: AnthropicStreamOptions): string => {
  const encoder = anthropicStreamEncoder(options);
  return chunks.map((chunk) => encoder.encode(chunk)).join('') + encoder.end();
};

const eventsOf = (stream: string): JsonObject[] =>
  stream
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => {
      const [name, data] = event.split('\n') as [string, string];
      const payload = JSON.parse(data.replace(/^data: /, '')) as JsonObject;
      expect(name).toBe(`event: ${String(payload['type'])}`);
      return payload;
    });

/** The blocks, as `text(Hi)` and the like; fails where a delta or a stop belongs to no open block. */
const blocksOf = (stream: string): string[] => {
  const blocks: string[] = [];
  let open: number | undefined;
  for (const event of eventsOf(stream)) {
    if (event['type'] === 'content_block_start') {
      expect(open).toBeUndefined();
      expect(event['index']).toBe(blocks.length);
      open = blocks.length;
      const block = event['content_block'] as JsonObject;
      blocks.push(String(block['type']) + (block['type'] === 'tool_use' ? ` ${String(block['id'])}` : '') + '(');
    } else if (event['type'] === 'content_block_delta') {
      expect(event['index']).toBe(open);
      const { type: _type, ...delta } = event['delta'] as JsonObject;
      blocks[open!] += Object.entries(delta)
        .map(([key, value]) => (key === 'signature' ? `|${String(value)}` : JSON.stringify(value)))
        .join('');
    } else if (event['type'] === 'content_block_stop') {
      expect(event['index']).toBe(open);
      blocks[open!] += ')';
      open = undefined;
    }
  }
  expect(open).toBeUndefined();
  return blocks;
};

describe('anthropicStreamEncoder', () => {
  it('tells a message from start to stop', () =>
    expect(eventsOf(encode([START, text('Hi'), finish('stop', 'stop'), USAGE], { inputTokens: 7 }))).toEqual([
      {
        type: 'message_start',
        message: {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model: 'm',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: {
            input_tokens: 7,
            cache_creation_input_tokens: 0,
            cache_read_input_tokens: 0,
            cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
            output_tokens: 1,
            service_tier: 'standard',
          },
        },
      },
      { type: 'ping' },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
      { type: 'content_block_stop', index: 0 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: {
          input_tokens: 6,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 4,
          cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
          output_tokens: 5,
        },
      },
      { type: 'message_stop' },
    ]));

  it('tells the input that the upstream counted rather than the estimate', () => {
    const start: ChatChunk = { ...START, usage: { inputTokens: 9, outputTokens: 1, totalTokens: 10 } };
    expect(eventsOf(encode([start, finish()], { inputTokens: 7 }))[0]).toMatchObject({
      message: { usage: { input_tokens: 9 } },
    });
  });

  it.each<[string, ChatChunk[], string[]]>([
    ['an answer that says nothing', [], ['text()']],
    ['empty deltas as nothing', [text(''), text('a')], ['text("a")']],
    [
      'thinking, text and a call one after the other',
      [reasoning('a'), reasoning('b'), signature('s'), text('c'), call(0), piece(0, '{}')],
      ['thinking("a""b"|s)', 'text("c")', 'tool_use t0("{}")'],
    ],
    ['thinking without a signature', [reasoning('a'), text('b')], ['thinking("a"|)', 'text("b")']],
    ['thinking without a text', [signature('s'), text('b')], ['thinking(|s)', 'text("b")']],
    [
      'redacted thinking as a block of its own',
      [reasoning('a'), { type: 'reasoning-signature', choice: 0, redacted: 'd' }, text('b')],
      ['thinking("a"|)', 'redacted_thinking()', 'text("b")'],
    ],
    [
      'calls one after the other, each as it grows',
      [call(0), piece(0, '{"a"'), piece(0, ':1}'), call(1), piece(1, '{}')],
      ['tool_use t0("{\\"a\\""":1}")', 'tool_use t1("{}")'],
    ],
    [
      'interleaved calls apart',
      [call(0), call(1), piece(1, '{"b'), piece(0, '{"a":'), piece(1, '":2}'), piece(0, '1}')],
      ['tool_use t0("{\\"a\\":""1}")', 'tool_use t1("{\\"b\\":2}")'],
    ],
    [
      'calls whose arguments were cut off',
      [call(0), piece(0, '{"a'), call(1), piece(1, '{}'), text('end')],
      ['tool_use t0("{\\"a")', 'tool_use t1("{}")', 'text("end")'],
    ],
    [
      'a late piece of a closed call as nothing',
      [call(0), piece(0, '{}'), text('a'), piece(0, 'x'), text('b')],
      ['tool_use t0("{}")', 'text("a""b")'],
    ],
    ['a refusal as text', [{ type: 'refusal-delta', choice: 0, text: 'No.' }], ['text("No.")']],
    [
      'the first answer only',
      [text('a'), { type: 'text-delta', choice: 1, text: 'other' }, text('b')],
      ['text("a""b")'],
    ],
    [
      'what the format has no place for as nothing',
      [
        text('a'),
        { type: 'image', choice: 0, mediaType: 'image/png', data: 'AA' },
        { type: 'logprobs', choice: 0, logprobs: {} },
        { type: 'audio-delta', choice: 0, audio: {} },
        { type: 'annotations', choice: 0, annotations: [{ type: 'other' }] },
      ],
      ['text("a")'],
    ],
    [
      'citations with their text',
      [
        text('a'),
        {
          type: 'annotations',
          choice: 0,
          annotations: [{ type: 'url_citation', url_citation: { url: 'https://x.test', title: 'X' } }],
        },
      ],
      [
        'text("a"{"type":"web_search_result_location","url":"https://x.test","title":"X","cited_text":"","encrypted_index":""})',
      ],
    ],
  ])('tells %s', (_title, chunks, expected) =>
    expect(blocksOf(encode([START, ...chunks, finish(), USAGE]))).toEqual(expected),
  );

  it('keeps reasoning from a client that did not ask', () =>
    expect(
      blocksOf(encode([START, reasoning('a'), signature('s'), text('b'), finish()], { includeReasoning: false })),
    ).toEqual(['text("b")']));

  it.each<[string, ChatChunk[], string]>([
    ['the end of a turn', [finish('stop')], 'end_turn'],
    ["Anthropic's own word where it has one", [finish('stop', 'stop_sequence')], 'stop_sequence'],
    ['the limit', [finish('length')], 'max_tokens'],
    ['calls', [finish('tool-calls')], 'tool_use'],
    ['a refusal', [{ type: 'refusal-delta', choice: 0, text: 'No.' }, finish('stop')], 'refusal'],
  ])('names %s', (_title, chunks, expected) =>
    expect(eventsOf(encode([START, ...chunks])).at(-2)).toMatchObject({ delta: { stop_reason: expected } }),
  );

  it('ends in an error event, and nothing after it', () =>
    expect(anthropicStreamEncoder().error('{"type":"error"}')).toBe('event: error\ndata: {"type":"error"}\n\n'));

  it('gives back what the decoder read', () => {
    const usage = {
      inputTokens: 10,
      outputTokens: 5,
      totalTokens: 15,
      cachedInputTokens: 4,
      cacheWriteTokens: 0,
      cacheWriteLongTokens: 0,
      reasoningTokens: 2,
    };
    const chunks: ChatChunk[] = [
      {
        ...START,
        serviceTier: 'default',
        usage: { ...usage, outputTokens: 1, totalTokens: 11, reasoningTokens: undefined },
      },
      reasoning('a'),
      signature('s'),
      { type: 'reasoning-signature', choice: 0, redacted: 'd' },
      text('b'),
      {
        type: 'annotations',
        choice: 0,
        annotations: [
          {
            type: 'file_citation',
            file_citation: { type: 'char_location', cited_text: 'c', start_index: 0, end_index: 1 },
          },
        ],
      },
      call(0),
      piece(0, '{"x"'),
      piece(0, ':1}'),
      call(1),
      piece(1, '{}'),
      finish('tool-calls', 'tool_use'),
      { type: 'usage', usage },
    ];
    const decoded: ChatChunk[] = [];
    const decoder = anthropicStreamDecoder((chunk) => decoded.push(chunk));
    decoder.push(Buffer.from(encode(chunks)));
    decoder.end();
    expect(decoded).toEqual(chunks);
  });
});
