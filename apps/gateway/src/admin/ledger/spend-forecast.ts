// What a month will cost if it goes on as the last days did. Pure.
import type { JsonObject } from '@turnpike/domain';
import { dayAt } from './spend-days.js';

export interface SpentDay {
  /** `YYYY-MM-DD` */
  readonly date: string;
  /** US dollars. */
  readonly spend: number;
}

const DAY_MS = 86_400_000;
/** The days that those to come are taken after. */
const RECENT_DAYS = 7;

/**
 * @param days that were, in any order
 * @param now epoch milliseconds
 * @returns the days that were and those that are left of the month, and both sums in words
 */
export const foresee = (days: readonly SpentDay[], now: number): JsonObject => {
  const known = days.filter(({ date }) => !Number.isNaN(Date.parse(date)));
  const ordered = known.slice().sort((some, other) => (some.date < other.date ? -1 : 1));
  const today = dayAt(now);
  const month = today.slice(0, 7);
  const recent = ordered.slice(-RECENT_DAYS);
  const usual = recent.length === 0 ? 0 : sumOf(recent) / recent.length;
  const left = recent.length === 0 ? [] : daysAfter(today).map((date) => ({ date, predicted_spend: rounded(usual) }));
  const current = sumOf(ordered.filter(({ date }) => date.startsWith(month)));
  return {
    response: [...ordered.map(({ date, spend }) => ({ date, spend })), ...left],
    predicted_spend: `Current Spend = $${rounded(current)}, Predicted = $${rounded(current + usual * left.length)}`,
  };
};

const sumOf = (days: readonly SpentDay[]): number => days.reduce((sum, { spend }) => sum + spend, 0);

const rounded = (usd: number): number => Math.round(usd * 100) / 100;

/** To the end of the month. */
const daysAfter = (today: string): string[] => {
  const days: string[] = [];
  for (let at = Date.parse(today) + DAY_MS; dayAt(at).startsWith(today.slice(0, 7)); at += DAY_MS) days.push(dayAt(at));
  return days;
};
