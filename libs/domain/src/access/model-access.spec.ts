import { describe, expect, it } from '@jest/globals';
import { fitsModelWildcard, ModelMatcher, type ModelCatalog } from './model-access.js';

const catalog: ModelCatalog = {
  version: 1,
  aliasTargets: (name) => (name === 'fast' ? ['gpt-4o-mini'] : []),
  accessGroups: (name) => (name === 'gpt-4o' ? ['beta-models'] : []),
  prefixedForms: (name) => (name.startsWith('gpt-') ? [`openai/${name}`] : []),
  isOfTeam: (name, teamId) => name === 'house-model' && teamId === 'red',
};

describe('a model', () => {
  it.each<[string, string[], string, boolean]>([
    ['is allowed by its name', ['gpt-4o'], 'gpt-4o', true],
    ['is refused when it is not in the list', ['gpt-4o'], 'o1', false],
    ['is refused by an empty list', [], 'gpt-4o', false],
    ['is allowed by the star', ['*'], 'anything', true],
    ['is allowed by a wildcard of its provider', ['openai/*'], 'openai/gpt-4o', true],
    ['is refused by the wildcard of another provider', ['anthropic/*'], 'openai/gpt-4o', false],
    ['is allowed by a wildcard of its family', ['anthropic/claude-*'], 'anthropic/claude-3-5-haiku', true],
    ['is allowed bare where the wildcard means its provider', ['openai/*'], 'gpt-4o', true],
    ['is refused bare where only the name with the provider is listed', ['openai/gpt-4o'], 'gpt-4o', false],
    ['is allowed by its access group', ['beta-models'], 'gpt-4o', true],
    ['is refused by the access group of another', ['beta-models'], 'gpt-4o-mini', false],
    ['is allowed when it is an alias of an allowed one', ['gpt-4o-mini'], 'fast', true],
    ['is allowed when it is an alias of what a wildcard allows', ['openai/*'], 'fast', true],
    ['is not allowed by the beginning of its name', ['gpt-4'], 'gpt-4o', false],
    ['is case-sensitive', ['gpt-4o'], 'GPT-4o', false],
  ])('%s', (_title, models, model, isAllowed) => {
    const matcher = new ModelMatcher({ owner: 'key', models }, catalog);
    expect([matcher.allows(model), matcher.allows(model)]).toEqual([isAllowed, isAllowed]);
  });

  it('is asked about in the catalogue once, as long as it is remembered', () => {
    const asked: string[] = [];
    const accessGroups = (name: string) => (asked.push(name), []);
    const matcher = new ModelMatcher({ owner: 'key', models: ['openai/*'] }, { ...catalog, accessGroups });
    for (let round = 0; round < 3; round++) matcher.allows('o1');
    expect(asked).toEqual(['o1']);
    for (let name = 0; name < 200; name++) matcher.allows(`m${name}`);
    matcher.allows('o1');
    expect(asked.filter((name) => name === 'o1')).toHaveLength(2);
  });

  it('of a team alone is allowed by lists that its models are in, too', () => {
    const allows = (teamId?: string): boolean =>
      new ModelMatcher({ owner: 'team', models: ['gpt-4o'], teamId }, catalog).allows('house-model');
    expect([allows('red'), allows('blue'), allows()]).toEqual([true, false, false]);
  });

  it('is asked about anew once there is another catalogue', () => {
    const live = { ...catalog, version: 1, accessGroups: (): string[] => [] };
    const matcher = new ModelMatcher({ owner: 'key', models: ['late'] }, live);
    expect(matcher.allows('o1')).toBe(false);
    live.accessGroups = () => ['late'];
    expect(matcher.allows('o1')).toBe(false);
    live.version = 2;
    expect(matcher.allows('o1')).toBe(true);
  });

  it('is refused with the list of its owner', () => {
    const matcher = new ModelMatcher({ owner: 'team', models: ['a', 'b'] });
    expect(matcher.refusalOf('c')).toBe(
      "team not allowed to access model. This team can only access models=['a', 'b']. Tried to access c",
    );
  });

  it('is refused with the beginning of a long list', () => {
    const models = Array.from({ length: 150 }, (_, index) => `m${index}`);
    expect(new ModelMatcher({ owner: 'key', models }).refusalOf('c')).toContain("'m99', and 50 more]");
  });
});

describe('a wildcard', () => {
  it.each<[string, string, boolean]>([
    ['openai/*', 'openai/', true],
    ['*/gpt-4o', 'azure/gpt-4o', true],
    ['a*c*e', 'abcde', true],
    ['a*c*e', 'aXXe', false],
    ['ab*ba', 'aba', false],
    ['bedrock/*.claude*', 'bedrock/us.anthropic.claude-3', true],
    ['a.c*', 'abcd', false],
    ['gpt-4o', 'gpt-4o', true],
  ])('%s and %s: %s', (wildcard, name, doesFit) => {
    expect(fitsModelWildcard(wildcard, name)).toBe(doesFit);
  });

  it('with many stars takes no longer than its name is long', () => {
    const name = 'a'.repeat(20_000);
    const start = performance.now();
    expect(fitsModelWildcard(`${'*a'.repeat(50)}*b`, name)).toBe(false);
    expect(performance.now() - start).toBeLessThan(50);
  });
});
