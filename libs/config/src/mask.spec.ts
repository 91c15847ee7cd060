import { afterEach, describe, expect, it } from '@jest/globals';
import { loadYaml, removeFolders } from '../test/workspace.js';
import { keepMasked, maskConfig, maskTree } from './mask.js';

afterEach(removeFolders);

const YAML = `
model_list:
  - model_name: m
    litellm_params:
      model: openai/m
      api_key: sk-proj-0123456789key1
      api_base: https://user:basicpass@host/v1?token=querysecret
      extra_headers: {X-Whatever: header-secret-value}
      my_param: {nested: "uses sk-proj-0123456789key1 inside"}
      note: the password is dbpassword99
      odd: sk-looks-like-a-key-0000
general_settings:
  master_key: sk-master-0123456789last
  database_url: postgresql://u:dbpassword99@db/x
  litellm_key_header_name: X-My-Key
  alert_to_webhook_url: {budget_alerts: "https://hooks.slack.com/services/T/B/slacksecret"}
litellm_settings:
  cache: true
  cache_params: {type: redis, host: h, password: redispassword}
  langfuse_secret_key: sk-lf-0123456789abcd
credential_list:
  - {credential_name: c, credential_values: {api_key: credential-secret-42}}
guardrails:
  - {guardrail_name: g, litellm_params: {guardrail: x, mode: pre_call, api_key: guardrail-secret-42}}
`;

const SECRETS = [
  'sk-proj-0123456789key1',
  'basicpass',
  'querysecret',
  'header-secret-value',
  'sk-looks-like-a-key-0000',
  'sk-master-0123456789last',
  'dbpassword99',
  'slacksecret',
  'redispassword',
  'sk-lf-0123456789abcd',
  'credential-secret-42',
  'guardrail-secret-42',
  'the-salt-of-it-all',
];

describe('maskConfig', () => {
  const load = (): ReturnType<typeof loadYaml> => loadYaml(YAML, { env: { LITELLM_SALT_KEY: 'the-salt-of-it-all' } });

  it('shows no secret anywhere, and can be written as JSON', () => {
    const config = load();
    const whole = JSON.stringify(config);
    const shown = JSON.stringify(maskConfig(config));
    expect(SECRETS.filter((secret) => !whole.includes(secret))).toEqual([]);
    expect(SECRETS.filter((secret) => shown.includes(secret))).toEqual([]);
  });

  it('shows enough to recognise a key, and everything that is none', () => {
    expect(maskConfig(load())).toMatchObject({
      auth: { masterKey: 'sk-…last', keyHeaderName: 'x-my-key' },
      database: { url: 'postgresql://u:…@db/x' },
      deployments: [
        {
          modelName: 'm',
          connection: { api_key: 'sk-…key1', api_base: 'https://user:…@host/v1?token=…' },
          headers: { 'X-Whatever': '…alue' },
          defaults: { my_param: { nested: 'uses sk-…key1 inside' } },
        },
      ],
      kept: { general: { alert_to_webhook_url: { budget_alerts: 'https://hooks.slack.com/…' } } },
      server: { port: 4000 },
    });
  });

  it('leaves the configuration itself as it is', () => {
    const config = load();
    maskConfig(config);
    expect(config.auth.masterKey).toBe('sk-master-0123456789last');
  });
});

describe('keepMasked', () => {
  const current = {
    api_key: 'sk-live-0123456789abcd',
    api_base: 'https://user:pass-word-1@host.example/v1',
    extra_headers: { 'x-key': 'header-secret-1234' },
    system: 'wait …',
    rpm: 5,
  };
  const refuse = (path: string): never => {
    throw new Error(`${path} is a mask`);
  };

  it('takes the mask of a secret for the secret, so that what was read can be sent back', () => {
    expect(keepMasked(maskTree(current), current, refuse)).toEqual(current);
  });

  it('takes what is new as it is', () => {
    const changes = { api_key: 'sk-new-0123456789abcd', rpm: null, system: 'go … on', stop: ['…x'] };
    expect(keepMasked(changes, current, refuse)).toEqual(changes);
  });

  it.each([
    [{ api_key: 'sk-…zzzz' }, 'api_key'],
    [{ other_key: 'sk-…abcd' }, 'other_key'],
    [{ extra_headers: { 'x-other': '…1234' } }, 'extra_headers.x-other'],
    [{ api_base: 'https://user:…@elsewhere.example/v1' }, 'api_base'],
  ])('refuses the mask of anything else: %j', (changes, path) => {
    expect(() => keepMasked(changes as JsonObject, current, refuse)).toThrow(`${path} is a mask`);
  });
});
