// What durations mean, and when budgets begin anew: by the calendar, through months' ends and clocks that are put on.
import { describe, expect, it } from '@jest/globals';
import { instantAfter, nextTurn, parseDuration, periodAt } from './duration.js';

const BERLIN = 'Europe/Berlin';
const NEW_YORK = 'America/New_York';
/** Clocks are put forward at midnight: 00:00 does not occur on 2026-09-06. */
const SANTIAGO = 'America/Santiago';
/** Clocks are put on by half an hour. */
const LORD_HOWE = 'Australia/Lord_Howe';

const at = (text: string): number => Date.parse(text);
const shown = (instant: number): string => new Date(instant).toISOString().replace('.000Z', 'Z');
const turnOf = (duration: string, instant: string, timeZone?: string): string =>
  shown(nextTurn(parseDuration(duration)!, at(instant), timeZone));

describe('parseDuration', () => {
  it.each([
    ['30s', 30, 's'],
    ['15m', 15, 'm'],
    ['30min', 30, 'm'],
    ['1h', 1, 'h'],
    ['1d', 1, 'd'],
    [' 7days ', 7, 'd'],
    ['2weeks', 2, 'w'],
    ['1mo', 1, 'mo'],
    ['3months', 3, 'mo'],
  ])('reads %j', (text, count, unit) => {
    expect(parseDuration(text)).toEqual({ count, unit });
  });

  it.each(['', '  ', 'none', 'None', 'null', null, undefined])('takes %j for no duration', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it.each(['5', 'd', '0d', '-1d', '1.5h', '1y', '1M', '1 d', '1d2h', 'daily', '99999999999999999999s'])(
    'refuses %j and says what would do',
    (text) => {
      expect(() => parseDuration(text)).toThrow(RangeError);
    },
  );

  it('names what it refuses', () => {
    expect(() => parseDuration('1y')).toThrow("'1y' is no duration: write a whole number from 1");
  });
});

describe('instantAfter', () => {
  it.each([
    ['90s', '2026-01-01T00:00:00Z', '2026-01-01T00:01:30Z'],
    ['2w', '2026-01-01T10:00:00Z', '2026-01-15T10:00:00Z'],
    ['1mo', '2026-01-15T10:00:00Z', '2026-02-15T10:00:00Z'],
    ['1mo', '2026-01-31T10:00:00Z', '2026-02-28T10:00:00Z'],
    ['1mo', '2028-01-31T10:00:00Z', '2028-02-29T10:00:00Z'],
    ['13mo', '2026-12-31T23:59:59Z', '2028-01-31T23:59:59Z'],
  ])('%s after %s is %s', (duration, from, to) => {
    expect(shown(instantAfter(parseDuration(duration)!, at(from)))).toBe(to);
  });
});

describe('nextTurn', () => {
  it.each([
    ['30s', '2026-03-10T10:00:29Z', '2026-03-10T10:00:30Z'],
    ['30s', '2026-03-10T10:00:30Z', '2026-03-10T10:01:00Z'],
    ['15m', '2026-03-10T10:07:00Z', '2026-03-10T10:15:00Z'],
    ['1h', '2026-03-10T10:07:00Z', '2026-03-10T11:00:00Z'],
    ['6h', '2026-03-10T10:07:00Z', '2026-03-10T12:00:00Z'],
    ['24h', '2026-03-10T10:07:00Z', '2026-03-11T00:00:00Z'],
    ['1d', '2026-03-10T00:00:00Z', '2026-03-11T00:00:00Z'],
    ['1d', '2026-03-10T23:59:59.999Z', '2026-03-11T00:00:00Z'],
    // A Tuesday.
    ['7d', '2026-03-10T10:00:00Z', '2026-03-16T00:00:00Z'],
    ['1w', '2026-03-16T00:00:00Z', '2026-03-23T00:00:00Z'],
    ['30d', '2026-01-31T10:00:00Z', '2026-02-01T00:00:00Z'],
    ['1mo', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['3mo', '2026-02-15T00:00:00Z', '2026-04-01T00:00:00Z'],
    ['12mo', '2026-02-15T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['3d', '2026-03-10T10:00:00Z', '2026-03-13T00:00:00Z'],
    ['2w', '2026-03-10T10:00:00Z', '2026-03-24T00:00:00Z'],
  ])('of %s after %s is %s', (duration, instant, turn) => {
    expect(turnOf(duration, instant)).toBe(turn);
  });

  it.each([
    ['1d', '2026-03-10T22:30:00Z', BERLIN, '2026-03-10T23:00:00Z'],
    ['1mo', '2026-07-31T23:00:00Z', BERLIN, '2026-08-31T22:00:00Z'],
    // The day on which the clock is put forward has 23 hours, the day on which it is put back has 25.
    ['1d', '2026-03-28T23:00:00Z', BERLIN, '2026-03-29T22:00:00Z'],
    ['1d', '2026-10-24T22:00:00Z', BERLIN, '2026-10-25T23:00:00Z'],
    ['12h', '2026-03-29T00:30:00Z', BERLIN, '2026-03-29T10:00:00Z'],
    // 01:00 to 02:00 occurs twice: the first time, and the second.
    ['1h', '2026-11-01T05:30:00Z', NEW_YORK, '2026-11-01T06:00:00Z'],
    ['1h', '2026-11-01T06:30:00Z', NEW_YORK, '2026-11-01T07:00:00Z'],
    ['1m', '2026-11-01T05:59:30Z', NEW_YORK, '2026-11-01T06:00:00Z'],
    ['1d', '2026-09-05T12:00:00Z', SANTIAGO, '2026-09-06T04:00:00Z'],
    ['1d', '2026-09-06T04:00:00Z', SANTIAGO, '2026-09-07T03:00:00Z'],
    ['1d', '2026-03-10T10:00:00Z', 'Asia/Kolkata', '2026-03-10T18:30:00Z'],
  ])('of %s after %s in %s is %s', (duration, instant, timeZone, turn) => {
    expect(turnOf(duration, instant, timeZone)).toBe(turn);
  });

  it('is always later, and never far away, whatever the zone and the moment', () => {
    const longest = { '1m': 60_000, '1h': 3_600_000, '2h': 3 * 3_600_000, '1d': 25 * 3_600_000 };
    for (const timeZone of ['UTC', BERLIN, NEW_YORK, SANTIAGO, LORD_HOWE]) {
      for (const [duration, ms] of Object.entries(longest)) {
        const parsed = parseDuration(duration)!;
        for (let day = 0; day < 366; day += 1) {
          const instant = at('2026-01-01T00:00:00Z') + day * 86_400_000 + ((day * 7_919_993) % 86_400_000);
          const ahead = nextTurn(parsed, instant, timeZone) - instant;
          expect(ahead).toBeGreaterThan(0);
          expect(ahead).toBeLessThanOrEqual(ms);
        }
      }
    }
  });

  it('says when there is no such time zone', () => {
    expect(() => nextTurn({ count: 1, unit: 'd' }, 0, 'Mars/Olympus')).toThrow(RangeError);
  });
});

describe('periodAt', () => {
  it.each([
    ['1d', '2026-03-10T00:00:00Z', '2026-03-10T09:00:00Z', '2026-03-10T00:00:00Z', '2026-03-11T00:00:00Z'],
    ['1d', '2026-03-10T00:00:00Z', '2026-03-20T09:00:00Z', '2026-03-20T00:00:00Z', '2026-03-21T00:00:00Z'],
    ['1h', '2020-01-01T00:00:00Z', '2026-03-20T09:30:00Z', '2026-03-20T09:00:00Z', '2026-03-20T10:00:00Z'],
    ['1mo', '2026-01-01T00:00:00Z', '2026-03-20T09:30:00Z', '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z'],
    ['7d', '2026-03-02T00:00:00Z', '2026-03-20T09:30:00Z', '2026-03-16T00:00:00Z', '2026-03-23T00:00:00Z'],
    // Three days are counted from the turn before.
    ['3d', '2026-03-10T00:00:00Z', '2026-03-11T09:00:00Z', '2026-03-10T00:00:00Z', '2026-03-13T00:00:00Z'],
    ['3d', '2026-03-10T00:00:00Z', '2026-03-17T09:00:00Z', '2026-03-16T00:00:00Z', '2026-03-19T00:00:00Z'],
    // An end that is no turn, as other gateways set them.
    ['1d', '2026-03-10T08:00:00Z', '2026-03-10T09:00:00Z', '2026-03-10T08:00:00Z', '2026-03-11T00:00:00Z'],
  ])('of %s that ended %s is, at %s, from %s to %s', (duration, end, now, start, nextEnd) => {
    const period = periodAt(parseDuration(duration)!, at(end), at(now));
    expect([shown(period.start), shown(period.end)]).toEqual([start, nextEnd]);
  });

  it('holds the moment it was asked for, in every zone', () => {
    for (const timeZone of [BERLIN, NEW_YORK, SANTIAGO, LORD_HOWE]) {
      for (const duration of ['1m', '1h', '6h', '1d', '3d', '7d', '1mo']) {
        for (let day = 0; day < 366; day += 5) {
          const now = at('2026-01-02T00:00:00Z') + day * 86_400_000 + ((day * 7_919_993) % 86_400_000);
          const { start, end } = periodAt(parseDuration(duration)!, at('2026-01-01T00:00:00Z'), now, timeZone);
          expect(start).toBeLessThanOrEqual(now);
          expect(end).toBeGreaterThan(now);
        }
      }
    }
  });
});
