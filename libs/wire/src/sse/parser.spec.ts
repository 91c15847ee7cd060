import { describe, expect, it } from '@jest/globals';
import { fault } from '../../test/faults.js';
import { everyCut } from '../../test/streams.js';
import { SseParser, type SseEvent } from './parser.js';

const parse = (text: string | Buffer, cuts: readonly number[] = []): SseEvent[] => {
  const events: SseEvent[] = [];
  const parser = new SseParser((event) => events.push(event));
  const bytes = Buffer.from(text);
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    parser.push(bytes.subarray(from, cut));
    from = cut;
  }
  parser.end();
  return events;
};

const data = (text: string, event = ''): SseEvent => ({ event, data: text });

describe('SseParser', () => {
  it.each<[string, string, SseEvent[]]>([
    ['one event', 'data: x\n\n', [data('x')]],
    ['a named event', 'event: ping\ndata: x\n\n', [data('x', 'ping')]],
    ['a name behind the data', 'data: x\nevent: ping\n\n', [data('x', 'ping')]],
    ['data without a space', 'data:x\n\n', [data('x')]],
    ['one space only', 'data:  x\n\n', [data(' x')]],
    ['several lines of data', 'data: a\ndata: b\ndata:\n\n', [data('a\nb\n')]],
    ['an event without data', 'event: ping\n\ndata: x\n\n', [data('x')]],
    ['empty data', 'data:\n\ndata\n\n', [data(''), data('')]],
    ['comments', ': hello\n\n:\ndata: x\n: bye\n\n', [data('x')]],
    ['ids and waits', 'id: 5\nretry: 100\ndata: x\n\n', [data('x')]],
    ['unknown fields', 'datum: y\nnonsense\ndata: x\n\n', [data('x')]],
    ['colons in the data', 'data: {"a":"b:c"}\n\n', [data('{"a":"b:c"}')]],
    ['a mark of the byte order', '\uFEFFdata: x\n\n', [data('x')]],
    ['CRLF', 'event: e\r\ndata: x\r\n\r\ndata: y\r\n\r\n', [data('x', 'e'), data('y')]],
    ['letters of several bytes', 'data: Grüße 🙂\n\n', [data('Grüße 🙂')]],
    ['blank lines between events', '\n\ndata: x\n\n\n\ndata: y\n\n', [data('x'), data('y')]],
    ['nothing', '', []],
  ])('reads %s, whatever the bytes are cut into', (_title, text, expected) => {
    expect(parse(text)).toEqual(expected);
    if (text !== '') for (const cuts of everyCut(text)) expect(parse(text, cuts)).toEqual(expected);
  });

  it.each<[string, string]>([
    ['a blank line', 'data: x\n'],
    ['a line end', 'data: x'],
    ['half a line end', 'data: x\r'],
  ])('delivers an event that lacks %s when the stream ends, and says so', (_title, text) => {
    expect(parse(text)).toEqual([{ event: '', data: 'x', isUnclosed: true }]);
  });

  it('reads a line of 20 MB that comes in small pieces without walking it again and again', () => {
    const line = Buffer.from(`data: ${'A'.repeat(20 * 1024 * 1024)}\n\n`);
    const lengths: number[] = [];
    const parser = new SseParser((event) => lengths.push(event.data.length));
    const startedAt = performance.now();
    for (let at = 0; at < line.length; at += 16_384) parser.push(line.subarray(at, at + 16_384));
    expect(lengths).toEqual([20 * 1024 * 1024]);
    // Joined anew at every piece it takes ten seconds.
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it.each([
    ['one endless line', 'x'],
    ['endlessly many lines of one event', 'data: x\n'],
  ])('gives up %s', (_title, piece) => {
    const parser = new SseParser(() => undefined);
    const bytes = Buffer.from(piece.repeat(Math.ceil((4 * 1024 * 1024) / piece.length)));
    const pushAll = (): void => {
      for (let pushed = 0; pushed < 80 * 1024 * 1024; pushed += bytes.length) parser.push(bytes);
    };
    expect(pushAll).toThrow(fault('GW_UPSTREAM_INVALID_RESPONSE'));
  });
});
