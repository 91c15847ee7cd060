import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@turnpike/domain';
import { fromGeminiSchema } from './schema-from.js';
import { toGeminiSchema } from './schema.js';

describe('fromGeminiSchema', () => {
  it.each<[string, JsonObject, JsonObject]>([
    [
      'lower-cases types',
      { type: 'OBJECT', properties: { a: { type: 'STRING' } } },
      { type: 'object', properties: { a: { type: 'string' } } },
    ],
    ['makes nullable a type', { type: 'STRING', nullable: true }, { type: ['string', 'null'] }],
    [
      'allows null in a nullable enumeration',
      { type: 'STRING', enum: ['a'], nullable: true },
      { type: ['string', 'null'], enum: ['a', null] },
    ],
    [
      'allows null in a nullable union',
      { any_of: [{ type: 'STRING' }], nullable: true },
      { anyOf: [{ type: 'string' }, { type: 'null' }] },
    ],
    [
      'reads snake_case and counts written as text',
      { type: 'ARRAY', max_items: '3', items: { type: 'INTEGER' } },
      { type: 'array', maxItems: 3, items: { type: 'integer' } },
    ],
    ['drops an unspecified type', { type: 'TYPE_UNSPECIFIED', description: 'd' }, { description: 'd' }],
  ])('%s', (_, schema, expected) => {
    expect(fromGeminiSchema(schema)).toEqual(expected);
  });

  it('bounds the depth', () => {
    let schema: JsonObject = { type: 'STRING' };
    for (let depth = 0; depth < 20_000; depth += 1) schema = { type: 'ARRAY', items: schema };
    expect(JSON.stringify(fromGeminiSchema(schema)).length).toBeLessThan(2_000);
  });

  it('comes back the same through toGeminiSchema', () => {
    const schema: JsonObject = {
      type: 'object',
      properties: {
        a: { type: 'string', enum: ['x'], nullable: true },
        b: { type: 'array', items: { type: 'number' } },
      },
      required: ['b'],
    };
    expect(toGeminiSchema(fromGeminiSchema(schema))).toEqual(schema);
  });
});
