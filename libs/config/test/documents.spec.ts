// Configurations as people write them, each with what its author meant.
import { afterEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { importBlueprint } from '../src/blueprint.js';
import { parse } from 'yaml';
import { manifests } from './manifests.js';
import { fixturePath, loadFiles, loadFixture, problemOf, removeFolders, warningsOf } from './workspace.js';

afterEach(removeFolders);

const fixture = (name: string): string => readFileSync(fixturePath(name), 'utf8');
const keys = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, `value-of-${name}`]));

describe('four models of two providers behind PostgreSQL', () => {
  it('is complete with the .env beside it', () => {
    const config = loadFixture('four-models');
    expect(config.deployments.map(({ modelName, provider, model }) => [modelName, provider, model])).toEqual([
      ['gpt-4o', 'provider.openai', 'gpt-4o'],
      ['gpt-4o-mini', 'provider.openai', 'gpt-4o-mini'],
      ['claude-sonnet', 'provider.anthropic', 'claude-sonnet-4-20250514'],
      ['claude-haiku', 'provider.anthropic', 'claude-3-5-haiku-20241022'],
    ]);
    expect(config.deployments.map(({ connection }) => connection['api_key'])).toEqual([
      'sk-sua-openai-key',
      'sk-sua-openai-key',
      'sk-ant-sua-anthropic-key',
      'sk-ant-sua-anthropic-key',
    ]);
    expect(config.auth).toMatchObject({
      masterKey: 'sk-sua-chave-master-segura-aqui',
      saltKey: 'sua-hash-aleatoria-forte-aqui',
      isOpen: false,
    });
    expect(config.database.url).toBe('postgresql://postgres:sua_senha@supabase-db:5432/postgres');
    expect(config.warnings).toEqual([]);
    expect(config.disabled).toEqual([]);
  });

  it('takes workers, keep-alive and restarts from the command line', () => {
    const flags = { port: 4000, numWorkers: 8, keepaliveTimeout: 75, maxRequestsBeforeRestart: 10_000 };
    expect(loadFixture('four-models', { flags }).server).toMatchObject({
      port: 4000,
      numWorkers: 8,
      keepaliveTimeoutMs: 75_000,
      maxRequestsBeforeRestart: 10_000,
    });
  });

  it('takes keep-alive, restarts and the price switch from .env', () => {
    const { config, environment } = loadFiles({
      'litellm_config.yaml': fixture('four-models/litellm_config.yaml'),
      '.env': ['four-models/.env', 'keepalive.env', 'restart.env', 'local-prices.env'].map(fixture).join(''),
    });
    expect(config.server).toMatchObject({ keepaliveTimeoutMs: 75_000, maxRequestsBeforeRestart: 10_000 });
    expect(environment['LITELLM_LOCAL_MODEL_COST_MAP']).toBe('True');
  });
});

describe('one model in several places', () => {
  it('makes one group of three deployments with their own limits and keys', () => {
    const env = keys('OPENAI_API_KEY_1', 'OPENAI_API_KEY_2', 'AZURE_OPENAI_KEY', 'AZURE_OPENAI_ENDPOINT');
    const { deployments } = loadFixture('same-model-three-places.yaml', { env });
    expect(new Set(deployments.map(({ modelName }) => modelName))).toEqual(new Set(['gpt-4o']));
    expect(deployments.map(({ rpm }) => rpm)).toEqual([500, 300, undefined]);
    expect(deployments[2]!.connection).toEqual({
      api_key: 'value-of-AZURE_OPENAI_KEY',
      api_base: 'value-of-AZURE_OPENAI_ENDPOINT',
      api_version: '2024-02-15-preview',
    });
  });

  it('goes on with the places whose keys are there', () => {
    const { deployments, disabled } = loadFixture('same-model-three-places.yaml', { env: keys('OPENAI_API_KEY_2') });
    expect(deployments.map(({ rpm }) => rpm)).toEqual([300]);
    expect(disabled.map(({ reason }) => reason)).toEqual([
      'api_key is missing: the variable OPENAI_API_KEY_1 is not set',
      'api_base is not known: the variable AZURE_OPENAI_ENDPOINT is not set',
    ]);
  });

  it('balances three keys by least-busy with retries, a timeout and a fallback for every model', () => {
    const env = keys('OPENAI_KEY_1', 'OPENAI_KEY_2', 'OPENAI_KEY_3', 'OPENAI_API_KEY');
    const { router, deployments } = loadFixture('load-balancing.yaml', { env });
    expect(router).toMatchObject({
      strategy: 'strategy.least-busy',
      numRetries: 3,
      timeoutMs: 30_000,
      fallbacks: { '*': [{ model: 'gpt-4o-mini' }] },
    });
    expect(deployments.map(({ modelName }) => modelName)).toEqual(['gpt-4o', 'gpt-4o', 'gpt-4o', 'gpt-4o-mini']);
    expect(deployments.at(-1)).toMatchObject({ info: { implicit: true }, source: 'implicit' });
  });

  it('leaves out a fallback to a model that nobody has a key for, and says so', () => {
    const config = loadFixture('load-balancing.yaml', { env: keys('OPENAI_KEY_1', 'OPENAI_KEY_2', 'OPENAI_KEY_3') });
    expect(config.router.fallbacks).toEqual({});
    expect(warningsOf(config, 'unresolved')).toEqual([
      "load-balancing.yaml:21: fallback_models: 'gpt-4o-mini' cannot be used: no entry of model_list has it, " +
        'and OPENAI_API_KEY is not set. It is left out.',
    ]);
  });

  it('balances two keys by usage', () => {
    const { router, deployments } = loadFixture('usage-based.yaml', {
      env: keys('OPENAI_API_KEY_1', 'OPENAI_API_KEY_2'),
    });
    expect(router.strategy).toBe('strategy.usage-based');
    expect(deployments).toHaveLength(2);
  });
});

describe('entries of model_list, whole files or fragments', () => {
  it('switches off an entry of a provider that does not exist', () => {
    const { deployments, disabled } = loadFixture('entry-basics.yaml', { env: keys('API_KEY_VAR') });
    expect(deployments).toEqual([]);
    expect(disabled).toEqual([
      {
        modelName: 'nome-do-modelo',
        model: 'provider/modelo-real',
        reason: "no provider is called 'provider'",
        source: 'entry-basics.yaml:2',
      },
    ]);
  });

  it('gives safety settings to the provider that has them', () => {
    const { deployments } = loadFixture('gemini-safety.yaml', { env: keys('GOOGLE_API_KEY') });
    expect(deployments[0]).toMatchObject({
      modelName: 'gemini-2.0-flash',
      provider: 'provider.gemini',
      connection: {
        api_key: 'value-of-GOOGLE_API_KEY',
        safety_settings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_ONLY_HIGH' }],
      },
      defaults: {},
    });
  });

  it('tells the deployment of a hosted model from its name', () => {
    const { deployments } = loadFixture('azure-deployment-id.yaml', {
      env: keys('AZURE_OPENAI_KEY', 'AZURE_OPENAI_ENDPOINT'),
    });
    expect(deployments[0]!.connection).toMatchObject({ deployment_id: 'gpt-4o-deployment' });
  });

  it('uses max_tokens as a default of requests', () => {
    const { deployments } = loadFixture('anthropic-max-tokens.yaml', { env: keys('ANTHROPIC_API_KEY') });
    expect(deployments[0]!.defaults).toEqual({ max_tokens: 4096 });
  });

  it('needs no key for a local server', () => {
    const config = loadFixture('ollama-local.yaml', { env: { LITELLM_MASTER_KEY: 'sk-1' } });
    expect(config.deployments[0]).toMatchObject({
      provider: 'provider.ollama',
      model: 'llama2',
      connection: { api_base: 'http://localhost:11434' },
    });
    expect(config.warnings).toEqual([]);
  });

  it('keeps the limits of each model', () => {
    const { deployments } = loadFixture('model-rate-limits.yaml', { env: keys('OPENAI_API_KEY', 'GOOGLE_API_KEY') });
    expect(deployments.map(({ rpm, tpm }) => [rpm, tpm])).toEqual([
      [500, 90_000],
      [1_000, 4_000_000],
    ]);
  });

  it('sends own headers to a compatible server', () => {
    const { deployments } = loadFixture('custom-server.yaml', { env: keys('CUSTOM_API_KEY') });
    expect(deployments[0]).toMatchObject({
      provider: 'provider.openai',
      model: 'text-davinci-003',
      connection: { api_base: 'https://meu-servidor.com/v1', api_key: 'value-of-CUSTOM_API_KEY' },
      headers: { 'X-Custom-Header': 'value' },
    });
  });

  it('takes a compatible endpoint with its own key', () => {
    const { deployments } = loadFixture('custom-endpoint.yaml', { env: keys('CUSTOM_API_KEY') });
    expect(deployments[0]!.connection).toEqual({
      api_base: 'https://custom-endpoint.com/v1',
      api_key: 'value-of-CUSTOM_API_KEY',
    });
  });

  it('takes a compatible server without any key', () => {
    const { deployments, disabled } = loadFixture('keyless-server.yaml');
    expect(deployments[0]!.connection).toEqual({ api_base: 'http://localhost:8000/v1' });
    expect(disabled).toEqual([]);
  });

  it('refuses entries that are only names, each by its line', () => {
    const problem = problemOf(() => loadFixture('names-only.yaml'));
    expect(problem).toContain('names-only.yaml:1: gemini-flash-primary needs litellm_params with a model.');
    expect(problem).toContain('names-only.yaml:5: model2 needs litellm_params with a model.');
  });

  it('refuses a file of nothing but comments', () => {
    expect(problemOf(() => loadFixture('comments-only.yaml'))).toMatch(/^comments-only\.yaml:1: The file is empty\./);
  });
});

describe('falling back', () => {
  it('tries an alias’s models in order, its own deployment where the author put it', () => {
    const { router, deployments } = loadFixture('alias-cascade.yaml', { env: keys('OPENAI_API_KEY') });
    expect(router.aliases).toEqual({
      'my-model': { targets: ['my-model', 'gpt-4-turbo', 'gpt-3.5-turbo'], hidden: false },
    });
    expect(router).toMatchObject({
      numRetries: 3,
      retryAfterMs: 5_000,
      timeoutMs: 60_000,
      allowedFails: 3,
      cooldownMs: 60_000,
    });
    expect(deployments.filter(({ info }) => info['implicit']).map(({ model }) => model)).toEqual([
      'gpt-4-turbo',
      'gpt-3.5-turbo',
    ]);
  });

  it('reads a plain list as a cascade for every model', () => {
    const env = { ...keys('ANTHROPIC_API_KEY', 'OPENAI_API_KEY'), LITELLM_MASTER_KEY: 'sk-1' };
    const config = loadFixture('redis-and-database.yaml', { env });
    expect(config.router).toMatchObject({ numRetries: 3, timeoutMs: 600_000 });
    expect(config.router.fallbacks).toEqual({
      '*': [{ model: 'claude-3-5-sonnet-20241022' }, { model: 'gpt-4o' }],
      'claude-3-5-sonnet-20241022': [{ model: 'gpt-4o' }],
      'gpt-4o': [],
    });
    expect(config.redis).toEqual({ host: 'litellm-redis', port: 6379 });
    expect(config.database.url).toBe('postgresql://litellm@litellm-postgres:5432/litellm');
    expect(config.requests.dropParams).toBe(true);
    expect(config.callbacks.success).toEqual(['postgres']);
    expect(warningsOf(config, 'unknown-key')).toEqual([]);
  });

  it('reads spelled-out fallbacks of a group', () => {
    const { config } = loadFiles(
      {
        'litellm_config.yaml': fixture('usage-based.yaml').replace(
          'router_settings:\n',
          fixture('fallbacks-spelled-out.yaml'),
        ),
      },
      { env: keys('OPENAI_API_KEY_1', 'OPENAI_API_KEY_2', 'OPENAI_API_KEY', 'ANTHROPIC_API_KEY') },
    );
    expect(config.router.fallbacks).toEqual({
      'gpt-4o': [{ model: 'claude-3-5-sonnet-20241022' }, { model: 'gpt-4o-mini' }],
    });
  });

  it('accepts those fallbacks alone, and says that the group is nowhere', () => {
    const config = loadFixture('fallbacks-spelled-out.yaml');
    expect(config.router.fallbacks).toEqual({});
    expect(warningsOf(config, 'unresolved')).toEqual([
      expect.stringMatching(/^fallbacks-spelled-out\.yaml:2: fallbacks: 'gpt-4o' cannot be used/),
    ]);
  });
});

describe('a cloud model with a local one to fall back to', () => {
  const expected = {
    numRetries: 2,
    timeoutMs: 60_000,
    strategy: 'strategy.usage-based',
  };

  it('unites both, falls from the first to the second, and needs no key for the local one', () => {
    const config = loadFixture('local-fallback');
    expect(config.source.kind).toBe('file');
    expect(config.deployments).toMatchObject([
      {
        modelName: 'gemini-flash',
        provider: 'provider.gemini',
        model: 'gemini-2.0-flash-exp',
        connection: { api_key: 'AIza...' },
        defaults: { max_tokens: 4096, temperature: 0.7 },
      },
      {
        modelName: 'localai-llama',
        provider: 'provider.localai',
        model: 'llama3.2:3b',
        connection: { api_base: 'http://localhost:30808/v1' },
        defaults: { max_tokens: 2048, temperature: 0.7 },
      },
    ]);
    expect(config.router).toMatchObject({
      ...expected,
      unions: { 'primary-models': ['gemini-flash', 'localai-llama'] },
      fallbacks: { 'gemini-flash': [{ model: 'localai-llama' }], '*': [{ model: 'localai-llama' }] },
      fallbackOnRateLimit: true,
    });
    expect(config.limits.rpm).toBe(60);
    expect(config.requests).toMatchObject({ dropParams: true, maxBatchSize: 10 });
    expect(config.auth.masterKey).toBe('sk-litellm-master-key');
    expect(config.health.validateApiKeys).toBe(false);
    expect(config.logging).toMatchObject({ level: 'info', verbose: false });
    expect(config.warnings).toEqual([]);
  });

  it('comes about from the variables alone', () => {
    const { config } = loadFiles({ '.env.litellm': fixture('local-fallback/.env.litellm') });
    expect(config.source).toEqual({ kind: 'env', files: [] });
    expect(config.deployments).toMatchObject([
      { modelName: 'gemini/gemini-2.0-flash-exp', model: 'gemini-2.0-flash-exp', connection: { api_key: 'AIza...' } },
      {
        modelName: 'localai/llama3.2:3b',
        model: 'llama3.2:3b',
        connection: { api_base: 'http://localhost:30808/v1' },
        timeoutMs: 60_000,
      },
    ]);
    expect(config.deployments).toHaveLength(2);
    expect(config.router).toMatchObject({
      ...expected,
      aliases: {
        'gemini-2.0-flash-exp': { targets: ['gemini/gemini-2.0-flash-exp'], hidden: false },
        'llama3.2:3b': { targets: ['localai/llama3.2:3b'], hidden: false },
      },
      fallbacks: { '*': [{ model: 'localai/llama3.2:3b' }] },
    });
    expect(config.auth).toMatchObject({ masterKey: undefined, isOpen: false });
    expect(config.warnings).toEqual([]);
  });

  it.each([
    ['the file', { 'litellm_config.yaml': 'timeout.yaml' }],
    ['.env.litellm', { '.env.litellm': 'timeout.env' }],
  ])('waits longer when %s says so', (_where, files) => {
    const written = Object.fromEntries(Object.entries(files).map(([name, source]) => [name, fixture(source)]));
    expect(loadFiles(written).config.router.timeoutMs).toBe(120_000);
  });

  it('shows more when asked to', () => {
    expect(loadFixture('verbose-debug.yaml').logging).toMatchObject({ verbose: true, level: 'debug' });
    expect(loadFixture('verbose.yaml').logging).toMatchObject({ verbose: true, level: 'info' });
    expect(loadFixture('local-fallback', { flags: { port: 4000, verbose: true } }).logging.verbose).toBe(true);
  });
});

describe('a Compose file that gives what .env leaves out', () => {
  const env = {
    DATABASE_URL: 'postgresql://llmproxy:dbpassword9090@db:5432/litellm',
    STORE_MODEL_IN_DB: 'True',
  };

  it('starts with its model and its cache off, each for the variable it lacks', () => {
    const config = loadFixture('compose', { env });
    expect(config.auth.masterKey).toBe('sk-admin-secret-key-CHANGE-THIS');
    expect(config.database).toMatchObject({ url: env.DATABASE_URL, poolLimit: 10, storeModels: true });
    expect(config.kept.general['use_redis_transaction_buffer']).toBe(true);
    expect(config.disabled.map(({ reason }) => reason)).toEqual([
      'api_key is missing: the variable OPENAI_API_KEY is not set',
    ]);
    expect(config.cache).toMatchObject({ plugin: 'cache.redis', enabled: false });
    expect(config.off).toEqual([
      { kind: 'cache', name: 'redis', reason: 'host is missing: the variable REDIS_HOST is not set' },
    ]);
    expect(warningsOf(config, 'missing-variable')).toHaveLength(4);
    expect(config.metrics.requireAuth).toBe(false);
  });

  it('has its model and its cache once the variables are there', () => {
    const given = {
      ...env,
      OPENAI_API_KEY: 'CHANGE_THIS',
      REDIS_HOST: 'redis',
      REDIS_PORT: '6379',
      REDIS_PASSWORD: 'p',
    };
    const config = loadFixture('compose', { env: given });
    expect(config.deployments).toHaveLength(1);
    expect(config.cache).toMatchObject({ enabled: true, settings: { host: 'redis', port: 6379, password: 'p' } });
    expect(config.redis).toEqual({ host: 'redis', port: 6379, password: 'p' });
    expect(config.warnings).toEqual([]);
  });

  it('does not start without the database it names', () => {
    expect(problemOf(() => loadFixture('compose'))).toBe(
      'config.yaml:9: database_url needs the variable DATABASE_URL, which is not set. Set it, or remove database_url.',
    );
  });
});

describe('settings in sections of the author’s choice', () => {
  it('caches in Redis', () => {
    const { cache } = loadFixture('cache-redis.yaml', {
      env: { REDIS_HOST: 'localhost', REDIS_PORT: '6379', REDIS_PASSWORD: '' },
    });
    expect(cache).toEqual({
      plugin: 'cache.redis',
      enabled: true,
      mode: 'default_on',
      ttlMs: 3_600_000,
      modelTtlMs: {},
      namespace: 'litellm_cache',
      callTypes: undefined,
      shared: false,
      singleFlight: false,
      settings: { host: 'localhost', port: 6379 },
    });
  });

  it('caches in memory', () => {
    expect(loadFixture('cache-local.yaml').cache).toMatchObject({
      plugin: 'cache.memory',
      enabled: true,
      ttlMs: 600_000,
    });
  });

  it.each(['langfuse-general.yaml', 'langfuse-litellm.yaml'])(
    'gives %s’s keys to the callback that claims them',
    (name) => {
      const config = loadFixture(name, { env: keys('LANGFUSE_PUBLIC_KEY', 'LANGFUSE_SECRET_KEY') });
      expect(config.callbacks.success).toEqual(['langfuse']);
      expect(config.pluginSettings['callback.langfuse']).toEqual({
        public_key: 'value-of-LANGFUSE_PUBLIC_KEY',
        secret_key: 'value-of-LANGFUSE_SECRET_KEY',
        host: 'https://cloud.langfuse.com',
      });
      expect(warningsOf(config, 'unknown-key')).toEqual([]);
    },
  );

  it('lists a callback as off when its key is missing', () => {
    const config = loadFixture('langfuse-litellm.yaml', { env: keys('LANGFUSE_PUBLIC_KEY') });
    expect(config.callbacks.success).toEqual([]);
    expect(config.off).toEqual([
      { kind: 'callback', name: 'langfuse', reason: 'secret_key is missing: set LANGFUSE_SECRET_KEY' },
    ]);
  });

  it('keeps the keys of a callback that no plugin claims yet', () => {
    const config = loadFixture('mlflow.yaml', { env: { MLFLOW_TRACKING_URI: 'http://mlflow:5000' } });
    expect(config.callbacks.success).toEqual(['mlflow']);
    expect(config.kept.general).toMatchObject({
      mlflow_tracking_uri: 'http://mlflow:5000',
      mlflow_experiment_name: 'litellm-production',
    });
    expect(warningsOf(config, 'unknown-key')).toEqual([]);
  });

  it('tells a webhook where to go', () => {
    const config = loadFixture('webhook.yaml');
    expect(config.callbacks.success).toEqual(['webhook']);
    expect(config.pluginSettings['callback.webhook']).toEqual({ webhook_url: 'https://seu-webhook.com/litellm-logs' });
    expect(config.logging.verbose).toBe(true);
  });

  it('limits the whole installation, and queues beyond', () => {
    expect(loadFixture('global-limits.yaml').limits).toMatchObject({
      maxParallelRequests: 100,
      enableQueue: true,
      queueMaxSize: 1_000,
    });
  });

  it('limits what may be spent in a month', () => {
    const config = loadFixture('budget.yaml');
    expect(config.budget).toEqual({ maxBudgetUsd: 100, budgetDuration: '30d' });
    expect(config.auth.masterKey).toBe('sk-1234');
    expect(config.warnings).toEqual([]);
  });

  it('reads retries and the request timeout from .env', () => {
    const { router } = loadFiles({ '.env': fixture('retries.env') }).config;
    expect(router).toMatchObject({ numRetries: 3, requestTimeoutMs: 600_000 });
  });
});

describe('a production file', () => {
  it('means what its author wrote, wherever the keys stand', () => {
    const config = loadFixture('production');
    expect(config.deployments.map(({ modelName, rpm, tpm }) => [modelName, rpm, tpm])).toEqual([
      ['gemini-2.0-flash', 1_000, 4_000_000],
      ['gpt-4o', 500, 90_000],
      ['gpt-4o', 500, 90_000],
      ['llama2-local', undefined, undefined],
    ]);
    expect(config.limits.maxParallelRequests).toBe(50);
    expect(config.router).toMatchObject({
      strategy: 'strategy.least-busy',
      requestTimeoutMs: 600_000,
      timeoutMs: 30_000,
      numRetries: 3,
      retryAfterMs: 5_000,
      aliases: { primary: { targets: ['gemini-2.0-flash', 'gpt-4o', 'llama2-local'], hidden: false } },
    });
    expect(config.cache).toMatchObject({
      enabled: true,
      ttlMs: 3_600_000,
      settings: { host: 'localhost', port: 6379 },
    });
    expect(config.callbacks.success).toEqual(['langfuse']);
    expect(config.pluginSettings['callback.langfuse']).toEqual({ public_key: 'pk-lf-...', secret_key: 'sk-lf-...' });
    expect(config.logging.verbose).toBe(false);
    expect(config.redis).toEqual({ host: 'localhost', port: 6379 });
    expect(warningsOf(config, 'duplicate')).toEqual([]);
    expect(warningsOf(config, 'missing-variable')).toEqual([]);
    expect(warningsOf(config, 'unknown-key')).toEqual([]);
  });

  it('warns that it has no master key, and is open', () => {
    const config = loadFixture('production');
    expect(config.auth).toMatchObject({ masterKey: undefined, isOpen: true });
    expect(warningsOf(config, 'security')[0]).toContain('There is no master_key');
  });
});

describe('importing a blueprint', () => {
  const imported = (name: string): { yaml: string; tree: unknown } => {
    const yaml = importBlueprint(fixture(name), { manifests });
    return { yaml, tree: parse(yaml) };
  };

  it('lists each model of each provider under its own name, keys from variables', () => {
    const { yaml, tree } = imported('blueprint-clouds.json');
    const entry = (provider: string, model: string): object => ({
      model_name: model,
      litellm_params: { model: `${provider}/${model}`, api_key: `os.environ/${provider.toUpperCase()}_API_KEY` },
    });
    expect(tree).toEqual({
      model_list: [
        entry('anthropic', 'claude-3-5-sonnet-20241022'),
        entry('anthropic', 'claude-3-5-haiku-20241022'),
        entry('openai', 'gpt-4o'),
        entry('openai', 'gpt-4o-mini'),
      ],
    });
    const env = keys('ANTHROPIC_API_KEY', 'OPENAI_API_KEY');
    expect(loadFiles({ 'litellm_config.yaml': yaml }, { env }).config.deployments).toHaveLength(4);
  });

  it('takes a local server’s address', () => {
    const { yaml } = imported('blueprint-ollama.json');
    const { deployments } = loadFiles({ 'litellm_config.yaml': yaml }).config;
    expect(deployments).toMatchObject([
      { modelName: 'llama3.2:latest', provider: 'provider.ollama', connection: { api_base: 'http://localhost:11434' } },
      { modelName: 'qwen2.5:32b', model: 'qwen2.5:32b' },
    ]);
  });

  it('takes the port, and leaves what is about containers', () => {
    const { yaml, tree } = imported('blueprint-service.json');
    expect(tree).toEqual({ model_list: [], general_settings: { port: 4000 } });
    expect(loadFiles({ 'litellm_config.yaml': yaml }).config.server.port).toBe(4000);
  });
});
