import { aSelectionContext, candidates, type CandidateChanges } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import plugin from './index.js';

const { select } = plugin.init({}, undefined as never);

/** The pick of a given random number. */
const pick = (random: number, ...changes: CandidateChanges[]): number =>
  select.select(candidates(...changes), aSelectionContext({ random: () => random }));

const weighted = [{ deployment: { weight: 1 } }, { deployment: { weight: 2 } }, { deployment: { weight: 1 } }];

describe('simple-shuffle', () => {
  it.each([
    [0, 0],
    [0.249, 0],
    [0.25, 1],
    [0.749, 1],
    [0.75, 2],
    [0.999, 2],
  ])('at %p picks number %p of weights 1, 2 and 1', (random, expected) => {
    expect(pick(random, ...weighted)).toBe(expected);
  });

  it.each([
    [0, 0],
    [0.49, 0],
    [0.5, 1],
    [0.999, 1],
  ])('at %p picks number %p of two equals', (random, expected) => {
    expect(pick(random, {}, {})).toBe(expected);
  });

  it('treats weights that are all 0 as if there were none', () => {
    expect(
      [0, 0.99].map((random) => pick(random, { deployment: { weight: 0 } }, { deployment: { weight: 0 } })),
    ).toEqual([0, 1]);
  });

  it('counts a negative weight as 0', () => {
    expect(pick(0, { deployment: { weight: -5 } }, { deployment: { weight: 1 } })).toBe(1);
  });

  it('stays among those with a weight when rounding leaves a remainder', () => {
    // With these the sum taken off step by step ends above 0.
    const tenths = [0.1, 0.1, 0.4].map((weight) => ({ deployment: { weight } }));
    expect(pick(1 - Number.EPSILON, ...tenths, {})).toBe(2);
  });

  it('goes by the name that configurations use', () => {
    expect(plugin.aliases).toContain('simple-shuffle');
  });
});
