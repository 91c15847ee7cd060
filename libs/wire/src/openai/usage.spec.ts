import type { JsonObject, JsonValue, Usage } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { fromOpenAiUsage, toOpenAiUsage } from './usage.js';

const counts = (prompt: number, completion: number, total = prompt + completion): JsonObject => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: total,
});
const usage = (inputTokens: number, outputTokens: number, more: Partial<Usage> = {}): Usage => ({
  inputTokens,
  outputTokens,
  totalTokens: inputTokens + outputTokens,
  ...more,
});

describe('fromOpenAiUsage', () => {
  it.each<[string, JsonObject, Usage]>([
    ['plain counts', counts(5, 3), usage(5, 3)],
    ['no total', { prompt_tokens: 5, completion_tokens: 3 }, usage(5, 3)],
    ['no completion', { prompt_tokens: 5, total_tokens: 8 }, usage(5, 3)],
    ['no prompt', { completion_tokens: 3, total_tokens: 8 }, usage(5, 3)],
    ['a total alone', { total_tokens: 8 }, usage(8, 0)],
    ['an embedding', { prompt_tokens: 5, total_tokens: 5 }, usage(5, 0)],
    ['a total that says less than its parts', counts(5, 3, 2), usage(5, 3, { totalTokens: 2 })],
    [
      'details of the prompt',
      {
        ...counts(9, 3),
        prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 2, audio_tokens: 1, image_tokens: 0 },
      },
      usage(9, 3, { cachedInputTokens: 4, cacheWriteTokens: 2, inputAudioTokens: 1, inputImageTokens: 0 }),
    ],
    [
      'details of the completion',
      {
        ...counts(9, 9),
        completion_tokens_details: {
          reasoning_tokens: 5,
          audio_tokens: 1,
          image_tokens: 2,
          accepted_prediction_tokens: 3,
          rejected_prediction_tokens: 4,
        },
      },
      usage(9, 9, {
        reasoningTokens: 5,
        outputAudioTokens: 1,
        outputImageTokens: 2,
        acceptedPredictionTokens: 3,
        rejectedPredictionTokens: 4,
      }),
    ],
    ["DeepSeek's cache hits", { ...counts(9, 3), prompt_cache_hit_tokens: 4 }, usage(9, 3, { cachedInputTokens: 4 })],
    ["Moonshot's cache hits", { ...counts(9, 3), cached_tokens: 4 }, usage(9, 3, { cachedInputTokens: 4 })],
    [
      "xAI's reasoning, counted beside the completion",
      { ...counts(5, 3, 12), completion_tokens_details: { reasoning_tokens: 4 } },
      usage(5, 7, { reasoningTokens: 4 }),
    ],
    ['counts that are none', { prompt_tokens: 5, completion_tokens: -1, prompt_tokens_details: null }, usage(5, 0)],
  ])('reads %s', (_title, body, expected) => expect(fromOpenAiUsage(body)).toEqual(expected));

  it.each<[JsonValue | undefined]>([[undefined], [null], ['5'], [[]], [{}], [{ prompt_tokens: '5' }]])(
    'finds none in %j',
    (value) => expect(fromOpenAiUsage(value)).toBeUndefined(),
  );
});

describe('toOpenAiUsage', () => {
  it('writes details only where something is known', () => {
    expect(toOpenAiUsage(usage(5, 3))).toStrictEqual(counts(5, 3));
  });

  it("writes cache counts in OpenAI's words and in LiteLLM's", () => {
    expect(toOpenAiUsage(usage(9, 3, { cachedInputTokens: 4 }))).toEqual({
      ...counts(9, 3),
      prompt_tokens_details: { cached_tokens: 4 },
      cache_read_input_tokens: 4,
    });
    expect(toOpenAiUsage(usage(9, 3, { cacheWriteTokens: 2 }))).toEqual({
      ...counts(9, 3),
      prompt_tokens_details: { cache_write_tokens: 2 },
      cache_creation_input_tokens: 2,
      cache_read_input_tokens: 0,
    });
  });

  it('is the same when it is read again', () => {
    const all = usage(20, 20, {
      cachedInputTokens: 1,
      cacheWriteTokens: 2,
      inputAudioTokens: 3,
      inputImageTokens: 4,
      reasoningTokens: 5,
      outputAudioTokens: 6,
      outputImageTokens: 7,
      acceptedPredictionTokens: 8,
      rejectedPredictionTokens: 9,
    });
    expect(fromOpenAiUsage(toOpenAiUsage(all))).toEqual(all);
  });
});
