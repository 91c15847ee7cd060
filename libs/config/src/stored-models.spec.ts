import { describe, expect, it } from '@jest/globals';
import { manifests } from '../test/manifests.js';
import { problemOf } from '../test/workspace.js';
import { readStoredModels } from './stored-models.js';

const environment = { OPENAI_API_KEY: 'ours', ALLOWED: 'allowed' };
const entry = (params: Record<string, string>): { model_name: string; litellm_params: Record<string, string> } => ({
  model_name: 'm',
  litellm_params: { model: 'openai/m', ...params },
});

describe('readStoredModels', () => {
  it('reads entries like those of a file', () => {
    const { deployments } = readStoredModels([entry({ api_key: 'k', rpm: '5' })], {
      manifests,
      environment,
      envNames: [],
    });
    expect(deployments).toMatchObject([
      { modelName: 'm', provider: 'provider.openai', rpm: 5, connection: { api_key: 'k' } },
    ]);
  });

  it('reaches listed variables only, by reference or by the provider’s usual names', () => {
    const entries = [
      entry({ api_key: 'os.environ/ALLOWED' }),
      entry({ api_key: 'os.environ/OPENAI_API_KEY' }),
      entry({}),
    ];
    const read = readStoredModels(entries, { manifests, environment, envNames: ['ALLOWED'] });
    expect(read.deployments.map(({ connection }) => connection)).toEqual([{ api_key: 'allowed' }]);
    expect(read.disabled).toHaveLength(2);
    expect(read.warnings).toEqual([{ kind: 'missing-variable', message: 'The variable OPENAI_API_KEY is not set.' }]);
  });

  it('uses stored credentials and defaults', () => {
    const { deployments } = readStoredModels([entry({ litellm_credential_name: 'c' })], {
      manifests,
      environment,
      envNames: [],
      credentials: new Map([['c', { api_key: 'credential' }]]),
      defaultParams: { timeout: 3 },
    });
    expect(deployments[0]).toMatchObject({ connection: { api_key: 'credential' }, timeoutMs: 3_000 });
  });

  it('refuses entries of another shape', () => {
    const load = (): unknown => readStoredModels([{ model_name: 'm' }], { manifests, environment, envNames: [] });
    expect(problemOf(load)).toBe('m needs litellm_params with a model.');
  });
});
