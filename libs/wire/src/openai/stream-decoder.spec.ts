import type { ChatChunk, JsonObject } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { decode, decodeUntilFault, everyCut, merged, sse } from '../../test/streams.js';
import { toChunks } from '../chunks.js';
import { fromOpenAiResponse } from './from-response.js';
import { openAiStreamDecoder } from './stream-decoder.js';

const chunk = (delta: JsonObject, choice: JsonObject = {}, rest: JsonObject = {}): JsonObject => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null, ...choice }],
  usage: null,
  ...rest,
});

const FIRST = chunk({ role: 'assistant', content: '' });
const END = chunk({}, { finish_reason: 'stop' });
const USAGE = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 };
const START: ChatChunk = { type: 'start', id: 'chatcmpl-1', model: 'm', created: 1 };
const STOP: ChatChunk = { type: 'finish', choice: 0, reason: 'stop', native: 'stop' };

const call = (delta: JsonObject, choice: JsonObject = {}): JsonObject => chunk({ tool_calls: [delta] }, choice);
const read = (...events: (JsonObject | string)[]): ChatChunk[] => decode(openAiStreamDecoder, sse(...events, '[DONE]'));
/** What stands between `start` and `finish`. */
const between = (...events: (JsonObject | string)[]): ChatChunk[] => read(FIRST, ...events, END).slice(1, -1);
/** The arguments of each call, by id. */
const callsOf = (chunks: readonly ChatChunk[]): Record<string, string> => {
  const ids = chunks.flatMap((one) => (one.type === 'tool-call-start' ? [one.id] : []));
  const text = (index: number) =>
    chunks.flatMap((one) => (one.type === 'tool-call-delta' && one.index === index ? [one.arguments] : [])).join('');
  return Object.fromEntries(ids.map((id, index) => [id, text(index)]));
};

describe('a stream with one tool call', () => {
  const stream = sse(
    chunk({ role: 'assistant', content: null }),
    call({ index: 0, id: 'call_a', type: 'function', function: { name: 'f', arguments: '' } }),
    call({ index: 0, function: { arguments: '{"x":1}' } }),
    chunk({}, { finish_reason: 'tool_calls' }),
    chunk({}, {}, { choices: [], usage: USAGE }),
    '[DONE]',
  );
  const expected: ChatChunk[] = [
    START,
    { type: 'tool-call-start', choice: 0, index: 0, id: 'call_a', name: 'f' },
    { type: 'tool-call-delta', choice: 0, index: 0, arguments: '{"x":1}' },
    { type: 'finish', choice: 0, reason: 'tool-calls', native: 'tool_calls' },
    { type: 'usage', usage: { inputTokens: 5, outputTokens: 3, totalTokens: 8 } },
  ];

  it('is read, whatever its bytes are cut into', () => {
    for (const cuts of everyCut(stream)) expect(decode(openAiStreamDecoder, stream, cuts)).toEqual(expected);
  });

  it('is read from lines that end with CRLF, with comments and event names between them', () => {
    const other = `: keep-alive\r\n\r\n${stream.replaceAll('data: {', 'event: message\r\ndata: {').replaceAll('\n', '\r\n')}`;
    expect(decode(openAiStreamDecoder, other)).toEqual(expected);
  });
});

it('reads letters whose bytes arrive apart', () => {
  const stream = sse(FIRST, chunk({ content: 'Grüße 🙂' }), END);
  for (const cuts of everyCut(stream)) {
    expect(decode(openAiStreamDecoder, stream, cuts)).toContainEqual({
      type: 'text-delta',
      choice: 0,
      text: 'Grüße 🙂',
    });
  }
});

describe('the pieces of a stream, joined', () => {
  const message = {
    role: 'assistant',
    content: 'Let me see.',
    reasoning_content: 'Two calls.',
    tool_calls: ['a', 'b'].map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{"x":1}' } })),
  };
  const answer = {
    id: 'chatcmpl-1',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
    usage: USAGE,
  };

  it('are the whole answer', () => {
    const chunks = read(
      FIRST,
      chunk({ reasoning_content: 'Two ' }),
      chunk({ reasoning_content: 'calls.' }),
      chunk({ content: 'Let me' }),
      chunk({ content: ' see.' }),
      call({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
      call({ index: 0, function: { arguments: ':1}' } }),
      call({ index: 1, id: 'b', function: { name: 'f', arguments: '{"x":1}' } }),
      chunk({}, { finish_reason: 'tool_calls' }),
      chunk({}, {}, { choices: [], usage: USAGE }),
    );
    expect(merged(chunks)).toEqual([...toChunks(fromOpenAiResponse(answer))]);
  });
});

describe('what a delta may hold', () => {
  const logprobs = { content: [{ token: 'x', logprob: -1 }], refusal: null };
  const annotations = [{ type: 'url_citation', url_citation: { url: 'https://a.b' } }];
  it.each<[string, JsonObject, object[]]>([
    ['text', chunk({ content: 'x' }), [{ type: 'text-delta', choice: 0, text: 'x' }]],
    [
      'text in parts',
      chunk({ content: [{ type: 'text', text: 'x' }] }),
      [{ type: 'text-delta', choice: 0, text: 'x' }],
    ],
    ['an empty text', chunk({ content: '' }), []],
    ['a refusal', chunk({ refusal: 'no' }), [{ type: 'refusal-delta', choice: 0, text: 'no' }]],
    ['reasoning', chunk({ reasoning_content: 'r' }), [{ type: 'reasoning-delta', choice: 0, text: 'r' }]],
    ['reasoning by its other name', chunk({ reasoning: 'r' }), [{ type: 'reasoning-delta', choice: 0, text: 'r' }]],
    [
      'reasoning beside an empty text',
      chunk({ content: '', reasoning_content: 'r' }),
      [{ type: 'reasoning-delta', choice: 0, text: 'r' }],
    ],
    [
      'a signature',
      chunk({ reasoning_content: 'r', thinking_blocks: [{ type: 'thinking', thinking: 'r', signature: 's' }] }),
      [
        { type: 'reasoning-delta', choice: 0, text: 'r' },
        { type: 'reasoning-signature', choice: 0, signature: 's' },
      ],
    ],
    [
      'a block that is not signed yet',
      chunk({ reasoning_content: 'r', thinking_blocks: [{ type: 'thinking', thinking: 'r', signature: '' }] }),
      [{ type: 'reasoning-delta', choice: 0, text: 'r' }],
    ],
    [
      'hidden reasoning',
      chunk({ thinking_blocks: [{ type: 'redacted_thinking', data: 'd' }] }),
      [{ type: 'reasoning-signature', choice: 0, redacted: 'd' }],
    ],
    [
      'log probabilities',
      chunk({ content: 'x' }, { logprobs }),
      [
        { type: 'text-delta', choice: 0, text: 'x' },
        { type: 'logprobs', choice: 0, logprobs },
      ],
    ],
    ['citations', chunk({ annotations }), [{ type: 'annotations', choice: 0, annotations }]],
    ['sound', chunk({ audio: { id: 'a' } }), [{ type: 'audio-delta', choice: 0, audio: { id: 'a' } }]],
    [
      'a picture',
      chunk({ images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] }),
      [{ type: 'image', choice: 0, mediaType: 'image/png', data: 'AAAA' }],
    ],
    ['nothing', chunk({}), []],
  ])('is %s', (_title, event, expected) => expect(between(event)).toEqual(expected));
});

describe('what hosts leave out or write otherwise', () => {
  it('may be the id, the time and the kind of a chunk', () => {
    const bare = { choices: [{ delta: { content: 'x' }, finish_reason: 'stop' }] };
    expect(read(bare)).toEqual([
      { type: 'start', id: '', model: '', created: expect.any(Number) },
      { type: 'text-delta', choice: 0, text: 'x' },
      STOP,
    ]);
  });

  it("may be the choices of the first chunk, which is Azure's", () => {
    const filters = { id: '', model: '', choices: [], prompt_filter_results: [] };
    expect(read(filters, FIRST, END)).toEqual([START, STOP]);
  });

  it.each<[string, JsonObject]>([
    ['empty choices', chunk({}, {}, { choices: [] })],
    ['no choices', chunk({}, {}, { choices: null })],
    ['a choice without a delta', chunk({}, {}, { choices: [{ index: 0, finish_reason: null }] })],
    ['a delta of null', chunk({}, { delta: null })],
    ['no finish reason', chunk({}, { finish_reason: undefined })],
    ['an empty finish reason', chunk({}, { finish_reason: '' })],
  ])('may be %s in the middle', (_title, event) => {
    expect(between(chunk({ content: 'a' }), event, chunk({ content: 'b' }))).toEqual([
      { type: 'text-delta', choice: 0, text: 'a' },
      { type: 'text-delta', choice: 0, text: 'b' },
    ]);
  });

  it('may be an event without data', () => expect(between('', chunk({ content: 'x' }))).toHaveLength(1));

  it('may be [DONE], when every choice has finished', () => {
    expect(decode(openAiStreamDecoder, sse(FIRST, END))).toEqual([START, STOP]);
    expect(decode(openAiStreamDecoder, sse(FIRST, END).trimEnd())).toEqual([START, STOP]);
  });

  it('may be the end of an event behind the finish', () => {
    expect(decode(openAiStreamDecoder, `${sse(FIRST, END)}data: {"id":"chatcmpl-1","usa`)).toEqual([START, STOP]);
  });

  it.each<[string, (JsonObject | string)[]]>([
    ['after the finish', [END, chunk({}, {}, { choices: [], usage: USAGE }), '[DONE]']],
    ['after [DONE]', [END, '[DONE]', chunk({}, {}, { choices: [], usage: USAGE })]],
    ['with the finish', [chunk({}, { finish_reason: 'stop' }, { usage: USAGE }), '[DONE]']],
  ])('may be the place of the usage: %s', (_title, events) => {
    expect(decode(openAiStreamDecoder, sse(FIRST, ...events)).at(-1)).toMatchObject({ type: 'usage' });
  });

  it('may be the usage of a stream that says nothing else', () => {
    expect(read({ choices: [], usage: USAGE }).map(({ type }) => type)).toEqual(['start', 'usage']);
  });

  it.each<[string, JsonObject[], string]>([
    ['a text', [chunk({ content: 'x' })], 'stop'],
    ['a call', [call({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } })], 'tool-calls'],
  ])('may be why %s ended: [DONE] says that it did', (_title, events, reason) => {
    expect(read(FIRST, ...events).at(-1)).toEqual({ type: 'finish', choice: 0, reason });
    expect(read(FIRST, ...events, chunk({}, { finish_reason: '' })).at(-1)).toMatchObject({ reason });
  });

  it('may be told twice: one finish is enough', () => expect(read(FIRST, END, END)).toEqual([START, STOP]));
});

describe('tool calls', () => {
  const whole = { id: 'a', function: { name: 'f', arguments: '{"x":1}' } };

  it.each<[string, JsonObject[], Record<string, string>]>([
    [
      'in pieces',
      [
        call({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
        call({ index: 0, function: { arguments: ':1}' } }),
      ],
      { a: '{"x":1}' },
    ],
    ['whole, without an index', [call(whole), call({ ...whole, id: 'b' })], { a: '{"x":1}', b: '{"x":1}' }],
    ['two in one chunk', [chunk({ tool_calls: [whole, { ...whole, id: 'b' }] })], { a: '{"x":1}', b: '{"x":1}' }],
    ['without a list around them', [chunk({ tool_calls: whole })], { a: '{"x":1}' }],
    [
      'with id and name in every piece',
      [
        call({ ...whole, function: { name: 'f', arguments: '{"x"' } }),
        call({ ...whole, function: { name: 'f', arguments: ':1}' } }),
      ],
      { a: '{"x":1}' },
    ],
    [
      'with pieces that have neither id nor index',
      [call({ id: 'a', function: { name: 'f', arguments: '{"x"' } }), call({ function: { arguments: ':1}' } })],
      { a: '{"x":1}' },
    ],
    [
      'with an index that is used again',
      [call({ index: 0, ...whole }), call({ index: 0, ...whole, id: 'b' })],
      { a: '{"x":1}', b: '{"x":1}' },
    ],
    [
      'with arguments that are an object',
      [call({ ...whole, function: { name: 'f', arguments: { x: 1 } } })],
      { a: '{"x":1}' },
    ],
    ['with arguments of null', [call({ index: 0, id: 'a', function: { name: 'f', arguments: null } })], { a: '{}' }],
    ['without arguments', [call({ index: 0, id: 'a', function: { name: 'f' } })], { a: '{}' }],
    [
      'with an empty finish reason in every chunk',
      [
        call({ index: 0, id: 'a', function: { name: 'f' } }, { finish_reason: '' }),
        call({ index: 0, function: { arguments: '{"x":1}' } }, { finish_reason: '' }),
      ],
      { a: '{"x":1}' },
    ],
    [
      'of free text',
      [call({ index: 0, id: 'a', type: 'custom', custom: { name: 'g', input: 'free' } })],
      { a: 'free' },
    ],
  ])('are read %s', (_title, events, expected) => expect(callsOf(between(...events))).toEqual(expected));

  it('whole, with neither id nor index, are told apart by their names', () => {
    const nameless = ['f', 'g', 'g'].map((name) => ({ function: { name, arguments: '{}' } }));
    const chunks = between(chunk({ tool_calls: nameless }));
    expect(chunks.map((one) => ('name' in one ? one.name : 'arguments' in one && one.arguments))).toEqual([
      'f',
      '{}',
      'g',
      '{}',
      'g',
      '{}',
    ]);
    expect(Object.keys(callsOf(chunks))).toHaveLength(3);
  });

  it('get an id where the host gives none', () => {
    const ids = Object.keys(callsOf(between(call({ index: 0, id: '', function: { name: 'f', arguments: '{}' } }))));
    expect(ids).toEqual([expect.stringMatching(/^call_[0-9a-f]{24}$/)]);
  });

  it('keep their signatures', () => {
    const signed = { ...whole, extra_content: { google: { thought_signature: 's' } } };
    expect(between(call(signed))[0]).toMatchObject({ type: 'tool-call-start', signature: 's' });
  });

  it('are why the answer ended, whatever the host says', () => {
    expect(read(FIRST, call(whole), END).at(-1)).toMatchObject({ reason: 'tool-calls', native: 'stop' });
  });

  it('in the deprecated words are named as in a whole answer', () => {
    const chunks = between(
      chunk({ function_call: { name: 'f', arguments: '' } }),
      chunk({ function_call: { arguments: '{"x"' } }),
      chunk({ function_call: { arguments: ':1}' } }),
    );
    expect(callsOf(chunks)).toEqual({ call_f: '{"x":1}' });
  });
});

describe('several choices', () => {
  const of = (index: number, delta: JsonObject, finish: string | null = null) =>
    chunk(delta, { index, finish_reason: finish });

  it('are kept apart', () => {
    const chunks = read(
      of(0, { content: 'a' }),
      of(1, { content: 'b' }),
      of(1, { tool_calls: [{ index: 0, id: 'x', function: { name: 'f', arguments: '{}' } }] }),
      of(1, {}, 'tool_calls'),
      of(0, { content: 'c' }),
      of(0, {}, 'length'),
    );
    expect(chunks.slice(1)).toMatchObject([
      { type: 'text-delta', choice: 0, text: 'a' },
      { type: 'text-delta', choice: 1, text: 'b' },
      { type: 'tool-call-start', choice: 1 },
      { type: 'tool-call-delta', choice: 1 },
      { type: 'finish', choice: 1, reason: 'tool-calls' },
      { type: 'text-delta', choice: 0, text: 'c' },
      { type: 'finish', choice: 0, reason: 'length' },
    ]);
  });

  it('must all finish: one that does not was cut', () => {
    const stream = sse(of(0, { content: 'a' }), of(1, { content: 'b' }), of(0, {}, 'stop'));
    expect(decodeUntilFault(openAiStreamDecoder, stream).code).toBe('GW_STREAM_CUT');
  });
});

describe('a stream that fails', () => {
  const said = { type: 'text-delta', choice: 0, text: 'x' };
  it.each<[string, string, string]>([
    [
      'by an error event',
      sse({ error: { message: 'Overloaded', type: 'overloaded_error' } }),
      'GW_UPSTREAM_UNAVAILABLE',
    ],
    [
      'by an error with a status',
      sse({ error: { code: 502, message: 'Provider returned error' } }),
      'GW_UPSTREAM_UNAVAILABLE',
    ],
    [
      'by an error beside a choice',
      sse(chunk({ content: '' }, { finish_reason: 'error' }, { error: { code: 429, message: 'slow' } })),
      'GW_UPSTREAM_RATE_LIMITED',
    ],
    ['by the end of its bytes', '', 'GW_STREAM_CUT'],
    ['in the middle of an event', 'data: {"id":"chatcmpl-1","cho', 'GW_STREAM_CUT'],
    ['with what is not JSON', sse('<html>'), 'GW_UPSTREAM_INVALID_RESPONSE'],
    ['with what is no object', sse('[1]'), 'GW_UPSTREAM_INVALID_RESPONSE'],
  ])('%s tells what came before, and why it ended', (_title, ending, code) => {
    const { chunks, code: told } = decodeUntilFault(openAiStreamDecoder, sse(FIRST, chunk({ content: 'x' })) + ending);
    expect([chunks, told]).toEqual([[START, said], code]);
  });

  it('before it began is cut too', () => {
    expect(decodeUntilFault(openAiStreamDecoder, '')).toEqual({ chunks: [], code: 'GW_STREAM_CUT' });
  });
});
