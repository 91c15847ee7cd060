import { afterEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { aFolder, loadFiles, loadYaml, problemOf, removeFolders, warningsOf } from '../test/workspace.js';
import { loadConfig } from './load.js';

afterEach(removeFolders);

const entry = (name: string): string => `  - model_name: ${name}\n    litellm_params: {model: echo/${name}}\n`;

describe('include', () => {
  it('joins lists, merges maps, and lets the included file have the last word', () => {
    const { config } = loadFiles({
      'litellm_config.yaml': `include: parts/one.yaml\nmodel_list:\n${entry('a')}general_settings: {master_key: sk-1, port: 1000}\n`,
      'parts/one.yaml': `include: [two.yaml]\nmodel_list:\n${entry('b')}general_settings:\n  port: 2000\n`,
      'parts/two.yaml': `model_list:\n${entry('c')}router_settings: {num_retries: 7}\n`,
    });
    expect(config.deployments.map(({ modelName, source }) => [modelName, source])).toEqual([
      ['a', 'litellm_config.yaml:3'],
      ['b', 'parts/one.yaml:3'],
      ['c', 'parts/two.yaml:2'],
    ]);
    expect(config.auth.masterKey).toBe('sk-1');
    expect(config.server.port).toBe(2000);
    expect(config.router.numRetries).toBe(7);
    expect(config.source.files.map((file) => file.split('/').at(-1))).toEqual([
      'litellm_config.yaml',
      'one.yaml',
      'two.yaml',
    ]);
    expect(warningsOf(config, 'duplicate')).toEqual([
      "parts/one.yaml:6: general_settings.port is also at litellm_config.yaml:5; the included file's value is used.",
    ]);
  });

  it.each([
    [
      'goes in a circle',
      'include: b.yaml\n',
      'include goes in a circle: litellm_config.yaml → b.yaml → litellm_config.yaml.',
    ],
    ['names a file that is not there', 'include: c.yaml\n', 'c.yaml does not exist.'],
    ['is no path', 'include: {a: 1}\n', 'litellm_config.yaml:1: include must be a path or a list of paths.'],
  ])('is refused when it %s', (_what, text, problem) => {
    const files = { 'litellm_config.yaml': text, 'b.yaml': 'include: litellm_config.yaml\n' };
    expect(problemOf(() => loadFiles(files))).toContain(problem);
  });

  it('reads a file once that is included twice', () => {
    const { config } = loadFiles(
      { 'litellm_config.yaml': 'include: [b.yaml, b.yaml]\n', 'b.yaml': `model_list:\n${entry('b')}` },
      { env: { LITELLM_MASTER_KEY: 'sk-1' } },
    );
    expect(config.deployments).toHaveLength(1);
    expect(warningsOf(config, 'duplicate')[0]).toContain('b.yaml is included twice');
  });
});

describe('a file that cannot be used', () => {
  it.each([
    ['is empty', '', 'litellm_config.yaml:1: The file is empty.'],
    ['is a text', 'hello', 'litellm_config.yaml:1: The file must be a map'],
    ['is a list of something else', '- a\n- b\n', 'litellm_config.yaml:1: The file must be a map'],
    ['is not text', new Uint8Array([0x61, 0xff, 0x62]), 'litellm_config.yaml is not UTF-8 text.'],
  ])('says so when it %s', (_what, content, problem) => {
    expect(problemOf(() => loadFiles({ 'litellm_config.yaml': content }))).toContain(problem);
  });

  it('says so when the named file is missing, or a folder', () => {
    const cwd = aFolder({ 'folder/x': '' });
    const load = (configFile: string) => (): unknown => loadConfig({ cwd, configFile, env: {}, manifests: [] });
    expect(problemOf(load('nothing.yaml'))).toBe('nothing.yaml does not exist.');
    expect(problemOf(load('folder'))).toMatch(/^folder is a directory/);
  });

  it('names every syntax error of every file at once', () => {
    const files = { 'litellm_config.yaml': 'include: b.yaml\n', 'b.yaml': 'a:\n\t- b\n' };
    expect(problemOf(() => loadFiles(files))).toContain('b.yaml:2:1: Tabs are not allowed');
  });
});

describe('finding the file', () => {
  const files = {
    'litellm_config.yaml': 'general_settings: {master_key: sk-a}\n',
    'config.yaml': 'general_settings: {master_key: sk-b}\n',
    'sub/other.yaml': 'general_settings: {master_key: sk-c}\n',
    'sub/.env': 'PORT=4444\n',
  };
  const load = (
    given: Partial<Parameters<typeof loadConfig>[0]>,
    without: string[] = [],
  ): ReturnType<typeof loadConfig>['config'] => {
    const kept = Object.fromEntries(Object.entries(files).filter(([name]) => !without.includes(name)));
    return loadConfig({ cwd: aFolder(kept), env: {}, manifests: [], ...given }).config;
  };

  it('prefers the path that is given, then CONFIG_FILE_PATH, then the usual names', () => {
    const env = { CONFIG_FILE_PATH: 'config.yaml' };
    expect(load({ configFile: 'sub/other.yaml', env }).auth.masterKey).toBe('sk-c');
    expect(load({ env }).auth.masterKey).toBe('sk-b');
    expect(load({}).auth.masterKey).toBe('sk-a');
    expect(load({}, ['litellm_config.yaml']).auth.masterKey).toBe('sk-b');
  });

  it('reads .env beside the file', () => {
    expect(load({ configFile: join('sub', 'other.yaml') }).server.port).toBe(4444);
    expect(load({}).server.port).toBe(4000);
  });
});

describe('a byte order mark and Windows line ends', () => {
  it('are no obstacle', () => {
    expect(loadYaml('\uFEFFgeneral_settings:\r\n  port: 5000\r\n').server.port).toBe(5000);
  });
});
