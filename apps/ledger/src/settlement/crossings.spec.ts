import { describe, expect, it } from '@jest/globals';
import type { Balance } from './balance-book.js';
import { crossingsOf } from './crossings.js';

const aBalance = (changes: Partial<Balance>): Balance => ({
  account: 'key:k',
  spent: 0,
  total: 0,
  max: undefined,
  soft: undefined,
  duration: undefined,
  periodStart: undefined,
  resetAt: 7,
  ...changes,
});

describe('what is told of a balance that grows', () => {
  it.each<[string, Partial<Balance>, number, (string | number | undefined)[]]>([
    ['nothing without a bound', {}, 1_000, []],
    ['nothing below its marks', { max: 100, soft: 50 }, 49, []],
    ['its soft budget, reached', { max: 100, soft: 50 }, 50, ['soft-budget']],
    ['its soft budget, without a bound', { soft: 50 }, 60, ['soft-budget']],
    ['no soft budget again', { max: 100, soft: 50, spent: 50 }, 10, []],
    ['85 of 100', { max: 100, spent: 84 }, 1, ['threshold 85']],
    ['95 of 100', { max: 100, spent: 85 }, 10, ['threshold 95']],
    ['only the higher of two thresholds', { max: 100 }, 99, ['threshold 95']],
    ['the bound, and no threshold with it', { max: 100 }, 150, ['max-budget']],
    ['the bound after its thresholds', { max: 100, spent: 99 }, 1, ['max-budget']],
    ['nothing beyond the bound', { max: 100, spent: 100 }, 50, []],
    ['a soft budget at the bound as well', { max: 100, soft: 100 }, 100, ['soft-budget', 'max-budget']],
    ['nothing of a bound of nothing', { max: 0 }, 5, []],
    ['nothing of nothing spent', { max: 100, soft: 0 }, 0, []],
  ])('is %s', (_title, balance, added, expected) => {
    const told = crossingsOf(aBalance(balance), added);
    expect(told.map(({ kind, percent }) => (percent === undefined ? kind : `${kind} ${percent}`))).toEqual(expected);
  });

  it('is what was spent, of what, and when it begins anew', () => {
    expect(crossingsOf(aBalance({ soft: 5, max: 10, spent: 4 }), 2)).toEqual([
      { kind: 'soft-budget', account: 'key:k', spent: 6, max: 10, soft: 5, percent: undefined, resetAt: 7 },
    ]);
  });
});
