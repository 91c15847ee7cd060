import { describe, expect, it } from '@jest/globals';
import { BUCKETS_SECONDS, count, defineTable, observe, TableRecorder } from './metric-table.js';

const TABLE = defineTable(
  'calls',
  { kept: ['model'], others: ['key'] },
  {
    calls: { name: 'calls_total', help: 'h', type: 'counter', labels: ['model', 'key'] },
    seconds: { name: 'seconds', help: 'h', type: 'histogram', labels: ['model'] },
    errors: { name: 'errors_total', help: 'h', type: 'counter', labels: ['model'] },
  },
);

const drained = (recorder: TableRecorder, now = 0) => recorder.drain(now).delta.rows;

describe('a table', () => {
  it('lays its families side by side', () => {
    expect(TABLE.at).toEqual({ calls: 0, seconds: 1, errors: 1 + BUCKETS_SECONDS.length + 2 });
    expect(TABLE.width).toBe(TABLE.at.errors + 1);
  });
});

describe('count and observe', () => {
  it('pass over figures that would spoil a sum', () => {
    const row = new Float64Array(TABLE.width);
    for (const by of [NaN, -1, Infinity, 0]) count(row, TABLE.at.calls, by);
    for (const seconds of [NaN, -1, Infinity, -Infinity]) observe(row, TABLE.at.seconds, seconds);
    expect(row.every((value) => value === 0)).toBe(true);
  });

  it.each([
    [0, 0],
    [0.005, 0],
    [0.0051, 1],
    [600, 16],
    [601, 17],
  ])('puts %p s into bucket %p', (seconds, bucket) => {
    const row = new Float64Array(TABLE.width);
    observe(row, TABLE.at.seconds, seconds);
    expect(row[TABLE.at.seconds + bucket]).toBe(1);
    expect(row[TABLE.at.seconds + BUCKETS_SECONDS.length + 1]).toBe(seconds);
    expect(row[TABLE.at.errors]).toBe(0);
  });
});

describe('a recorder', () => {
  it('gives the same numbers for the same labels', () => {
    const recorder = new TableRecorder(TABLE, 10);
    expect(recorder.row(['a', 'k'])).toBe(recorder.row(['a', 'k']));
    expect(recorder.row(['a', 'k'])).not.toBe(recorder.row(['a', 'l']));
    expect(recorder.row(['ab', 'c'])).not.toBe(recorder.row(['a', 'bc']));
  });

  it('tells what was counted since it was last asked, and only of rows that changed', () => {
    const recorder = new TableRecorder(TABLE, 10);
    const row = recorder.row(['a', 'k']);
    recorder.row(['b', 'k']);
    count(row, TABLE.at.calls, 2);
    expect(drained(recorder)).toEqual([{ labels: ['a', 'k'], changes: [0, 2] }]);
    expect(drained(recorder)).toEqual([]);
    count(row, TABLE.at.errors, 1);
    expect(drained(recorder)).toEqual([{ labels: ['a', 'k'], changes: [TABLE.at.errors, 1] }]);
  });

  it('forgets rows that nobody used, and says so', () => {
    const recorder = new TableRecorder(TABLE, 10, 1_000);
    count(recorder.row(['a', 'k']), 0, 1);
    const start = performance.now();
    expect(recorder.drain(start)).toMatchObject({ hasForgotten: false });
    expect(recorder.drain(start + 900)).toMatchObject({ hasForgotten: false });
    expect(recorder.drain(start + 1_100)).toMatchObject({ hasForgotten: true });
    expect(recorder.size).toBe(0);
  });
});

describe('bounds', () => {
  const counted = (maxRows: number, labels: readonly (readonly [string, string])[]): Record<string, number> => {
    const recorder = new TableRecorder(TABLE, maxRows);
    for (const one of labels) count(recorder.row(one), 0, 1);
    return Object.fromEntries(drained(recorder).map(({ labels: of, changes }) => [of.join('/'), changes[1]!]));
  };

  it('join label sets beyond the bound, by the labels that are kept', () => {
    const keys = Array.from({ length: 8 }, (_, index) => ['a', `k${index}`] as const);
    expect(counted(4, keys)).toEqual({ 'a/k0': 1, 'a/k1': 1, 'a/k2': 1, 'a/k3': 1, 'a/other': 4 });
  });

  it('join all that is beyond those too, and lose no count', () => {
    const models = Array.from({ length: 50 }, (_, index) => [`m${index}`, 'k'] as const);
    const rows = counted(4, models);
    expect(Object.keys(rows)).toHaveLength(6);
    expect(rows['m4/other']).toBe(1);
    expect(rows['other/other']).toBe(45);
  });

  it('go on counting in rows that there are', () => {
    expect(
      counted(1, [
        ['a', 'k'],
        ['b', 'k'],
        ['a', 'k'],
      ])['a/k'],
    ).toBe(2);
  });

  it('cut long label values, which stay one row', () => {
    const recorder = new TableRecorder(TABLE, 1);
    const long = 'x'.repeat(10_000);
    for (let index = 0; index < 3; index += 1) count(recorder.row([long, long]), 0, 1);
    expect(drained(recorder)).toEqual([{ labels: ['x'.repeat(256), 'x'.repeat(256)], changes: [0, 3] }]);
  });
});
