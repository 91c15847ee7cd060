import { aSelectionContext, candidates } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import plugin from './index.js';

const { select } = plugin.init({}, undefined as never);

/** The pick among candidates with so many calls under way. */
const pick = (inFlight: number[], random = 0): number =>
  select.select(
    candidates(...inFlight.map((calls) => ({ inFlight: calls }))),
    aSelectionContext({ random: () => random }),
  );

describe('least-busy', () => {
  it.each<[number[], number]>([
    [[2, 0, 1], 1],
    [[0, 1, 2], 0],
    [[5, 4, 3], 2],
    [[7], 0],
    [[], -1],
  ])('of %p calls under way picks number %p', (inFlight, expected) => {
    expect(pick(inFlight)).toBe(expected);
  });

  it.each([
    [0, 3],
    [0.999, 0],
  ])('leaves it to chance among equals: at %p number %p', (random, expected) => {
    expect(pick([1, 2, 1, 1], random)).toBe(expected);
  });

  it.each(['least-busy', 'least-busy-routing'])('goes by %s in configurations', (name) => {
    expect(plugin.aliases).toContain(name);
  });
});
