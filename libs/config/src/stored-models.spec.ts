import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@turnpike/domain';
import { manifests } from '../test/manifests.js';
import { aFolder, removeFolders } from '../test/workspace.js';
import { openConfig, NOTHING_STORED, type LoadedConfig, type StoredConfiguration } from './load.js';
import type { StoredModel } from './stored-models.js';

const FILE = {
  general_settings: { master_key: 'sk-master', api_env_names: ['ALLOWED'], store_model_in_db: true },
  credential_list: [{ credential_name: 'house', credential_values: { api_key: 'k-house' } }],
  router_settings: { default_litellm_params: { api_key: 'k-default', timeout: 3, extra_headers: { secret: 'x' } } },
  model_list: [
    { model_name: 'own', litellm_params: { model: 'openai/own', api_base: 'http://10.0.0.5:8000/v1', api_key: 'k' } },
  ],
};
const ENV = { OPENAI_API_KEY: 'k-ours', ALLOWED: 'k-allowed' };

const model = (params: JsonObject, more: Partial<StoredModel> = {}): StoredModel => ({
  id: 'm1',
  modelName: 'm',
  params: { model: 'openai/m', ...params },
  info: {},
  teamId: '',
  teamPublicModelName: '',
  ...more,
});

const read = (models: StoredModel[], stored: Partial<StoredConfiguration> = {}): LoadedConfig['config'] => {
  const cwd = aFolder({ 'config.yaml': JSON.stringify(FILE) });
  return openConfig({ cwd, env: ENV, manifests }).read({ ...NOTHING_STORED, models, ...stored }).config;
};
const storedOf = (models: StoredModel[], stored?: Partial<StoredConfiguration>): JsonObject[] =>
  read(models, stored).deployments.filter(({ isStored }) => isStored) as unknown as JsonObject[];
const reasonFor = (one: StoredModel, stored?: Partial<StoredConfiguration>): string | undefined =>
  read([one], stored).disabled[0]?.reason;

afterEach(removeFolders);

describe('stored models', () => {
  it('join those of the file, behind them, under their own ids', () => {
    const { deployments } = read([model({ api_key: 'k', rpm: '5' }, { modelName: 'own', info: { mode: 'chat' } })]);
    expect(deployments.map(({ modelName, isStored }) => [modelName, isStored ?? false])).toEqual([
      ['own', false],
      ['own', true],
    ]);
    expect(deployments[1]).toMatchObject({
      id: 'm1',
      provider: 'provider.openai',
      rpm: 5,
      connection: { api_key: 'k' },
      info: { mode: 'chat', db_model: true },
      source: 'stored model m1',
    });
  });

  it('are what fallbacks of the file find', () => {
    const cwd = aFolder({
      'config.yaml': JSON.stringify({ ...FILE, router_settings: { fallbacks: [{ own: ['openai/m'] }] } }),
    });
    const { config } = openConfig({ cwd, env: ENV, manifests }).read({
      ...NOTHING_STORED,
      models: [model({ api_key: 'k' })],
    });
    expect(config.router.fallbacks).toEqual({ own: [{ model: 'm' }] });
  });

  it('reach listed variables only, by reference or by the provider’s usual names', () => {
    expect(storedOf([model({ api_key: 'os.environ/ALLOWED' })])).toMatchObject([
      { connection: { api_key: 'k-allowed' } },
    ]);
    expect(reasonFor(model({ api_key: 'os.environ/OPENAI_API_KEY' }))).toMatch(
      /OPENAI_API_KEY is not set.*api_env_names/,
    );
    expect(reasonFor(model({}))).toMatch(/api_key is missing: set OPENAI_API_KEY.*api_env_names/);
  });

  it('of a team reach no variable', () => {
    expect(reasonFor(model({ api_key: 'os.environ/ALLOWED' }, { teamId: 'red' }))).toMatch(/ALLOWED is not set/);
    expect(storedOf([model({ api_key: 'k' }, { teamId: 'red', teamPublicModelName: 'theirs' })])).toMatchObject([
      { info: { team_id: 'red', team_public_model_name: 'theirs' } },
    ]);
  });

  it('take the values of their credential, the file’s before stored ones', () => {
    const credentials = new Map([
      ['c', { api_key: 'k-c', api_base: 'https://c.example/v1' }],
      ['house', { api_key: 'k-other' }],
    ]);
    const named = (name: string): JsonObject[] => storedOf([model({ litellm_credential_name: name })], { credentials });
    expect(named('c')).toMatchObject([{ connection: { api_key: 'k-c', api_base: 'https://c.example/v1' } }]);
    expect(named('house')).toMatchObject([{ connection: { api_key: 'k-house' } }]);
    expect(reasonFor(model({ litellm_credential_name: 'x' }), { credentials })).toMatch(/no 'x'/);
  });

  it('do not take the file’s credentials elsewhere', () => {
    const params = { litellm_credential_name: 'house', api_base: 'https://evil.example' };
    expect(reasonFor(model(params))).toMatch(/leave out api_base/);
  });

  it('get defaults of the file that are neither secret nor addresses', () => {
    expect(reasonFor(model({}))).toMatch(/api_key is missing/);
    expect(storedOf([model({ api_key: 'k' })])).toMatchObject([{ timeoutMs: 3_000, headers: {} }]);
  });

  it.each<[string, JsonObject, boolean]>([
    ['an address of their own', { api_base: 'https://elsewhere.example' }, true],
    ['an address of the file’s own origin', { api_base: 'http://10.0.0.5:8000/other' }, false],
    ['another port of a host of the file', { api_base: 'http://10.0.0.5:6379' }, true],
    ['base_url', { base_url: 'https://elsewhere.example' }, true],
    ['a key only', { api_key: 'k2' }, false],
    ['a document in place of a key', { api_key: '{"token_uri":"http://10.0.0.1"}' }, true],
  ])('are called with care where they bring %s', (_title, params, isGuarded) => {
    expect(storedOf([model({ api_key: 'k', ...params })])).toMatchObject([{ isGuarded }]);
  });

  it('of a team are called with care, but for the origins of the file', () => {
    const guarded = (params: JsonObject): unknown =>
      storedOf([model({ api_key: 'k', ...params }, { teamId: 'red' })])[0]!['isGuarded'];
    expect([guarded({}), guarded({ api_base: 'http://10.0.0.5:8000/v1' })]).toEqual([true, false]);
  });

  it('are off one by one', () => {
    const models = [
      model({ api_key: 'k', rpm: 'many' }),
      model({ api_key: 'k', input_cost_per_token: -1 }, { id: 'm2' }),
      model({ model: 'no-such/m' }, { id: 'm3' }),
      model({ api_key: 'k' }, { id: 'm4' }),
    ];
    const { deployments, disabled } = read(models);
    expect(deployments.filter(({ isStored }) => isStored).map(({ id }) => id)).toEqual(['m4']);
    expect(disabled.map(({ id, reason }) => [id, reason])).toEqual([
      ['m1', expect.stringContaining('rpm must be a whole number')],
      ['m2', expect.stringContaining('input_cost_per_token')],
      ['m3', expect.any(String)],
    ]);
  });

  it('change nothing of what the files gave, however often they are read', () => {
    const cwd = aFolder({ 'config.yaml': JSON.stringify({ ...FILE, nonsense: 1 }) });
    const opened = openConfig({ cwd, env: ENV, manifests });
    const first = opened.read();
    opened.read({ ...NOTHING_STORED, models: [model({ api_key: 'k' })] });
    expect(opened.read()).toEqual(first);
  });
});
