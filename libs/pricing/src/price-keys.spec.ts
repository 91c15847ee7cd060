import { describe, expect, it } from '@jest/globals';
import { readPriceKeys } from './price-keys.js';

const read = (record: Record<string, unknown>) =>
  readPriceKeys(record, 'test').map(({ component, aboveInputTokens, variant, usd }) => [
    component,
    aboveInputTokens,
    variant,
    Number(usd.numerator) / Number(usd.denominator),
  ]);

describe('readPriceKeys', () => {
  it.each([
    ['input_cost_per_token', ['input', 0, '', 1]],
    ['output_cost_per_token', ['output', 0, '', 1]],
    ['output_cost_per_reasoning_token', ['reasoning', 0, '', 1]],
    ['cache_read_input_token_cost', ['cacheRead', 0, '', 1]],
    ['cache_creation_input_token_cost', ['cacheWrite', 0, '', 1]],
    ['cache_creation_input_token_cost_above_1hr', ['cacheWriteLong', 0, '', 1]],
    ['cache_creation_input_token_cost_above_1hr_above_200k_tokens', ['cacheWriteLong', 200_000, '', 1]],
    ['input_cost_per_token_above_200k_tokens', ['input', 200_000, '', 1]],
    ['output_cost_per_token_above_272k_tokens_priority', ['output', 272_000, 'priority', 1]],
    ['input_cost_per_token_flex', ['input', 0, 'flex', 1]],
    ['input_cost_per_token_batches', ['input', 0, 'batches', 1]],
    ['input_cost_per_audio_token', ['inputAudio', 0, '', 1]],
    ['output_cost_per_image', ['perOutputImage', 0, '', 1]],
    ['input_cost_per_second', ['perInputMs', 0, '', 0.001]],
    ['output_cost_per_video_per_second', ['perOutputVideoMs', 0, '', 0.001]],
    ['input_cost_per_query', ['perQuery', 0, '', 1]],
    ['ocr_cost_per_page', ['perPage', 0, '', 1]],
  ])('reads %s', (key, expected) => expect(read({ [key]: 1 })).toEqual([expected]));

  it('reads a number that is written as text', () => {
    expect(read({ input_cost_per_token: '3e-7' })).toEqual([['input', 0, '', 3e-7]]);
  });

  it('reads the price of a web search by the size of its context', () => {
    expect(
      read({ search_context_cost_per_query: { search_context_size_low: 0.03, search_context_size_medium: 0.035 } }),
    ).toEqual([
      ['webSearchLow', 0, '', 0.03],
      ['webSearch', 0, '', 0.035],
    ]);
  });

  it('reads a table of tiers', () => {
    const rows = [
      { range: [0, 32_000], input_cost_per_token: 1 },
      { range: [32_000, 128_000], input_cost_per_token: 2 },
    ];
    expect(read({ tiered_pricing: rows })).toEqual([
      ['input', 0, '', 1],
      ['input', 32_000, '', 2],
    ]);
  });

  it('passes over empty prices and keys that are no prices', () => {
    expect(read({ input_cost_per_token: null, max_tokens: 5, constructor: 1, mode: 'chat', rpm: -1 })).toEqual([]);
  });

  it.each([NaN, -1e-6, Infinity, 'cheap', {}, true])('refuses the price %p and names key and place', (value) => {
    expect(() => readPriceKeys({ output_cost_per_token: value }, "price file: model 'x'")).toThrow(
      /price file: model 'x': output_cost_per_token must be a number of US dollars of at least 0/,
    );
  });
});
