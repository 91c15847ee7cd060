import { describe, expect, it } from '@jest/globals';
import { anIndex, inGroup, levelOf, NOW, someFacts } from '../test/doubles.js';
import type { TargetFacts } from './target.js';

const aTarget = (facts: Partial<TargetFacts> = {}) =>
  levelOf(anIndex([inGroup('g', 'a')], { facts: someFacts(facts) })).targets[0]!;

describe('a target', () => {
  it('shows what is known of its deployment as it is now', () => {
    const target = aTarget();
    target.state.began(NOW);
    target.state.began(NOW);
    target.state.ended(NOW + 5, { durationMs: 5, tokens: 40, outputTokens: 30, isFailure: false });
    expect([target.inFlight, target.requestsThisMinute, target.tokensThisMinute]).toEqual([1, 2, 40]);
    expect(target.samples).toMatchObject([{ at: NOW + 5, outputTokens: 30 }]);
  });

  it.each<[string, 'priceOf' | 'maxInputTokensOf', 'priceNanoUsd' | 'maxInputTokens', number | undefined]>([
    ['price', 'priceOf', 'priceNanoUsd', 7],
    ['lack of a price', 'priceOf', 'priceNanoUsd', undefined],
    ['window', 'maxInputTokensOf', 'maxInputTokens', 8_000],
    ['lack of a window', 'maxInputTokensOf', 'maxInputTokens', undefined],
  ])('looks its %s up once, when it is asked for', (_title, fact, field, value) => {
    const asked: unknown[] = [];
    const look: TargetFacts['priceOf'] = (...given) => {
      asked.push(given);
      return value;
    };
    const target = aTarget({ [fact]: look });
    expect(asked).toEqual([]);
    expect([target[field], target[field]]).toEqual([value, value]);
    expect(asked).toEqual([[target.deployment, 'a']]);
  });

  it.each([true, false])('knows from the beginning whether it can be called: %p', (isUsable) => {
    expect(aTarget({ isUsable: () => isUsable }).isUsable).toBe(isUsable);
  });
});
