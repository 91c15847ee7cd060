import { describe, expect, it } from '@jest/globals';
import { fault } from '../../test/faults.js';
import { everyCut } from '../../test/streams.js';
import { EventSplitter } from './event-splitter.js';

/** What each push lets go, and what is left at the end. */
const split = (text: string, cuts: readonly number[] = []): { pieces: string[]; rest: string } => {
  const splitter = new EventSplitter();
  const bytes = Buffer.from(text);
  const pieces: string[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    const whole = splitter.push(bytes.subarray(from, cut));
    if (whole) pieces.push(whole.toString());
    from = cut;
  }
  return { pieces, rest: splitter.rest().toString() };
};

const EVENTS = ['data: a\n\n', ': comment\n\n', 'event: e\ndata: Grüße 🙂\n\n', 'data: [DONE]\n\n'];

describe('EventSplitter', () => {
  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
  ])('lets go whole events only, with %s at every cut', (_title, lineEnd) => {
    const events = EVENTS.map((event) => event.replaceAll('\n', lineEnd));
    const text = events.join('');
    const ends = new Set(events.map((_, index) => events.slice(0, index + 1).join('')));
    for (const cuts of everyCut(text)) {
      const { pieces, rest } = split(text, cuts);
      expect(pieces.join('') + rest).toBe(text);
      expect(rest).toBe('');
      let sent = '';
      for (const piece of pieces) expect(ends).toContain((sent += piece));
    }
  });

  it('keeps an event that is not over', () => {
    expect(split('data: a\n\ndata: b\n')).toEqual({ pieces: ['data: a\n\n'], rest: 'data: b\n' });
  });

  it('minds an empty piece as little as none', () => {
    expect(split('data: a\n\n', [8, 8])).toEqual({ pieces: ['data: a\n\n'], rest: '' });
  });

  it('passes bytes that hold whole events on as they are, without a copy', () => {
    const bytes = Buffer.from(EVENTS.join(''));
    expect(new EventSplitter().push(bytes)).toBe(bytes);
  });

  it.each([
    [EVENTS.join(''), 4],
    [EVENTS.join('').replaceAll('\n', '\r\n'), 4],
    ['data: a\r\n\r\ndata: b\n\n', 2],
    ['data: a', 1],
  ])('knows the events of %j', (text, count) => {
    const bytes = Buffer.from(text);
    const events = new EventSplitter().eventsOf(bytes);
    expect(events).toHaveLength(count);
    expect(events.map(({ start, end }) => bytes.toString('utf8', start, end)).join('')).toBe(text);
  });

  it.each([
    [EVENTS.join(''), 4],
    [EVENTS.join('').replaceAll('\n', '\r\n'), 4],
    ['data: a', 1],
  ])('counts the events of %j', (text, count) => expect(new EventSplitter().count(Buffer.from(text))).toBe(count));

  it('gives up an endless event', () => {
    const splitter = new EventSplitter();
    const piece = Buffer.alloc(4 * 1024 * 1024, 'x');
    const pushAll = (): void => {
      for (let index = 0; index < 20; index += 1) splitter.push(piece);
    };
    expect(pushAll).toThrow(fault('GW_UPSTREAM_INVALID_RESPONSE'));
  });
});
