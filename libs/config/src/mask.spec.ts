import { afterEach, describe, expect, it } from '@jest/globals';
import { loadYaml, removeFolders } from '../test/workspace.js';
import { maskConfig } from './mask.js';

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
  webhook_url: https://logs.example.org/in/path-secret-42
  webhook_secret: signing-secret-42
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
  'path-secret-42',
  'signing-secret-42',
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
