import { expect, it } from '@jest/globals';
import { growthOf, type AccountSpend } from './imported-spend.js';

const NOW = Date.UTC(2026, 10, 21);
const [PAST, NEXT, LATER] = [NOW - 1, NOW + 1_000, NOW + 9_000];

interface Then {
  spent: number;
  total: number;
  resetAt?: number;
}

it.each<[title: string, before: Then | undefined, now: Omit<AccountSpend, 'account'>, spent: number, total: number]>([
  ['all of it the first time', undefined, { spent: 70 }, 70, 70],
  ['nothing the second time', { spent: 70, total: 70 }, { spent: 70 }, 0, 0],
  ['what came since', { spent: 70, total: 70 }, { spent: 100 }, 30, 30],
  ['what came since in the same period', { spent: 70, total: 70, resetAt: NEXT }, { spent: 90, resetAt: NEXT }, 20, 20],
  ['all of the next period', { spent: 70, total: 70, resetAt: PAST }, { spent: 80, resetAt: NEXT }, 80, 80],
  [
    'what came since, though the duration was changed',
    { spent: 70, total: 70, resetAt: NEXT },
    { spent: 90, resetAt: LATER },
    20,
    20,
  ],
  ['what came since it was set back by hand', { spent: 70, total: 70 }, { spent: 5 }, 5, 5],
  ['nothing to a period that is over', undefined, { spent: 70, resetAt: PAST }, 0, 70],
  ['by what was spent ever, where that is known', { spent: 10, total: 500 }, { spent: 15, lifetime: 530 }, 5, 30],
])('adds %s', (_, before, now, spent, total) => {
  const then = before && { resetAt: undefined, ...before };
  expect(growthOf(then, { account: 'key:x', ...now }, NOW)).toEqual({ spent, total });
});
