import { describe, expect, it } from '@jest/globals';
import type { ChatChunk, JsonObject } from '@turnpike/domain';
import { geminiStreamDecoder } from './stream-decoder.js';
import { geminiStreamEncoder } from './stream-encoder.js';

const event = (body: object): string => `data: ${JSON.stringify(body)}\n\n`;

const HEAD = { modelVersion: 'gemini-x', responseId: 'r1', createTime: '2026-01-15T12:00:00.000Z' };

const says = (parts: JsonObject[], more: JsonObject = {}, top: JsonObject = {}): string =>
  event({ candidates: [{ index: 0, content: { role: 'model', parts }, ...more }], ...top, ...HEAD });

const usageOf = (candidates: number, thoughts?: number): JsonObject => ({
  usageMetadata: {
    promptTokenCount: 7,
    candidatesTokenCount: candidates,
    thoughtsTokenCount: thoughts,
    totalTokenCount: 7 + candidates + (thoughts ?? 0),
  },
});

const decode = (pieces: Iterable<Uint8Array>): { chunks: ChatChunk[]; error?: unknown } => {
  const chunks: ChatChunk[] = [];
  const decoder = geminiStreamDecoder((chunk) => chunks.push(chunk));
  try {
    for (const piece of pieces) decoder.push(piece);
    decoder.end();
  } catch (error) {
    return { chunks, error };
  }
  return { chunks };
};

const read = (stream: string) => decode([Buffer.from(stream)]);

const START = { type: 'start', id: 'r1', model: 'gemini-x', created: 1_768_478_400 };
const finish = (native: string, reason: string, choice = 0) => ({ type: 'finish', choice, reason, native });

const PLAIN = says([{ text: 'Grüße' }], {}, usageOf(1)) + says([{ text: ' 🙂' }], { finishReason: 'STOP' }, usageOf(3));

const PARALLEL =
  says([{ text: 'plan', thought: true }], {}, usageOf(0, 2)) +
  says(
    [
      { functionCall: { name: 'a', args: { q: 1 } }, thoughtSignature: 'c2ln' },
      { functionCall: { name: 'b', args: {} } },
    ],
    { finishReason: 'STOP' },
    usageOf(10, 2),
  );

const SPREAD =
  says([{ functionCall: { id: 'own', name: 'a' } }]) +
  says([{ text: 'and' }, { functionCall: { name: 'b', args: { x: 'ü' } } }]) +
  says([{ text: '' }], { finishReason: 'STOP' }, usageOf(4));

const MEDIA =
  says([{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }, { text: 'done', thoughtSignature: 'dA==' }]) +
  says([{ inlineData: { mimeType: 'audio/L16', data: 'BBBB' } }], { finishReason: 'MAX_TOKENS' });

const TWO =
  event({
    candidates: [
      { index: 0, content: { parts: [{ text: 'a' }] } },
      { index: 1, content: { parts: [{ text: 'b' }] } },
    ],
    ...HEAD,
  }) +
  event({ candidates: [{ index: 1, finishReason: 'STOP' }], ...HEAD }) +
  event({ candidates: [{ index: 0, finishReason: 'SAFETY' }], ...HEAD });

const CITED =
  says([{ text: 'Zürich' }]) +
  says(
    [{ text: ' ist' }],
    {
      finishReason: 'STOP',
      groundingMetadata: {
        webSearchQueries: ['q'],
        groundingChunks: [{ web: { uri: 'u', title: 'T' } }],
        groundingSupports: [{ segment: { startIndex: 0, endIndex: 7 }, groundingChunkIndices: [0] }],
      },
    },
    usageOf(2),
  );

const BLOCKED = event({
  promptFeedback: { blockReason: 'SAFETY' },
  usageMetadata: { promptTokenCount: 7, totalTokenCount: 7 },
  ...HEAD,
});

const BARE_ERROR = `${says([{ text: 'Hal' }])}{\n  "error": {\n    "code": 503,\n    "message": "High demand",\n    "status": "UNAVAILABLE"\n  }\n}\n`;

const STREAMS = { PLAIN, PARALLEL, SPREAD, MEDIA, TWO, CITED, BLOCKED, BARE_ERROR };

describe('geminiStreamDecoder', () => {
  it('reads text, and the usage whenever it grows', () => {
    expect(read(PLAIN)).toEqual({
      chunks: [
        START,
        { type: 'text-delta', choice: 0, text: 'Grüße' },
        { type: 'usage', usage: { inputTokens: 7, outputTokens: 1, totalTokens: 8 } },
        { type: 'text-delta', choice: 0, text: ' 🙂' },
        { type: 'usage', usage: { inputTokens: 7, outputTokens: 3, totalTokens: 10 } },
        finish('STOP', 'stop'),
      ],
    });
  });

  it('reads thoughts and parallel calls, with the signature on the first', () => {
    expect(read(PARALLEL).chunks.filter(({ type }) => type !== 'usage')).toEqual([
      START,
      { type: 'reasoning-delta', choice: 0, text: 'plan' },
      { type: 'tool-call-start', choice: 0, index: 0, id: 'call_r1_0_0', name: 'a', signature: 'c2ln' },
      { type: 'tool-call-delta', choice: 0, index: 0, arguments: '{"q":1}' },
      { type: 'tool-call-start', choice: 0, index: 1, id: 'call_r1_0_1', name: 'b' },
      { type: 'tool-call-delta', choice: 0, index: 1, arguments: '{}' },
      finish('STOP', 'tool-calls'),
    ]);
    expect(read(PARALLEL).chunks.findLast(({ type }) => type === 'usage')).toEqual({
      type: 'usage',
      usage: { inputTokens: 7, outputTokens: 12, totalTokens: 19, reasoningTokens: 2 },
    });
  });

  it('counts calls through the whole stream', () => {
    const starts = read(SPREAD).chunks.filter(({ type }) => type === 'tool-call-start');
    expect(starts).toEqual([
      { type: 'tool-call-start', choice: 0, index: 0, id: 'own', name: 'a' },
      { type: 'tool-call-start', choice: 0, index: 1, id: 'call_r1_0_0', name: 'b' },
    ]);
  });

  it('keeps candidates apart and ends each', () => {
    expect(read(TWO).chunks).toEqual([
      START,
      { type: 'text-delta', choice: 0, text: 'a' },
      { type: 'text-delta', choice: 1, text: 'b' },
      finish('SAFETY', 'content-filter', 0),
      finish('STOP', 'stop', 1),
    ]);
  });

  it('reads pictures and sound', () => {
    expect(read(MEDIA).chunks).toEqual([
      START,
      { type: 'image', choice: 0, mediaType: 'image/png', data: 'AAAA' },
      { type: 'text-delta', choice: 0, text: 'done' },
      { type: 'audio-delta', choice: 0, audio: { data: 'BBBB' } },
      finish('MAX_TOKENS', 'length'),
    ]);
  });

  it('cites sources in the whole text once it is there', () => {
    const { chunks } = read(CITED);
    expect(chunks.slice(-2)).toEqual([
      {
        type: 'annotations',
        choice: 0,
        annotations: [{ type: 'url_citation', url_citation: { url: 'u', title: 'T', start_index: 0, end_index: 6 } }],
      },
      finish('STOP', 'stop'),
    ]);
    expect(chunks.find(({ type }) => type === 'usage')).toMatchObject({ usage: { webSearchRequests: 1 } });
  });

  it('reads the signature of thoughts, and log probabilities', () => {
    const logprobsResult = { chosenCandidates: [{ token: 'a', logProbability: -1 }] };
    const stream =
      says([{ text: 'hmm', thought: true, thoughtSignature: 's' }]) +
      says([{ text: 'a' }], { finishReason: 'STOP', logprobsResult });
    expect(read(stream).chunks).toEqual([
      START,
      { type: 'reasoning-delta', choice: 0, text: 'hmm' },
      { type: 'reasoning-signature', choice: 0, signature: 's' },
      { type: 'text-delta', choice: 0, text: 'a' },
      {
        type: 'logprobs',
        choice: 0,
        logprobs: { content: [{ token: 'a', logprob: -1, bytes: null, top_logprobs: [] }] },
      },
      finish('STOP', 'stop'),
    ]);
  });

  it('does not take an empty reason for an end', () => {
    expect(read(says([{ text: 'a' }], { finishReason: '' })).error).toMatchObject({ code: 'GW_STREAM_CUT' });
  });

  it('calls a prompt filtered that was refused for a reason that ends answers well', () => {
    const stream = event({ promptFeedback: { blockReason: 'OTHER' }, ...HEAD });
    expect(read(stream).chunks).toEqual([START, finish('OTHER', 'content-filter')]);
  });

  it('bills each search of a model of the newest generation', () => {
    const groundingMetadata = { webSearchQueries: ['q', 'r'] };
    const stream = says([{ text: 'a' }], { finishReason: 'STOP', groundingMetadata }, usageOf(1));
    const billed = (model: string) =>
      read(stream.replace('gemini-x', model)).chunks.find((chunk) => chunk.type === 'usage')?.usage.webSearchRequests;
    expect([billed('gemini-3-flash'), billed('gemini-2.5-flash')]).toEqual([2, 1]);
  });

  it('goes on after a reason that comes with every event', () => {
    const stream = says([{ text: 'a' }], { finishReason: 'STOP' }) + says([{ text: 'b' }], { finishReason: 'STOP' });
    expect(read(stream).chunks.map(({ type }) => type)).toEqual(['start', 'text-delta', 'text-delta', 'finish']);
  });

  it('ends a refused prompt as filtered', () => {
    expect(read(BLOCKED).chunks).toEqual([
      START,
      { type: 'usage', usage: { inputTokens: 7, outputTokens: 0, totalTokens: 7 } },
      finish('SAFETY', 'content-filter'),
    ]);
  });

  it.each(Object.entries(STREAMS))('gives the same chunks for %s wherever its bytes are cut', (_, stream) => {
    const bytes = Buffer.from(stream);
    const whole = decode([bytes]);
    for (let at = 1; at < bytes.length; at += 1) {
      expect(decode([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
    }
    expect(decode(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(whole);
  });

  it.each<[string, string]>([
    ['before anything', ''],
    ['before a reason', says([{ text: 'a' }])],
    ['before the second candidate ended', TWO.slice(0, TWO.lastIndexOf('data:'))],
    ['by a page that is no stream', '<html><title>502</title></html>\n'],
    ['by JSON that is no error', '[{"candidates":[]}]'],
  ])('says that the stream was cut %s', (_, stream) => {
    expect(read(stream).error).toMatchObject({ code: 'GW_STREAM_CUT' });
  });

  it.each<[string, string, string]>([
    [
      'an error event',
      event({ error: { code: 429, message: 'quota', status: 'RESOURCE_EXHAUSTED' } }),
      'GW_UPSTREAM_RATE_LIMITED',
    ],
    [
      'an error in a list',
      event([{ error: { code: 503, message: 'busy', status: 'UNAVAILABLE' } }]),
      'GW_UPSTREAM_UNAVAILABLE',
    ],
    ['bare JSON', BARE_ERROR, 'GW_UPSTREAM_UNAVAILABLE'],
    ['bare JSON in a list', '[{"error":{"code":500,"message":"boom","status":"INTERNAL"}}]', 'GW_UPSTREAM_ERROR'],
    ['a malformed call', says([], { finishReason: 'MALFORMED_FUNCTION_CALL' }), 'GW_UPSTREAM_INVALID_RESPONSE'],
    ['text that is not JSON', 'data: {"candidates":\n\n', 'GW_UPSTREAM_INVALID_RESPONSE'],
    ['JSON that is no object', 'data: 1\n\n', 'GW_UPSTREAM_INVALID_RESPONSE'],
  ])('ends in an error at %s', (_, stream, code) => {
    expect(read(stream).error).toMatchObject({ code });
  });

  it('ignores the closing mark of other formats', () => {
    expect(read(`${PLAIN}data: [DONE]\n\n`)).toEqual(read(PLAIN));
  });

  it('emits what came before an error', () => {
    expect(read(BARE_ERROR).chunks).toEqual([START, { type: 'text-delta', choice: 0, text: 'Hal' }]);
  });
});

describe('geminiStreamEncoder', () => {
  const encode = (chunks: readonly ChatChunk[]): string => {
    const encoder = geminiStreamEncoder();
    return chunks.map((chunk) => encoder.encode(chunk)).join('') + encoder.end();
  };
  const sorted = (chunks: readonly ChatChunk[]) => ({
    start: chunks[0],
    usage: chunks.findLast(({ type }) => type === 'usage'),
    rest: chunks.filter(({ type }) => type !== 'usage' && !type.startsWith('tool-call')),
    calls: chunks.filter(({ type }) => type.startsWith('tool-call')),
  });

  it.each(Object.entries({ PLAIN, PARALLEL, SPREAD, MEDIA, TWO }))(
    '%s says the same when decoded again',
    (_, stream) => {
      const { chunks } = read(stream);
      expect(sorted(read(encode(chunks)).chunks)).toEqual(sorted(chunks));
    },
  );

  it('cites what it was told', () => {
    const chunks = read(CITED).chunks.filter(({ type }) => type !== 'usage');
    expect(read(encode(chunks)).chunks).toEqual(chunks);
  });

  it('writes what other providers stream', () => {
    const chunks: ChatChunk[] = [
      { type: 'start', id: 'r1', model: 'm', created: 0, usage: { inputTokens: 3, outputTokens: 0, totalTokens: 3 } },
      { type: 'reasoning-delta', choice: 0, text: 'hmm' },
      { type: 'reasoning-signature', choice: 0, signature: 's' },
      { type: 'reasoning-signature', choice: 0, redacted: 'x' },
      { type: 'refusal-delta', choice: 0, text: 'no' },
      { type: 'logprobs', choice: 0, logprobs: { content: [{ token: 'no', logprob: -1, top_logprobs: [] }] } },
      { type: 'tool-call-start', choice: 0, index: 0, id: 'c', name: 'f' },
      { type: 'tool-call-delta', choice: 0, index: 0, arguments: '{"a"' },
      { type: 'tool-call-delta', choice: 0, index: 0, arguments: ':1}' },
      { type: 'finish', choice: 0, reason: 'tool-calls', native: 'tool_use' },
    ];
    const events = encode(chunks)
      .trim()
      .split('\n\n')
      .map((line) => JSON.parse(line.slice(6)) as JsonObject);
    const parts = events.flatMap(
      ({ candidates }) => (candidates as { content?: { parts: object[] } }[])[0]?.content?.parts ?? [],
    );
    expect(parts).toEqual([
      { text: 'hmm', thought: true },
      { text: '', thought: true, thoughtSignature: 's' },
      { text: 'no' },
      { functionCall: { id: 'c', name: 'f', args: { a: 1 } } },
    ]);
    expect(events[3]).toMatchObject({
      candidates: [{ logprobsResult: { chosenCandidates: [{ token: 'no', logProbability: -1 }] } }],
    });
    expect(events.at(-1)).toMatchObject({
      candidates: [{ finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 3 },
      responseId: 'r1',
    });
  });

  it('ends a stream with an error body as one event', () => {
    expect(geminiStreamEncoder().error('{"error":{}}')).toBe('data: {"error":{}}\n\n');
  });
});
