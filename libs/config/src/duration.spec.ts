import { describe, expect, it } from '@jest/globals';
import { normaliseDuration, parseDurationMs } from './duration.js';

describe('parseDurationMs', () => {
  it.each([
    ['30s', 30_000],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['30d', 2_592_000_000],
    ['2w', 1_209_600_000],
    ['1mo', 2_592_000_000],
    [' 1 MO ', 2_592_000_000],
  ])('reads %p', (text, ms) => expect(parseDurationMs(text)).toBe(ms));

  it.each(['', '30', 'd', 'soon', '1.5h', '-1d', '10ms', '1y'])('refuses %p', (text) =>
    expect(parseDurationMs(text)).toBeUndefined(),
  );
});

describe('normaliseDuration', () => {
  it.each([
    ['30min', '30m'],
    ['7days', '7d'],
    ['10 months', '10mo'],
    ['30sec', '30s'],
  ])('shortens %p to %p', (text, short) => expect(normaliseDuration(text)).toBe(short));
});
