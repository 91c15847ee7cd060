import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@turnpike/domain';
import { mergeSchemas, resolvePointer } from './schema-nodes.js';

describe('resolvePointer', () => {
  const root: JsonObject = {
    $defs: { 'a/b': { type: 'string' }, 'c d': { type: 'number' } },
    anyOf: [{ type: 'boolean' }],
    anchored: { type: 'null' },
  };

  it.each<[string, unknown]>([
    ['#', root],
    ['#/$defs/a~1b', { type: 'string' }],
    ['#/$defs/c%20d', { type: 'number' }],
    ['#/$defs/%', undefined],
    ['#/anyOf/0', { type: 'boolean' }],
    ['#/anyOf/1', undefined],
    ['#anchored', undefined],
    ['x/anchored', undefined],
    ['#/anyOf/0/type', undefined],
  ])('finds %s', (reference, expected) => {
    expect(resolvePointer(root, reference)).toEqual(expected);
  });
});

describe('mergeSchemas', () => {
  it('merges properties of both, however deep, and requires what either requires', () => {
    const deep = (inner: JsonObject, required: string[]): JsonObject => ({
      properties: { a: { properties: { b: inner } } },
      required,
    });
    expect(mergeSchemas(deep({ type: 'string' }, ['x']), deep({ minLength: 1 }, ['x', 'y']))).toEqual(
      deep({ type: 'string', minLength: 1 }, ['x', 'y']),
    );
  });

  it('keeps the allOf of both', () => {
    expect(mergeSchemas({ allOf: [{ type: 'object' }] }, { allOf: [{ title: 't' }] })).toEqual({
      allOf: [{ type: 'object' }, { title: 't' }],
    });
  });
});
