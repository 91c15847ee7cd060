import { afterEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { aFolder, loadFiles, loadYaml, problemOf, removeFolders, warningsOf } from '../test/workspace.js';
import { loadConfig } from './load.js';

afterEach(removeFolders);

describe('defaults of the gateway', () => {
  it('are these', () => {
    const cwd = aFolder({});
    const { config } = loadConfig({ cwd, env: {}, manifests: [] });
    expect(config).toMatchObject({
      source: { kind: 'built-in', files: [] },
      server: {
        host: '0.0.0.0',
        port: 4000,
        numWorkers: 1,
        keepaliveTimeoutMs: 5_000,
        maxRequestsBeforeRestart: 0,
        dataDir: join(cwd, '.turnpike'),
        rootPath: '',
        drainMs: 30_000,
      },
      auth: { requireAuth: false, isOpen: false, allowedIps: [], useForwardedFor: false, apiEnvNames: [] },
      limits: { enableQueue: false, queueMaxSize: 1_000 },
      requests: { dropParams: false, restampModel: false, maxBodyBytes: 52_428_800, modelOverrides: {} },
      http: { verifyTls: true, forceIpv4: false, allowedHosts: [] },
      logging: { level: 'info', verbose: false, detailedDebug: false, json: false },
      database: { poolLimit: 10, allowRequestsWhenAway: false, storeModels: false },
      health: { backgroundChecks: false, intervalMs: 300_000, validateApiKeys: false },
      metrics: { requireAuth: false },
      callbacks: { success: [], failure: [], both: [], alerts: [], named: {}, withoutContent: [] },
      guardrails: [],
      plugins: [],
      warnings: [],
    });
  });
});

describe('server', () => {
  it.each([
    ['api/', '/api'],
    ['/', ''],
    ['/a/b', '/a/b'],
  ])('has the root path %p as %p', (written, path) => {
    expect(loadFiles({}, { env: { SERVER_ROOT_PATH: written } }).config.server.rootPath).toBe(path);
  });

  it('keeps its data where flag, file or variable say, in this order', () => {
    const env = { TURNPIKE_DATA_DIR: '/env', LITELLM_MASTER_KEY: 'sk-1' };
    const files = { 'config.yaml': 'general_settings: {data_dir: /file}\n' };
    expect(loadFiles(files, { env, flags: { dataDir: '/flag' } }).config.server.dataDir).toBe('/flag');
    expect(loadFiles(files, { env }).config.server.dataDir).toBe('/file');
    expect(loadFiles({}, { env }).config.server.dataDir).toBe('/env');
  });

  it.each([
    ['port: 70000', 'port must be 65535 at most, not 70000.'],
    ['num_workers: 0', 'num_workers must be 1 or more.'],
  ])('refuses %p', (setting, problem) => {
    expect(problemOf(() => loadYaml(`general_settings: {${setting}}\n`))).toBe(`litellm_config.yaml:1: ${problem}`);
  });
});

describe('access', () => {
  const file = { 'config.yaml': 'model_list: []\n' };

  it.each([
    ['no file', {}, {}, false],
    ['a file', file, {}, true],
    ['a file and the variable', file, { LITELLM_MASTER_KEY: 'sk-1' }, false],
    ['no file and an empty variable', {}, { LITELLM_MASTER_KEY: '' }, false],
    ['variables that describe a model', {}, { LITELLM_PRIMARY_MODEL: 'echo/x' }, false],
  ])('with %s and %p is open: %p %p', (_what, files, env, isOpen) => {
    const { config } = loadFiles(files, { env });
    expect(config.auth.isOpen).toBe(isOpen);
    expect(warningsOf(config, 'security')).toHaveLength(isOpen ? 1 : 0);
  });

  it('must not be open when require_auth or --strict is set', () => {
    const required = { 'config.yaml': 'general_settings: {require_auth: true}\n' };
    expect(problemOf(() => loadFiles(required))).toContain('require_auth is true, but there is no master_key.');
    expect(problemOf(() => loadFiles(file, { flags: { strict: true } }))).toContain('There is no master_key');
    expect(loadFiles(required, { env: { LITELLM_MASTER_KEY: 'sk-1' } }).config.auth.requireAuth).toBe(true);
  });

  it.each([
    [file, { LITELLM_MASTER_KEY: '' }, 'LITELLM_MASTER_KEY: The master key is empty.'],
    [{ 'config.yaml': 'general_settings: {master_key: ""}\n' }, {}, 'config.yaml:1: The master key is empty.'],
    [{ 'config.yaml': 'general_settings: {database_url: ""}\n' }, {}, 'config.yaml:1: database_url must start with'],
  ])('does not take an empty secret for none: %j %j', (files, env, problem) => {
    expect(problemOf(() => loadFiles(files as Record<string, string>, { env: env }))).toContain(problem);
  });

  it('needs a master key that begins with sk-', () => {
    expect(problemOf(() => loadYaml('general_settings:\n  master_key: secret\n'))).toBe(
      "litellm_config.yaml:2: master_key must start with 'sk-': clients and key checks go by that prefix.",
    );
    expect(problemOf(() => loadFiles({}, { env: { LITELLM_MASTER_KEY: 'secret' } }))).toContain(
      'LITELLM_MASTER_KEY: master_key',
    );
  });

  it('reads the rest of it', () => {
    const { auth } = loadYaml(
      `general_settings: {litellm_key_header_name: X-My-Key, allowed_ips: 10.0.0.1, use_x_forwarded_for: true,
        allow_client_side_credentials: true, api_env_names: [A, B]}\n`,
      { env: { LITELLM_SALT_KEY: 'salt' } },
    );
    expect(auth).toMatchObject({
      keyHeaderName: 'x-my-key',
      allowedIps: ['10.0.0.1'],
      useForwardedFor: true,
      allowClientCredentials: true,
      apiEnvNames: ['A', 'B'],
      saltKey: 'salt',
    });
  });
});

describe('addresses', () => {
  it.each(['10.0.0.1', '10.0.0.0/8', '2001:db8::1', 'fd00::/8'])('may be %s', (entry) => {
    const { auth } = loadYaml(`general_settings: {master_key: sk-1, allowed_ips: ["${entry}"]}\n`);
    expect(auth.allowedIps).toEqual([entry]);
  });

  it.each(['10.0.0', '10.0.0.0/33', '10.0.0.0/8/8', 'localhost', '10.0.0.0/-1', 'fd00::/129', ''])(
    'may not be %j',
    (entry) => {
      const yaml = `general_settings: {master_key: sk-1, allowed_ips: ["${entry}"]}\n`;
      expect(problemOf(() => loadYaml(yaml))).toContain('is no address, and no range');
    },
  );

  it('are told by proxies, and a warning says so where none of them is named', () => {
    const some = 'general_settings: {master_key: sk-1, use_x_forwarded_for: true, trusted_proxies: 10.0.0.0/8}\n';
    expect(loadYaml(some).auth.trustedProxies).toEqual(['10.0.0.0/8']);
    expect(warningsOf(loadYaml(some), 'security')).toEqual([]);
    const none = 'general_settings: {master_key: sk-1, use_x_forwarded_for: true}\n';
    expect(warningsOf(loadYaml(none), 'security')).toEqual([expect.stringContaining('believes whoever connects')]);
  });
});

describe('limits', () => {
  it('tells that max_parallel_requests is for the installation', () => {
    const config = loadYaml(
      'general_settings: {max_parallel_requests: 5, default_key_max_parallel_requests: 2, tpm_limit: 9}\n',
    );
    expect(config.limits).toMatchObject({ maxParallelRequests: 5, defaultKeyMaxParallelRequests: 2, tpm: 9 });
    expect(warningsOf(config, 'value')).toEqual([
      'litellm_config.yaml:1: max_parallel_requests holds for the whole installation; for a limit of each key write default_key_max_parallel_requests.',
    ]);
  });

  it('prefer global_max_parallel_requests, which can mean nothing else', () => {
    const config = loadYaml('general_settings: {max_parallel_requests: 5, global_max_parallel_requests: 50}\n');
    expect(config.limits.maxParallelRequests).toBe(50);
    expect(warningsOf(config, 'duplicate')).toHaveLength(1);
  });
});

describe('requests', () => {
  it('are read', () => {
    const { requests } = loadYaml(`
general_settings: {max_request_size_mb: 0.5, max_response_size_mb: 2, embedding_model: e, always_include_stream_usage: true,
  forward_client_headers_to_llm_api: true}
litellm_settings: {modify_params: true, restamp_model: true}
`);
    expect(requests).toEqual({
      dropParams: false,
      modifyParams: true,
      restampModel: true,
      alwaysIncludeStreamUsage: true,
      maxBodyBytes: 524_288,
      maxResponseBytes: 2_097_152,
      modelOverrides: { embedding_model: 'e' },
      forwardClientHeaders: true,
      tellsCostInStreams: false,
      maxBatchSize: undefined,
    });
  });

  it('for chat go to --model, unless completion_model is written', () => {
    const flags = { model: 'm' };
    expect(loadYaml('model_list: []\n', { flags }).requests.modelOverrides).toEqual({ completion_model: 'm' });
    const written = loadYaml('general_settings: {completion_model: c}\n', { flags });
    expect(written.requests.modelOverrides).toEqual({ completion_model: 'c' });
  });
});

describe('network', () => {
  it.each([
    ['ssl_verify: false', { verifyTls: false, caFile: undefined }],
    ['ssl_verify: /ca.pem', { verifyTls: true, caFile: '/ca.pem' }],
    ['force_ipv4: true', { verifyTls: true, forceIpv4: true }],
  ])('with %s', (setting, expected) => {
    expect(loadYaml(`litellm_settings: {${setting}}\n`).http).toMatchObject(expected);
  });

  it('warns that certificates are not checked', () => {
    expect(warningsOf(loadYaml('litellm_settings: {ssl_verify: false}\n'), 'security')).toHaveLength(1);
  });

  it('opens the hosts that the file lists', () => {
    expect(loadYaml('general_settings: {allowed_hosts: [10.0.0.0/8]}\n').http.allowedHosts).toEqual(['10.0.0.0/8']);
  });
});

describe('prices', () => {
  it('finds the price file from the working directory', () => {
    expect(loadYaml('general_settings: {price_file: ./prices.json}\n').prices.file).toMatch(/^\/.*\/prices\.json$/);
    expect(loadYaml('general_settings: {}\n').prices.file).toBeUndefined();
  });
});

describe('logging', () => {
  it.each([
    [{ env: { LITELLM_LOG: 'ERROR' } }, { level: 'error' }],
    [{ env: { LITELLM_LOG: 'warning' } }, { level: 'warn' }],
    [{ env: { DEBUG: 'true' } }, { level: 'debug', detailedDebug: false }],
    [{ env: { DEBUG: 'express:*' } }, { level: 'info' }],
    [{ env: { DETAILED_DEBUG: '1' } }, { level: 'debug', detailedDebug: true }],
    [{ env: { JSON_LOGS: 'true', LITELLM_VERBOSE: 'true' } }, { json: true, verbose: true }],
    [{ flags: { debug: true } }, { level: 'debug' }],
    [{ flags: { detailedDebug: true } }, { level: 'debug', detailedDebug: true }],
  ])('with %j is %j', (given, expected) => expect(loadFiles({}, given).config.logging).toMatchObject(expected));
});

describe('database and budget', () => {
  it('accepts PostgreSQL only', () => {
    expect(problemOf(() => loadYaml('general_settings: {database_url: "mysql://h/d"}\n'))).toContain(
      "must start with 'postgresql://'",
    );
  });

  it('takes the address from the environment', () => {
    expect(
      loadFiles({}, { env: { DATABASE_URL: 'postgres://h/d', STORE_MODEL_IN_DB: 'True' } }).config.database,
    ).toMatchObject({
      url: 'postgres://h/d',
      storeModels: true,
    });
  });

  it('takes a budget of 0 as none, and refuses one below', () => {
    expect(loadYaml('litellm_settings: {max_budget: 0}\n').budget.maxBudgetUsd).toBeUndefined();
    expect(problemOf(() => loadYaml('litellm_settings: {max_budget: -1}\n'))).toContain('max_budget must be 0 or more');
    expect(problemOf(() => loadYaml('litellm_settings: {budget_duration: monthly}\n'))).toContain(
      "a duration such as '30d'",
    );
  });
});
