import { afterEach, describe, expect, it } from '@jest/globals';
import { loadFiles, loadYaml, problemOf, removeFolders, warningsOf } from '../test/workspace.js';
import type { GatewayConfig } from './canonical.js';

afterEach(removeFolders);

/** Where a value may stand, strongest first, each with the number it gives. */
interface Level {
  section?: string;
  file?: '.env' | '.env.litellm' | 'process';
  flag?: true;
}

const load = (levels: readonly Level[], key: string, variable: string, flag: string): GatewayConfig => {
  const yaml: string[] = [];
  const files: Record<string, string> = {};
  let env: Record<string, string> = { LITELLM_MASTER_KEY: 'sk-1' };
  let flags = {};
  levels.forEach((level, index) => {
    if (level.flag) flags = { [flag]: index + 1 };
    if (level.section === '') yaml.push(`${key}: ${index + 1}`);
    else if (level.section) yaml.push(`${level.section}: {${key}: ${index + 1}}`);
    if (level.file === 'process') env = { ...env, [variable]: String(index + 1) };
    else if (level.file) files[level.file] = `${variable}=${index + 1}\n`;
  });
  return loadFiles({ ...files, 'litellm_config.yaml': [...yaml, 'model_list: []', ''].join('\n') }, { env, flags })
    .config;
};

const sections = (...names: string[]): Level[] => names.map((section) => ({ section }));
const variables: Level[] = [{ file: 'process' }, { file: '.env' }, { file: '.env.litellm' }];

describe('precedence', () => {
  it.each<[string, string, string, Level[], (config: GatewayConfig) => number, number]>([
    [
      'num_retries',
      'LITELLM_NUM_RETRIES',
      '',
      [...sections('router_settings', 'litellm_settings', 'general_settings', ''), ...variables],
      (config) => config.router.numRetries,
      2,
    ],
    [
      'request_timeout',
      'LITELLM_REQUEST_TIMEOUT',
      'requestTimeout',
      [{ flag: true }, ...sections('litellm_settings', 'router_settings', 'general_settings', ''), ...variables],
      (config) => config.router.requestTimeoutMs / 1_000,
      6_000,
    ],
    [
      'keepalive_timeout',
      'KEEPALIVE_TIMEOUT',
      'keepaliveTimeout',
      [{ flag: true }, ...sections('general_settings', 'router_settings', 'litellm_settings', ''), ...variables],
      (config) => config.server.keepaliveTimeoutMs / 1_000,
      5,
    ],
  ])('of %s: each place gives way to the ones before it', (key, variable, flag, levels, read, fallback) => {
    levels.forEach((_, index) => {
      const weaker = levels.map((level, at) => (at < index ? {} : level));
      expect(read(load(weaker, key, variable, flag))).toBe(index + 1);
    });
    expect(read(load([], key, variable, flag))).toBe(fallback);
  });
});

describe('a key that is given twice', () => {
  it('warns about the one that is not used, with both places', () => {
    const config = loadYaml('router_settings:\n  num_retries: 3\nlitellm_settings:\n  num_retries: 5\n');
    expect(config.router.numRetries).toBe(3);
    expect(warningsOf(config, 'duplicate')).toEqual([
      'litellm_config.yaml:4: litellm_settings.num_retries is not used: router_settings.num_retries at litellm_config.yaml:2 wins.',
    ]);
  });

  it('warns about a variable that says something else, not about one that agrees', () => {
    const yaml = 'general_settings:\n  port: 4001\n';
    const config = loadYaml(yaml, { env: { PORT: '4002' } });
    expect(config.server.port).toBe(4001);
    expect(warningsOf(config, 'duplicate')).toEqual([
      'PORT: The variable PORT is not used: general_settings.port at litellm_config.yaml:2 wins.',
    ]);
    expect(loadYaml(yaml, { env: { PORT: '4001' } }).warnings).toEqual([]);
  });

  it('says nothing of what a flag replaces', () => {
    const config = loadYaml('general_settings: {port: 4001}\n', { flags: { port: 4002 } });
    expect(config.server.port).toBe(4002);
    expect(config.warnings).toEqual([]);
  });
});

describe('a key in another section than its own', () => {
  it('counts, with a note', () => {
    const config = loadYaml('general_settings:\n  cache: true\n  cache_params: {type: local}\n');
    expect(config.cache?.enabled).toBe(true);
    expect(warningsOf(config, 'moved-key')).toEqual([
      'litellm_config.yaml:2: general_settings.cache is at home under litellm_settings.',
      'litellm_config.yaml:3: general_settings.cache_params is at home under litellm_settings.',
    ]);
  });

  it('counts at the top level too, so that a misplaced master key does not open the gateway', () => {
    const { config } = loadFiles({ 'config.yaml': 'master_key: sk-top\n' });
    expect(config.auth).toMatchObject({ masterKey: 'sk-top', isOpen: false });
  });

  it('is no matter when LiteLLM documents it for both', () => {
    const config = loadYaml('litellm_settings:\n  set_verbose: true\n  fallbacks: []\n  num_retries: 1\n');
    expect(config.warnings).toEqual([]);
  });

  it('database_url gives way to the environment there', () => {
    const yaml = 'litellm_settings: {database_url: postgresql://litellm@db/litellm}\n';
    expect(loadYaml(yaml).database.url).toBe('postgresql://litellm@db/litellm');
    const url = 'postgresql://u:p@db/x';
    expect(loadYaml(yaml, { env: { DATABASE_URL: url } }).database.url).toBe(url);
    const atHome = loadYaml(yaml.replace('litellm_', 'general_'), { env: { DATABASE_URL: url } });
    expect(atHome.database.url).toBe('postgresql://litellm@db/litellm');
  });
});

describe('types', () => {
  it('are read leniently', () => {
    const config = loadYaml(`
general_settings: {port: "4001", max_parallel_requests: "10", store_model_in_db: "True"}
litellm_settings: {drop_params: "yes", success_callback: langfuse_otel, request_timeout: 10m}
router_settings: {num_retries: "3", cooldown_time: 30s}
`);
    expect(config.server.port).toBe(4001);
    expect(config.limits.maxParallelRequests).toBe(10);
    expect(config.database.storeModels).toBe(true);
    expect(config.requests.dropParams).toBe(true);
    expect(config.callbacks.success).toEqual(['langfuse_otel']);
    expect(config.router).toMatchObject({ numRetries: 3, cooldownMs: 30_000, requestTimeoutMs: 600_000 });
  });

  it('that do not fit are errors, all named at once, secrets unseen', () => {
    const problem = problemOf(() =>
      loadYaml(`
general_settings:
  port: http
  master_key: [sk-secret]
  alerting_threshold: soon
litellm_settings: [1]
router_settings:
  num_retries: -1
  retry_policy: {TimeoutErrorRetries: many}
model_list: {}
`),
    );
    expect(
      problem
        .split('\n')
        .slice(1)
        .map((line) => line.trim())
        .sort(),
    ).toEqual([
      'litellm_config.yaml:10: model_list must be a list, not a map.',
      "litellm_config.yaml:3: general_settings.port must be a whole number, 0 or more, not 'http'.",
      'litellm_config.yaml:4: general_settings.master_key must be text, not a list.',
      "litellm_config.yaml:5: general_settings.alerting_threshold must be a number, not 'soon'.",
      'litellm_config.yaml:6: litellm_settings must be a map, not a list.',
      "litellm_config.yaml:8: router_settings.num_retries must be a whole number, 0 or more, not '-1'.",
      'litellm_config.yaml:9: retry_policy.TimeoutErrorRetries must be a whole number, 0 or more.',
    ]);
  });

  it('of variables that do not fit are a warning: containers set such names for other reasons', () => {
    const config = loadYaml('model_list: []\n', { env: { PORT: 'tcp://10.0.0.1:80' } });
    expect(config.server.port).toBe(4000);
    expect(warningsOf(config, 'value')[0]).toContain(
      "The variable PORT must be a whole number, 0 or more, not 'tcp://",
    );
  });

  it('of flags that do not fit are errors', () => {
    expect(problemOf(() => loadYaml('model_list: []\n', { flags: { port: 'x' as never } }))).toContain(
      '--port must be',
    );
  });

  it('none at all is no value', () => {
    const config = loadYaml('general_settings:\n  port:\n  budget_duration: none\nlitellm_settings:\n');
    expect(config.server.port).toBe(4000);
    expect(config.budget.budgetDuration).toBeUndefined();
    expect(config.warnings).toEqual([]);
  });
});

describe('what is kept', () => {
  it('stands under its home section, read and resolved, whether we act on it or not', () => {
    const config = loadYaml(
      `
general_settings: {alerting: slack, generic_api_settings: {a: os.environ/B}, search_tools: []}
router_settings: {provider_budget_config: {openai: {budget_limit: 1, time_period: 1d}}}
mcp_servers: {m: {url: http://m}}
`,
      { env: { B: 'bucket' } },
    );
    expect(config.kept.general).toMatchObject({ alerting: ['slack'] });
    expect(config.kept.litellm).toMatchObject({ generic_api_settings: { a: 'bucket' } });
    expect(config.kept.router).toMatchObject({ search_tools: [] });
    expect(config.router.extras).toEqual({
      provider_budget_config: { openai: { budget_limit: 1, time_period: '1d' } },
      search_tools: [],
    });
    expect(config.kept.top).toEqual({ mcp_servers: { m: { url: 'http://m' } } });
  });
});
