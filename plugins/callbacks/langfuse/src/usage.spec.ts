import { describe, expect, it } from '@jest/globals';
import { usageDetails } from './usage.js';

const usage = { inputTokens: 100, outputTokens: 50, totalTokens: 150 };

describe('tokens', () => {
  it.each([
    ['plain', usage, { input: 100, output: 50, total: 150 }],
    [
      'read from and written to the cache',
      { ...usage, cachedInputTokens: 60, cacheWriteTokens: 30 },
      { input: 10, input_cached_tokens: 60, input_cache_creation_tokens: 30, output: 50, total: 150 },
    ],
    [
      'of reasoning and sound',
      { ...usage, inputAudioTokens: 20, reasoningTokens: 40, outputAudioTokens: 5 },
      { input: 80, input_audio_tokens: 20, output: 5, output_reasoning_tokens: 40, output_audio_tokens: 5, total: 150 },
    ],
    ['none of a kind', { ...usage, cachedInputTokens: 0 }, { input: 100, output: 50, total: 150 }],
    [
      'that do not add up',
      { ...usage, cachedInputTokens: 120 },
      { input: 0, input_cached_tokens: 120, output: 50, total: 150 },
    ],
  ])('%s are counted once', (_title, given, expected) => {
    expect(usageDetails(given)).toEqual(expected);
  });
});
