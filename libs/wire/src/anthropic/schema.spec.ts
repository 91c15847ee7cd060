import { describe, expect, it } from '@jest/globals';
import { hasOpenObjects, toInputSchema, toStructuredSchema } from './schema.js';

describe('toInputSchema', () => {
  it.each([
    ['nothing', undefined, { type: 'object', properties: {} }],
    ['an empty schema', {}, { type: 'object', properties: {} }],
    [
      'a schema without a type',
      { properties: { a: { type: 'string' } } },
      { type: 'object', properties: { a: { type: 'string' } } },
    ],
    ['a definition of the draft', { $schema: 'https://json-schema.org/draft', type: 'object' }, { type: 'object' }],
  ])('makes an object of %s', (_what, parameters, expected) => expect(toInputSchema(parameters)).toEqual(expected));
});

describe('toStructuredSchema', () => {
  it.each([
    [
      'closes objects at every depth',
      { type: 'object', properties: { a: { type: ['object', 'null'], properties: { b: { type: 'integer' } } } } },
      {
        type: 'object',
        properties: {
          a: { type: ['object', 'null'], properties: { b: { type: 'integer' } }, additionalProperties: false },
        },
        additionalProperties: false,
      },
    ],
    [
      'tells in words what cannot be enforced',
      { type: 'integer', description: 'Age', minimum: 0, maximum: 150 },
      { type: 'integer', description: 'Age\n\n{minimum: 0, maximum: 150}' },
    ],
    ['keeps formats that are known', { type: 'string', format: 'date' }, { type: 'string', format: 'date' }],
    [
      'tells formats that are not',
      { type: 'string', format: 'color' },
      { type: 'string', description: '{format: "color"}' },
    ],
    [
      'keeps a least number of items of 1',
      { type: 'array', minItems: 1, items: { type: 'string', minLength: 2 } },
      { type: 'array', minItems: 1, items: { type: 'string', description: '{minLength: 2}' } },
    ],
    [
      'turns oneOf into anyOf',
      { oneOf: [{ type: 'string' }, { type: 'null' }] },
      { anyOf: [{ type: 'string' }, { type: 'null' }] },
    ],
    [
      'keeps references and what they refer to',
      { $ref: '#/$defs/node', $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } } },
      {
        $ref: '#/$defs/node',
        $defs: {
          node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } }, additionalProperties: false },
        },
      },
    ],
    [
      'keeps enum, const, title and required',
      { type: 'object', title: 'T', required: ['k'], properties: { k: { enum: ['a', null] }, c: { const: 1 } } },
      {
        type: 'object',
        title: 'T',
        required: ['k'],
        properties: { k: { enum: ['a', null] }, c: { const: 1 } },
        additionalProperties: false,
      },
    ],
  ])('%s', (_title, schema, expected) => expect(toStructuredSchema(schema)).toEqual(expected));
});

describe('hasOpenObjects', () => {
  it.each([
    [{ type: 'object' }, true],
    [{ type: 'object', properties: { a: { type: 'object', additionalProperties: { type: 'string' } } } }, true],
    [{ anyOf: [{ type: 'object', additionalProperties: true }] }, true],
    [{ $defs: { map: { type: 'object' } }, type: 'array', items: { $ref: '#/$defs/map' } }, true],
    [{ type: 'object', properties: { a: { type: 'string' } } }, false],
    [{ type: 'object', additionalProperties: false }, false],
    [{ type: 'object', anyOf: [{ properties: {} }] }, false],
    [{ type: 'array', items: { type: 'string' } }, false],
  ])('finds in %j: %p', (schema, expected) => expect(hasOpenObjects(schema)).toBe(expected));
});
