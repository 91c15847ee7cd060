import { describe, expect, it } from '@jest/globals';
import type { ModelList } from './model-list.js';
import { PrincipalModels } from './principal-models.js';

const key = (...models: string[]): ModelList => ({ owner: 'key', models });
const team = (...models: string[]): ModelList => ({ owner: 'team', models });

describe('a caller', () => {
  it.each<[string, ModelList[], Record<string, string>, string, string | undefined]>([
    ['without lists may call every model', [], {}, 'x', undefined],
    ['may call what all lists allow', [key('a', 'b'), team('a')], {}, 'a', undefined],
    ['is refused by the first list that lacks the model', [key('a'), team('b')], {}, 'b', 'key_model_access_denied'],
    ['is refused by any list that lacks the model', [key('a'), team('b')], {}, 'a', 'team_model_access_denied'],
    ['may call by an alias of an allowed model', [key('a')], { fast: 'a' }, 'fast', undefined],
    ['may call by an alias that is allowed itself', [key('fast')], { fast: 'a' }, 'fast', undefined],
    ['opens nothing of the team by an alias', [team('a')], { a: 'b' }, 'a', 'team_model_access_denied'],
  ])('%s', (_title, lists, aliases, model, refusal) => {
    expect(new PrincipalModels(lists, aliases).refusalOf(model)?.type).toBe(refusal);
  });

  it('may be bound by further lists', () => {
    const models = new PrincipalModels([key('a', 'b')], { fast: 'a' }).alsoIn([['a', 'c']]);
    expect(['a', 'fast', 'b', 'c'].map((name) => models.allows(name))).toEqual([true, true, false, false]);
  });

  it('means the target of its alias, and inherited names mean nothing', () => {
    const models = new PrincipalModels([], { fast: 'a' });
    expect([models.resolve('fast'), models.resolve('constructor')]).toEqual(['a', 'constructor']);
  });
});
