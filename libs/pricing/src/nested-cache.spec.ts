import { describe, expect, it } from '@jest/globals';
import { NestedCache } from './nested-cache.js';

describe('NestedCache', () => {
  const owner = {};

  it('tells entries apart by each key and by the identity of the owner', () => {
    const cache = new NestedCache<number>(10);
    cache.set(owner, 'a', 'b', 'c', 1);
    cache.set(owner, 'a', 'b', 'd', 2);
    expect(cache.get(owner, 'a', 'b', 'c')).toBe(1);
    expect(cache.get(owner, 'a', 'b', 'd')).toBe(2);
    expect(cache.get(owner, 'a', 'c', 'c')).toBeUndefined();
    expect(cache.get({}, 'a', 'b', 'c')).toBeUndefined();
  });

  it('stays within its bound', () => {
    const cache = new NestedCache<number>(3);
    for (let index = 0; index < 10; index += 1) cache.set(owner, 'a', String(index), '', index);
    const kept = Array.from({ length: 10 }, (_, index) => cache.get(owner, 'a', String(index), ''));
    expect(kept.filter((value) => value !== undefined).length).toBeLessThanOrEqual(3);
    expect(kept[9]).toBe(9);
  });

  it('does not count an entry that is replaced', () => {
    const cache = new NestedCache<number>(2);
    cache.set(owner, 'a', 'a', '', 1);
    for (let index = 0; index < 5; index += 1) cache.set(owner, 'a', 'b', '', index);
    expect(cache.get(owner, 'a', 'a', '')).toBe(1);
  });
});
