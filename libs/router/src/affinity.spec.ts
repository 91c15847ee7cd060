import { describe, expect, it } from '@jest/globals';
import { idOf, someTargets } from '../test/doubles.js';
import { ownerOf } from './affinity.js';
import type { Target } from './target.js';

const KEYS = Array.from({ length: 6_000 }, (_, at) => `conversation ${at}`);

const owners = (targets: readonly Target[]): (string | undefined)[] =>
  KEYS.map((key) => {
    const owner = ownerOf(targets, key);
    return owner && idOf(owner);
  });

const shares = (targets: readonly Target[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const owner of owners(targets)) counts[owner!] = (counts[owner!] ?? 0) + 1 / KEYS.length;
  return counts;
};

const five = someTargets({}, {}, {}, {}, {});

describe('the owner of a conversation', () => {
  it('is always the same', () => expect(owners(five)).toEqual(owners(five)));

  it('does not hang on the order of the deployments', () => expect(owners(five.toReversed())).toEqual(owners(five)));

  it('is as often the one as the other', () => {
    for (const share of Object.values(shares(five))) expect(Math.abs(share - 0.2)).toBeLessThan(0.02);
  });

  it('follows the weights', () => {
    const { d0, d1, d2 } = shares(someTargets({ weight: 3 }, { weight: 1 }, { weight: 6 }));
    expect(Math.abs(d0! - 0.3)).toBeLessThan(0.02);
    expect(Math.abs(d1! - 0.1)).toBeLessThan(0.02);
    expect(Math.abs(d2! - 0.6)).toBeLessThan(0.02);
  });

  it('is never one of weight 0', () => {
    expect(Object.keys(shares(someTargets({ weight: 0 }, {}, { weight: -1 })))).toEqual(['d1']);
  });

  it('is nobody where nobody has a weight', () => {
    expect(ownerOf(someTargets({ weight: 0 }, { weight: 0 }), 'key')).toBeUndefined();
    expect(ownerOf([], 'key')).toBeUndefined();
  });

  it('changes for its own conversations only when one is out, and they spread over the others', () => {
    const before = owners(five);
    const after = owners(five.filter((target) => idOf(target) !== 'd2'));
    const moved = after.filter((owner, at) => owner !== before[at]);
    expect(moved).toHaveLength(before.filter((owner) => owner === 'd2').length);
    for (const id of ['d0', 'd1', 'd3', 'd4']) {
      expect(moved.filter((owner) => owner === id).length / moved.length).toBeCloseTo(0.25, 1);
    }
  });

  it('changes for a fifth only when a fifth one comes', () => {
    const before = owners(five.slice(0, 4));
    const after = owners(five);
    expect(after.every((owner, at) => owner === before[at] || owner === 'd4')).toBe(true);
  });

  it('is told apart by keys that differ in one character', () => {
    const near = Array.from({ length: 1_000 }, (_, at) => ownerOf(five, `session-${String(at).padStart(4, '0')}`));
    for (const target of five) {
      expect(near.filter((owner) => owner === target).length).toBeGreaterThan(140);
    }
  });
});
