import { afterEach, describe, expect, it } from '@jest/globals';
import { loadYaml, problemOf, removeFolders, warningsOf } from '../test/workspace.js';
import { aManifest, manifests } from '../test/manifests.js';

afterEach(removeFolders);

describe('a key that nobody knows', () => {
  it.each([
    [
      'general_settings:\n  mster_key: x\n',
      "litellm_config.yaml:2: general_settings.mster_key is not a known key and has no effect. Did you mean 'master_key'?",
    ],
    [
      'router_settings:\n  routing_stratgy: x\n',
      "litellm_config.yaml:2: router_settings.routing_stratgy is not a known key and has no effect. Did you mean 'routing_strategy'?",
    ],
    [
      'litellm_settings:\n  colour: x\n',
      'litellm_config.yaml:2: litellm_settings.colour is not a known key and has no effect.',
    ],
    [
      'modle_list: []\n',
      "litellm_config.yaml:1: modle_list is not a known key and has no effect. Did you mean 'model_list'?",
    ],
    [
      'general_settings:\n  model_list: []\n',
      'litellm_config.yaml:2: general_settings.model_list is not a known key and has no effect. Write it at the top level.',
    ],
  ])('warns: %p', (yaml, warning) => {
    expect(warningsOf(loadYaml(yaml), 'unknown-key')).toEqual([warning]);
    expect(problemOf(() => loadYaml(yaml, { flags: { strict: true } }))).toBe(warning);
  });

  it('may hold anchors when it begins with x-', () => {
    expect(loadYaml('x-defaults: &d {a: 1}\n').warnings).toEqual([]);
  });
});

describe('a key of a plugin', () => {
  const own = [
    ...manifests,
    aManifest('callback.other', {
      legacyKeys: ['other_*'],
      configSchema: { properties: { other_host: { type: 'string' }, port: { type: 'number' } } },
    }),
  ];

  it('goes to the plugin that claims it, under its full or its short name', () => {
    const config = loadYaml('litellm_settings: {other_host: h, other_port: 1}\n', { manifests: own });
    expect(config.pluginSettings['callback.other']).toEqual({ other_host: 'h', port: 1 });
    expect(config.warnings).toEqual([]);
  });

  it('counts once, in the stronger section', () => {
    const config = loadYaml('general_settings:\n  other_host: a\nlitellm_settings:\n  other_host: b\n', {
      manifests: own,
    });
    expect(config.pluginSettings['callback.other']).toEqual({ other_host: 'b' });
    expect(warningsOf(config, 'duplicate')).toEqual([
      'litellm_config.yaml:2: general_settings.other_host is not used: litellm_config.yaml:4 wins.',
    ]);
  });

  it('may be called like the variable that fills it', () => {
    const config = loadYaml('litellm_settings: {langfuse_secret: s}\n');
    expect(config.pluginSettings['callback.langfuse']).toEqual({ secret_key: 's' });
  });

  describe('that is also a setting of the gateway', () => {
    const yaml = 'litellm_settings: {callbacks: [postgres], database_url: "postgresql://logs@db/requests"}\n';
    const given = (general: string, env?: Record<string, string>) =>
      loadYaml(yaml + general, { env }).pluginSettings['callback.postgres'];

    it('is the plugin’s away from its home section', () => {
      const own = { database_url: 'postgresql://logs@db/requests' };
      expect(given('general_settings: {database_url: "postgresql://ledger@db/turnpike"}\n')).toEqual(own);
      expect(given('', { DATABASE_URL: 'postgresql://ledger@other/requests' })).toEqual(own);
    });

    it.each([
      ['it alone names a database', ''],
      ['both name one', 'general_settings: {database_url: "postgresql://u:p@db:5432/requests?sslmode=require"}\n'],
    ])('is the gateway’s alone where %s', (_title, general) => {
      expect(given(general)).toEqual({});
    });

    it('is the gateway’s alone in its home section', () => {
      const config = loadYaml('general_settings: {callbacks: [postgres], database_url: "postgresql://a@db/b"}\n');
      expect(config.pluginSettings['callback.postgres']).toEqual({});
    });
  });

  it('is not missed where the plugins entry gives it', () => {
    const yaml = 'litellm_settings: {callbacks: [webhook]}\n';
    expect(loadYaml(yaml).off).toEqual([{ kind: 'callback', name: 'webhook', reason: 'webhook_url is missing' }]);
    const known = manifests.map((one) => (one.id === 'callback.webhook' ? { ...one, given: ['webhook_url'] } : one));
    const config = loadYaml(yaml, { manifests: known });
    expect([config.off, config.callbacks.both]).toEqual([[], ['webhook']]);
  });

  it.each([
    'mlflow_tracking_uri',
    'webhook_url',
    'langsmith_project',
    'otel_endpoint',
    'datadog_site',
    'slack_webhook_url',
  ])('%s is known without its plugin', (key) => {
    const config = loadYaml(`general_settings: {${key}: x}\n`, { manifests: [] });
    expect(config.kept.general[key]).toBe('x');
    expect(warningsOf(config, 'unknown-key')).toEqual([]);
  });

  it('of a provider is a default of its deployments', () => {
    const provider = aManifest('provider.cloud', {
      prefixes: ['cloud/'],
      legacyKeys: ['cloud_*'],
      configSchema: { properties: { cloud_project: { type: 'string' }, cloud_location: { type: 'string' } } },
    });
    const config = loadYaml(
      `
litellm_settings: {cloud_project: p, cloud_location: eu}
model_list:
  - {model_name: m, litellm_params: {model: cloud/m, cloud_location: us}}
`,
      { manifests: [provider] },
    );
    expect(config.deployments[0]!.connection).toEqual({ cloud_project: 'p', cloud_location: 'us' });
  });
});

describe('alerting', () => {
  const yaml = 'general_settings: {alerting: [slack], alerting_threshold: 30, alert_types: [outage_alerts]}\n';

  it('names callbacks that hear of alerts, and gives them what is said of alerts', () => {
    const config = loadYaml(yaml, { env: { SLACK_WEBHOOK_URL: 'https://hooks.example.org/made-up' } });
    expect(config.callbacks).toMatchObject({ success: [], failure: [], both: [], alerts: ['slack'] });
    expect(config.pluginSettings['callback.slack']).toEqual({
      webhook_url: 'https://hooks.example.org/made-up',
      alerting_threshold: 30,
      alert_types: ['outage_alerts'],
    });
  });

  it('is off without the address, and says so', () => {
    const { callbacks, off } = loadYaml(yaml);
    expect(callbacks.alerts).toEqual([]);
    expect(off).toEqual([{ kind: 'callback', name: 'slack', reason: 'webhook_url is missing: set SLACK_WEBHOOK_URL' }]);
  });
});
