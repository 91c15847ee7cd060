import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@turnpike/domain';
import { canonicalJson } from './canonical-json.js';

describe('canonicalJson', () => {
  it.each<[JsonValue, JsonValue]>([
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [[{ x: { p: 1, q: [2] } }], [{ x: { q: [2], p: 1 } }]],
  ])('is the same for %j and %j', (one, other) => expect(canonicalJson(one)).toBe(canonicalJson(other)));

  it.each<[JsonValue, JsonValue]>([
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: { b: 1 } }, { a: { b: 2 } }],
    [{ a: 'x' }, { a: ['x'] }],
    [{ a: null }, {}],
  ])('tells %j from %j', (one, other) => expect(canonicalJson(one)).not.toBe(canonicalJson(other)));

  it('is JSON', () =>
    expect(JSON.parse(canonicalJson({ b: ['"', 1.5, null], a: {} }))).toEqual({ a: {}, b: ['"', 1.5, null] }));
});
