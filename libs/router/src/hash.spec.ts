import { describe, expect, it } from '@jest/globals';
import { hashOf, toFraction } from './hash.js';

describe('a hash', () => {
  it('is FNV-1a, the same on every machine', () => {
    // The published test vectors.
    expect(['', 'a', 'foobar'].map((text) => hashOf(text) >>> 0)).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  });
});

describe('the fraction of a hash', () => {
  it.each([0, -1, 1, 0x7fffffff, -0x80000000])('of %d lies between 0 and 1', (hash) => {
    expect(toFraction(hash)).toBeGreaterThan(0);
    expect(toFraction(hash)).toBeLessThan(1);
  });

  it('is even for hashes that are near each other', () => {
    const tenths = new Array<number>(10).fill(0);
    for (let hash = 0; hash < 10_000; hash += 1) tenths[Math.floor(toFraction(hash) * 10)]! += 1;
    expect(Math.min(...tenths)).toBeGreaterThan(900);
    expect(Math.max(...tenths)).toBeLessThan(1_100);
  });
});
