import { describe, expect, it } from '@jest/globals';
import type { JsonObject, Usage } from '@turnpike/domain';
import { readGeminiUsage } from './from-response.js';
import { fromGeminiUsage, toGeminiUsage } from './usage.js';

describe('fromGeminiUsage', () => {
  it.each<[string, JsonObject, Partial<Usage>]>([
    [
      'adds thoughts to the output',
      { promptTokenCount: 7, candidatesTokenCount: 10, thoughtsTokenCount: 2, totalTokenCount: 19 },
      { inputTokens: 7, outputTokens: 12, totalTokens: 19, reasoningTokens: 2 },
    ],
    [
      'does not count thoughts twice where they are among the candidates',
      { promptTokenCount: 7, candidatesTokenCount: 12, thoughtsTokenCount: 2, totalTokenCount: 19 },
      { inputTokens: 7, outputTokens: 12, totalTokens: 19, reasoningTokens: 2 },
    ],
    [
      'adds what tools said to the input',
      { promptTokenCount: 7, toolUsePromptTokenCount: 30, candidatesTokenCount: 1, totalTokenCount: 38 },
      { inputTokens: 37, outputTokens: 1, totalTokens: 38 },
    ],
    [
      'reads cached tokens and modalities',
      {
        promptTokenCount: 100,
        candidatesTokenCount: 5,
        totalTokenCount: 105,
        cachedContentTokenCount: 80,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 60 },
          { modality: 'AUDIO', tokenCount: 30 },
          { modality: 'IMAGE', tokenCount: 10 },
        ],
        candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 4 }],
      },
      { inputTokens: 100, cachedInputTokens: 80, inputAudioTokens: 30, inputImageTokens: 10, outputImageTokens: 4 },
    ],
    [
      'reads an answer without output',
      { promptTokenCount: 7, totalTokenCount: 7 },
      { inputTokens: 7, outputTokens: 0, totalTokens: 7 },
    ],
    ['sums what has no total', { promptTokenCount: 7, candidatesTokenCount: 1 }, { totalTokens: 8 }],
  ])('%s', (_, metadata, expected) => {
    expect(fromGeminiUsage(metadata)).toMatchObject(expected);
  });

  it.each([undefined, {}, { trafficType: 'ON_DEMAND' }])('knows nothing from %j', (metadata) => {
    expect(fromGeminiUsage(metadata)).toBeUndefined();
  });

  it('comes back the same through toGeminiUsage', () => {
    const usage = {
      inputTokens: 9,
      outputTokens: 8,
      totalTokens: 17,
      reasoningTokens: 3,
      cachedInputTokens: 4,
      inputAudioTokens: 2,
    };
    expect(fromGeminiUsage(toGeminiUsage(usage))).toEqual(usage);
  });
});

describe('readGeminiUsage', () => {
  const body = (modelVersion: string, webSearchQueries: string[]): JsonObject => ({
    modelVersion,
    candidates: [{ groundingMetadata: { webSearchQueries } }],
    usageMetadata: { promptTokenCount: 1, totalTokenCount: 1 },
  });

  it.each([
    ['gemini-2.5-flash', ['a', 'b'], 1],
    ['gemini-3-flash-preview', ['a', 'b', 'a', ''], 2],
    ['gemini-3-flash-preview', [''], undefined],
    ['gemini-2.5-flash', [], undefined],
  ])('bills %s for the queries %j as %p', (model, queries, expected) => {
    expect(readGeminiUsage(body(model, queries))?.webSearchRequests).toBe(expected);
  });

  it('knows nothing from what is no answer', () => {
    expect(readGeminiUsage(null)).toBeUndefined();
  });
});
