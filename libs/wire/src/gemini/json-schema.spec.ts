import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@turnpike/domain';
import { toGeminiJsonSchema } from './json-schema.js';

describe('toGeminiJsonSchema', () => {
  it.each<[string, JsonObject, JsonObject]>([
    [
      'keeps JSON Schema as it is',
      { type: ['string', 'null'], enum: ['a', null], oneOf: [{ type: 'string' }], minLength: 1 },
      { type: ['string', 'null'], enum: ['a', null], oneOf: [{ type: 'string' }], minLength: 1 },
    ],
    [
      'drops what Google does not read',
      { $schema: 'x', type: 'object', if: {}, propertyNames: {}, strict: true },
      { type: 'object' },
    ],
    ['makes a constant an enumeration', { const: 1 }, { enum: [1] }],
    ['folds exclusive bounds', { type: 'integer', exclusiveMinimum: 0 }, { type: 'integer', minimum: 1 }],
    ['reads nullable of OpenAPI', { type: 'string', nullable: true }, { type: ['string', 'null'] }],
    [
      'keeps additionalProperties',
      { type: 'object', additionalProperties: { type: 'string', $id: 'i' } },
      { type: 'object', additionalProperties: { type: 'string', $id: 'i' } },
    ],
    [
      'closes objects',
      { type: 'object', additionalProperties: false },
      { type: 'object', additionalProperties: false },
    ],
    [
      'reads a list of items as prefixItems',
      { type: 'array', items: [{ const: 'a' }] },
      { type: 'array', prefixItems: [{ enum: ['a'] }] },
    ],
    ['translates items', { type: 'array', items: { const: 'a' } }, { type: 'array', items: { enum: ['a'] } }],
    [
      'adds null to several types once',
      { type: ['string', 'null'], nullable: true, properties: { a: { type: ['string', 'integer'], nullable: true } } },
      { type: ['string', 'null'], properties: { a: { type: ['string', 'integer', 'null'] } } },
    ],
    [
      'leaves nothing beside a reference that Google refuses there',
      { $ref: '#/$defs/A', description: 'd', $defs: { A: { type: 'string' } } },
      { $ref: '#/$defs/A', $defs: { A: { type: 'string' } } },
    ],
    [
      'renames definitions',
      { properties: { a: { $ref: '#/definitions/A' } }, definitions: { A: { const: 'a' } } },
      { properties: { a: { $ref: '#/$defs/A' } }, $defs: { A: { enum: ['a'] } } },
    ],
    [
      'keeps a reference that was wrapped for its label',
      { properties: { a: { allOf: [{ $ref: '#/$defs/A' }], description: 'd' } }, $defs: { A: {} } },
      { properties: { a: { $ref: '#/$defs/A' } }, $defs: { A: {} } },
    ],
    [
      'merges allOf with what its references name',
      {
        allOf: [{ $ref: '#/$defs/A' }, { properties: { b: {} } }],
        $defs: { A: { type: 'object', properties: { a: {} } } },
      },
      { type: 'object', properties: { a: {}, b: {} }, $defs: { A: { type: 'object', properties: { a: {} } } } },
    ],
    [
      'writes out references to anything but definitions',
      { properties: { a: { type: 'string' }, b: { $ref: '#/properties/a' } } },
      { properties: { a: { type: 'string' }, b: { type: 'string' } } },
    ],
    [
      'cuts a cycle that no definition names',
      { type: 'object', properties: { self: { $ref: '#' } } },
      { type: 'object', properties: { self: { type: 'object', properties: { self: { type: 'object' } } } } },
    ],
    [
      'keeps a cycle through definitions',
      { $ref: '#/$defs/N', $defs: { N: { type: 'object', properties: { next: { $ref: '#/$defs/N' } } } } },
      { $ref: '#/$defs/N', $defs: { N: { type: 'object', properties: { next: { $ref: '#/$defs/N' } } } } },
    ],
  ])('%s', (_, schema, expected) => {
    expect(toGeminiJsonSchema(schema)).toEqual(expected);
  });

  it('ends when references unfold without end', () => {
    const both = { allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/b' }, { $ref: '#' }] };
    const start = performance.now();
    toGeminiJsonSchema({ ...both, $defs: { a: both, b: { properties: { x: both, y: both } } } });
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
