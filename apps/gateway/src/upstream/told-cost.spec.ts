import { PriceAdjustments } from '@turnpike/pricing';
import { describe, expect, it } from '@jest/globals';
import { anAttempt, anExchange } from '../../test/doubles.js';
import { someUsage } from '../../test/road.js';
import { tellCostOf } from './told-cost.js';

const teller = (snapshot: object, tellsCostInStreams = true) => {
  const exchange = anExchange({}, { snapshot: { config: { requests: { tellsCostInStreams } }, ...snapshot } });
  return { exchange, attempt: anAttempt(exchange) };
};

describe('what a stream says of its cost', () => {
  it('is nothing unless operators want it', () => {
    const { exchange, attempt } = teller({}, false);
    expect(tellCostOf(exchange, attempt)).toBeUndefined();
  });

  it('is what its tokens cost, with what operators make of that', () => {
    const costOf = (): number => 1_000;
    const adjustments = PriceAdjustments.of({ discounts: {}, margins: {}, margin: { rate: 0.5, fixedNanoUsd: 0 } });
    for (const [snapshot, expected] of [
      [{ costOf }, '0.000001'],
      [{ costOf, adjustments }, '0.0000015'],
      [{ costOf: () => undefined }, undefined],
    ] as const) {
      const { exchange, attempt } = teller(snapshot);
      expect(tellCostOf(exchange, attempt)?.(someUsage(1, 2))).toBe(expected);
    }
  });

  it('is nothing to pay where the answer was kept', () => {
    expect(tellCostOf(teller({}).exchange, undefined)?.(someUsage(1, 2))).toBe('0');
  });
});
