import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { manifests } from '../test/manifests.js';
import { problemOf } from '../test/workspace.js';
import { importBlueprint } from './blueprint.js';

const providersOf = (providers: object): unknown =>
  (parse(importBlueprint({ llm_providers: providers }, { manifests })) as { model_list: unknown }).model_list;

describe('importBlueprint', () => {
  it('leaves out providers that are not enabled', () => {
    expect(providersOf({ openai: { enabled: false, models: ['a'] }, groq: { models: ['b'] } })).toEqual([
      { model_name: 'b', litellm_params: { model: 'groq/b' } },
    ]);
  });

  it.each([
    ['google', 'gemini/m'],
    ['azure-openai', 'azure/m'],
    ['lm-studio', 'lm_studio/m'],
    ['lmstudio', 'lm_studio/m'],
    ['vllm', 'hosted_vllm/m'],
    ['someone-new', 'someone_new/m'],
  ])('knows %s as the prefix of %s', (name, model) => {
    expect(providersOf({ [name]: { models: ['m'] } })).toEqual([{ model_name: 'm', litellm_params: { model } }]);
  });

  it('takes models with a prefix, or as objects, and keeps only what concerns us', () => {
    const entry = {
      models: ['openai/a', { name: 'b' }],
      api_key: '$KEY',
      url: 'http://h',
      description: 'ours',
      rpm: 5,
    };
    expect(providersOf({ openai: entry })).toEqual([
      {
        model_name: 'a',
        litellm_params: { model: 'openai/a', api_key: 'os.environ/KEY', api_base: 'http://h', rpm: 5 },
      },
      {
        model_name: 'b',
        litellm_params: { model: 'openai/b', api_key: 'os.environ/KEY', api_base: 'http://h', rpm: 5 },
      },
    ]);
  });

  it('puts settings of the gateway into their sections', () => {
    const text = importBlueprint({ litellm: { port: 4001, master_key: '${MK}', num_retries: 3, hostname: 'h' } });
    expect(parse(text)).toEqual({
      model_list: [],
      general_settings: { port: 4001, master_key: 'os.environ/MK' },
      router_settings: { num_retries: 3 },
    });
  });

  it.each([
    ['{', 'The file is not valid JSON'],
    ['[]', 'must be a JSON object'],
    ['{}', 'neither llm_providers nor litellm'],
    ['{"llm_providers": []}', 'llm_providers must be a map'],
    ['{"litellm": 1}', 'litellm must be a map'],
    ['{"llm_providers": {"openai": 1}}', 'llm_providers.openai must be a map'],
    ['{"llm_providers": {"openai": {"models": "a"}}}', 'llm_providers.openai.models must be a list'],
    ['{"llm_providers": {"openai": {"models": [1]}}}', 'llm_providers.openai.models must be a list'],
  ])('refuses %s', (json, problem) => expect(problemOf(() => importBlueprint(json))).toContain(problem));
});
