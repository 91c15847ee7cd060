import { candidates } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import { drawEvenly, drawWeighted, totalWeight, weightOf } from './draw.js';

const weighing = (...weights: (number | undefined)[]) =>
  candidates(...weights.map((weight) => ({ deployment: { weight } })));

describe('an even draw of four', () => {
  it.each([
    [0, undefined, 0],
    [0.25, undefined, 1],
    [0.999, undefined, 3],
    [0, 0, 1],
    [0, 2, 0],
    [0.5, 0, 2],
    [0.5, 2, 1],
    [0.999, 2, 3],
    [0.999, 3, 2],
  ])('at %p without %p is number %p', (random, except, expected) => {
    expect(drawEvenly(4, () => random, except)).toBe(expected);
  });
});

describe('a draw by weight', () => {
  it.each([
    [0, undefined, 0],
    [0.249, undefined, 0],
    [0.25, undefined, 2],
    [0.999, undefined, 2],
    [0.5, 0, 2],
    [0.5, 2, 0],
  ])('of 1, none and 3 at %p without %p is number %p', (random, except, expected) => {
    const list = weighing(1, undefined, 3);
    const total = totalWeight(list) - (except === undefined ? 0 : weightOf(list[except]!));
    expect(drawWeighted(list, total, () => random, except)).toBe(expected);
  });

  it('stays among those with a weight when rounding leaves a remainder', () => {
    expect(drawWeighted(weighing(0.1, 0.2, 0), 0.3 + 1e-9, () => 1 - Number.EPSILON)).toBe(1);
  });

  it('finds nothing beside the only one with a weight', () => {
    expect(drawWeighted(weighing(0, 5, -1), 0, () => 0.5, 1)).toBe(-1);
  });
});

it.each([
  [undefined, 0],
  [0, 0],
  [-4, 0],
  [2.5, 2.5],
])('a weight of %p counts as %p', (weight, expected) => {
  expect(weightOf(weighing(weight)[0]!)).toBe(expected);
});
