import { afterEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { aFolder, loadYaml, problemOf, removeFolders, warningsOf } from '../test/workspace.js';
import { loadPluginSources } from './load.js';

afterEach(removeFolders);

const digest = `sha512-${'A'.repeat(86)}==`;

describe('plugins', () => {
  it('are found by package or by a path beside the file', () => {
    const cwd = aFolder({
      'sub/gateway.yaml': `
plugins:
  - {package: "@acme/foo", integrity: "${digest}", config: {key: os.environ/K}}
  - path: ./mine
  - path: /abs/mine
`,
    });
    expect(loadPluginSources({ cwd, configFile: 'sub/gateway.yaml', env: { K: 'k' }, manifests: [] })).toEqual([
      { package: '@acme/foo', integrity: digest, config: { key: 'k' }, source: 'sub/gateway.yaml:3' },
      { path: join(cwd, 'sub/mine'), source: 'sub/gateway.yaml:4' },
      { path: '/abs/mine', source: 'sub/gateway.yaml:5' },
    ]);
  });

  it('are the same in the whole configuration', () => {
    expect(loadYaml('plugins: [{package: p}]\n').plugins).toEqual([{ package: 'p', source: 'litellm_config.yaml:1' }]);
  });

  it.each([
    ['plugins: {a: 1}', 'plugins must be a list'],
    ['plugins: [a]', 'An entry of plugins must be a map'],
    ['plugins: [{}]', 'A plugin needs either package or path.'],
    ['plugins: [{package: p, path: q}]', 'A plugin needs either package or path.'],
    ['plugins: [{package: p, integrity: sha1-x}]', "integrity must be 'sha512-'"],
    ['plugins: [{package: p, config: 5}]', 'config of a plugin must be a map.'],
  ])('are refused as %p', (yaml, problem) => expect(problemOf(() => loadYaml(`${yaml}\n`))).toContain(problem));

  it('warn about keys they do not have', () => {
    expect(warningsOf(loadYaml('plugins: [{package: p, confg: {}}]\n'), 'unknown-key')[0]).toContain(
      "Did you mean 'config'?",
    );
  });
});
