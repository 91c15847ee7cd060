import { describe, expect, it } from '@jest/globals';
import { isJsonObject } from './json.js';

describe('isJsonObject', () => {
  it.each([
    [{}, true],
    [{ a: 1 }, true],
    [null, false],
    [[], false],
    ['text', false],
    [1, false],
    [undefined, false],
  ])('tells %p: %p', (value, expected) => expect(isJsonObject(value)).toBe(expected));
});
