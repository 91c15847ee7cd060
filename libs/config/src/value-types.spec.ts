import { describe, expect, it } from '@jest/globals';
import { readValue, saysNothing, wrongType, type TypeName } from './value-types.js';

describe('readValue', () => {
  it.each<[TypeName, unknown, unknown]>([
    ['switch', true, true],
    ['switch', 'True', true],
    ['switch', 'no', false],
    ['switch', 1, true],
    ['number', '10', 10],
    ['number', 0.5, 0.5],
    ['number', '1e-6', 0.000001],
    ['count', '600', 600],
    ['seconds', '30s', 30],
    ['seconds', '0.5', 0.5],
    ['text', 4, '4'],
    ['texts', 'langfuse', ['langfuse']],
    ['texts', ['a', 1], ['a', '1']],
    ['duration', '30days', '30d'],
    ['switch or text', '/etc/ca.pem', '/etc/ca.pem'],
    ['switch or text', 'false', false],
  ])('as %s reads %p as %p', (type, written, expected) => expect(readValue(type, written as never)).toEqual(expected));

  it.each<[TypeName, unknown]>([
    ['switch', 'maybe'],
    ['number', 'ten'],
    ['number', ''],
    ['number', '.inf'],
    ['count', 1.5],
    ['count', -1],
    ['seconds', -1],
    ['seconds', 'soon'],
    ['text', ['a']],
    ['texts', [['a']]],
    ['duration', 30],
    ['list', 'a'],
    ['map', []],
  ])('as %s refuses %p', (type, written) => expect(readValue(type, written as never)).toBeUndefined());
});

describe('wrongType', () => {
  it.each([
    ['abc', false, "must be a number, not 'abc'."],
    ['sk-secret', true, 'must be a number, not what is written.'],
    [[1], false, 'must be a number, not a list.'],
    [{ a: 1 }, false, 'must be a number, not a map.'],
  ])('of %p (secret: %p) says %p', (value, isSecret, message) =>
    expect(wrongType('number', value, isSecret)).toBe(message),
  );
});

describe('saysNothing', () => {
  it.each<[TypeName, null | string, boolean]>([
    ['text', null, true],
    ['duration', 'none', true],
    ['duration', '', true],
    ['text', 'none', false],
  ])('of a %s %p is %p', (type, value, expected) => expect(saysNothing(type, value)).toBe(expected));
});
