import { afterEach, describe, expect, it } from '@jest/globals';
import { loadYaml, problemOf, removeFolders, warningsOf } from '../test/workspace.js';
import { aManifest, manifests as known } from '../test/manifests.js';

afterEach(removeFolders);

const text = { type: 'string' };

const manifests = [
  ...known,
  aManifest('callback.sink', {
    aliases: ['sink_v2'],
    legacyKeys: ['sink_*'],
    legacyMaps: ['sink_callback_params'],
    env: { SINK_URL: 'url', SINK_TOKEN: 'token' },
    configSchema: { properties: { url: text, token: text, headers: {}, size: { type: 'number' } }, required: ['url'] },
  }),
  aManifest('callback.either', {
    env: { EITHER_KEY: 'key' },
    configSchema: { properties: { key: text, host: text }, anyOf: [{ required: ['key'] }, { required: ['host'] }] },
  }),
];

const load = (yaml: string, env: Record<string, string> = {}) => loadYaml(yaml, { manifests, env });

describe('callback_settings', () => {
  const yaml = `
litellm_settings:
  callbacks: [audit, sink]
  success_callback: [billing]
  sink_url: https://sink
callback_settings:
  audit: {callback_type: sink, url: https://audit, headers: {a: os.environ/A}}
  billing: {callback_type: sink_v2, sink_url: https://billing, size: 7}
  sink: {size: 9}
`;

  it('make callbacks of their own, beside the one of that name', () => {
    const { callbacks, pluginSettings, warnings } = load(yaml, { A: 'b' });
    expect(callbacks.both).toEqual(['audit', 'sink']);
    expect(callbacks.named).toEqual({
      audit: { plugin: 'callback.sink', settings: { url: 'https://audit', headers: { a: 'b' } } },
      billing: { plugin: 'callback.sink', settings: { url: 'https://billing', size: 7 } },
    });
    expect(pluginSettings['callback.sink']).toEqual({ url: 'https://sink', size: 9 });
    expect(warnings).toEqual([]);
  });

  it('leave the rest to variables', () => {
    const { callbacks } = load(
      'litellm_settings: {callbacks: [audit]}\ncallback_settings: {audit: {callback_type: sink}}\n',
      { SINK_URL: 'https://sink', SINK_TOKEN: 't' },
    );
    expect(callbacks.named['audit']?.settings).toEqual({ url: 'https://sink', token: 't' });
  });

  it('of a callback that is listed nowhere are for keys that name it', () => {
    const { callbacks, off } = load(
      'callback_settings: {audit: {callback_type: sink, url: https://audit}, broken: {callback_type: sink}}\n',
    );
    expect(callbacks).toMatchObject({ both: [], success: [], failure: [], alerts: [] });
    expect(callbacks.named).toEqual({ audit: { plugin: 'callback.sink', settings: { url: 'https://audit' } } });
    expect(off).toEqual([]);
  });

  it('without what must be there switch theirs off, and say why', () => {
    const { callbacks, off } = load(
      'litellm_settings: {callbacks: [audit, either]}\ncallback_settings: {audit: {callback_type: sink}}\n',
    );
    expect([callbacks.both, callbacks.named]).toEqual([[], {}]);
    expect(off).toEqual([
      { kind: 'callback', name: 'audit', reason: 'url is missing: set SINK_URL' },
      { kind: 'callback', name: 'either', reason: 'key is missing: set EITHER_KEY' },
    ]);
    expect(load('litellm_settings: {callbacks: [either]}\ncallback_settings: {either: {host: h}}\n').off).toEqual([]);
  });

  it.each([
    ['a: {url: x}', 'callback_settings.a is no callback, so it has no effect.'],
    [
      'a: {callback_type: sinc}',
      "callback_settings.a.callback_type 'sinc' is no callback, so it has no effect. Did you mean 'sink'?",
    ],
    [
      'a: {callback_type: [sink]}',
      "callback_settings.a.callback_type 'sink' is no callback, so it has no effect. Did you mean 'sink'?",
    ],
    [
      'sink: {urll: x}',
      "callback_settings.sink.urll is no setting of callback.sink and has no effect. Did you mean 'url'?",
    ],
    [
      'a: {callback_type: sink, toString: 1}',
      'callback_settings.a.toString is no setting of callback.sink and has no effect.',
    ],
  ])('warn of what they have no use for: %s', (entry, warning) => {
    expect(warningsOf(load(`callback_settings:\n  ${entry}\n`), 'unknown-key')).toEqual([
      `litellm_config.yaml:2: ${warning}`,
    ]);
  });

  it.each([
    ['a: 7', 'callback_settings.a must be a map of settings.'],
    ['sink: {message_logging: perhaps}', 'callback_settings.sink.message_logging must be true or false'],
  ])('must be of their form: %s', (entry, problem) => {
    expect(problemOf(() => load(`callback_settings:\n  ${entry}\n`))).toContain(problem);
  });

  it.each([
    ['sink: {message_logging: false}', ['sink']],
    ['sink: {turn_off_message_logging: true}', ['sink']],
    ['audit: {callback_type: sink, url: u, turn_off_message_logging: "true"}', ['audit']],
    ['sink: {message_logging: true, turn_off_message_logging: false}', []],
  ])('say who is not told what was asked: %s', (entry, expected) => {
    const { callbacks } = load(
      `litellm_settings: {callbacks: [sink, audit], sink_url: u}\ncallback_settings:\n  ${entry}\n`,
    );
    expect(callbacks.withoutContent).toEqual(expected);
  });
});

describe('a map of settings in litellm_settings', () => {
  it('is its plugin’s, under LiteLLM’s names or its own', () => {
    const { pluginSettings, warnings } = load(
      'litellm_settings: {callbacks: [sink_v2], sink_callback_params: {sink_url: os.environ/U, token: t, size: 3}}\n',
      { U: 'https://sink' },
    );
    expect(pluginSettings['callback.sink']).toEqual({ url: 'https://sink', token: 't', size: 3 });
    expect(warnings).toEqual([]);
  });

  it('counts as the keys beside it do', () => {
    const config = load(
      'litellm_settings:\n  sink_url: a\n  sink_callback_params: {sink_url: b, turn_off_message_logging: true}\n  callbacks: [sink]\n',
    );
    expect(config.pluginSettings['callback.sink']).toEqual({ url: 'a' });
    expect(config.callbacks.withoutContent).toEqual(['sink']);
    expect(warningsOf(config, 'duplicate')).toEqual([
      'litellm_config.yaml:3: litellm_settings.sink_callback_params.url is not used: litellm_config.yaml:2 wins.',
    ]);
  });

  it('must be one', () => {
    expect(problemOf(() => load('litellm_settings: {sink_callback_params: [1]}\n'))).toBe(
      'litellm_config.yaml:1: litellm_settings.sink_callback_params must be a map of settings.',
    );
  });

  it('says what of it has no effect', () => {
    expect(warningsOf(load('litellm_settings: {sink_callback_params: {sink_verify: false}}\n'), 'unknown-key')).toEqual(
      [
        'litellm_config.yaml:1: litellm_settings.sink_callback_params.sink_verify is no setting of callback.sink and has no effect.',
      ],
    );
  });
});
