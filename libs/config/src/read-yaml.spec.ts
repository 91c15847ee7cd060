import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '@turnpike/domain';
import { Diagnostics } from './diagnostics.js';
import { Places } from './places.js';
import { parseYaml } from './read-yaml.js';

const read = (
  text: string,
): { value: JsonValue | undefined; places: Places; warnings: string[]; problem: string | undefined } => {
  const places = new Places();
  const diagnostics = new Diagnostics(false);
  const value = parseYaml(text, 'a.yaml', { places, diagnostics });
  let problem: string | undefined;
  try {
    diagnostics.throwIfFailed();
  } catch (error) {
    problem = (error as Error).message;
  }
  return { value, places, problem, warnings: diagnostics.warnings.map(({ where, message }) => `${where}: ${message}`) };
};

describe('parseYaml', () => {
  it('remembers the line of every key and list item', () => {
    const { value, places } = read('a:\n  b: 1\n\nlist:\n  - x\n  - y: 2\n');
    const root = value as { a: JsonObject; list: JsonObject[] };
    expect([
      places.text(root, 'list'),
      places.text(root.a, 'b'),
      places.text(root.list, 1),
      places.text(root.list[1]!, 'y'),
    ]).toEqual(['a.yaml:4', 'a.yaml:2', 'a.yaml:6', 'a.yaml:6']);
  });

  it('uses the last of two equal keys and names both lines', () => {
    const { value, warnings } = read('a: 1\nb: 2\na: 3\n');
    expect(value).toEqual({ a: 3, b: 2 });
    expect(warnings).toEqual(["a.yaml:3: 'a' is written twice, first on line 1; the last one is used."]);
  });

  it('merges anchors beneath own keys, with the lines of the anchor', () => {
    const { value, places } = read('base: &b\n  x: 1\n  y: 1\nuse:\n  <<: *b\n  y: 2\n');
    const root = value as { use: JsonObject };
    expect(root.use).toEqual({ x: 1, y: 2 });
    expect(places.text(root.use, 'x')).toBe('a.yaml:2');
  });

  it('merges several anchors, the first of them strongest', () => {
    expect(read('a: &a {x: 1}\nb: &b {x: 2, y: 2}\nuse:\n  <<: [*a, *b]\n').value).toMatchObject({
      use: { x: 1, y: 2 },
    });
  });

  it.each([
    ['dates as text', 'v: 2024-02-15', { v: '2024-02-15' }],
    ['infinities as text', 'v: .inf', { v: '.inf' }],
    ['numeric keys as text', '50: x', { '50': 'x' }],
    ['a key without a value as null', 'v:', { v: null }],
    ['JSON', '{"v": [1, true]}', { v: [1, true] }],
    ['a byte order mark', '\uFEFFv: 1', { v: 1 }],
    ['Windows line ends', 'v: 1\r\nw: 2\r\n', { v: 1, w: 2 }],
    ['nothing', '', null],
    ['comments', '# nothing\n', null],
  ])('reads %s', (_what, text, expected) => expect(read(text).value).toEqual(expected));

  it.each([
    ['a tab', 'a:\n\t- b\n', 'a.yaml:2:1: Tabs are not allowed as indentation. Indent with spaces.'],
    ['a quote that never ends', 'a: "x\nb: 1\n', /^(?:2 problems:\n {2})?a\.yaml:\d+:\d+: /],
    ['two documents', 'a: 1\n---\nb: 2\n', /^a\.yaml:2:1: Source contains multiple documents/],
    ['an alias without an anchor', 'a: *nothing\n', 'a.yaml:1: The alias *nothing has no anchor before it.'],
    ['a list as a key', '? [1]\n: 2\n', 'a.yaml:1: A key must be plain text here.'],
    ['a key that would reach into objects', '__proto__: {a: 1}\n', 'a.yaml:1: A key must be plain text here.'],
    ['an alias inside itself', 'a: &a [*a]\n', /a\.yaml: is nested deeper than 64 levels/],
    ['very deep nesting', `a: ${'['.repeat(20_000)}`, /a\.yaml/],
  ])('refuses %s', (_what, text, problem) => {
    expect(read(text).problem).toEqual(typeof problem === 'string' ? problem : expect.stringMatching(problem));
  });

  it('refuses aliases that multiply without end, quickly', () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? 'l0: &l0 [x, x, x, x, x, x, x, x, x, x]'
        : `l${level}: &l${level} [${Array(10)
            .fill(`*l${level - 1}`)
            .join(', ')}]`,
    );
    const begin = performance.now();
    expect(read(levels.join('\n')).problem).toBe('a.yaml: holds more than 250000 values once aliases are expanded.');
    expect(performance.now() - begin).toBeLessThan(3_000);
  });

  it('warns about a tag it does not know', () => {
    expect(read('a: !secret b\n')).toMatchObject({
      value: { a: 'b' },
      warnings: [expect.stringContaining('a.yaml:1: ')],
    });
  });
});
