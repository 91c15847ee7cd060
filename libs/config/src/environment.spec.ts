import { afterEach, describe, expect, it } from '@jest/globals';
import { aFolder, loadFiles, loadYaml, problemOf, removeFolders, warningsOf } from '../test/workspace.js';
import { manifests } from '../test/manifests.js';
import { loadConfig } from './load.js';

afterEach(removeFolders);

describe('variables from files', () => {
  const files = {
    '.env': 'A=dotenv\nB=dotenv\nC="quoted # text"\r\n',
    '.env.litellm': 'A=litellm\nB=litellm\nD=litellm\n',
  };

  it('come after the process, .env before .env.litellm', () => {
    expect(loadFiles(files, { env: { A: 'process' } }).environment).toMatchObject({
      A: 'process',
      B: 'dotenv',
      C: 'quoted # text',
      D: 'litellm',
    });
  });

  it('leave .env out in production mode', () => {
    const { environment } = loadFiles(files, { env: { LITELLM_MODE: 'PRODUCTION' } });
    expect(environment).toMatchObject({ A: 'litellm', D: 'litellm' });
    expect(environment).not.toHaveProperty('C');
  });

  it('never change the process environment that was given', () => {
    const env = Object.freeze({ A: 'process' });
    loadFiles({ ...files, 'config.yaml': 'environment_variables: {A: file}\n' }, { env });
    expect(env).toEqual({ A: 'process' });
  });

  it('may be a folder that a container mount made: then they are not used, with a warning', () => {
    const { config } = loadFiles({ '.env/x': '' });
    expect(warningsOf(config, 'value')).toEqual([expect.stringMatching(/^\.env is a directory .* it is not used\.$/)]);
  });

  it('give the database in parts', () => {
    const env = { DATABASE_HOST: 'db', DATABASE_NAME: 'llm', DATABASE_USERNAME: 'u', DATABASE_PASSWORD: 'p/w' };
    const { config } = loadFiles(
      { 'config.yaml': 'general_settings: {database_url: os.environ/DATABASE_URL}\n' },
      { env },
    );
    expect(config.database.url).toBe('postgresql://u:p%2Fw@db:5432/llm');
  });
});

describe('environment_variables', () => {
  it('replace those of the process, may refer to them, and can be referred to', () => {
    const { config, environment } = loadFiles(
      {
        'litellm_config.yaml': `
environment_variables:
  OPENAI_API_KEY: os.environ/REAL_KEY
  PORT: 5005
model_list:
  - model_name: m
    litellm_params: {model: openai/m, api_key: os.environ/OPENAI_API_KEY}
`,
      },
      { env: { REAL_KEY: 'real', OPENAI_API_KEY: 'old', LITELLM_MASTER_KEY: 'sk-1' } },
    );
    expect(environment).toMatchObject({ OPENAI_API_KEY: 'real', PORT: '5005' });
    expect(config.deployments[0]!.connection['api_key']).toBe('real');
    expect(config.server.port).toBe(5005);
    expect(warningsOf(config, 'duplicate')).toEqual([
      'litellm_config.yaml:3: environment_variables.OPENAI_API_KEY replaces the variable OPENAI_API_KEY.',
    ]);
  });

  it('must be texts', () => {
    expect(problemOf(() => loadYaml('environment_variables:\n  A: [1]\n'))).toBe(
      'litellm_config.yaml:2: environment_variables.A must be text, not a list.',
    );
  });
});

describe('references to variables', () => {
  it('are followed anywhere, in maps and lists', () => {
    const config = loadYaml(
      `
general_settings:
  allowed_ips: [os.environ/IP, 10.0.0.1]
litellm_settings:
  default_internal_user_params: {models: [os.environ/MODEL]}
`,
      { env: { IP: '10.0.0.2', MODEL: 'gpt' } },
    );
    expect(config.auth.allowedIps).toEqual(['10.0.0.2', '10.0.0.1']);
    expect(config.kept.litellm['default_internal_user_params']).toEqual({ models: ['gpt'] });
  });

  it('must be the whole text', () => {
    const config = loadYaml('general_settings: {completion_model: "x os.environ/A"}\n', { env: { A: 'a' } });
    expect(config.requests.modelOverrides['completion_model']).toBe('x os.environ/A');
  });

  const missing =
    'general_settings:\n  completion_model: os.environ/NAME\n  embedding_model: os.environ/NAME\n  allowed_ips: [os.environ/NAME, 10.0.0.1]\n';

  it('that lead nowhere leave the key out and warn once', () => {
    const config = loadYaml(missing);
    expect(config.requests.modelOverrides).toEqual({});
    expect(config.auth.allowedIps).toEqual(['10.0.0.1']);
    expect(warningsOf(config, 'missing-variable')).toEqual([
      'litellm_config.yaml:2: The variable NAME is not set (named 3 times).',
    ]);
  });

  it('that lead nowhere are an error when strict', () => {
    expect(problemOf(() => loadYaml(missing, { flags: { strict: true } }))).toContain('The variable NAME is not set');
  });

  it('to an empty variable leave the key out without a warning', () => {
    const config = loadYaml(missing, { env: { NAME: '' } });
    expect(config.requests.modelOverrides).toEqual({});
    expect(config.warnings).toEqual([]);
  });

  it.each([
    ['a master key', 'general_settings: {master_key: os.environ/NAME}', 'master_key needs the variable NAME'],
    ['a database', 'general_settings: {database_url: os.environ/NAME}', 'database_url needs the variable NAME'],
    [
      'a guardrail',
      'guardrails:\n  - guardrail_name: g\n    litellm_params: {guardrail: words, mode: pre_call, words: [os.environ/NAME]}',
      "Guardrail 'g' needs the variable NAME",
    ],
  ])('are fatal for %s, missing or empty', (_what, yaml, problem) => {
    expect(problemOf(() => loadYaml(yaml))).toContain(`${problem}, which is not set.`);
    expect(problemOf(() => loadYaml(yaml, { env: { NAME: '' } }))).toContain(`${problem}, which is empty.`);
  });

  it('are fatal for a master key even where another one is at hand', () => {
    const yaml = 'general_settings: {master_key: os.environ/MY_KEY}\n';
    expect(problemOf(() => loadYaml(yaml, { env: { LITELLM_MASTER_KEY: 'sk-other' } }))).toContain('MY_KEY');
  });
});

describe('the environment that plugins get', () => {
  it('holds everything and cannot be changed', () => {
    const { environment } = loadConfig({
      cwd: aFolder({ '.env': 'B=2\n', 'config.yaml': 'environment_variables: {C: 3}\n' }),
      env: { A: '1', LITELLM_MASTER_KEY: 'sk-1', GONE: undefined },
      manifests,
    });
    expect(environment).toEqual({ A: '1', B: '2', C: '3', LITELLM_MASTER_KEY: 'sk-1' });
    expect(Object.isFrozen(environment)).toBe(true);
  });
});
