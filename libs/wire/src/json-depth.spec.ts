import { describe, expect, it } from '@jest/globals';
import { isNestedDeeper, parseClientJson } from './json-depth.js';

const nested = (levels: number): string => '[{"a":'.repeat(levels / 2) + '1' + '}]'.repeat(levels / 2);

describe('isNestedDeeper', () => {
  it.each<[string, string, boolean]>([
    ['as deep as allowed', nested(10), false],
    ['one level deeper', `[${nested(10)}]`, true],
    ['brackets that are closed again', '[[]]'.repeat(100), false],
    ['brackets in a string', '"[[[[[[[[[[[[["', false],
    ['a string with escaped quotes', String.raw`"\"[[[[[[[[[[[[[\\"`, false],
    ['brackets behind a string that ends in a backslash', String.raw`["\\",${nested(10)}]`, true],
    ['a string without an end', '["[[[[[[[[[[[[[', false],
    ['nothing', '', false],
  ])('%s', (_, text, expected) => expect(isNestedDeeper(text, 10)).toBe(expected));
});

describe('parseClientJson', () => {
  it('reads what JSON.parse reads', () => expect(parseClientJson('{"a":[1,"b"]}')).toEqual({ a: [1, 'b'] }));

  it.each(['{', '[1,]', 'x'])('refuses %j as JSON.parse does', (text) =>
    expect(() => parseClientJson(text)).toThrow(SyntaxError),
  );

  it('refuses millions of levels at once', () => {
    const start = performance.now();
    expect(() => parseClientJson('['.repeat(5_000_000) + ']'.repeat(5_000_000))).toThrow(SyntaxError);
    expect(performance.now() - start).toBeLessThan(500);
  });
});
