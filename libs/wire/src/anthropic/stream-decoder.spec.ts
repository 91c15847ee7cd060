import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ChatChunk, JsonObject } from '@turnpike/domain';
import { anthropicStreamDecoder } from './stream-decoder.js';

beforeAll(() => void jest.useFakeTimers({ now: 1_700_000_000_000 }));
afterAll(() => void jest.useRealTimers());

const written = (events: readonly JsonObject[]): Buffer =>
  Buffer.from(events.map((event) => `event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`).join(''));

const decode = (...pieces: Uint8Array[]): ChatChunk[] => {
  const chunks: ChatChunk[] = [];
  const decoder = anthropicStreamDecoder((chunk) => chunks.push(chunk));
  for (const piece of pieces) decoder.push(piece);
  decoder.end();
  return chunks;
};

const started = (usage: JsonObject = { input_tokens: 4, output_tokens: 1 }, more: JsonObject = {}): JsonObject => ({
  type: 'message_start',
  message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-x', content: [], usage, ...more },
});
const block = (index: number, content_block: JsonObject, ...deltas: JsonObject[]): JsonObject[] => [
  { type: 'content_block_start', index, content_block },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
];
const textBlock = (index: number, ...texts: string[]): JsonObject[] =>
  block(index, { type: 'text', text: '' }, ...texts.map((text) => ({ type: 'text_delta', text })));
const toolBlock = (index: number, id: string, ...pieces: string[]): JsonObject[] =>
  block(
    index,
    { type: 'tool_use', id, name: 'f', input: {} },
    ...pieces.map((partial_json) => ({ type: 'input_json_delta', partial_json })),
  );
const stopped = (stop_reason: string, usage: JsonObject = { output_tokens: 5 }): JsonObject[] => [
  { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage },
  { type: 'message_stop' },
];

const START: ChatChunk = {
  type: 'start',
  id: 'msg_1',
  model: 'claude-x',
  created: 1_700_000_000,
  usage: { inputTokens: 4, outputTokens: 1, totalTokens: 5 },
};
const text = (value: string): ChatChunk => ({ type: 'text-delta', choice: 0, text: value });
const callStart = (index: number, id: string): ChatChunk => ({
  type: 'tool-call-start',
  choice: 0,
  index,
  id,
  name: 'f',
});
const callDelta = (index: number, json: string): ChatChunk => ({
  type: 'tool-call-delta',
  choice: 0,
  index,
  arguments: json,
});
const finish = (reason: 'stop' | 'length' | 'tool-calls' | 'content-filter', native: string): ChatChunk => ({
  type: 'finish',
  choice: 0,
  reason,
  native,
});
const USAGE: ChatChunk = { type: 'usage', usage: { inputTokens: 4, outputTokens: 5, totalTokens: 9 } };

const CITATION = { type: 'char_location', document_index: 0, cited_text: 'c', start_char_index: 0, end_char_index: 1 };

const STREAMS: readonly (readonly [string, JsonObject[], ChatChunk[]])[] = [
  [
    'text, pings and unknown events between',
    [
      started(),
      { type: 'ping' },
      ...textBlock(0, 'Grüße', '', ' 👋'),
      { type: 'weather_report', index: 9 },
      ...stopped('end_turn'),
    ],
    [START, text('Grüße'), text(' 👋'), finish('stop', 'end_turn'), USAGE],
  ],
  [
    'thinking, text and a tool without arguments',
    [
      started({ input_tokens: 4, cache_creation_input_tokens: 0, cache_read_input_tokens: 6, output_tokens: 1 }),
      ...block(
        0,
        { type: 'thinking', thinking: '', signature: '' },
        { type: 'thinking_delta', thinking: 'hmm' },
        { type: 'signature_delta', signature: 'c2ln' },
      ),
      ...textBlock(1, 'ok'),
      ...toolBlock(2, 'toolu_1'),
      ...stopped('tool_use', { output_tokens: 12 }),
    ],
    [
      {
        ...START,
        usage: { inputTokens: 10, outputTokens: 1, totalTokens: 11, cachedInputTokens: 6, cacheWriteTokens: 0 },
      },
      { type: 'reasoning-delta', choice: 0, text: 'hmm' },
      { type: 'reasoning-signature', choice: 0, signature: 'c2ln' },
      text('ok'),
      callStart(0, 'toolu_1'),
      callDelta(0, '{}'),
      finish('tool-calls', 'tool_use'),
      {
        type: 'usage',
        usage: { inputTokens: 10, outputTokens: 12, totalTokens: 22, cachedInputTokens: 6, cacheWriteTokens: 0 },
      },
    ],
  ],
  [
    'thinking whose text is withheld',
    [
      started(),
      ...block(0, { type: 'thinking', thinking: '', signature: '' }, { type: 'signature_delta', signature: 's' }),
      ...block(1, { type: 'redacted_thinking', data: 'd' }),
      ...stopped('refusal'),
    ],
    [
      START,
      { type: 'reasoning-signature', choice: 0, signature: 's' },
      { type: 'reasoning-signature', choice: 0, redacted: 'd' },
      finish('content-filter', 'refusal'),
      USAGE,
    ],
  ],
  [
    'parallel calls, counted apart from other blocks',
    [
      started(),
      ...textBlock(0, 'a'),
      ...toolBlock(1, 'toolu_1', '', '{"x"', ':1}'),
      ...toolBlock(2, 'toolu_2', '{"x":2}'),
      ...stopped('tool_use'),
    ],
    [
      START,
      text('a'),
      callStart(0, 'toolu_1'),
      callDelta(0, '{"x"'),
      callDelta(0, ':1}'),
      callStart(1, 'toolu_2'),
      callDelta(1, '{"x":2}'),
      finish('tool-calls', 'tool_use'),
      USAGE,
    ],
  ],
  [
    'blocks that overlap',
    [
      started(),
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'a', name: 'f', input: {} } },
      { type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 'b', name: 'f', input: {} } },
      { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"b":1}' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"a":1}' } },
      { type: 'content_block_stop', index: 1 },
      { type: 'content_block_stop', index: 0 },
      ...stopped('tool_use'),
    ],
    [
      START,
      callStart(0, 'a'),
      callStart(1, 'b'),
      callDelta(1, '{"b":1}'),
      callDelta(0, '{"a":1}'),
      finish('tool-calls', 'tool_use'),
      USAGE,
    ],
  ],
  [
    'arguments that some hosts put whole into the start',
    [started(), ...block(0, { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } }), ...stopped('end_turn')],
    [START, callStart(0, 'a'), callDelta(0, '{"x":1}'), finish('tool-calls', 'end_turn'), USAGE],
  ],
  [
    "the server's own tools, which are no calls of the client's",
    [
      started(),
      ...block(
        0,
        { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} },
        { type: 'input_json_delta', partial_json: '{"query":"q"}' },
      ),
      ...block(1, { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] }),
      ...textBlock(2, 'See '),
      ...block(
        3,
        { type: 'text', text: '', citations: [] },
        { type: 'citations_delta', citation: CITATION },
        { type: 'text_delta', text: 'this' },
      ),
      ...stopped('end_turn', { output_tokens: 5, server_tool_use: { web_search_requests: 1 } }),
    ],
    [
      START,
      text('See '),
      text('this'),
      {
        type: 'annotations',
        choice: 0,
        annotations: [{ type: 'file_citation', file_citation: { ...CITATION, start_index: 4, end_index: 8 } }],
      },
      finish('stop', 'end_turn'),
      { type: 'usage', usage: { inputTokens: 4, outputTokens: 5, totalTokens: 9, webSearchRequests: 1 } },
    ],
  ],
  [
    'the JSON tool as the answer',
    [
      started(),
      ...block(
        0,
        { type: 'tool_use', id: 'a', name: 'json_tool_call', input: {} },
        { type: 'input_json_delta', partial_json: '{"a":' },
        { type: 'input_json_delta', partial_json: '1}' },
      ),
      ...stopped('tool_use'),
    ],
    [START, text('{"a":'), text('1}'), finish('stop', 'tool_use'), USAGE],
  ],
  [
    'the limit of tokens',
    [started(), ...textBlock(0, 'a'), ...stopped('max_tokens')],
    [START, text('a'), finish('length', 'max_tokens'), USAGE],
  ],
  [
    'a start that is told twice',
    [started(), started({ input_tokens: 99, output_tokens: 1 }), ...textBlock(0, 'a'), ...stopped('end_turn')],
    [START, text('a'), finish('stop', 'end_turn'), USAGE],
  ],
  [
    'content that is there from the start',
    [
      started(undefined, {
        content: [
          { type: 'code_execution_tool_result', tool_use_id: 's', content: {} },
          { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } },
        ],
        stop_reason: 'tool_use',
      }),
      { type: 'message_stop' },
    ],
    [
      START,
      callStart(0, 'a'),
      callDelta(0, '{"x":1}'),
      finish('tool-calls', 'tool_use'),
      { type: 'usage', usage: { inputTokens: 4, outputTokens: 1, totalTokens: 5 } },
    ],
  ],
  [
    'counts that are corrected at the end, and after it',
    [
      started({ input_tokens: 4, output_tokens: 1, service_tier: 'standard' }),
      ...textBlock(0, 'a'),
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { input_tokens: 7, output_tokens: 2 } },
      { type: 'message_delta', delta: {}, usage: { input_tokens: null, output_tokens: 3 } },
      { type: 'message_stop' },
    ],
    [
      { ...START, serviceTier: 'default' },
      text('a'),
      finish('stop', 'end_turn'),
      { type: 'usage', usage: { inputTokens: 7, outputTokens: 2, totalTokens: 9 } },
      { type: 'usage', usage: { inputTokens: 7, outputTokens: 3, totalTokens: 10 } },
    ],
  ],
  [
    'a block that is never closed',
    [
      started(),
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'a', name: 'f', input: {} } },
      ...stopped('tool_use'),
    ],
    [START, callStart(0, 'a'), callDelta(0, '{}'), finish('tool-calls', 'tool_use'), USAGE],
  ],
];

describe('anthropicStreamDecoder', () => {
  it.each(STREAMS)('reads %s', (_title, events, expected) => expect(decode(written(events))).toEqual(expected));

  it.each(STREAMS)('reads the same however the bytes are cut: %s', (_title, events, expected) => {
    const bytes = written(events);
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(decode(bytes.subarray(0, at), bytes.subarray(at))).toEqual(expected);
    }
    expect(decode(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(expected);
  });

  it('needs no last blank line, and minds no OpenAI marker', () => {
    const bytes = written([started(), ...textBlock(0, 'a'), ...stopped('end_turn')]);
    expect(decode(bytes.subarray(0, -2))).toContainEqual(finish('stop', 'end_turn'));
    expect(decode(Buffer.concat([bytes, Buffer.from('data: [DONE]\n\n')]))).toContainEqual(finish('stop', 'end_turn'));
  });

  it.each([
    ['nothing', []],
    ['the start', [started()]],
    ['the text', [started(), ...textBlock(0, 'a')]],
    ['a delta without a reason', [started(), { type: 'message_delta', delta: {}, usage: { output_tokens: 1 } }]],
  ])('calls a stream cut that ends after %s', (_title, events) =>
    expect(() => decode(written(events))).toThrow(expect.objectContaining({ code: 'GW_STREAM_CUT' })),
  );

  it.each([
    ['overloaded_error', 'Overloaded', 'GW_UPSTREAM_UNAVAILABLE'],
    ['rate_limit_error', 'Slow down', 'GW_UPSTREAM_RATE_LIMITED'],
    ['api_error', 'Internal server error', 'GW_UPSTREAM_ERROR'],
    ['authentication_error', 'No', 'GW_UPSTREAM_AUTHENTICATION'],
    ['timeout_error', 'Took too long', 'GW_TIMEOUT'],
    ['invalid_request_error', 'prompt is too long: 9 tokens > 8 maximum', 'GW_CONTEXT_WINDOW_EXCEEDED'],
  ])('throws %s in the middle, the chunks before it told', (type, message, code) => {
    const chunks: ChatChunk[] = [];
    const decoder = anthropicStreamDecoder((chunk) => chunks.push(chunk));
    const bytes = written([started(), ...textBlock(0, 'a'), { type: 'error', error: { type, message } }]);
    expect(() => decoder.push(bytes)).toThrow(expect.objectContaining({ code }));
    expect(chunks).toEqual([START, text('a')]);
  });

  it.each([
    ['JSON that is broken', 'data: {"type":\n\n'],
    ['something other than an object', 'data: 7\n\n'],
    ['a delta of no block', 'data: {"type":"content_block_delta","index":3,"delta":{}}\n\n'],
    ['a block without content', 'data: {"type":"content_block_start","index":0}\n\n'],
    ['an end without a start', 'data: {"type":"message_stop"}\n\n'],
    [
      'a call without a name',
      'data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a"}}\n\n',
    ],
  ])('cannot read %s', (_title, bytes) =>
    expect(() => decode(Buffer.from(bytes))).toThrow(expect.objectContaining({ code: 'GW_UPSTREAM_INVALID_RESPONSE' })),
  );
});
