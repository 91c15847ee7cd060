import { describe, expect, it } from '@jest/globals';
import type { PluginManifest } from '@turnpike/domain';
import { readStoredCallback } from './stored-callbacks.js';

const MANIFEST = {
  id: 'callback.sink',
  aliases: ['sink-v2'],
  legacyKeys: ['sink_*'],
  fileOnly: ['path'],
  env: { SINK_TOKEN: 'secret_key' },
  configSchema: {
    properties: { public_key: {}, secret_key: {}, host: {}, headers: {}, path: {} },
    required: ['public_key', 'secret_key'],
  },
} as unknown as PluginManifest;

const read = (variables: Record<string, string>, pluginSettings = {}, envNames: string[] = []) =>
  readStoredCallback('sink', variables, {
    manifests: [MANIFEST],
    environment: { OPEN: 'open value', CLOSED: 'closed value' },
    envNames,
    pluginSettings: { 'callback.sink': pluginSettings },
    named: {},
  });

describe('a callback that a key brings', () => {
  it.each<[string, Record<string, string>]>([
    ['LiteLLM’s names', { sink_public_key: 'pk', sink_secret_key: 'sk' }],
    ['the plugin’s own', { public_key: 'pk', secret_key: 'sk' }],
    ['variables', { sink_public_key: 'pk', sink_token: 'sk' }],
  ])('may be set up in %s', (_title, variables) => {
    expect(read(variables)).toEqual({ id: 'callback.sink', settings: { public_key: 'pk', secret_key: 'sk' } });
  });

  it('is ours where it brings nothing', () => {
    expect(read({}, { public_key: 'ours', secret_key: 'ours' }).settings).toEqual({
      public_key: 'ours',
      secret_key: 'ours',
    });
  });

  it('never has our secrets beside its own address', () => {
    const ours = { public_key: 'ours', secret_key: 'ours', host: 'https://ours', headers: { authorization: 'ours' } };
    expect(read({ sink_host: 'https://theirs' }, ours).settings).toEqual({ host: 'https://theirs' });
  });

  it('has of ours what is no secret', () => {
    const ours = { host: 'https://ours', tags: ['a'], api_keys: ['ours'] };
    const settings = { public_key: 'pk', host: 'https://ours', tags: ['a'] };
    expect(read({ sink_public_key: 'pk' }, ours).settings).toEqual(settings);
  });

  it('reaches only variables that are open to such values', () => {
    expect(read({ sink_public_key: 'os.environ/OPEN' }, {}, ['OPEN']).settings).toEqual({ public_key: 'open value' });
    expect(() => read({ sink_public_key: 'os.environ/CLOSED' }, {}, ['OPEN'])).toThrow(/CLOSED/);
  });

  it.each(['path', 'sink_path'])('does not say where on this machine it writes: %s', (variable) => {
    expect(() => read({ [variable]: '/etc/passwd' })).toThrow(
      "Callback 'sink': path comes from the configuration alone.",
    );
    expect(read({}, { path: '/var/log/sink' }).settings).toEqual({ path: '/var/log/sink' });
  });

  describe('by a name of the file’s', () => {
    const named = { audit: { plugin: 'callback.sink', settings: { host: 'https://audit', secret_key: 'ours' } } };
    const readNamed = (name: string, variables: Record<string, string>) =>
      readStoredCallback(name, variables, {
        manifests: [MANIFEST],
        environment: {},
        envNames: [],
        pluginSettings: { 'callback.sink': { host: 'https://other' } },
        named,
      });

    it('has its settings, and its secrets only where it brings none', () => {
      expect(readNamed('audit', {})).toEqual({ id: 'callback.sink', settings: named.audit.settings });
      expect(readNamed('audit', { sink_public_key: 'pk' }).settings).toEqual({
        host: 'https://audit',
        public_key: 'pk',
      });
    });

    it('is none by a name that every object has', () => {
      expect(() => readNamed('constructor', {})).toThrow("There is no callback 'constructor'.");
    });
  });

  it('must be one that there is', () => {
    const options = { manifests: [], environment: {}, envNames: [], pluginSettings: {}, named: {} };
    expect(() => readStoredCallback('gone', {}, options)).toThrow("There is no callback 'gone'.");
  });
});
