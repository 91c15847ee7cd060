import { afterEach, describe, expect, it } from '@jest/globals';
import { loadFixture, loadYaml, problemOf, removeFolders } from '../test/workspace.js';

afterEach(removeFolders);

const mutableParts = (value: unknown, path = 'config'): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, field]) => mutableParts(field, `${path}.${key}`));
  return Object.isFrozen(value) ? inner : [path, ...inner];
};

describe('loadConfig', () => {
  it('gives out a configuration that is frozen to its leaves', () => {
    expect(mutableParts(loadFixture('production'))).toEqual([]);
  });

  it('names every problem of a file at once', () => {
    const problem = problemOf(() =>
      loadYaml(`
model_list:
  - {model_name: m}
general_settings:
  port: http
  master_key: os.environ/NONE
router_settings:
  fallbacks: 5
`),
    );
    expect(problem.split('\n')).toHaveLength(5);
    for (const line of [3, 5, 6, 8]) expect(problem).toContain(`litellm_config.yaml:${line}: `);
  });

  it('loads five thousand deployments in a moment', () => {
    const entries = Array.from(
      { length: 5_000 },
      (_, index) => `  - {model_name: m${index % 100}, litellm_params: {model: openai/m, api_key: k${index}, rpm: 5}}`,
    );
    const begin = performance.now();
    expect(loadYaml(`model_list:\n${entries.join('\n')}\n`).deployments).toHaveLength(5_000);
    // What grows with the square of them takes minutes.
    expect(performance.now() - begin).toBeLessThan(30_000);
  });

  it('accepts a file for each provider plugin without any of them installed', () => {
    const config = loadYaml('model_list:\n  - {model_name: m, litellm_params: {model: openai/m, api_key: k}}\n', {
      manifests: [],
    });
    expect(config.disabled[0]!.reason).toBe("no provider is called 'openai'");
  });
});
