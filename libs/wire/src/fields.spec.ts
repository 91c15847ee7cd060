import type { JsonObject, JsonValue } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { badField } from '../test/faults.js';
import {
  isNumbers,
  objectAt,
  optionalArray,
  optionalBoolean,
  optionalEnum,
  optionalInteger,
  optionalNumber,
  optionalObject,
  optionalString,
  otherFields,
  requiredString,
} from './fields.js';

type Read = (body: JsonObject, key: string, path?: string) => unknown;

const colour: Read = (body, key, path) => optionalEnum(body, key, ['red', 'blue'], path);

const READERS: [string, Read, JsonValue[], JsonValue[]][] = [
  ['optionalString', optionalString, ['', 'x'], [5, true, {}, []]],
  ['requiredString', requiredString, ['', 'x'], [5, null]],
  ['optionalNumber', optionalNumber, [0, -1.5], ['1', true]],
  ['optionalInteger', optionalInteger, [0, -3], [1.5, '1']],
  ['optionalBoolean', optionalBoolean, [true, false], [0, 'true']],
  ['optionalObject', optionalObject, [{}, { a: 1 }], [[], 'x', 5]],
  ['optionalArray', optionalArray, [[], [1]], [{}, 'x']],
  ['optionalEnum', colour, ['red', 'blue'], ['green', 5]],
];

describe.each(READERS)('%s', (name, read, good, bad) => {
  it.each(good.map((value) => [value]))('reads %j', (value) => expect(read({ field: value }, 'field')).toEqual(value));

  it.each(bad.map((value) => [value]))('refuses %j and names its path', (value) => {
    expect(() => read({ field: value }, 'field', 'outer[0].field')).toThrow(badField('outer[0].field'));
  });

  it('takes null for absent', () => {
    if (name === 'requiredString') expect(() => read({}, 'field')).toThrow("'field' is required.");
    else for (const body of [{}, { field: null }]) expect(read(body, 'field')).toBeUndefined();
  });
});

describe('what is wrong', () => {
  it.each<[JsonValue | undefined, string]>([
    [undefined, 'absent'],
    [null, 'null'],
    [[1], 'an array'],
    [5, '5'],
    ['x'.repeat(5_000), `"${'x'.repeat(59)}`],
  ])('with %j is said in a few words', (value, words) => {
    expect(() => objectAt(value, 'a.b')).toThrow(`'a.b' must be an object, not ${words}.`);
  });

  it('with a word is said with the words there are', () => {
    expect(() => colour({ c: 'green' }, 'c')).toThrow(`'c' must be one of 'red', 'blue', not "green".`);
  });
});

it('an object is read where one must stand', () => expect(objectAt({ a: 1 }, 'a')).toEqual({ a: 1 }));

it('what is not known is kept, whatever it is called', () => {
  const body = JSON.parse('{"a":1,"b":2,"__proto__":3}') as JsonObject;
  expect(Object.entries(otherFields(body, new Set(['a'])))).toEqual([
    ['b', 2],
    ['__proto__', 3],
  ]);
});

it.each<[JsonValue | undefined, boolean]>([
  [[1, 2.5], true],
  [[], false],
  [[1, '2'], false],
  ['1', false],
  [undefined, false],
])('%j is a list of numbers: %p', (value, expected) => expect(isNumbers(value)).toBe(expected));
