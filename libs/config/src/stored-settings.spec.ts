import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@turnpike/domain';
import { manifests } from '../test/manifests.js';
import { aFolder, removeFolders } from '../test/workspace.js';
import { NOTHING_STORED, openConfig, type LoadedConfig } from './load.js';
import { SETTING_KEYS } from './setting-keys.js';
import { checkStoredSetting, isStorableSetting, type StoredSettings } from './stored-settings.js';

const read = (file: object, settings: StoredSettings, flags = {}): LoadedConfig['config'] => {
  const cwd = aFolder({ 'config.yaml': JSON.stringify({ general_settings: { master_key: 'sk-m' }, ...file }) });
  return openConfig({ cwd, env: {}, manifests, flags }).read({ ...NOTHING_STORED, settings }).config;
};

afterEach(removeFolders);

describe('stored settings', () => {
  it('win over the file, whichever section either is written in', () => {
    const file = { litellm_settings: { num_retries: 1 }, router_settings: { timeout: 5 } };
    const { router } = read(file, { litellm_settings: { num_retries: 4 }, router_settings: { timeout: 7 } });
    expect([router.numRetries, router.timeoutMs]).toEqual([4, 7_000]);
    expect(
      read({ router_settings: { num_retries: 1 } }, { litellm_settings: { num_retries: 4 } }).router.numRetries,
    ).toBe(4);
  });

  it('cannot be others than may be stored, whatever the database holds', () => {
    const { auth, server } = read({}, { general_settings: { master_key: 'sk-theirs', port: 1 } });
    expect([auth.masterKey, server.port]).toEqual(['sk-m', 4_000]);
  });

  it.each<[string, string, JsonValue, RegExp]>([
    ['a section that there is not', 'model_list', [], /There are general_settings, litellm_settings/],
    ['variables', 'environment_variables', {}, /from the environment/],
  ])('are refused as %s', (_title, section, value, message) => {
    expect(() => checkStoredSetting(section, 'x', value)).toThrow(message);
  });

  it.each<[string, string, JsonValue, RegExp]>([
    ['general_settings', 'master_key', 'sk-x', /configuration file/],
    ['general_settings', 'database_url', 'postgres://x', /configuration file/],
    ['general_settings', 'allowed_hosts', ['10.0.0.0/8'], /configuration file/],
    ['general_settings', 'api_env_names', ['HOME'], /configuration file/],
    ['general_settings', 'custom_auth', 'a.b', /configuration file/],
    ['general_settings', 'pass_through_endpoints', [], /configuration file/],
    ['litellm_settings', 'cache_params', {}, /configuration file/],
    ['router_settings', 'default_litellm_params', {}, /configuration file/],
    ['router_settings', 'num_retires', 1, /Did you mean 'num_retries'/],
    ['router_settings', 'num_retries', 'many', /whole number/],
    ['router_settings', 'num_retries', -1, /whole number/],
    ['router_settings', 'fallbacks', [1], /fallbacks must be a list/],
    ['router_settings', 'model_group_alias', { a: 1 }, /model_group_alias.a/],
    ['router_settings', 'hedge', { after: 'never' }, /hedge must be/],
    ['litellm_settings', 'callbacks', ['os.environ/SECRET'], /names a variable/],
    ['litellm_settings', '__proto__', 1, /no setting/],
  ])('%s.%s = %j is refused with what to do', (section, name, value, message) => {
    expect(() => checkStoredSetting(section, name, value)).toThrow(message);
  });

  it.each<[string, string, JsonValue]>([
    ['router_settings', 'fallbacks', [{ a: ['b'] }]],
    ['router_settings', 'num_retries', 2],
    ['litellm_settings', 'drop_params', true],
    ['general_settings', 'rpm_limit', 10],
  ])('%s.%s = %j may be stored', (section, name, value) => {
    expect(() => checkStoredSetting(section, name, value)).not.toThrow();
  });

  it('name neither secrets nor files nor addresses', () => {
    const storable = [...SETTING_KEYS.keys()].filter(isStorableSetting);
    expect(storable.length).toBeGreaterThan(40);
    expect(
      storable.filter((name) => /key$|secret|password|token$|_url|host|file|path|custom_|_dir|env/.test(name)),
    ).toEqual([]);
  });
});
