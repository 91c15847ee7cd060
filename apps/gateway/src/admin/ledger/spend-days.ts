// The days that reports are about: those that are named, else the last 30.
import { z } from '@turnpike/plugin-sdk';
import { inQuery, readQuery } from './body.js';

export const LAST_DAYS = 30;
const DAY_MS = 86_400_000;

export interface Days {
  startDate: string;
  endDate: string;
}

export const daysShape = {
  start_date: inQuery.day('From this day on'),
  end_date: inQuery.day('To this day, and with it'),
};
export const daysQuery = z.object(daysShape);

/** `YYYY-MM-DD`, UTC. */
export const dayAt = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** Today, and the days before it. */
export const lastDays = (count = LAST_DAYS, end = Date.now()): Days => ({
  startDate: dayAt(end - (count - 1) * DAY_MS),
  endDate: dayAt(end),
});

export const daysIn = ({ start_date: startDate, end_date: endDate }: z.output<typeof daysQuery>): Days => {
  const usual = lastDays();
  return { startDate: startDate ?? usual.startDate, endDate: endDate ?? usual.endDate };
};

export const daysOf = (query: unknown): Days => daysIn(readQuery(daysQuery, query));
