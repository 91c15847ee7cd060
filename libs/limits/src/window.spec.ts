import { describe, expect, it } from '@jest/globals';
import { isAhead, windowAt } from './window.js';

const MINUTE = 60_000;

describe('windowAt', () => {
  it.each([
    ['begins with the first look', -1, 90_000, 1],
    ['stays within the minute', 1, 119_999, 1],
    ['goes on with the next minute, aligned to the epoch', 1, 120_000, 2],
    ['goes any distance ahead', 1, 50 * MINUTE, 50],
    ['stays when the clock is set back a little, past the beginning', 2, 119_100, 2],
    ['goes back when the clock is set back by more than a second', 2, 118_999, 1],
    ['goes back any distance', 50, 90_000, 1],
  ])('%s', (_title, former, now, window) => {
    expect(windowAt(former, now, MINUTE)).toBe(window);
  });
});

describe('isAhead', () => {
  it.each([
    ['the next millisecond', 1_001, true],
    ['now', 1_000, false],
    ['the past', 999, false],
    ['the end of a window', 61_000, true],
    ['what a clock that was set back makes look far', 62_001, false],
  ])('of %s', (_title, time, expected) => {
    expect(isAhead(time, 1_000)).toBe(expected);
  });
});
