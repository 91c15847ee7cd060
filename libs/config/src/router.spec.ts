import { afterEach, describe, expect, it } from '@jest/globals';
import { ROUTER_DEFAULTS, type RouterSettings } from '@turnpike/domain';
import { aManifest } from '../test/manifests.js';
import { loadYaml, problemOf, removeFolders, warningsOf } from '../test/workspace.js';
import type { GatewayConfig } from './canonical.js';

afterEach(removeFolders);

const MODELS = `
model_list:
  - {model_name: a, litellm_params: {model: ollama/llama3}}
  - {model_name: b, litellm_params: {model: ollama/qwen}}
  - {model_name: c, litellm_params: {model: echo/c}}
  - {model_name: off, litellm_params: {model: groq/mixtral}}
  - {model_name: "lm_studio/*", litellm_params: {model: "lm_studio/*"}}
`;

const load = (settings: string, env: Record<string, string> = {}): GatewayConfig =>
  loadYaml(`${MODELS}${settings}\n`, { env });

const routerOf = (settings: string, env?: Record<string, string>): RouterSettings =>
  load(`router_settings:\n  ${settings}`, env).router;

describe('defaults of the router', () => {
  it('are LiteLLM’s', () => {
    expect(loadYaml('model_list: []\n').router).toEqual(ROUTER_DEFAULTS);
  });
});

describe('settings of the router', () => {
  it('are all read', () => {
    const router = routerOf(
      `{routing_strategy: latency-based, routing_strategy_args: {lowest_latency_buffer: 1, own: 2}, max_fallbacks: 1, fallback_on_rate_limit: false, retry_policy:
      {TimeoutErrorRetries: "3"}, model_group_retry_policy: {a: {RateLimitErrorRetries: 1}}, stream_timeout: 4,
      allowed_fails: 2, allowed_fails_policy: {BadRequestErrorAllowedFails: 9}, disable_cooldowns: true,
      enable_pre_call_checks: true, optional_pre_call_checks: [prompt_caching], enable_tag_filtering: true,
      tag_filtering_match_any: false, stream_idle_timeout: 6s, connect_timeout: 2, hedge: {after: p95},
      mid_stream_failover: true, default_max_parallel_requests: 7, default_priority: 1, cooldown_time: 0}`,
    );
    expect(router).toMatchObject({
      streamIdleTimeoutMs: 6_000,
      connectTimeoutMs: 2_000,
      hedge: { afterPercentile: 95 },
      sessionAffinity: true,
      midStreamFailover: true,
      maxFallbacks: 1,
      fallbackOnRateLimit: false,
      retryPolicy: { TimeoutErrorRetries: 3 },
      modelGroupRetryPolicy: { a: { RateLimitErrorRetries: 1 } },
      streamTimeoutMs: 4_000,
      allowedFails: 2,
      allowedFailsPolicy: { BadRequestErrorAllowedFails: 9 },
      cooldownMs: 0,
      disableCooldowns: true,
      enablePreCallChecks: true,
      optionalPreCallChecks: ['prompt_caching'],
      enableTagFiltering: true,
      tagFilteringMatchAny: false,
      defaultMaxParallelRequests: 7,
      defaultPriority: 1,
    });
  });
});

describe('hedge', () => {
  it.each([
    ['{after: p95}', { afterPercentile: 95 }],
    ['{after: P99.5, max: 1}', { afterPercentile: 99.5 }],
    ['{after: 1.5}', { afterMs: 1_500 }],
    ['{after: p95, max: 0}', undefined],
    ['false', undefined],
  ])('%s is %j', (written, expected) => expect(routerOf(`hedge: ${written}`).hedge).toEqual(expected));

  it.each(['{after: soon}', '{after: 0}', '{after: p0}', '{after: p95, max: 2}', '{max: 1}', 'p95'])(
    '%s is refused',
    (written) => expect(() => routerOf(`hedge: ${written}`)).toThrow(/hedge must be/),
  );
});

describe('routing_strategy_args', () => {
  const argumentsOf = (strategy: string, written: string) =>
    load(`router_settings: {routing_strategy: ${strategy}, routing_strategy_args: ${written}}`);

  it("that are another of LiteLLM's strategies' are left out, with a warning", () => {
    const { router, warnings } = argumentsOf('least-busy', '{ttl: 10, own: 1}');
    expect(router.strategyArgs).toEqual({ own: 1 });
    expect(warnings).toMatchObject([{ kind: 'value', message: expect.stringMatching(/routing_strategy_args\.ttl/) }]);
  });
});

describe('routing_strategy', () => {
  it.each([
    ['least-busy', 'strategy.least-busy'],
    ['latency-based', 'strategy.latency-based'],
    ['latency-based-routing', 'strategy.latency-based'],
    ['[usage-based-routing]', 'strategy.usage-based'],
    ['strategy.usage-based', 'strategy.usage-based'],
    ['usage-based-routing-v2', 'strategy.usage-based-v2'],
    ['cost-based-routing', 'strategy.cost-based'],
    ['cost-based', 'strategy.cost-based'],
  ])('%s is %s', (written, id) => {
    const config = load(`router_settings: {routing_strategy: ${written}}`);
    expect(config.router.strategy).toBe(id);
    expect(config.warnings.filter(({ kind }) => kind === 'value')).toEqual([]);
  });

  it('that nobody knows is the default, with a warning; an error when strict', () => {
    const yaml = 'router_settings:\n  routing_strategy: least-bussy\n';
    const message =
      "litellm_config.yaml:2: No routing strategy is called 'least-bussy'; simple-shuffle is used. Did you mean 'least-busy'?";
    const config = loadYaml(yaml);
    expect(config.router.strategy).toBe('strategy.simple-shuffle');
    expect(warningsOf(config, 'value')).toEqual([message]);
    expect(problemOf(() => loadYaml(yaml, { flags: { strict: true } }))).toBe(message);
  });

  it('of a foreign plugin goes by its own name, whatever it ends in', () => {
    const own = [aManifest('strategy.my-routing', { aliases: ['mine'] })];
    for (const name of ['my-routing', 'mine']) {
      const yaml = `router_settings: {routing_strategy: ${name}}\n`;
      expect(loadYaml(yaml, { manifests: own }).router.strategy).toBe('strategy.my-routing');
    }
  });

  it('of several names is the last, with a warning', () => {
    const config = load('router_settings: {routing_strategy: [least-busy, usage-based]}');
    expect(config.router.strategy).toBe('strategy.usage-based');
    expect(warningsOf(config, 'value')).toHaveLength(1);
  });
});

describe('fallbacks', () => {
  const to = (...models: string[]): object[] => models.map((model) => ({ model }));

  it.each<[string, string, object]>([
    ['a map in a list', 'fallbacks: [{a: [b, c]}]', { a: to('b', 'c') }],
    ['a map', 'fallbacks: {a: [b]}', { a: to('b') }],
    ['a name as target', 'fallbacks: [{a: b}]', { a: to('b') }],
    [
      'spelled out',
      'fallbacks: [{model_name: a, fallbacks: [b]}, {model: b, fallbacks: c}]',
      { a: to('b'), b: to('c') },
    ],
    ['every group', 'fallbacks: [{"*": [c]}]', { '*': to('c') }],
    ['a cascade', 'fallbacks: [a, b, c]', { '*': to('a', 'b', 'c'), a: to('b', 'c'), b: to('c'), c: [] }],
    ['a cascade beside a map', 'fallbacks: [{a: c}, a, b]', { '*': to('a', 'b'), a: to('c'), b: [] }],
    [
      'overrides',
      'fallbacks: [{a: [{model: b, temperature: 0}]}]',
      { a: [{ model: 'b', overrides: { temperature: 0 } }] },
    ],
    [
      'itself with overrides',
      'fallbacks: [{a: [{model: a, max_tokens: 1}]}]',
      { a: [{ model: 'a', overrides: { max_tokens: 1 } }] },
    ],
    ['default_fallbacks', 'default_fallbacks: [b, c]', { '*': to('b', 'c') }],
    ['fallback_model', 'fallback_model: b', { '*': to('b') }],
    ['fallback_models', 'fallback_models: [b]', { '*': to('b') }],
    ['set_fallbacks', 'set_fallbacks: [{a: b}]', { a: to('b') }],
    [
      'several keys',
      '{fallbacks: [{a: b}], set_fallbacks: [{a: [b, c]}], default_fallbacks: [c], fallback_model: b}',
      { a: to('b', 'c'), '*': to('c', 'b') },
    ],
    ['one group twice', 'fallbacks: [{a: b}, {a: [b, c]}]', { a: to('b', 'c') }],
    ['none for a group', 'fallbacks: [{a: []}, {"*": [b]}]', { a: [], '*': to('b') }],
    ['itself: left out', 'fallbacks: [{a: [a, b]}]', { a: to('b') }],
    ['a deployment’s upstream name', 'fallbacks: [{a: [qwen, ollama/qwen]}]', { a: to('b') }],
    ['a group by its upstream name', 'fallbacks: [{llama3: [b]}]', { a: to('b') }],
    ['a wildcard', 'fallbacks: [{a: [lm_studio/phi]}]', { a: to('lm_studio/phi') }],
  ])('as %s', (_how, settings, expected) => expect(routerOf(settings).fallbacks).toEqual(expected));

  it.each(['context_window_fallbacks', 'content_policy_fallbacks'])('%s take the same spellings', (key) => {
    const { router } = load(`litellm_settings: {${key}: [{a: b}, {model_name: b, fallbacks: [c]}]}`);
    const map = key === 'context_window_fallbacks' ? router.contextWindowFallbacks : router.contentPolicyFallbacks;
    expect(map).toEqual({ a: to('b'), b: to('c') });
  });

  it('to a known model whose key is in the environment make a deployment of it, once', () => {
    const config = load('router_settings: {fallbacks: [{a: [claude-3-opus, groq/llama]}, {b: claude-3-opus}]}', {
      ANTHROPIC_API_KEY: 'k',
    });
    expect(config.router.fallbacks).toEqual({ a: to('claude-3-opus'), b: to('claude-3-opus') });
    expect(config.deployments.filter(({ info }) => info['implicit'])).toMatchObject([
      {
        modelName: 'claude-3-opus',
        provider: 'provider.anthropic',
        model: 'claude-3-opus',
        connection: { api_key: 'k' },
      },
    ]);
  });

  it('to a model that the catalogue knows make one too', () => {
    const yaml = `${MODELS}router_settings: {fallbacks: [{a: [mixtral-large]}]}\n`;
    const isKnownModel = (name: string): string | undefined => (name === 'mixtral-large' ? 'provider.groq' : undefined);
    const config = loadYaml(yaml, { env: { GROQ_API_KEY: 'k' }, isKnownModel });
    expect(config.deployments.at(-1)).toMatchObject({
      modelName: 'mixtral-large',
      provider: 'provider.groq',
      model: 'mixtral-large',
    });
  });

  it('recognise a bare name that a provider’s wildcard takes', () => {
    const yaml =
      'model_list:\n  - {model_name: "openai/*", litellm_params: {model: "openai/*", api_key: k}}\nrouter_settings: {default_fallbacks: [gpt-4o]}\n';
    expect(loadYaml(yaml).router.fallbacks).toEqual({ '*': to('openai/gpt-4o') });
  });

  it.each([
    ['nowhere', 'no model has this name. It is left out.'],
    ['off', 'it is off (api_key is missing: set GROQ_API_KEY, or api_key in litellm_params). It is left out.'],
    ['claude-3', 'no entry of model_list has it, and ANTHROPIC_API_KEY is not set. It is left out.'],
    ['lama3', "no model has this name. Did you mean 'llama3'? It is left out."],
  ])('to %s are left out: %s', (name, why) => {
    const config = load(`router_settings:\n  fallbacks: [{a: [${name}, b]}]`);
    expect(config.router.fallbacks).toEqual({ a: to('b') });
    expect(warningsOf(config, 'unresolved')).toEqual([
      `litellm_config.yaml:9: fallbacks of a: '${name}' cannot be used: ${why}`,
    ]);
  });

  it('to a group that is off do not bring it back by another key', () => {
    const yaml = `
model_list:
  - {model_name: a, litellm_params: {model: ollama/a}}
  - {model_name: gpt-4o, litellm_params: {model: openai/gpt-4o, api_key: os.environ/NONE}}
router_settings: {fallbacks: [{a: gpt-4o}]}
`;
    expect(loadYaml(yaml, { env: { OPENAI_API_KEY: 'k' } }).deployments.map(({ modelName }) => modelName)).toEqual([
      'a',
    ]);
  });

  it('to a local server’s model make one only when the environment speaks of the server', () => {
    const settings = 'router_settings: {fallbacks: [{a: ollama/other}]}';
    expect(load(settings).router.fallbacks).toEqual({});
    expect(load(settings, { OLLAMA_API_BASE: 'http://h' }).router.fallbacks).toEqual({ a: to('ollama/other') });
  });

  it('that lead nowhere warn once in a setting', () => {
    expect(warningsOf(load('router_settings:\n  fallbacks: [nowhere, a]'), 'unresolved')).toHaveLength(1);
  });

  it('of a known model do not make it one of ours', () => {
    const config = load('router_settings:\n  fallbacks: [{gpt-4o: [b]}]', { OPENAI_API_KEY: 'k' });
    expect(config.router.fallbacks).toEqual({});
    expect(warningsOf(config, 'unresolved')).toEqual([
      "litellm_config.yaml:9: fallbacks: 'gpt-4o' cannot be used: no model has this name. It is left out.",
    ]);
  });

  it('to names that stored models may have are kept', () => {
    const config = load(
      'general_settings: {store_model_in_db: true}\nrouter_settings: {fallbacks: [{a: [stored]}, {other: [b]}]}',
    );
    expect(config.router.fallbacks).toEqual({ a: to('stored'), other: to('b') });
    expect(warningsOf(config, 'unresolved')[0]).toContain('It counts once a stored model has the name.');
  });

  it('to nothing at all are an error when strict', () => {
    const yaml = 'router_settings:\n  fallbacks: [{"*": [nowhere]}]\n';
    expect(problemOf(() => loadYaml(yaml, { flags: { strict: true } }))).toContain("'nowhere' cannot be used");
  });

  it.each([
    'fallbacks: 5',
    'fallbacks: [[a]]',
    'fallbacks: [{a: 5}]',
    'fallbacks: [{model_name: a, fallbacks: [1]}]',
    'fallback_model: {a: b}',
  ])('are refused as %p', (settings) => {
    expect(problemOf(() => load(`router_settings:\n  ${settings}`))).toMatch(/^litellm_config\.yaml:9: fallback/);
  });
});

describe('model_group_alias', () => {
  it.each<[string, string, object]>([
    ['a name', 'x: a', { x: { targets: ['a'], hidden: false } }],
    ['a hidden name', 'x: {model: a, hidden: true}', { x: { targets: ['a'], hidden: true } }],
    ['a cascade', 'x: [a, {model: b}]', { x: { targets: ['a', 'b'], hidden: false } }],
    [
      'a cascade over a group keeps the group’s own deployments, last',
      'a: [b, c]',
      { a: { targets: ['b', 'c', 'a'], hidden: false } },
    ],
    [
      'a cascade that names its own model keeps that place',
      'a: [llama3, b]',
      { a: { targets: ['a', 'b'], hidden: false } },
    ],
    [
      'an alias of an alias',
      '{x: a, y: x}',
      { x: { targets: ['a'], hidden: false }, y: { targets: ['x'], hidden: false } },
    ],
    ['an alias of itself', '{a: a, x: x}', {}],
    ['an upstream name', 'x: qwen', { x: { targets: ['b'], hidden: false } }],
  ])('as %s', (_how, aliases, expected) => {
    const settings = aliases.startsWith('{') ? aliases : `{${aliases}}`;
    expect(routerOf(`model_group_alias: ${settings}`).aliases).toEqual(expected);
  });

  it('whose targets are nowhere is no name to fall back to', () => {
    const config = load('router_settings: {model_group_alias: {x: nowhere}, fallbacks: [{a: x}]}');
    expect(config.router).toMatchObject({ aliases: {}, fallbacks: {} });
    expect(warningsOf(config, 'unresolved')).toHaveLength(2);
  });

  it.each(['x: 5', 'x: []', 'x: [{hidden: true}]'])('is refused as %p', (alias) => {
    expect(problemOf(() => load(`router_settings: {model_group_alias: {${alias}}}`))).toContain(
      'model_group_alias.x must be',
    );
  });
});

describe('model_group', () => {
  it('unites groups, with the deployments of its own name first or last', () => {
    expect(routerOf('model_group: {x: [a, qwen, nowhere], c: [b]}').unions).toEqual({ x: ['a', 'b'], c: ['b', 'c'] });
  });

  it('may be fallen back to', () => {
    expect(routerOf('{model_group: {x: [a, b]}, fallbacks: [{c: x}]}').fallbacks).toEqual({ c: [{ model: 'x' }] });
  });

  it('is refused as anything but names', () => {
    expect(problemOf(() => load('router_settings: {model_group: {x: [5]}}'))).toContain('model_group.x must be a list');
  });
});
