import { describe, expect, it } from '@jest/globals';
import { boundariesOf, cutsOf, isServerSentEvents, withCarriageReturns } from './cuts.js';

const bytes = (text: string): Buffer => Buffer.from(text);

it('cuts a small stream at every byte', () => {
  expect(cutsOf(bytes('abcd'))).toEqual([1, 2, 3]);
  expect(cutsOf(bytes(''))).toEqual([]);
});

it('cuts a large stream around its lines, and all over', () => {
  const large = bytes(`${'x'.repeat(50_000)}\n\n${'y'.repeat(50_000)}`);
  const cuts = cutsOf(large);
  expect(cuts).toEqual(expect.arrayContaining([49_999, 50_000, 50_001, 50_002, 50_003]));
  expect(cuts.length).toBeGreaterThan(4_000);
  expect(Math.min(...cuts)).toBeGreaterThan(0);
  expect(Math.max(...cuts)).toBeLessThan(large.length);
});

describe('the kind of a stream', () => {
  it.each([
    ['events', 'event: a\ndata: {}\n\n: comment\n\n', true],
    ['events with CRLF', 'data: {}\r\n\r\n', true],
    ['lines of JSON', '{"a":1}\n{"a":2}\n', false],
    ['binary', 'data: \u0000', false],
  ])('%s', (_title, text, isSse) => {
    expect(isServerSentEvents(bytes(text))).toBe(isSse);
  });
});

describe('the ends of events', () => {
  it.each([
    ['after empty lines', 'data: 1\n\ndata: 2\n\n', [9]],
    ['after empty lines with CRLF', 'data: 1\r\n\r\ndata: 2\r\n\r\n', [11]],
    ['after each line of JSON', '{"a":1}\n{"a":2}\n{}\n', [8, 16]],
    ['nowhere in binary', '\u0000\n\n\u0000', []],
  ])('%s', (_title, text, ends) => {
    expect([...boundariesOf(bytes(text))]).toEqual(ends);
  });
});

it('writes CRLF once', () => {
  expect(Buffer.from(withCarriageReturns(bytes('a\n\r\nb'))).toString()).toBe('a\r\n\r\nb');
});
