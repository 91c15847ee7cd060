import type { Deployment, RouterSettings } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { anIndex as indexOf, idOf, inGroup as withId } from '../test/doubles.js';
import { groupOf, type ModelIndex, type ModelIndexOptions } from './model-index.js';

type Settings = Pick<RouterSettings, 'aliases' | 'unions'>;

const alias = (...targets: string[]) => ({ targets, hidden: false });

/** A deployment whose id is not the name of its model. */
const inGroup = (modelName: string, model: string, changes: Partial<Deployment> = {}): Deployment =>
  withId(modelName, `id-${model}`, { model, ...changes });

const anIndex = (
  deployments: Deployment[],
  settings: Partial<Settings> = {},
  recognise?: ModelIndexOptions['recognise'],
): ModelIndex =>
  indexOf(deployments, { settings: { aliases: {}, unions: {}, ...settings }, ...(recognise && { recognise }) });

/** What a name stands for: `group: upstream models`, in order. */
const meaning = (index: ModelIndex, name: string): string[] | undefined =>
  index
    .resolve(name)
    ?.groups.map(({ name: group, targets }) => `${group}: ${targets.map(({ model }) => model).join(' ')}`);

describe('a name', () => {
  const index = anIndex([
    inGroup('fast', 'a'),
    inGroup('fast', 'b'),
    inGroup('slow', 'c', { id: 'my-id' }),
    inGroup('openai/*', '*', { id: 'wild', provider: 'provider.x' }),
  ]);

  it.each<[string, string[] | undefined]>([
    ['fast', ['fast: a b']],
    ['slow', ['slow: c']],
    ['my-id', ['slow: c']],
    ['id-b', ['fast: b']],
    ['openai/gpt-x', ['openai/*: gpt-x']],
    ['unknown', undefined],
    ['', undefined],
    ['constructor', undefined],
    ['__proto__', undefined],
    ['toString', undefined],
  ])('%j means %j', (name, expected) => expect(meaning(index, name)).toEqual(expected));

  it('is kept as it was asked for', () => expect(index.resolve('my-id')?.requested).toBe('my-id'));

  it('is looked up once', () => expect(index.resolve('fast')).toBe(index.resolve('fast')));
});

describe('the id of a deployment', () => {
  const index = anIndex([inGroup('fast', 'a'), inGroup('fast', 'b'), inGroup('x/*', '*', { id: 'wild' })]);
  const groupNamed = (name: string) => index.resolve(name)!.groups[0]!;

  it('means that one alone', () => {
    expect(groupNamed('id-b')).toMatchObject({ name: 'fast', isPinned: true });
    expect(groupNamed('id-b').targets.map(idOf)).toEqual(['id-b']);
    expect(groupNamed('fast').isPinned).toBe(false);
  });

  it('is another stop than its group, so that one may be the fallback of the other', () => {
    expect(groupNamed('id-b').key).not.toBe(groupNamed('fast').key);
  });

  it('shares what is known of it with its group', () => {
    expect(groupNamed('id-b').targets[0]!.state).toBe(groupNamed('fast').targets[1]!.state);
  });

  it('of a wildcard’s shares it with every name that the wildcard takes', () => {
    expect(groupNamed('x/1').targets[0]!.state).toBe(groupNamed('x/2').targets[0]!.state);
  });
});

describe('the levels of a name', () => {
  const levels = (index: ModelIndex, name: string) =>
    index.resolve(name)!.levels.map(({ group, targets }) => `${group.name}: ${targets.map(idOf).join(' ')}`);

  const index = indexOf(
    [
      withId('g', 'none-1'),
      withId('g', 'two', { order: 2 }),
      withId('g', 'one-a', { order: 1 }),
      withId('g', 'none-2'),
      withId('g', 'one-b', { order: 1 }),
      withId('g', 'zero', { order: 0 }),
      withId('g', 'minus', { order: -1 }),
      withId('plain', 'c'),
      withId('plain', 'd'),
    ],
    { settings: { aliases: { both: alias('plain', 'g') }, unions: { all: ['plain', 'g'] } } },
  );

  it('go by order, the lowest first; those without one come last, together', () => {
    expect(levels(index, 'g')).toEqual(['g: minus', 'g: zero', 'g: one-a one-b', 'g: two', 'g: none-1 none-2']);
  });

  it('are one where there is no order', () => expect(levels(index, 'plain')).toEqual(['plain: c d']));

  it('of a cascade are those of its groups, one group after the other', () => {
    expect(levels(index, 'both').slice(0, 2)).toEqual(['plain: c d', 'g: minus']);
  });

  it('of a union are mixed', () => {
    expect(levels(index, 'all').at(-1)).toBe('all: c d none-1 none-2');
  });

  it('of no targets are none', () => expect(groupOf('g', 'g', []).levels).toEqual([]));
});

describe('a team’s own deployments', () => {
  const ofTeam = (team: string, modelName: string, model: string, publicName?: string) =>
    inGroup(modelName, model, {
      info: { team_id: team, ...(publicName !== undefined && { team_public_model_name: publicName }) },
    });

  const index = anIndex([
    inGroup('fast', 'everyone'),
    ofTeam('red', 'internal-1', 'red-fast', 'fast'),
    ofTeam('red', 'internal-2', 'red-fast-2', 'fast'),
    ofTeam('blue', 'internal-3', 'blue-fast', 'fast'),
    ofTeam('red', 'only-red', 'red-only'),
  ]);
  const models = (name: string, team?: string) =>
    index.resolve(name, team)?.groups.flatMap(({ targets }) => targets.map(({ model }) => model));

  it.each<[string, string | undefined, string[] | undefined]>([
    ['fast', undefined, ['everyone']],
    ['fast', 'red', ['red-fast', 'red-fast-2']],
    ['fast', 'blue', ['blue-fast']],
    ['fast', 'green', ['everyone']],
    ['only-red', 'red', ['red-only']],
    ['only-red', 'blue', undefined],
    ['only-red', undefined, undefined],
    ['internal-1', 'red', undefined],
    ['internal-1', undefined, undefined],
    ['constructor', 'red', undefined],
  ])('%s, asked for by team %p, means %j', (name, team, expected) => {
    expect(models(name, team)).toEqual(expected);
    // Nothing that was looked up for one caller is kept for another.
    expect(models('fast', 'red')).toEqual(['red-fast', 'red-fast-2']);
    expect(models('fast')).toEqual(['everyone']);
  });

  it('are another stop than those of everyone', () => {
    const keys = ['red', 'blue', undefined].map((team) => index.resolve('fast', team)!.groups[0]!.key);
    expect(new Set(keys).size).toBe(3);
  });

  it('are listed for that team only, each name once', () => {
    const names = (team?: string): string[] => index.names(team).map(({ name }) => name);
    expect([names(), names('red'), names('green')]).toEqual([['fast'], ['fast', 'only-red'], ['fast']]);
  });

  it('are reached by their id by that team only', () => {
    expect([models('id-red-only', 'red'), models('id-red-only', 'blue'), models('id-red-only')]).toEqual([
      ['red-only'],
      undefined,
      undefined,
    ]);
    expect(index.resolve('id-red-only', 'red')?.groups).toMatchObject([{ name: 'only-red', isPinned: true }]);
  });
});

describe('an alias', () => {
  const deployments = [inGroup('fast', 'a'), inGroup('slow', 'b'), inGroup('cheap', 'c')];

  it.each<[string, Settings['aliases'], string[] | undefined]>([
    ['stands for a group', { x: alias('fast') }, ['fast: a']],
    ['stands for one deployment', { x: alias('id-b') }, ['slow: b']],
    ['stands for groups in order', { x: alias('slow', 'fast') }, ['slow: b', 'fast: a']],
    ['may stand for aliases', { x: alias('y', 'cheap'), y: alias('slow', 'fast') }, ['slow: b', 'fast: a', 'cheap: c']],
    ['has each group once', { x: alias('fast', 'y'), y: alias('fast', 'slow') }, ['fast: a', 'slow: b']],
    ['passes over what is unknown', { x: alias('gone', 'fast') }, ['fast: a']],
    ['of unknown names only is unknown', { x: alias('gone') }, undefined],
    ['of itself only is unknown', { x: alias('x') }, undefined],
    ['may be part of a circle', { x: alias('y'), y: alias('x', 'fast') }, ['fast: a']],
    ['that is nothing but a circle is unknown', { x: alias('y'), y: alias('x') }, undefined],
  ])('%s', (_title, aliases, expected) => expect(meaning(anIndex(deployments, { aliases }), 'x')).toEqual(expected));

  it('comes before the group of its name, whose own deployments come last', () => {
    const index = anIndex(deployments, { aliases: { fast: alias('slow', 'cheap') } });
    expect(meaning(index, 'fast')).toEqual(['slow: b', 'cheap: c', 'fast: a']);
  });

  it('may say where the deployments of its own name come', () => {
    const index = anIndex(deployments, { aliases: { fast: alias('slow', 'fast', 'cheap'), x: alias('fast') } });
    const expected = ['slow: b', 'fast: a', 'cheap: c'];
    expect([meaning(index, 'fast'), meaning(index, 'x')]).toEqual([expected, expected]);
  });

  it('that names its own group is that group', () => {
    expect(meaning(anIndex(deployments, { aliases: { fast: alias('fast') } }), 'fast')).toEqual(['fast: a']);
  });
});

describe('a union', () => {
  const deployments = [inGroup('fast', 'a'), inGroup('slow', 'b'), inGroup('slow', 'c'), inGroup('all', 'd')];

  it.each<[string, string[], string[]]>([
    ['has the deployments of its groups under its own name', ['fast', 'slow'], ['u: a b c']],
    ['may name single deployments', ['id-c', 'fast'], ['u: c a']],
    ['has no deployment twice', ['slow', 'id-b', 'slow'], ['u: b c']],
    ['passes over what is unknown', ['gone', 'fast'], ['u: a']],
    ['of itself is empty', ['u'], ['u: ']],
  ])('%s', (_title, members, expected) => {
    expect(meaning(anIndex(deployments, { unions: { u: members } }), 'u')).toEqual(expected);
  });

  it('has its own deployments last', () => {
    expect(meaning(anIndex(deployments, { unions: { all: ['fast'] } }), 'all')).toEqual(['all: a d']);
  });

  it('may hold unions and aliases, in circles too', () => {
    const settings = { unions: { u: ['v', 'x'], v: ['u', 'slow'] }, aliases: { x: alias('fast', 'u') } };
    expect(meaning(anIndex(deployments, settings), 'u')).toEqual(['u: b c a']);
  });

  it('may be part of a cascade', () => {
    const settings = { unions: { u: ['fast', 'slow'] }, aliases: { x: alias('all', 'u') } };
    expect(meaning(anIndex(deployments, settings), 'x')).toEqual(['all: d', 'u: a b c']);
  });
});

describe('a wildcard', () => {
  it.each<[string, string, string, string | undefined]>([
    ['openai/*', '*', 'openai/gpt-x', 'gpt-x'],
    ['openai/*', '*', 'openai/a/b', 'a/b'],
    ['openai/*', 'prefix-*', 'openai/x', 'prefix-x'],
    ['openai/*', 'fixed', 'openai/x', 'fixed'],
    ['*', '*', 'anything', 'anything'],
    ['*-by-*', '*/of/*', 'x-by-y', 'x/of/y'],
    ['*/*', '*', 'a/b', 'a'],
    ['a-*', '*+*', 'a-x', 'x+x'],
    ['a.b/*', '*', 'aXb/c', undefined],
    ['a(b)/*', '*', 'a(b)/c', 'c'],
    ['openai/*', '*', 'openai', undefined],
    ['openai/*', '*', 'my-openai/x', undefined],
    ['x/*', '*', 'x/$&$1', '$&$1'],
  ])("'%s' over '%s' makes %s into %p", (modelName, model, asked, expected) => {
    const index = anIndex([inGroup(modelName, model)]);
    expect(index.resolve(asked)?.groups[0]?.targets[0]?.model).toBe(expected);
  });

  it.each<[string, string]>([
    ['openai/gpt-4-turbo', 'openai/gpt-4*'],
    ['openai/gpt-3', 'openai/*'],
    ['openai/gpt-4', 'openai/gpt-4'],
    ['azure/gpt-4', '*/gpt-4'],
    ['a/b', '*/*'],
    ['openai/o-mini-x', 'openai/*-mini*'],
    ['other', '*'],
  ])('%s is taken by the most particular one: %s', (asked, expected) => {
    const names = ['*', 'openai/*', '*/gpt-4', 'openai/gpt-4*', '*/*', 'openai/*-mini*', 'openai/gpt-4'];
    const index = anIndex(names.map((modelName, position) => inGroup(modelName, `m${position}`)));
    expect(index.resolve(asked)?.groups[0]?.name).toBe(expected);
  });

  it('is the more particular the more text it has, not the more wildcards', () => {
    const index = anIndex(['ab*c*d*', 'abcde*'].map((modelName) => inGroup(modelName, modelName)));
    expect(index.resolve('abcdecd')?.groups[0]?.name).toBe('abcde*');
  });

  it('may have several deployments', () => {
    const index = anIndex([inGroup('x/*', 'a-*'), inGroup('x/*', 'b-*')]);
    expect(meaning(index, 'x/1')).toEqual(['x/*: a-1 b-1']);
  });

  it('may be meant by an alias', () => {
    const index = anIndex([inGroup('x/*', '*')], { aliases: { mine: alias('x/large') } });
    expect(meaning(index, 'mine')).toEqual(['x/*: large']);
  });
});

describe('a bare name that a provider knows', () => {
  const recognise = (name: string) => (name.startsWith('gpt') ? 'provider.openai' : undefined);
  const own = inGroup('openai/*', '*', { provider: 'provider.openai' });
  const other = inGroup('other/*', 'o-*', { provider: 'provider.other' });

  it('finds the wildcard of that provider', () => {
    expect(meaning(anIndex([other, own], {}, recognise), 'gpt-x')).toEqual(['openai/*: gpt-x']);
  });

  it.each<[string, Deployment[], string]>([
    ['no such wildcard is there', [other], 'gpt-x'],
    ['nobody knows it', [own], 'mystery'],
    ['it has a prefix', [own], 'azure/gpt-x'],
  ])('is unknown when %s', (_title, deployments, name) => {
    expect(meaning(anIndex(deployments, {}, recognise), name)).toBeUndefined();
  });

  it('gives way to a wildcard that takes it anyhow', () => {
    const all = inGroup('*', 'all-*');
    expect(meaning(anIndex([own, all], {}, recognise), 'gpt-x')).toEqual(['*: all-gpt-x']);
  });
});

describe('the list of names', () => {
  const listed = (index: ModelIndex) => index.names().map(({ name }) => name);

  it('has groups, unions, visible aliases and wildcards', () => {
    const index = anIndex([inGroup('fast', 'a'), inGroup('fast', 'b'), inGroup('x/*', '*')], {
      unions: { u: ['fast'] },
      aliases: { shown: alias('fast'), secret: { targets: ['fast'], hidden: true } },
    });
    expect(index.names()).toMatchObject([
      { name: 'fast', isPattern: false, deployments: [{ model: 'a' }, { model: 'b' }] },
      { name: 'u', isPattern: false },
      { name: 'shown', isPattern: false, deployments: [{ model: 'a' }, { model: 'b' }] },
      { name: 'x/*', isPattern: true, deployments: [{ model: '*' }] },
    ]);
    expect(meaning(index, 'secret')).toEqual(['fast: a b']);
  });

  it('has no deployments that only a fallback made, though they can be called', () => {
    const implicit = { info: { implicit: true } };
    const index = anIndex([inGroup('fast', 'a'), inGroup('gpt-x', 'b', implicit), inGroup('y/*', '*', implicit)]);
    expect(listed(index)).toEqual(['fast']);
    expect([meaning(index, 'gpt-x'), meaning(index, 'y/1')]).toEqual([['gpt-x: b'], ['y/*: 1']]);
  });

  it('has no names that stand for nothing', () => {
    const settings = { aliases: { a: alias('gone'), b: alias('b') }, unions: { u: ['gone'] } };
    expect(listed(anIndex([inGroup('fast', 'a')], settings))).toEqual(['fast']);
  });
});

describe('memory', () => {
  it('does not grow with the names that clients make up', () => {
    const index = anIndex([inGroup('x/*', '*')]);
    const remembered = (index as unknown as { remembered: Map<string, unknown> }).remembered;
    for (let number = 0; number < 12_000; number += 1) {
      index.resolve(`x/${number}`);
      index.resolve(`unknown-${number}`);
      expect(remembered.size).toBeLessThanOrEqual(5_000);
    }
    expect(meaning(index, 'x/0')).toEqual(['x/*: 0']);
  });
});
