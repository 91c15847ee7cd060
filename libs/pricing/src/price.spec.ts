import { describe, expect, it } from '@jest/globals';
import { indexOf, type Component } from './components.js';
import { readPriceKeys } from './price-keys.js';
import { compilePrice, perMillionTokens, type PriceTiers } from './price.js';
import { overlay } from './rate-sheet.js';

const sheetOf = (record: Record<string, unknown>) => readPriceKeys(record, 'test');
const priceOf = (record: Record<string, unknown>) => compilePrice(sheetOf(record), 'deployment');
const femto = (tiers: PriceTiers | undefined, tier: number, component: Component): number => {
  const card = tiers?.[tier]?.card;
  return card ? card.nano[indexOf[component]]! * 1e6 + card.femto[indexOf[component]]! : NaN;
};

describe('compilePrice', () => {
  it('keeps rates as whole femto-dollars', () => {
    const price = priceOf({ input_cost_per_token: 3.75e-8, output_cost_per_token: 1.5e-5 });
    expect(femto(price.tiers, 0, 'input')).toBe(37_500_000);
    expect(femto(price.tiers, 0, 'output')).toBe(15_000_000_000);
  });

  it.each<[Component, number]>([
    ['cacheRead', 2e9],
    ['cacheWrite', 2e9],
    ['cacheWriteLong', 2e9],
    ['inputAudio', 2e9],
    ['inputImage', 2e9],
    ['reasoning', 8e9],
    ['outputAudio', 8e9],
    ['outputImage', 8e9],
    ['webSearch', 0],
    ['perRequest', 0],
  ])('charges %s like plain tokens, or not at all, when it has no rate of its own', (component, expected) => {
    const price = priceOf({ input_cost_per_token: 2e-6, output_cost_per_token: 8e-6 });
    expect(femto(price.tiers, 0, component)).toBe(expected);
  });

  it('takes what a tier does not state from the tier below', () => {
    const price = priceOf({
      input_cost_per_token: 1e-6,
      cache_read_input_token_cost: 1e-7,
      input_cost_per_token_above_128k_tokens: 2e-6,
      cache_read_input_token_cost_above_128k_tokens: 2e-7,
      input_cost_per_token_above_272k_tokens: 4e-6,
    });
    expect(price.tiers.map((tier) => tier.aboveInputTokens)).toEqual([272_000, 128_000, 0]);
    expect([0, 1, 2].map((tier) => femto(price.tiers, tier, 'input'))).toEqual([4e9, 2e9, 1e9]);
    expect([0, 1, 2].map((tier) => femto(price.tiers, tier, 'cacheRead'))).toEqual([2e8, 2e8, 1e8]);
  });

  it('halves what batch jobs have no rate for', () => {
    const price = priceOf({
      input_cost_per_token: 2e-6,
      output_cost_per_token: 8e-6,
      output_cost_per_token_batches: 3e-6,
    });
    const batches = price.variants.get('batches');
    expect(femto(batches, 0, 'input')).toBe(1e9);
    expect(femto(batches, 0, 'output')).toBe(3e9);
  });

  it('lets a service tier fall back to the standard rate', () => {
    const price = priceOf({
      input_cost_per_token: 2e-6,
      output_cost_per_token: 8e-6,
      input_cost_per_token_priority: 5e-6,
    });
    expect(femto(price.variants.get('priority'), 0, 'input')).toBe(5e9);
    expect(femto(price.variants.get('priority'), 0, 'output')).toBe(8e9);
    expect(price.variants.has('flex')).toBe(false);
  });

  it.each([
    [{ input_cost_per_token: 0, output_cost_per_token: 0 }, true],
    [{ input_cost_per_token: 0, output_cost_per_token: 1e-9 }, false],
  ])('tells whether %p is free', (record, isFree) => expect(priceOf(record).isFree).toBe(isFree));
});

describe('overlay', () => {
  const lower = {
    input_cost_per_token: 3e-6,
    cache_read_input_token_cost: 3e-7,
    input_cost_per_token_above_200k_tokens: 6e-6,
    output_cost_per_token: 15e-6,
    output_cost_per_token_above_200k_tokens: 22e-6,
  };
  const laid = (upper: Record<string, unknown>) => compilePrice(overlay(sheetOf(upper), sheetOf(lower)), 'deployment');

  it('drops what hangs on a base rate that is stated anew, and keeps the rest', () => {
    const { tiers } = laid({ input_cost_per_token: 1e-7 });
    expect([0, 1].map((tier) => femto(tiers, tier, 'input'))).toEqual([1e8, 1e8]);
    expect(femto(tiers, 1, 'cacheRead')).toBe(1e8);
    expect([0, 1].map((tier) => femto(tiers, tier, 'output'))).toEqual([22e9, 15e9]);
  });

  it('replaces one rate when only that is stated', () => {
    const { tiers } = laid({ cache_read_input_token_cost: 1e-8 });
    expect(femto(tiers, 1, 'cacheRead')).toBe(1e7);
    expect(femto(tiers, 1, 'input')).toBe(3e9);
  });
});

describe('perMillionTokens', () => {
  it('gives the plain rates in nano-dollars', () => {
    const price = priceOf({
      input_cost_per_token: 3.75e-8,
      output_cost_per_token: 1.5e-5,
      input_cost_per_token_above_128k_tokens: 1,
    });
    expect(perMillionTokens(price)).toEqual({ input: 37_500_000, output: 15_000_000_000 });
  });
});
