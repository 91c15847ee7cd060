import { describe, expect, it } from '@jest/globals';
import { partOfOne, Slice } from './slice.js';

const aSlice = (free: number): Slice => Object.assign(new Slice(), { limit: 100, free });

describe('Slice', () => {
  it('pays what it owes with whatever goes back', () => {
    const slice = aSlice(5);
    slice.owed = 3;
    expect(slice.remove(2)).toBe(2);
    expect(slice.owed).toBe(1);
    expect(slice.remove()).toBe(3);
    expect(slice.owed).toBe(0);
  });

  it('knows of a drought only for calls that need as much as the one that was denied', () => {
    const slice = aSlice(20);
    slice.granted(0, 0, 2_000, 60, 2);
    expect([49, 50, 51].map((need) => slice.isDry(1_000, need))).toEqual([false, true, true]);
    expect(slice.dryForMs(1_500, 50)).toBe(500);
    expect(slice.isDry(2_000, 50)).toBe(false);
  });

  it('ends a drought when it hands something back, since that can be had again', () => {
    const slice = aSlice(4);
    slice.granted(0, 0, 2_000, 1, 1);
    expect(slice.removeUnneeded()).toBe(0);
    expect(slice.isDry(1_000)).toBe(true);
    expect(slice.removeUnneeded()).toBe(4);
    expect(slice.isDry(1_000)).toBe(false);
  });
});

describe('partOfOne', () => {
  it.each([
    [100, 3, 34],
    [100, 1, 100],
    [100, 0, 100],
    [0, 5, 0],
  ])('of %d for %d calls is %d', (amount, calls, part) => {
    expect(partOfOne(amount, calls)).toBe(part);
  });
});
