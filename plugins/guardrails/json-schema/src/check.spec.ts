import type { JsonObject } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { createSchemaChecker } from './check.js';

const PERSON: JsonObject = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: { name: { type: 'string', maxLength: 5 }, age: { type: 'integer' } },
  required: ['name'],
  additionalProperties: false,
};

const checkAll = createSchemaChecker();
const check = (text: string, schema: JsonObject): string | undefined => checkAll([text], schema);

describe('an answer', () => {
  it.each<[string, string, JsonObject]>([
    ['that fits', '{"name": "Ada", "age": 36}', PERSON],
    ['with white space around', '\n {"name": "Ada"} \n', PERSON],
    ['of any JSON', '[1, null]', {}],
    [
      'by a definition',
      '[{"a":[]}]',
      { $defs: { t: { type: 'array' } }, items: { properties: { a: { $ref: '#/$defs/t' } } } },
    ],
    ['with a format, which is not looked at', '"x"', { type: 'string', format: 'email' }],
    ['with keywords of nobody', '1', { 'x-order': 3 }],
  ])('%s has nothing wrong', (_what, text, schema) => expect(check(text, schema)).toBeUndefined());

  it.each<[string, string, JsonObject, string]>([
    ['is no JSON', 'Sure! {"name": "Ada"}', PERSON, 'is not JSON'],
    ['was cut off', '{"name": "Ad', PERSON, 'is not JSON'],
    ['is empty', '', {}, 'is not JSON'],
    ['lacks a property', '{}', PERSON, "does not fit its schema: it must have required property 'name'"],
    ['has a wrong type', '{"name":"Ada","age":"1"}', PERSON, 'does not fit its schema: /age must be integer'],
    [
      'says too much',
      '{"name":"Ada","x":1}',
      PERSON,
      'does not fit its schema: it must NOT have additional properties',
    ],
    ['has a schema that is none', '1', { type: 'shoe' }, 'cannot be checked: its schema cannot be used'],
    ['has a schema from elsewhere', '1', { $ref: 'https://example.org/s.json' }, 'cannot be checked'],
    ['has an endless schema', '1', { description: 'x'.repeat(300_000) }, 'longer than 262144 characters'],
  ])('that %s is refused', (_what, text, schema, problem) => expect(check(text, schema)).toContain(problem));

  it('is not told', () => expect(check('{"name":"verysecret"}', PERSON)).not.toContain('verysecret'));
});

it('several answers have one time together, and one that is wrong is enough', () => {
  const evil = { type: 'string', pattern: '^(a+)+$' };
  const startedAt = performance.now();
  expect(checkAll(Array(50).fill(`"${'a'.repeat(40)}!"`), evil)).toContain('within 1000 ms');
  expect(performance.now() - startedAt).toBeLessThan(4_000);
  expect(checkAll(['{"name":"Ada"}', '{}'], PERSON)).toContain("required property 'name'");
  expect(checkAll([], PERSON)).toBeUndefined();
});

describe('a schema made to keep the gateway busy', () => {
  const twice = (name: string): JsonObject => ({ allOf: [{ $ref: `#/$defs/${name}` }, { $ref: `#/$defs/${name}` }] });
  const $defs = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`d${index}`, twice(`d${index + 1}`)]));

  it.each<[string, string, JsonObject]>([
    ['a pattern that backtracks', `"${'a'.repeat(40)}!"`, { type: 'string', pattern: '^(a+)+$' }],
    ['definitions that double', '1', { ...twice('d0'), $defs: { ...$defs, d40: {} } }],
    [
      'every entry compared with every other',
      JSON.stringify(Array.from({ length: 40_000 }, (_, index) => ({ index }))),
      { uniqueItems: true },
    ],
    ['one that means itself', '1', { $ref: '#' }],
  ])('is given up: %s', (_what, text, schema) => {
    const startedAt = performance.now();
    expect(check(text, schema)).toContain('cannot be checked');
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    expect(check('{"name":"Ada"}', PERSON)).toBeUndefined();
  });
});
