import { describe, expect, it } from '@jest/globals';
import { formatUsd, parseUsd } from './money.js';

describe('formatUsd', () => {
  it.each([
    [0, '0'],
    [1, '0.000000001'],
    [1_500_000_000, '1.5'],
    [10_000_000_000, '10'],
    [-25, '-0.000000025'],
    [Number.MAX_SAFE_INTEGER, '9007199.254740991'],
  ])('writes %p nano-dollars as %p', (nano, text) => expect(formatUsd(nano)).toBe(text));

  it.each([0.5, NaN, 2 ** 53])('refuses %p, which is no whole number of nano-dollars', (nano) => {
    expect(() => formatUsd(nano)).toThrow(RangeError);
  });
});

describe('parseUsd', () => {
  it.each([
    ['12.5', 12_500_000_000],
    [0.1, 100_000_000],
    ['-3e-7', -300],
    [1e-9, 1],
    ['0.0000000005', 1],
    ['0.00000000049', 0],
    ['-0', 0],
    ['9007199.254740991', Number.MAX_SAFE_INTEGER],
  ])('reads %p as %p nano-dollars', (value, nano) => expect(parseUsd(value)).toBe(nano));

  it.each(['', 'ten', NaN, Infinity, '9007200', '--1'])('refuses %p', (value) => {
    expect(() => parseUsd(value)).toThrow('is not an amount of US dollars');
  });

  it('reads back what formatUsd writes', () => {
    for (const nano of [7, 123_456_789_012, -1, 999_999_999]) expect(parseUsd(formatUsd(nano))).toBe(nano);
  });
});
