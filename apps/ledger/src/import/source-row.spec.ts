import { describe, expect, it } from '@jest/globals';
import { SourceRow, UnfitRow } from './source-row.js';

const MOST = Number.MAX_SAFE_INTEGER;

describe('bounds', () => {
  it.each<[unknown, number | null, RegExp | null]>([
    [null, null, null],
    [undefined, null, null],
    ['', null, null],
    [0, 0, null],
    [0.1, 100_000_000, null],
    [12.345678912, 12_345_678_912, null],
    ['5', 5_000_000_000, null],
    [1e-12, 0, null],
    [-3, 0, /negative/],
    ['-Infinity', 0, /negative/],
    [1e12, MOST, /more than can be counted/],
    [1e308, MOST, /more than can be counted/],
    ['Infinity', MOST, /more than can be counted/],
  ])('%p is %p nano-dollars', (value, nano, note) => {
    const row = new SourceRow({ max_budget: value as never });
    expect(row.bound('max_budget')).toBe(nano);
    expect(row.notes).toEqual(note ? [expect.stringMatching(note)] : []);
  });

  it.each(['NaN', 'much', '1; DROP TABLE x', true, {}])(
    '%p makes the row unfit: nobody may be held back less',
    (value) => {
      expect(() => new SourceRow({ max_budget: value }).bound('max_budget')).toThrow(UnfitRow);
    },
  );
});

describe('what was spent', () => {
  it.each<[unknown, number]>([
    [0.000_000_001, 1],
    ['NaN', 0],
    [-1, 0],
    [null, 0],
    [1e300, MOST],
  ])('%p counts as %p', (value, nano) => expect(new SourceRow({ spend: value as never }).spent('spend')).toBe(nano));
});

describe('times', () => {
  it.each<[string, string | undefined]>([
    ['2026-03-01T12:00:00', '2026-03-01T12:00:00.000Z'],
    ['2026-03-01T12:00:00.25', '2026-03-01T12:00:00.250Z'],
    ['2026-03-01T12:00:00+02:00', '2026-03-01T10:00:00.000Z'],
    ['infinity', undefined],
    ['', undefined],
  ])('%p is %p', (text, iso) => expect(new SourceRow({ at: text }).time('at')?.toISOString()).toBe(iso));

  it.each(['soon', '-infinity', '0044-03-15 BC'])('%p makes the row unfit', (text) => {
    expect(() => new SourceRow({ at: text }).time('at')).toThrow('at is no time');
  });
});

describe('durations', () => {
  it.each<[unknown, string | null, number]>([
    ['30d', '30d', 0],
    ['none', null, 0],
    [null, null, 0],
    ['fortnightly', null, 1],
    [30, null, 1],
  ])('%p is %p', (value, duration, notes) => {
    const row = new SourceRow({ budget_duration: value as never });
    expect(row.duration('budget_duration')).toBe(duration);
    expect(row.notes).toHaveLength(notes);
  });
});

it('reads JSON that stands in JSON as a text', () => {
  const row = new SourceRow({ metadata: '{"a": 1}', models: '["m"]', aliases: '{"a": "b", "c": 3}' });
  expect([row.object('metadata'), row.texts('models'), row.textMap('aliases')]).toEqual([{ a: 1 }, ['m'], { a: 'b' }]);
});

it.each(['broken {', 7, null, ['x']])('takes %p for no object', (value) => {
  expect(new SourceRow({ metadata: value }).object('metadata')).toEqual({});
});
