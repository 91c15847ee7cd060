import { describe, expect, it } from '@jest/globals';
import { PriceAdjustments, type AdjustmentSettings } from './adjustments.js';

const adjust = (settings: Partial<AdjustmentSettings>, cost: number, provider = 'provider.x') =>
  PriceAdjustments.of({ discounts: {}, margins: {}, margin: undefined, ...settings })?.adjust(provider, cost);

describe('the cost of a call', () => {
  it.each<[string, Partial<AdjustmentSettings>, number, number, number]>([
    ['with a discount', { discounts: { 'provider.x': 0.05 } }, 950, 50, 0],
    ['with the discount of another', { discounts: { 'provider.y': 0.05 } }, 1_000, 0, 0],
    ['with a margin for all', { margin: { rate: 0.1, fixedNanoUsd: 0 } }, 1_100, 0, 100],
    [
      'with its own margin in place of the one for all',
      { margin: { rate: 0.1, fixedNanoUsd: 0 }, margins: { 'provider.x': { rate: 0, fixedNanoUsd: 7 } } },
      1_007,
      0,
      7,
    ],
    [
      'with a margin on what the discount leaves',
      { discounts: { 'provider.x': 0.5 }, margin: { rate: 0.1, fixedNanoUsd: 3 } },
      553,
      500,
      53,
    ],
    ['with nothing left', { discounts: { 'provider.x': 1 } }, 0, 1_000, 0],
  ])('%s is as the operator says', (_what, settings, nanoUsd, discountNanoUsd, marginNanoUsd) => {
    expect(adjust(settings, 1_000)).toMatchObject({ nanoUsd, originalNanoUsd: 1_000, discountNanoUsd, marginNanoUsd });
  });

  it('is what it is where the operator says nothing', () => {
    expect(adjust({}, 1_000)).toBeUndefined();
  });

  it('is a whole number, however large', () => {
    expect(adjust({ margin: { rate: 9, fixedNanoUsd: 0 } }, Number.MAX_SAFE_INTEGER)?.nanoUsd).toBe(
      Number.MAX_SAFE_INTEGER,
    );
    expect(adjust({ discounts: { 'provider.x': 0.333 } }, 10)?.nanoUsd).toBe(7);
  });
});
