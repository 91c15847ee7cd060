// Durations as operators write them ("30s", "1d", "1mo"), and the calendar's turns at which budgets begin anew.

export type DurationUnit = 's' | 'm' | 'h' | 'd' | 'w' | 'mo';

export interface Duration {
  /** From 1. */
  readonly count: number;
  readonly unit: DurationUnit;
}

/** A budget period: from `start`, which is in it, to `end`, which is not. Epoch milliseconds. */
export interface Period {
  readonly start: number;
  readonly end: number;
}

const SECOND = 1_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
const UNIT_MS = { s: SECOND, m: 60_000, h: HOUR, d: DAY, w: 7 * DAY } as const;
/** Of what is longer nobody lives to see the end, and dates end before the arithmetic does. */
const LONGEST_MS = 100 * 366 * DAY;
/** 1970-01-05, the first Monday of the epoch. */
const FIRST_MONDAY = 4 * DAY;

/** The unit may be spelt out: "30min", "2weeks". */
const FORM = /^(\d+)(mo|[smhdw])[a-z]*$/;
const NONE = new Set(['', 'none', 'null']);

/**
 * Reads "30s", "15m", "1h", "1d", "1w", "1mo". Undefined for nothing at all: "", "none", "null", null, undefined.
 * @throws RangeError for anything else
 */
export const parseDuration = (text: string | null | undefined): Duration | undefined => {
  const trimmed = text?.trim() ?? '';
  if (NONE.has(trimmed.toLowerCase())) return undefined;
  const [, digits, unit] = FORM.exec(trimmed) ?? [];
  const count = Number(digits);
  if (!unit || count < 1) {
    throw new RangeError(
      `'${trimmed.slice(0, 40)}' is no duration: write a whole number from 1 and one of s, m, h, d, w, mo, ` +
        'such as 30s, 15m, 1h, 1d, 1w, 1mo.',
    );
  }
  const duration: Duration = { count, unit: unit as DurationUnit };
  if (approximateMs(duration) > LONGEST_MS) throw new RangeError(`'${trimmed.slice(0, 40)}' is more than 100 years.`);
  return duration;
};

const approximateMs = ({ count, unit }: Duration): number => count * (unit === 'mo' ? 30 * DAY : UNIT_MS[unit]);

/** So long after `at`: a month is the same day of the next month, or its last day. Both epoch milliseconds. */
export const instantAfter = ({ count, unit }: Duration, at: number): number => {
  if (unit !== 'mo') return at + count * UNIT_MS[unit];
  const date = new Date(at);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + count);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return date.getTime();
};

/**
 * The first turn after `at`, by the calendar of a time zone: "1d" the next midnight, "7d" and "1w" Monday's, "30d" and
 * "1mo" the first of the month; other days: that many midnights on. Hours, minutes and seconds: their next multiple.
 * @param at epoch milliseconds
 * @param timeZone an IANA name
 * @throws RangeError when there is no such time zone
 */
export const nextTurn = (duration: Duration, at: number, timeZone = 'UTC'): number => {
  const step = stepOf(duration);
  const offset = offsetAt(at, timeZone);
  const wall = at + offset;
  // Multiples of an hour or less stay in step with the clock that runs now, also through the hour that occurs twice.
  if (step.kind === 'grid' && step.ms <= HOUR) return floorTo(wall, step.ms) + step.ms - offset;
  for (let turn = turnAfter(step, wall); ; turn = turnAfter(step, turn)) {
    const instant = instantOf(turn, timeZone);
    if (instant > at) return instant;
  }
};

/**
 * The period that `now` lies in, for a budget whose present one was to end at `end`. Turns that passed unseen are
 * passed over.
 */
export const periodAt = (duration: Duration, end: number, now: number, timeZone = 'UTC'): Period => {
  const step = stepOf(duration);
  if (step.kind !== 'days') {
    return { start: Math.max(end, lastTurn(step, now, timeZone)), end: nextTurn(duration, now, timeZone) };
  }
  // These are counted from the turn before, as the calendar does not divide itself into them.
  const firstDay = floorTo(wallAt(end, timeZone), DAY);
  const turns = Math.floor((wallAt(now, timeZone) - firstDay) / (step.days * DAY));
  const start = turns > 0 ? instantOf(firstDay + turns * step.days * DAY, timeZone) : end;
  return { start, end: nextTurn(duration, start, timeZone) };
};

/** How turns follow each other on the wall's clock. */
type Step =
  | { readonly kind: 'grid'; readonly ms: number; readonly from: number }
  | { readonly kind: 'days'; readonly days: number }
  | { readonly kind: 'months'; readonly months: number };

const stepOf = ({ count, unit }: Duration): Step => {
  if (unit === 'mo') return { kind: 'months', months: count };
  if (unit === 's' || unit === 'm' || unit === 'h') return { kind: 'grid', ms: count * UNIT_MS[unit], from: 0 };
  const days = unit === 'w' ? count * 7 : count;
  if (days === 1) return { kind: 'grid', ms: DAY, from: 0 };
  if (days === 7) return { kind: 'grid', ms: 7 * DAY, from: FIRST_MONDAY };
  if (days === 30) return { kind: 'months', months: 1 };
  return { kind: 'days', days };
};

/** On the wall's clock, which is read as if it were UTC. */
const turnAfter = (step: Step, wall: number): number => {
  if (step.kind === 'grid') return floorTo(wall - step.from, step.ms) + step.from + step.ms;
  if (step.kind === 'days') return floorTo(wall, DAY) + step.days * DAY;
  return monthOf(wall, step.months, 1);
};

const lastTurn = (step: Exclude<Step, { kind: 'days' }>, now: number, timeZone: string): number => {
  const offset = offsetAt(now, timeZone);
  const wall = now + offset;
  if (step.kind === 'grid' && step.ms <= HOUR) return floorTo(wall, step.ms) - offset;
  const turn = step.kind === 'grid' ? floorTo(wall - step.from, step.ms) + step.from : monthOf(wall, step.months, 0);
  return instantOf(turn, timeZone);
};

/** The first of a month; months are taken in groups of `size`, counted from the year 0, so that 3 are quarters. */
const monthOf = (wall: number, size: number, groupsOn: number): number => {
  const date = new Date(wall);
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth();
  // Date.UTC reads the year 0 as 1900.
  return Date.UTC(0, (Math.floor(month / size) + groupsOn) * size - 1_900 * 12, 1);
};

const floorTo = (value: number, step: number): number => Math.floor(value / step) * step;

const wallAt = (at: number, timeZone: string): number => at + offsetAt(at, timeZone);

/** When a clock on the wall shows this. Of two such moments the first; of none, when it has been put forward. */
const instantOf = (wall: number, timeZone: string): number => {
  const [before, after] = [offsetAt(wall - DAY, timeZone), offsetAt(wall + DAY, timeZone)];
  const early = wall - Math.max(before, after);
  const late = wall - Math.min(before, after);
  if (wallAt(early, timeZone) === wall) return early;
  if (wallAt(late, timeZone) === wall) return late;
  return wall - before;
};

const formats = new Map<string, Intl.DateTimeFormat>();

/** Milliseconds that a zone's clocks are ahead of UTC. */
const offsetAt = (at: number, timeZone: string): number => {
  if (timeZone === 'UTC') return 0;
  let format = formats.get(timeZone);
  if (!format) {
    const field = 'numeric';
    const fields = { year: field, month: field, day: field, hour: field, minute: field, second: field } as const;
    format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...fields });
    formats.set(timeZone, format);
  }
  const shown: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(at)) shown[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
  return Date.UTC(year, month - 1, day, hour, minute, second) - floorTo(at, SECOND);
};
