import { describe, expect, it } from '@jest/globals';
import { CellCache } from './cell-cache.js';

describe('CellCache', () => {
  it('finds cells by all four labels', () => {
    const cache = new CellCache<string>(10);
    expect(cache.add('key', 'model', 'deployment', '200', 'cells')).toBe('cells');
    expect(cache.get('key', 'model', 'deployment', '200')).toBe('cells');
    const others: [string, string, string, string][] = [
      ['other', 'model', 'deployment', '200'],
      ['key', 'other', 'deployment', '200'],
      ['key', 'model', 'other', '200'],
      ['key', 'model', 'deployment', 'other'],
    ];
    for (const labels of others) expect(cache.get(...labels)).toBeUndefined();
  });

  it('holds no more than it may: then it starts over', () => {
    const cache = new CellCache<number>(2);
    for (const number of [1, 2, 3]) cache.add('key', 'model', 'deployment', String(number), number);
    expect([1, 2, 3].map((number) => cache.get('key', 'model', 'deployment', String(number)))).toEqual([
      undefined,
      undefined,
      3,
    ]);
  });
});
