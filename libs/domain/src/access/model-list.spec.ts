import { describe, expect, it } from '@jest/globals';
import { resolveModelList } from './model-list.js';

describe('a list of models', () => {
  it.each<[string, string[], string[] | undefined, string[] | undefined]>([
    ['restricts nothing when it is empty', [], undefined, undefined],
    ['restricts nothing when it allows all of the proxy', ['a', 'all-proxy-models'], undefined, undefined],
    ['is what it names', ['a', 'openai/*'], undefined, ['a', 'openai/*']],
    ['allows nothing when only defaults are excluded', ['no-default-models'], undefined, []],
    ['means the list of the team', ['all-team-models'], ['a', 'b'], ['a', 'b']],
    ['adds to the list of the team', ['c', 'all-team-models'], ['a', 'c'], ['c', 'a']],
    ['restricts nothing when the team restricts nothing', ['all-team-models'], [], undefined],
    ['restricts nothing when it means a team that is not there', ['all-team-models'], undefined, undefined],
    ['does not turn in circles', ['all-team-models'], ['all-team-models', 'a'], ['a']],
  ])('%s', (_title, models, teamModels, resolved) => {
    expect(resolveModelList(models, teamModels)).toEqual(resolved);
  });
});
