import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@turnpike/domain';
import { membersOf } from './json-members.js';
import { spliceJson } from './json-splice.js';

const splice = (text: string, set: JsonObject, remove: string[] = []): string =>
  spliceJson(Buffer.from(text), { set, remove: new Set(remove) }, JSON.parse(text) as JsonObject).toString();

describe('spliceJson', () => {
  it.each<[string, string, JsonObject, string[], string]>([
    ['replaces a value in place', '{"a":1, "model" : "x" ,"b":2}', { model: 'y' }, [], '{"a":1, "model" : "y" ,"b":2}'],
    ['adds a member at the end', '{ "a":1 }', { b: [2] }, [], '{ "a":1 ,"b":[2]}'],
    ['removes the first', '{"a":1,"b":2}', {}, ['a'], '{"b":2}'],
    ['removes the last', '{"a":1 , "b":2}', {}, ['b'], '{"a":1 }'],
    ['removes one in the middle', '{"a":1,\n"b":2,\n"c":3}', {}, ['b'], '{"a":1,\n"c":3}'],
    ['removes all', '{ "a":1 }', {}, ['a'], '{  }'],
    ['removes all and adds', '{"a":1}', { z: true }, ['a'], '{"z":true}'],
    ['fills an empty object', '{}', { a: 'ü' }, [], '{"a":"ü"}'],
    [
      'changes every occurrence of a repeated key',
      '{"model":"a","model":"b"}',
      { model: 'c' },
      [],
      '{"model":"c","model":"c"}',
    ],
    ['finds a key written with escapes', '{"mod\\u0065l":"a","x":1}', { model: 'c' }, [], '{"mod\\u0065l":"c","x":1}'],
    [
      'ignores the same key deeper down',
      '{"m":{"model":"deep"},"model":"a"}',
      { model: 'b' },
      [],
      '{"m":{"model":"deep"},"model":"b"}',
    ],
    [
      'is not fooled by quotes and braces in strings',
      '{"t":"\\"}]{\\\\","model":"a"}',
      { model: 'b' },
      [],
      '{"t":"\\"}]{\\\\","model":"b"}',
    ],
    [
      'keeps bytes it does not understand',
      '{"n":1.50e+2,"model":"a"}',
      { model: 'b' },
      [],
      '{"n":1.50e+2,"model":"b"}',
    ],
    ['removes the first two of three', '{"a":1,"b":2,"c":3}', {}, ['a', 'b'], '{"c":3}'],
    ['removes the last two of three', '{"a":1,"b":2,"c":3}', {}, ['b', 'c'], '{"a":1}'],
    ['replaces and removes neighbours', '{"a":1,"b":2,"c":3}', { a: 9 }, ['b'], '{"a":9,"c":3}'],
    ['adds what it also removes', '{"a":1,"b":2}', { a: 3 }, ['a'], '{"b":2,"a":3}'],
    [
      'is not fooled by a value that reads like the key',
      '{"x":"model","model":"a"}',
      { model: 'b' },
      [],
      '{"x":"model","model":"b"}',
    ],
    [
      'does not mind escapes of other letters',
      '{"t":"caf\\u00e9","model":"a"}',
      { model: 'b' },
      [],
      '{"t":"caf\\u00e9","model":"b"}',
    ],
    ['leaves out what is set to nothing', '{"a":1}', { b: undefined }, [], '{"a":1}'],
  ])('%s', (_, text, set, remove, expected) => {
    expect(splice(text, set, remove)).toBe(expected);
  });

  it('agrees with parse, change and stringify for generated objects', () => {
    let seed = 7;
    const random = (n: number): number => (seed = (seed * 48_271) % 2_147_483_647) % n;
    const texts = [
      '',
      'plain',
      'with "quotes"',
      'back\\slash\\',
      '\\"',
      'ünï 漢字 🙂',
      `long ${'x'.repeat(200)}"\\`,
      '}{][,:',
    ];
    const value = (depth: number): unknown => {
      switch (random(depth > 3 ? 4 : 6)) {
        case 0:
          return texts[random(texts.length)];
        case 1:
          return random(1e6) / 7;
        case 2:
          return random(2) === 0;
        case 3:
          return null;
        case 4:
          return Array.from({ length: random(4) }, () => value(depth + 1));
        default:
          return Object.fromEntries(
            Array.from({ length: random(4) }, (_, index) => [
              `${texts[random(texts.length)]}${index}`,
              value(depth + 1),
            ]),
          );
      }
    };
    for (let round = 0; round < 500; round += 1) {
      const object = Object.fromEntries(['a', 'model', 'b"', 'ü', 'z'].map((key) => [key, value(0)])) as JsonObject;
      const text = JSON.stringify(object, null, random(2) ? 2 : 0);
      const remove = ['a', 'b"', 'ü', 'z'].filter(() => random(2) === 0);
      const { ...expected } = { ...object, model: 'new', added: { deep: [1] } } as JsonObject;
      for (const key of remove) delete expected[key];
      expect(JSON.parse(splice(text, { model: 'new', added: { deep: [1] } }, remove))).toEqual(expected);
    }
  });
});

describe('membersOf', () => {
  it('tells where key and value stand', () => {
    const text = ' {"a": [1, 2] , "b":"x"}';
    const slices = membersOf(Buffer.from(text)).map(({ key, start, valueStart, end }) => [
      key,
      text.slice(start, end),
      text.slice(valueStart, end),
    ]);
    expect(slices).toEqual([
      ['a', '"a": [1, 2]', '[1, 2]'],
      ['b', '"b":"x"', '"x"'],
    ]);
  });
});
