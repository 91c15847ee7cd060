import { describe, expect, it } from '@jest/globals';
import { cloneJson, deepFreeze, differences, mustContain } from './json.js';

describe('differences', () => {
  it.each<[string, unknown, unknown, string[]]>([
    ['none for equal values', { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
    ['none for an absent member and one that is undefined', { a: 1, b: undefined }, { a: 1 }, []],
    ['the path of a wrong scalar', { a: [{ b: 'x' }] }, { a: [{ b: 'y' }] }, ['$.a[0].b: expected "y", got "x"']],
    ['a member too many', { a: 1, b: 2 }, { a: 1 }, ['$.b: expected nothing, got 2']],
    ['a member too few', {}, { a: 1 }, ['$.a: expected 1, got nothing']],
    ['a list that is no object', [], {}, ['$: expected {}, got []']],
    ['a longer list', [1, 2], [1], ['$[1]: expected nothing, got 2']],
    ['null that is not absent', { a: null }, {}, ['$.a: expected nothing, got null']],
    ['none where anything may stand', { id: 'x', at: 5 }, { id: '<any>', at: '<any>' }, []],
    ['nothing where anything should stand', { id: '' }, { id: '<any>' }, ['$.id: expected "<any>", got ""']],
  ])('tell %s', (_title, actual, expected, found) => {
    expect(differences(actual, expected)).toEqual(found);
  });

  it('stop after eight', () => {
    const list = Array.from({ length: 20 }, (_, index) => index);
    expect(differences([], list)).toHaveLength(8);
  });
});

it('a part contains what is named and may hold more', () => {
  expect(() => mustContain({ a: 1, b: 2 }, { a: 1 }, 'x')).not.toThrow();
  expect(() => mustContain({ a: 1 }, { a: 2 }, 'The facts differ')).toThrow(
    'The facts differ:\n  $.a: expected 2, got 1',
  );
});

it('freezes what a value holds, but not what a copy of it holds', () => {
  const value = deepFreeze({ list: [{ a: 1 }], bytes: Uint8Array.of(1) });
  expect(() => (value.list[0]!.a = 2)).toThrow(TypeError);
  expect(() => value.list.push({ a: 3 })).toThrow(TypeError);
  const copy = cloneJson({ list: value.list });
  copy.list[0]!.a = 2;
  expect(copy.list[0]!.a).toBe(2);
});
