import { describe, expect, it } from '@jest/globals';
import { parseJsonObject } from './parse-json.js';

const fault = (message: RegExp | string): unknown =>
  expect.objectContaining({ code: 'GW_INVALID_JSON', message: expect.stringMatching(message) });

/** An object that nests to this depth, padded to a size. */
const nested = (levels: number, bytes = 0): Buffer =>
  Buffer.from(`{"pad":"${' '.repeat(bytes)}","a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`);

describe('parseJsonObject', () => {
  it.each<[string, unknown]>([
    ['{}', {}],
    [' \n{"a": [1, {"b": null}]} ', { a: [1, { b: null }] }],
    ['{"a":"Grüße 🙂 日本"}', { a: 'Grüße 🙂 日本' }],
    [String.raw`{"a":"\u00e9\ud83d"}`, { a: 'é\ud83d' }],
  ])('reads %s', (text, expected) => expect(parseJsonObject(Buffer.from(text))).toEqual(expected));

  it.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(0), /empty/],
    ['a list', Buffer.from('[1]'), /one JSON object/],
    ['a text', Buffer.from('"x"'), /one JSON object/],
    ['null', Buffer.from('null'), /one JSON object/],
    ['half an object', Buffer.from('{"a":'), /not valid JSON: Unexpected end/],
    ['another language', Buffer.from('{a:1}'), /not valid JSON: .*position 1/],
    ['a form', Buffer.from('a=1&b=2'), /not valid JSON/],
    ['a control character in a text', Buffer.from('{"a":"\n"}'), /not valid JSON: .*position 6/],
    ['another encoding', Buffer.from([0x7b, 0x22, 0xe9, 0x22, 0x3a, 0x31, 0x7d]), /not valid UTF-8/],
  ])('says what is wrong with %s', (_title, bytes, message) => {
    expect(() => parseJsonObject(bytes)).toThrow(fault(message));
  });

  it.each([
    '{"messages":[{"content":"my secret"}] oops',
    '{"content":"my secret" "x"}',
    'my secret',
    '{"my secret',
    '{"a": my secret}',
  ])('never quotes the text: %s', (text) => {
    expect(() => parseJsonObject(Buffer.from(text))).toThrow(fault(/^(?!.*secret)/));
  });

  it.each([0, 2 * 1024 * 1024])('refuses more than 200 levels (in a body of %i bytes)', (bytes) => {
    expect(parseJsonObject(nested(200, bytes))).toHaveProperty('a');
    expect(() => parseJsonObject(nested(201, bytes))).toThrow(fault(/deeper than 200 levels/));
  });

  it('refuses millions of brackets at once', () => {
    const startedAt = performance.now();
    expect(() => parseJsonObject(nested(2_000_000))).toThrow(fault(/deeper than 200 levels/));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
