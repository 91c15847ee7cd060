import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@turnpike/domain';
import { toGeminiSchema } from './schema.js';

const property = (schema: JsonObject): unknown => {
  const translated = toGeminiSchema({ type: 'object', properties: { x: schema } });
  return (translated['properties'] as JsonObject)['x'];
};

describe('toGeminiSchema', () => {
  it.each<[string, JsonObject, JsonObject]>([
    [
      'keeps what Google knows',
      { type: 'string', minLength: 1, pattern: 'a' },
      { type: 'string', minLength: 1, pattern: 'a' },
    ],
    [
      'drops keywords that Google refuses',
      { type: 'string', $comment: 'c', examples: ['a'], not: {} },
      { type: 'string' },
    ],
    ['drops keywords of another type', { type: 'string', items: { type: 'string' }, minimum: 1 }, { type: 'string' }],
    ['lower-cases type names', { type: 'STRING' }, { type: 'string' }],
    ['makes a type with null nullable', { type: ['string', 'null'] }, { type: 'string', nullable: true }],
    [
      'makes several types a union, each with the keywords that fit it',
      { type: ['string', 'array'], minLength: 2, items: { type: 'integer' }, description: 'd' },
      {
        anyOf: [
          { type: 'string', minLength: 2 },
          { type: 'array', items: { type: 'integer' } },
        ],
        description: 'd',
      },
    ],
    [
      'takes null out of a union',
      { anyOf: [{ type: 'string' }, { type: 'null' }] },
      { type: 'string', nullable: true },
    ],
    [
      'keeps a union of several, nullable',
      { anyOf: [{ type: 'string' }, { type: 'integer' }, { type: 'null' }], title: 't' },
      { anyOf: [{ type: 'string' }, { type: 'integer' }], title: 't', nullable: true },
    ],
    [
      'reads oneOf as anyOf',
      { oneOf: [{ type: 'string' }, { type: 'boolean' }] },
      { anyOf: [{ type: 'string' }, { type: 'boolean' }] },
    ],
    [
      'moves what stands beside a union into its branches',
      {
        type: 'object',
        properties: { a: { type: 'string' }, b: { type: 'string' } },
        anyOf: [{ required: ['a'] }, { required: ['b'] }],
      },
      {
        anyOf: [
          { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } }, required: ['a'] },
          { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } }, required: ['b'] },
        ],
      },
    ],
    [
      'merges allOf',
      {
        allOf: [
          { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
          { properties: { a: { description: 'first' }, b: { type: 'integer' } }, required: ['b'] },
        ],
      },
      {
        type: 'object',
        properties: { a: { type: 'string', description: 'first' }, b: { type: 'integer' } },
        required: ['a', 'b'],
      },
    ],
    ['makes a constant an enumeration', { const: 'a' }, { type: 'string', enum: ['a'] }],
    ['drops empty words of an enumeration', { enum: ['a', ''] }, { type: 'string', enum: ['a'] }],
    [
      'reads null in an enumeration as nullable',
      { enum: ['a', null] },
      { type: 'string', enum: ['a'], nullable: true },
    ],
    [
      'tells enumerated numbers in words and keeps their type',
      { type: 'integer', enum: [1, 2], description: 'Size.' },
      { type: 'integer', description: 'Size. One of: 1, 2.' },
    ],
    [
      'writes numbers as text where the type is text',
      { type: 'string', enum: [1, 'b'] },
      { type: 'string', enum: ['1', 'b'] },
    ],
    [
      'splits an enumeration of mixed values by type',
      { enum: ['a', 1] },
      {
        anyOf: [
          { type: 'string', enum: ['a'] },
          { type: 'integer', description: 'One of: 1.' },
        ],
      },
    ],
    [
      'folds exclusive bounds of whole numbers',
      { type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 10 },
      { type: 'integer', minimum: 1, maximum: 9 },
    ],
    [
      'widens exclusive bounds of other numbers',
      { type: 'number', exclusiveMinimum: 0 },
      { type: 'number', minimum: 0 },
    ],
    [
      'reads exclusive bounds of draft 4',
      { type: 'integer', minimum: 5, exclusiveMinimum: true },
      { type: 'integer', minimum: 6 },
    ],
    ['keeps formats Google knows', { type: 'string', format: 'date-time' }, { type: 'string', format: 'date-time' }],
    ['drops formats it does not', { type: 'string', format: 'uri' }, { type: 'string' }],
    ['gives an array items', { type: 'array' }, { type: 'array', items: { type: 'string' } }],
    [
      'reads a tuple as an array of either',
      { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }] },
      { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'integer' }] } },
    ],
    [
      'reads a list of items as a tuple',
      { type: 'array', items: [{ type: 'string' }, { type: 'integer' }] },
      { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'integer' }] } },
    ],
    [
      'reads a tuple of one with its label',
      { type: 'array', prefixItems: [{ type: 'string', title: 't', default: 'a' }] },
      { type: 'array', items: { type: 'string', title: 't', default: 'a' } },
    ],
    ['drops an enumeration of nothing', { type: 'string', enum: [''] }, { type: 'string' }],
    ['drops properties that are none', { type: 'object', properties: {}, required: ['a'] }, { type: 'object' }],
    ['keeps a nested object without properties', { type: 'object', additionalProperties: true }, { type: 'object' }],
    [
      'requires existing properties only',
      { type: 'object', properties: { a: {} }, required: ['a', 'gone'] },
      { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
    ],
    [
      'keeps properties that are named like keywords',
      { properties: { type: { type: 'string' }, $ref: { type: 'string' } } },
      { type: 'object', properties: { type: { type: 'string' }, $ref: { type: 'string' } } },
    ],
    ['infers the type', { items: { type: 'string' } }, { type: 'array', items: { type: 'string' } }],
    [
      'leaves out a property that nothing fits',
      { type: 'object', properties: { a: false, b: true } },
      { type: 'object', properties: { b: { type: 'string' } } },
    ],
    ['writes null alone as nullable text', { type: 'null' }, { type: 'string', nullable: true }],
  ])('%s', (_, schema, expected) => {
    expect(property(schema)).toEqual(expected);
  });

  it.each<[JsonObject, string]>([
    [{ properties: {} }, 'object'],
    [{ required: ['a'] }, 'object'],
    [{ additionalProperties: true }, 'object'],
    [{ items: {} }, 'array'],
    [{ prefixItems: [{}] }, 'array'],
    [{ minItems: 1 }, 'array'],
    [{ minimum: 1 }, 'number'],
    [{ maximum: 1 }, 'number'],
    [{ multipleOf: 2 }, 'number'],
    [{ enum: [true] }, 'boolean'],
    [{ enum: [1.5] }, 'number'],
    [{ description: 'anything' }, 'string'],
  ])('infers from %j the type %s', (schema, type) => {
    expect(property(schema)).toMatchObject({ type });
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['of null alone', { anyOf: [{ type: 'null' }] }, { type: 'string', nullable: true }],
    ['with a constant null', { oneOf: [{ type: 'integer' }, { const: null }] }, { type: 'integer', nullable: true }],
    [
      'beside a type',
      { type: 'string', anyOf: [{ minLength: 2 }, { pattern: 'a' }] },
      {
        anyOf: [
          { type: 'string', minLength: 2 },
          { type: 'string', pattern: 'a' },
        ],
      },
    ],
    [
      'that may be null by OpenAPI’s word',
      { nullable: true, anyOf: [{ type: 'string' }, { type: 'integer' }] },
      { anyOf: [{ type: 'string' }, { type: 'integer' }], nullable: true },
    ],
  ])('reads a union %s', (_, schema, expected) => {
    expect(property(schema)).toEqual(expected);
  });

  it('writes references out, with what stands beside them', () => {
    const schema: JsonObject = {
      $defs: { City: { type: 'object', properties: { name: { type: 'string' } } } },
      type: 'object',
      properties: { from: { $ref: '#/$defs/City', description: 'start' }, to: { $ref: '#/$defs/City' } },
    };
    const city = { type: 'object', properties: { name: { type: 'string' } } };
    expect(toGeminiSchema(schema)).toEqual({
      type: 'object',
      properties: { from: { ...city, description: 'start' }, to: city },
    });
  });

  it.each<[string, JsonObject]>([
    ['that is unknown', { $ref: '#/$defs/Nowhere' }],
    ['to another document', { $ref: 'https://example.com/schema.json' }],
    ['through a prototype', { $ref: '#/constructor' }],
  ])('stands in for a reference %s', (_, schema) => {
    expect(property(schema)).toEqual({ type: 'object' });
  });

  it('cuts a cycle where it closes', () => {
    const schema: JsonObject = {
      $ref: '#/$defs/Node',
      $defs: {
        Node: {
          type: 'object',
          properties: { next: { $ref: '#/$defs/Node' }, all: { allOf: [{ $ref: '#/$defs/Node' }] } },
        },
      },
    };
    expect(toGeminiSchema(schema)).toEqual({
      type: 'object',
      properties: { next: { type: 'object' }, all: { type: 'object' } },
    });
  });

  it('ends when definitions unfold without end', () => {
    const names = Array.from({ length: 14 }, (_, index) => `#/$defs/${index}`);
    const all = Object.fromEntries(names.map(($ref, index) => [`p${index}`, { $ref }]));
    const $defs = Object.fromEntries(names.map((_, index) => [String(index), { type: 'object', properties: all }]));
    const doubled = { allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/a' }, { $ref: '#' }] };
    const start = performance.now();
    toGeminiSchema({ $ref: '#/$defs/0', $defs });
    toGeminiSchema({ ...doubled, $defs: { a: doubled } });
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  it('bounds the depth', () => {
    let schema: JsonObject = { type: 'string' };
    for (let depth = 0; depth < 20_000; depth += 1) schema = { type: 'array', items: schema };
    expect(JSON.stringify(toGeminiSchema(schema)).length).toBeLessThan(2_000);
  });
});
