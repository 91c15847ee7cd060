import { describe, expect, it } from '@jest/globals';
import type { ChatResponse, JsonObject } from '@turnpike/domain';
import { fromGeminiResponse } from './from-response.js';
import { toGeminiResponse } from './to-response.js';

const aBody = (candidate: JsonObject, more: JsonObject = {}): JsonObject => ({
  candidates: [candidate],
  modelVersion: 'gemini-x',
  responseId: 'r1',
  createTime: '2026-01-15T12:00:00Z',
  ...more,
});

const aCandidate = (parts: JsonObject[], more: JsonObject = {}): JsonObject => ({
  content: { role: 'model', parts },
  finishReason: 'STOP',
  index: 0,
  ...more,
});

const choiceOf = (...args: Parameters<typeof aCandidate>) => fromGeminiResponse(aBody(aCandidate(...args))).choices[0]!;

describe('fromGeminiResponse', () => {
  it('reads text and what it cost', () => {
    const usageMetadata = { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 };
    expect(fromGeminiResponse(aBody(aCandidate([{ text: 'Hi' }]), { usageMetadata }))).toEqual({
      id: 'r1',
      model: 'gemini-x',
      created: 1_768_478_400,
      choices: [
        { index: 0, content: [{ type: 'text', text: 'Hi' }], finishReason: 'stop', nativeFinishReason: 'STOP' },
      ],
      usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
    });
  });

  it.each<[string, JsonObject[], object[]]>([
    [
      'joins pieces of a kind and keeps thoughts apart',
      [{ text: 'a', thought: true }, { text: 'b', thought: true }, { text: 'c' }, { text: 'd' }],
      [
        { type: 'reasoning', text: 'ab' },
        { type: 'text', text: 'cd' },
      ],
    ],
    [
      'takes the signature of an empty last part into the text',
      [{ text: 'a' }, { text: '', thoughtSignature: 'c2ln' }],
      [{ type: 'text', text: 'a', signature: 'c2ln' }],
    ],
    [
      'leaves out parts that say nothing',
      [{ text: '' }, { thought: true }, { toolCall: { toolType: 'X' } }, { functionCall: {} }],
      [],
    ],
    [
      'reads pictures, but not the drafts of a thought',
      [
        { inlineData: { mimeType: 'image/png', data: 'AA' }, thought: true },
        { inlineData: { mimeType: 'image/png', data: 'BB' } },
      ],
      [{ type: 'image', mediaType: 'image/png', data: 'BB' }],
    ],
    [
      'reads sound',
      [{ inlineData: { mimeType: 'audio/L16;codec=pcm;rate=24000', data: 'AA' } }],
      [{ type: 'audio', mediaType: 'audio/L16;codec=pcm;rate=24000', data: 'AA' }],
    ],
    [
      'fences code that Google ran, and its output',
      [
        { executableCode: { language: 'PYTHON', code: 'print(1)' } },
        { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } },
      ],
      [{ type: 'text', text: '\n```python\nprint(1)\n```\n\n```\n1\n```\n' }],
    ],
    [
      'gives calls without an id one that the same answer will have again',
      [
        { functionCall: { name: 'a', args: { q: 1 } }, thoughtSignature: 'c2ln' },
        { functionCall: { id: 'own', name: 'b' } },
        { functionCall: { name: 'c', args: {} } },
      ],
      [
        { type: 'tool-call', id: 'call_r1_0_0', name: 'a', arguments: '{"q":1}', signature: 'c2ln' },
        { type: 'tool-call', id: 'own', name: 'b', arguments: '{}' },
        { type: 'tool-call', id: 'call_r1_0_1', name: 'c', arguments: '{}' },
      ],
    ],
  ])('%s', (_, parts, content) => {
    expect(choiceOf(parts).content).toEqual(content);
  });

  it('makes up ids where the answer has none of its own', () => {
    const { choices } = fromGeminiResponse({ candidates: [aCandidate([{ functionCall: { name: 'a' } }])] });
    expect(choices[0]?.content[0]).toMatchObject({ id: expect.stringMatching(/^call_\w{24}$/) });
  });

  it.each<[string, boolean, string]>([
    ['STOP', false, 'stop'],
    ['STOP', true, 'tool-calls'],
    ['MAX_TOKENS', true, 'length'],
    ['SAFETY', false, 'content-filter'],
    ['IMAGE_RECITATION', false, 'content-filter'],
    ['LANGUAGE', false, 'content-filter'],
    ['OTHER', false, 'stop'],
    ['NO_IMAGE', false, 'stop'],
    ['SOMETHING_NEW', false, 'stop'],
  ])('reads the end %s, with calls %s, as %s', (finishReason, hasCalls, expected) => {
    const parts = hasCalls ? [{ functionCall: { name: 'a' } }] : [{ text: 'a' }];
    expect(choiceOf(parts, { finishReason })).toMatchObject({
      finishReason: expected,
      nativeFinishReason: finishReason,
    });
  });

  it.each(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'TOO_MANY_TOOL_CALLS', 'MISSING_THOUGHT_SIGNATURE'])(
    'calls %s an invalid answer, with what Google says of it',
    (finishReason) => {
      expect(() => choiceOf([], { finishReason, finishMessage: 'no such tool' })).toThrow(
        expect.objectContaining({
          code: 'GW_UPSTREAM_INVALID_RESPONSE',
          message: expect.stringContaining('no such tool'),
        }),
      );
    },
  );

  it('reads a candidate that ran out of tokens while it thought', () => {
    expect(fromGeminiResponse(aBody({ finishReason: 'MAX_TOKENS' })).choices).toEqual([
      { index: 0, content: [], finishReason: 'length', nativeFinishReason: 'MAX_TOKENS' },
    ]);
  });

  it('answers a refused prompt with nothing, filtered', () => {
    const promptFeedback = { blockReason: 'PROHIBITED_CONTENT' };
    expect(fromGeminiResponse({ promptFeedback, responseId: 'r1' })).toMatchObject({
      choices: [{ index: 0, content: [], finishReason: 'content-filter', nativeFinishReason: 'PROHIBITED_CONTENT' }],
      extras: { promptFeedback },
    });
  });

  it('takes the present for the time when the answer tells none', () => {
    const now = Math.floor(Date.now() / 1_000);
    const { created } = fromGeminiResponse({ candidates: [aCandidate([])] });
    expect(created).toBeGreaterThanOrEqual(now);
    expect(created).toBeLessThan(now + 60);
  });

  it('tells what else Google said under LiteLLM’s names', () => {
    const more = { safetyRatings: [{ blocked: false }], citationMetadata: { a: 1 }, urlContextMetadata: { b: 1 } };
    expect(fromGeminiResponse(aBody(aCandidate([], more))).extras).toEqual({
      vertex_ai_safety_results: [more.safetyRatings],
      vertex_ai_citation_metadata: [more.citationMetadata],
      vertex_ai_url_context_metadata: [more.urlContextMetadata],
    });
  });

  it('throws an error that came inside a 200', () => {
    const error = { code: 429, message: 'quota', status: 'RESOURCE_EXHAUSTED' };
    expect(() => fromGeminiResponse({ error })).toThrow(expect.objectContaining({ code: 'GW_UPSTREAM_RATE_LIMITED' }));
  });

  it('keeps candidates apart', () => {
    const body = aBody(aCandidate([{ text: 'a' }]));
    body['candidates'] = [aCandidate([{ text: 'a' }]), aCandidate([{ text: 'b' }], { index: 1 })];
    expect(fromGeminiResponse(body).choices.map(({ index, content }) => [index, content])).toEqual([
      [0, [{ type: 'text', text: 'a' }]],
      [1, [{ type: 'text', text: 'b' }]],
    ]);
  });

  it('reads log probabilities', () => {
    const token = (name: string) => ({ token: name, tokenId: 1, logProbability: -0.5 });
    const logprobsResult = {
      chosenCandidates: [token('a')],
      topCandidates: [{ candidates: [token('a'), token('b')] }],
    };
    const entry = (name: string) => ({ token: name, logprob: -0.5, bytes: null });
    expect(choiceOf([{ text: 'a' }], { logprobsResult }).logprobs).toEqual({
      content: [{ ...entry('a'), top_logprobs: [entry('a'), entry('b')] }],
    });
  });

  it('cites sources, counting characters where Google counts bytes', () => {
    const groundingMetadata = {
      webSearchQueries: ['q'],
      groundingChunks: [{ web: { uri: 'https://a.example', title: 'A' } }, { retrievedContext: { title: 'internal' } }],
      groundingSupports: [{ segment: { startIndex: 7, endIndex: 11 }, groundingChunkIndices: [0, 1] }],
    };
    const { choices, extras } = fromGeminiResponse(
      aBody(aCandidate([{ text: 'Zürich' }, { text: ' ist' }], { groundingMetadata })),
    );
    expect(choices[0]?.content).toEqual([
      {
        type: 'text',
        text: 'Zürich ist',
        annotations: [
          {
            type: 'url_citation',
            url_citation: { url: 'https://a.example', title: 'A', start_index: 6, end_index: 10 },
          },
        ],
      },
    ]);
    expect(extras).toEqual({ vertex_ai_grounding_metadata: [groundingMetadata] });
  });

  it.each<[string, unknown]>([
    ['no candidates', { usageMetadata: {} }],
    ['an unspecified block', { promptFeedback: { blockReason: 'BLOCK_REASON_UNSPECIFIED' } }],
    ['a list', []],
    ['nothing', null],
  ])('does not take %s for an answer', (_, body) => {
    expect(() => fromGeminiResponse(body as JsonObject)).toThrow(
      expect.objectContaining({ code: 'GW_UPSTREAM_INVALID_RESPONSE' }),
    );
  });
});

describe('toGeminiResponse', () => {
  it('comes back the same through fromGeminiResponse', () => {
    const response: ChatResponse = {
      id: 'r1',
      model: 'm',
      created: 1_768_478_400,
      choices: [
        {
          index: 0,
          content: [
            { type: 'reasoning', text: 'hmm', signature: 's' },
            {
              type: 'text',
              text: 'Zürich',
              signature: 't',
              annotations: [
                { type: 'url_citation', url_citation: { url: 'u', title: 'T', start_index: 0, end_index: 6 } },
              ],
            },
            { type: 'image', mediaType: 'image/png', data: 'AA' },
            { type: 'tool-call', id: 'c', name: 'f', arguments: '{"x":1}', signature: 'c2ln' },
          ],
          finishReason: 'tool-calls',
          nativeFinishReason: 'STOP',
          logprobs: { content: [{ token: 'a', logprob: -1, bytes: null, top_logprobs: [] }] },
        },
        { index: 1, content: [{ type: 'text', text: 'b' }], finishReason: 'length', nativeFinishReason: 'MAX_TOKENS' },
      ],
      usage: {
        inputTokens: 10,
        outputTokens: 8,
        totalTokens: 18,
        cachedInputTokens: 4,
        reasoningTokens: 5,
        inputAudioTokens: 2,
        outputImageTokens: 1,
      },
    };
    const { extras: _, ...back } = fromGeminiResponse(toGeminiResponse(response));
    expect(back).toEqual(response);
  });

  it('says nothing of citations and probabilities that there are none of', () => {
    const choices = [{ index: 0, content: [], finishReason: 'stop' as const, logprobs: { content: [] } }];
    expect(toGeminiResponse({ id: 'r', model: 'm', created: 0, choices })).toEqual({
      candidates: [{ content: { role: 'model', parts: [] }, finishReason: 'STOP', index: 0 }],
      modelVersion: 'm',
      createTime: '1970-01-01T00:00:00.000Z',
      responseId: 'r',
    });
  });

  it.each([
    ['stop', undefined, 'STOP'],
    ['tool-calls', 'tool_use', 'STOP'],
    ['length', 'max_tokens', 'MAX_TOKENS'],
    ['content-filter', undefined, 'SAFETY'],
    ['content-filter', 'RECITATION', 'RECITATION'],
  ] as const)('ends %s (%s) with %s', (finishReason, nativeFinishReason, word) => {
    const choices = [{ index: 0, content: [], finishReason, nativeFinishReason }];
    expect(toGeminiResponse({ id: '', model: '', created: 0, choices })).toMatchObject({
      candidates: [{ finishReason: word }],
    });
  });

  it('hands broken arguments of other models on', () => {
    const content = [{ type: 'tool-call' as const, id: 'c', name: 'f', arguments: '{"x":' }];
    const choices = [{ index: 0, content, finishReason: 'tool-calls' as const }];
    expect(toGeminiResponse({ id: '', model: '', created: 0, choices })).toMatchObject({
      candidates: [{ content: { parts: [{ functionCall: { args: { arguments: '{"x":' } } }] } }],
    });
  });
});
