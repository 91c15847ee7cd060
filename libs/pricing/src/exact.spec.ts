import { describe, expect, it } from '@jest/globals';
import { divide, parseDecimal, scaleAndRound } from './exact.js';

describe('parseDecimal', () => {
  it.each([
    [0.1, 1n, 10n],
    [3.75e-8, 375n, 10_000_000_000n],
    ['3e-7', 3n, 10_000_000n],
    ['2.50', 250n, 100n],
    [1e21, 10n ** 21n, 1n],
    [' 7 ', 7n, 1n],
    [0, 0n, 1n],
  ])('reads %p without rounding', (value, numerator, denominator) => {
    expect(parseDecimal(value)).toEqual({ numerator, denominator });
  });

  it.each([NaN, Infinity, -1, '-0.1', '', 'free', '1,5', null, true, undefined])('refuses %p', (value) => {
    expect(parseDecimal(value)).toBeUndefined();
  });
});

describe('scaleAndRound', () => {
  it.each([
    [1, 2, 1n, 1n],
    [1, 3, 1n, 0n],
    [2, 3, 1n, 1n],
    [0.36, 3_600_000, 10n ** 15n, 100_000_000n],
  ])('rounds %p / %p times %p half up to %p', (value, by, scale, expected) => {
    expect(scaleAndRound(divide(parseDecimal(value)!, by), scale)).toBe(expected);
  });
});
