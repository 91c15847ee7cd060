import { describe, expect, it } from '@jest/globals';
import { hasRepeatedMembers } from './repeated-members.js';

const repeats = (text: string): boolean => hasRepeatedMembers(Buffer.from(text), JSON.parse(text));

describe('a text that says nothing twice', () => {
  it.each([
    '{}',
    ' { "a" : 1 , "b" : [ ] } ',
    '{"a":{"a":{"a":1}},"b":{"a":1}}',
    '{"list":[{"a":1},{"a":2},[{"a":3}]]}',
    String.raw`{"a":"\"a\":1, a\\","b":"x:y::\\\":"}`,
    String.raw`{"a:b":1,"a\":":2,"":3}`,
    '{"__proto__":1,"constructor":{"__proto__":{}}}',
    `{"long":"${'x:'.repeat(200)}\\"","after":":"}`,
  ])('%.60s', (text) => expect(repeats(text)).toBe(false));
});

describe('a text that says something twice', () => {
  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"b":2,"a":null}',
    '{"a":{"b":1,"b":2}}',
    '{"list":[{"a":1},{"a":1,"a":2}]}',
    String.raw`{"model":1,"mod\u0065l":2}`,
    '{"__proto__":1,"__proto__":2}',
    '{"a":{"x":1},"a":{"y":1,"z":2}}',
    `{"long":"${'x:'.repeat(200)}","long":""}`,
  ])('%.60s', (text) => expect(repeats(text)).toBe(true));
});
