import { describe, expect, it } from '@jest/globals';
import type { Usage } from '@turnpike/domain';
import { costOf, type CostOptions } from './cost.js';
import { readPriceKeys } from './price-keys.js';
import { compilePrice } from './price.js';

const aPrice = (record: Record<string, unknown>) => compilePrice(readPriceKeys(record, 'test'), 'deployment');
const aUsage = (usage: Partial<Usage>): Usage => ({ inputTokens: 0, outputTokens: 0, totalTokens: 0, ...usage });

const PRICE = aPrice({
  input_cost_per_token: 3e-6,
  cache_read_input_token_cost: 3e-7,
  cache_creation_input_token_cost: 3.75e-6,
  cache_creation_input_token_cost_above_1hr: 6e-6,
  input_cost_per_audio_token: 4e-5,
  input_cost_per_image_token: 5e-6,
  output_cost_per_token: 1.5e-5,
  output_cost_per_reasoning_token: 2e-5,
  output_cost_per_audio_token: 8e-5,
  output_cost_per_image_token: 3e-5,
  input_cost_per_token_above_200k_tokens: 6e-6,
  output_cost_per_token_above_200k_tokens: 2.25e-5,
  input_cost_per_token_priority: 1e-5,
  search_context_cost_per_query: {
    search_context_size_low: 0.03,
    search_context_size_medium: 0.035,
    search_context_size_high: 0.05,
  },
  input_cost_per_image: 0.002,
  output_cost_per_image: 0.04,
  input_cost_per_second: 0.0001,
  output_cost_per_second: 0.0002,
  input_cost_per_character: 1e-6,
  input_cost_per_query: 0.002,
  ocr_cost_per_page: 0.001,
});

describe('costOf', () => {
  it.each<[string, Partial<Usage>, number]>([
    ['plain tokens', { inputTokens: 1_000, outputTokens: 100 }, 4_500_000],
    ['nothing', {}, 0],
    ['cache reads apart from fresh tokens', { inputTokens: 1_000, cachedInputTokens: 900 }, 570_000],
    ['cache writes', { inputTokens: 1_000, cacheWriteTokens: 1_000 }, 3_750_000],
    ['long cache writes', { inputTokens: 1_000, cacheWriteTokens: 1_000, cacheWriteLongTokens: 400 }, 4_650_000],
    ['audio and image input', { inputTokens: 300, inputAudioTokens: 100, inputImageTokens: 100 }, 4_800_000],
    ['reasoning as part of the output', { outputTokens: 100, reasoningTokens: 60 }, 1_800_000],
    ['audio and image output', { outputTokens: 30, outputAudioTokens: 10, outputImageTokens: 10 }, 1_250_000],
    ['exactly the threshold at the lower tier', { inputTokens: 200_000, outputTokens: 10 }, 600_150_000],
    ['the whole call at the upper tier above it', { inputTokens: 200_001, outputTokens: 10 }, 1_200_231_000],
    ['parts that exceed their whole as parts only', { inputTokens: 10, cachedInputTokens: 100 }, 30_000],
    ['counts that are no counts as nothing', { inputTokens: NaN, outputTokens: -5 }, 0],
    ['web searches', { webSearchRequests: 2 }, 70_000_000],
  ])('charges %s', (_, usage, nano) => expect(costOf(PRICE, aUsage(usage))).toBe(nano));

  it.each<[string, CostOptions, number]>([
    ['half for batch jobs', { batch: true }, 2_250_000],
    ['the rates of a service tier', { serviceTier: 'priority' }, 11_500_000],
    ['the tier called fast as priority', { serviceTier: 'fast' }, 11_500_000],
    ['the standard rate for other tiers', { serviceTier: 'default' }, 4_500_000],
    ['images', { units: { inputImages: 1, outputImages: 2 } }, 86_500_000],
    ['time by the millisecond', { units: { inputMs: 12_345, outputMs: 1_000 } }, 5_934_500],
    ['characters', { units: { inputCharacters: 1_000 } }, 5_500_000],
    ['queries and pages', { units: { queries: 1, pages: 3 } }, 9_500_000],
  ])('charges %s', (_, options, nano) => {
    expect(costOf(PRICE, aUsage({ inputTokens: 1_000, outputTokens: 100 }), options)).toBe(nano);
  });

  it.each<[CostOptions['searchContextSize'], number]>([
    ['low', 30_000_000],
    ['medium', 35_000_000],
    ['high', 50_000_000],
  ])('charges a web search with %s context', (searchContextSize, nano) => {
    expect(costOf(PRICE, aUsage({ webSearchRequests: 1 }), { searchContextSize })).toBe(nano);
  });

  it('charges a fee per request once', () => {
    expect(costOf(aPrice({ input_cost_per_request: 0.005 }), aUsage({}))).toBe(5_000_000);
  });

  it.each([
    ['0.0375 dollars a million tokens', 3.75e-8, 1, 38],
    ['a thousandth of that', 3.75e-11, 1_000_000_000, 37_500_000],
    ['half a nano-dollar', 5e-10, 1, 1],
    ['a little less than half', 4.99e-10, 1, 0],
    ['a billion tokens', 1.5e-5, 1_000_000_000, 15_000_000_000_000],
    ['a billion tokens of a rate with 15 decimals', 1.00000000001e-4, 1_000_000_000, 100_000_000_001_000],
  ])('is exact for %s', (_, rate, tokens, nano) => {
    expect(costOf(aPrice({ input_cost_per_token: rate }), aUsage({ inputTokens: tokens }))).toBe(nano);
  });

  it('saturates instead of losing digits', () => {
    const price = aPrice({ input_cost_per_token: 1 });
    expect(costOf(price, aUsage({ inputTokens: 1e300 }))).toBe(Number.MAX_SAFE_INTEGER);
    expect(costOf(price, aUsage({ inputTokens: 9_007_199 }))).toBe(9_007_199_000_000_000);
  });

  it('carries nothing over from the call before', () => {
    costOf(PRICE, aUsage({ outputTokens: 5, webSearchRequests: 3 }), { units: { pages: 9 } });
    expect(costOf(PRICE, aUsage({ inputTokens: 1 }))).toBe(3_000);
  });
});

describe('costOf against rational arithmetic', () => {
  /** mulberry32: the same numbers on every run. */
  const seeded = (seed: number) => (): number => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  it('agrees on 5,000 random prices and usages', () => {
    const random = seeded(20_260_301);
    const below = (limit: number): number => Math.floor(random() * limit);
    /** Femto-dollars, from a hundredth of a nano-dollar to a tenth of a milli-dollar a token. */
    const aRate = (): bigint => BigInt(below(10 ** (4 + below(8))));
    const asDecimal = (femto: bigint): string => `0.${String(femto).padStart(15, '0')}`;

    for (let round = 0; round < 5_000; round += 1) {
      const rates = Array.from({ length: 10 }, aRate);
      const names = [
        'input_cost_per_token',
        'cache_read_input_token_cost',
        'cache_creation_input_token_cost',
        'cache_creation_input_token_cost_above_1hr',
        'input_cost_per_audio_token',
        'input_cost_per_image_token',
        'output_cost_per_token',
        'output_cost_per_reasoning_token',
        'output_cost_per_audio_token',
        'output_cost_per_image_token',
      ];
      const price = aPrice(Object.fromEntries(names.map((name, index) => [name, asDecimal(rates[index]!)])));
      const limit = 10 ** (1 + below(9));
      const parts = names.map(() => below(limit));
      const sum = (from: number, to: number): number => parts.slice(from, to).reduce((total, part) => total + part, 0);
      const usage: Usage = {
        inputTokens: sum(0, 6),
        cachedInputTokens: parts[1],
        cacheWriteTokens: parts[2]! + parts[3]!,
        cacheWriteLongTokens: parts[3],
        inputAudioTokens: parts[4],
        inputImageTokens: parts[5],
        outputTokens: sum(6, 10),
        reasoningTokens: parts[7],
        outputAudioTokens: parts[8],
        outputImageTokens: parts[9],
        totalTokens: sum(0, 10),
      };
      const femto = rates.reduce((total, rate, index) => total + rate * BigInt(parts[index]!), 0n);
      expect(BigInt(costOf(price, usage))).toBe((femto + 500_000n) / 1_000_000n);
    }
  });
});
