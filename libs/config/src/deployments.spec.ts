import { afterEach, describe, expect, it } from '@jest/globals';
import type { Deployment } from '@turnpike/domain';
import { aManifest, manifests } from '../test/manifests.js';
import { loadYaml, problemOf, removeFolders, warningsOf } from '../test/workspace.js';
import type { GatewayConfig } from './canonical.js';

afterEach(removeFolders);

/** A file with one entry whose parameters are these lines. */
const withParams = (params: string, env: Record<string, string> = {}, before = ''): GatewayConfig =>
  loadYaml(`${before}model_list:\n  - model_name: m\n    litellm_params: {${params}}\n`, { env });

const deploymentOf = (params: string, env?: Record<string, string>, before?: string): Deployment => {
  const config = withParams(params, env, before);
  if (!config.deployments[0]) throw new Error(config.disabled[0]?.reason);
  return config.deployments[0];
};

const reasonOf = (params: string, env?: Record<string, string>): string | undefined =>
  withParams(params, env).disabled[0]?.reason;

const KEY = 'api_key: k';

describe('the provider of a deployment', () => {
  it.each([
    ['openai/gpt-4o', 'provider.openai', 'gpt-4o'],
    ['text-completion-openai/davinci-002', 'provider.openai', 'davinci-002'],
    ['groq/openai/gpt-oss', 'provider.groq', 'openai/gpt-oss'],
    ['claude-3-opus', 'provider.anthropic', 'claude-3-opus'],
    ['o3-mini', 'provider.openai', 'o3-mini'],
    ['openai/*', 'provider.openai', '*'],
  ])('of %p is %p', (model, provider, upstream) => {
    expect(deploymentOf(`model: "${model}", ${KEY}`)).toMatchObject({ provider, model: upstream });
  });

  it.each([
    ['anthropic', 'my-claude', 'provider.anthropic', 'my-claude'],
    ['openai', 'openai/gpt-4o', 'provider.openai', 'gpt-4o'],
    ['openai', 'meta-llama/Llama-3', 'provider.openai', 'meta-llama/Llama-3'],
    ['lm-studio', 'x', 'provider.lm-studio', 'x'],
    ['provider.groq', 'x', 'provider.groq', 'x'],
  ])('named %p for %p is %p', (name, model, provider, upstream) => {
    expect(deploymentOf(`model: ${model}, custom_llm_provider: ${name}, ${KEY}`)).toMatchObject({
      provider,
      model: upstream,
    });
  });

  it('is the default one, with a warning, when nobody claims the name', () => {
    const config = withParams(`model: my-model, ${KEY}`);
    expect(config.deployments[0]).toMatchObject({ provider: 'provider.openai', model: 'my-model' });
    expect(warningsOf(config, 'value')).toEqual([
      "litellm_config.yaml:3: No provider recognises 'my-model'; it is taken as an OpenAI model.",
    ]);
  });

  it('is the one with the longest prefix', () => {
    const manifests = ['a/', 'a/b/'].map((prefix) => aManifest(`provider.${prefix.length}`, { prefixes: [prefix] }));
    const { deployments } = loadYaml('model_list:\n  - {model_name: m, litellm_params: {model: a/b/c}}\n', {
      manifests,
    });
    expect(deployments[0]).toMatchObject({ provider: 'provider.4', model: 'c' });
  });

  it.each([
    ['model: opnai/gpt-4o', "no provider is called 'opnai'. Did you mean 'openai'?"],
    ['model: x, custom_llm_provider: grok', "no provider is called 'grok'. Did you mean 'groq'?"],
    ['model: zzzzzz/x', "no provider is called 'zzzzzz'"],
  ])('that does not exist switches the deployment off: %p', (params, reason) => {
    expect(reasonOf(`${params}, ${KEY}`)).toBe(reason);
  });
});

describe('whether a deployment can be called', () => {
  const V = 'api_key: os.environ/V';
  it.each<[string, string, Record<string, string>, string | undefined]>([
    ['its variable is set', `model: openai/m, ${V}`, { V: 'k' }, undefined],
    ['its variable is missing', `model: openai/m, ${V}`, {}, 'api_key is missing: the variable V is not set'],
    ['its variable is empty', `model: openai/m, ${V}`, { V: '' }, 'api_key is missing: the variable V is empty'],
    [
      'its own variable is missing, even if the usual one is set',
      `model: openai/m, ${V}`,
      { OPENAI_API_KEY: 'k' },
      'api_key is missing: the variable V is not set',
    ],
    ['it says nothing and the usual variable is set', 'model: openai/m', { OPENAI_API_KEY: 'k' }, undefined],
    [
      'it says nothing at all',
      'model: openai/m',
      {},
      'api_key is missing: set OPENAI_API_KEY, or api_key in litellm_params',
    ],
    ['its key is written as nothing', 'model: openai/m, api_key: ', { OPENAI_API_KEY: 'k' }, undefined],
    [
      'its key is written as empty text',
      'model: openai/m, api_key: ""',
      { OPENAI_API_KEY: 'k' },
      'api_key is missing: set OPENAI_API_KEY, or api_key in litellm_params',
    ],
    ['it points elsewhere without a key', 'model: openai/m, api_base: "http://h/v1"', {}, undefined],
    [
      'it points elsewhere and its variable is missing',
      `model: openai/m, ${V}, api_base: "http://h/v1"`,
      {},
      undefined,
    ],
    ['it spells the address base_url', 'model: openai/m, base_url: "http://h/v1"', {}, undefined],
    [
      'its address is missing: the key must not go to the default one',
      'model: openai/m, api_key: k, api_base: os.environ/V',
      {},
      'api_base is not known: the variable V is not set',
    ],
    [
      'its base_url is missing',
      'model: openai/m, api_key: k, base_url: os.environ/V',
      {},
      'api_base is not known: the variable V is not set',
    ],
    [
      'its own variable is empty, even if the usual one is set',
      `model: openai/m, ${V}`,
      { V: '', OPENAI_API_KEY: 'k' },
      'api_key is missing: the variable V is empty',
    ],
    [
      'it writes out the provider’s own address, which needs a key',
      'model: openai/m, api_base: "https://api.openai.com/v1/"',
      {},
      'api_key is missing: set OPENAI_API_KEY, or api_key in litellm_params',
    ],
    [
      'a required setting is missing',
      'model: azure/m, api_key: k',
      {},
      'api_base is missing: set AZURE_API_BASE, or api_base in litellm_params',
    ],
    [
      'a required key is missing though it points somewhere',
      `model: azure/m, ${V}, api_base: "https://h"`,
      {},
      'api_key is missing: the variable V is not set',
    ],
    ['a local server needs no key', `model: ollama/m, ${V}`, {}, undefined],
    ['a local server’s key is empty', `model: localai/m, ${V}`, { V: '' }, undefined],
    [
      'a server of one’s own has no default address',
      'model: hosted_vllm/m',
      {},
      'api_base is missing: set HOSTED_VLLM_API_BASE, or api_base in litellm_params',
    ],
    ['one of two ways to log in is given', 'model: cloudless/m, profile: p', {}, undefined],
    [
      'neither way to log in is given',
      'model: cloudless/m',
      {},
      'access_key is missing: set CLOUDLESS_KEY, or access_key in litellm_params',
    ],
    [
      'a credential it wrote is missing',
      'model: cloudless/m, profile: p, access_key: os.environ/V',
      {},
      'access_key is missing: the variable V is not set',
    ],
  ])('when %s', (_when, params, env, reason) => expect(reasonOf(params, env)).toBe(reason));

  it('an empty variable of a server that needs no key is nothing to warn about', () => {
    expect(withParams(`model: localai/m, ${V}`, { V: '' }).warnings).toEqual([]);
    expect(warningsOf(withParams(`model: localai/m, ${V}`), 'missing-variable')).toHaveLength(1);
  });

  it('is off when a variable leaves it without a model or a name', () => {
    const yaml = `
model_list:
  - {model_name: m, litellm_params: {model: os.environ/M}}
  - {model_name: os.environ/N, litellm_params: {model: openai/m}}
`;
    expect(loadYaml(yaml, { env: { N: '' } }).disabled).toEqual([
      { modelName: 'm', model: 'os.environ/M', reason: 'the variable M is not set', source: 'litellm_config.yaml:3' },
      {
        modelName: 'os.environ/N',
        model: 'openai/m',
        reason: 'the variable N is empty',
        source: 'litellm_config.yaml:4',
      },
    ]);
  });

  it('is told with its line', () => {
    expect(withParams('model: openai/m').disabled).toEqual([
      expect.objectContaining({ modelName: 'm', model: 'openai/m', source: 'litellm_config.yaml:2' }),
    ]);
  });
});

describe('what the plugins entry gives', () => {
  /** A deployment whose plugin has these settings from its `plugins` entry. */
  const load = (model: string, given: string[], env: Record<string, string> = {}): GatewayConfig => {
    const entry = `model_list: [{model_name: m, litellm_params: {model: ${model}}}]`;
    const known = manifests.map((one) => (model.startsWith(one.prefixes[0] ?? ' ') ? { ...one, given } : one));
    return loadYaml(entry, { env, manifests: known });
  };

  it.each([
    ['a required address', 'hosted_vllm/m', ['api_base'], undefined],
    ['a required address and key', 'azure/m', ['api_base', 'api_key'], undefined],
    [
      'half of what is required',
      'azure/m',
      ['api_key'],
      'api_base is missing: set AZURE_API_BASE, or api_base in litellm_params',
    ],
    ['one of two ways to log in', 'cloudless/m', ['profile'], undefined],
    ['the other way to log in', 'cloudless/m', ['access_key'], undefined],
    [
      'none of the ways to log in',
      'cloudless/m',
      ['retries'],
      'access_key is missing: set CLOUDLESS_KEY, or access_key in litellm_params',
    ],
    ['the key of a cloud', 'groq/m', ['api_key'], undefined],
    ['an address that is not the cloud’s', 'groq/m', ['api_base'], undefined],
  ])('counts: %s', (_what, model, given, reason) => {
    expect(load(model, given).disabled[0]?.reason).toBe(reason);
  });

  it('completes one half of a way to log in with the other half', () => {
    const both = aManifest('provider.pair', {
      prefixes: ['pair/'],
      configSchema: { properties: { id: {}, secret: {} }, anyOf: [{ required: ['id', 'secret'] }] },
    });
    const reasonWith = (given: string[]): string | undefined =>
      loadYaml('model_list: [{model_name: m, litellm_params: {model: pair/m, id: i}}]', {
        manifests: [{ ...both, given }],
      }).disabled[0]?.reason;
    expect(reasonWith([])).toBe('secret is missing: set secret in litellm_params');
    expect(reasonWith(['secret'])).toBeUndefined();
  });

  it('counts for more than the environment', () => {
    expect(load('groq/m', [], { GROQ_API_KEY: 'k' }).deployments[0]?.connection).toEqual({ api_key: 'k' });
    expect(load('groq/m', ['api_key'], { GROQ_API_KEY: 'k' }).deployments[0]?.connection).toEqual({});
  });
});

describe('what each parameter is', () => {
  it('goes to the connection, the gateway, the prices, the features or the defaults of requests', () => {
    expect(
      deploymentOf(`model: openai/m, api_key: k, organization: org, rpm: "5", tpm: 100, weight: 2, order: 1,
        max_parallel_requests: 3, tags: [a], tag_regex: ["^x"], region_name: eu, timeout: "30", stream_timeout: 5s,
        num_retries: 0, cooldown_time: 10, max_budget: 5, budget_duration: 1d, drop_params: "true",
        additional_drop_params: [seed], allowed_openai_params: [tools], configurable_clientside_auth_params: [api_base],
        headers: {A: 1}, extra_headers: {B: b}, extra_body: {x: 1}, input_cost_per_token: "0.00001",
        output_cost_per_token: 0.00002, mock_response: hi, temperature: 0.5, my_own_param: 7`),
    ).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      modelName: 'm',
      provider: 'provider.openai',
      model: 'm',
      connection: { api_key: 'k', organization: 'org' },
      rpm: 5,
      tpm: 100,
      weight: 2,
      order: 1,
      maxParallelRequests: 3,
      tags: ['a'],
      tagRegex: ['^x'],
      region: 'eu',
      timeoutMs: 30_000,
      streamTimeoutMs: 5_000,
      numRetries: 0,
      cooldownMs: 10_000,
      maxBudgetUsd: 5,
      budgetDuration: '1d',
      dropParams: true,
      additionalDropParams: ['seed'],
      allowedParams: ['tools'],
      clientParams: ['api_base'],
      headers: { A: '1', B: 'b' },
      extraBody: { x: 1 },
      prices: { input_cost_per_token: 0.00001, output_cost_per_token: 0.00002 },
      info: { mock_response: 'hi' },
      defaults: { temperature: 0.5, my_own_param: 7 },
      source: 'litellm_config.yaml:2',
    });
  });

  it('keeps model_info, and takes prices from there too, weaker than parameters', () => {
    const yaml = `
model_list:
  - model_name: m
    litellm_params: {model: openai/m, api_key: k, input_cost_per_token: 1}
    model_info: {id: mine, mode: chat, base_model: gpt-4o, input_cost_per_token: 2, output_cost_per_token: 3}
`;
    expect(loadYaml(yaml).deployments[0]).toMatchObject({
      id: 'mine',
      info: { id: 'mine', mode: 'chat', base_model: 'gpt-4o' },
      prices: { input_cost_per_token: 1, output_cost_per_token: 3 },
    });
  });

  it('fits connection settings to the types of the schema', () => {
    expect(
      deploymentOf('model: azure/m, api_key: 1234, api_base: "https://h", api_version: 2024').connection,
    ).toMatchObject({
      api_key: '1234',
      api_version: '2024',
    });
    expect(deploymentOf('model: cloudless/m, profile: p, retries: "3", is_fast: "yes"').connection).toEqual({
      profile: 'p',
      retries: 3,
      is_fast: true,
    });
  });

  it('never sends connection keys upstream in a body, used or not', () => {
    const config = withParams('model: ollama/m, api_version: v1, aws_secret_access_key: s');
    expect(config.deployments[0]).toMatchObject({ connection: {}, defaults: {} });
    expect(warningsOf(config, 'value')).toEqual([
      'litellm_config.yaml:3: provider.ollama has no use for litellm_params.api_version.',
      'litellm_config.yaml:3: provider.ollama has no use for litellm_params.aws_secret_access_key.',
    ]);
  });

  it('warns about a near miss; one of a connection key is not sent upstream', () => {
    const config = withParams('model: ollama/m, api_bsae: "http://h", temprature: 1');
    expect(config.deployments[0]!.defaults).toEqual({ temprature: 1 });
    expect(warningsOf(config, 'unknown-key')).toEqual([
      "litellm_config.yaml:3: litellm_params.api_bsae is not a known key. Did you mean 'api_base'? It has no effect.",
      "litellm_config.yaml:3: litellm_params.temprature is not a known key. Did you mean 'temperature'? It is sent to the provider as it is.",
    ]);
  });

  it('keeps safety settings as a default where the provider has no setting for them', () => {
    expect(deploymentOf('model: ollama/m, safety_settings: [a]').defaults).toEqual({ safety_settings: ['a'] });
  });

  it('prefers api_base to base_url', () => {
    const config = withParams('model: ollama/m, base_url: "http://a", api_base: "http://b"');
    expect(config.deployments[0]!.connection).toEqual({ api_base: 'http://b' });
    expect(warningsOf(config, 'duplicate')).toHaveLength(1);
  });

  it('does not let clients set what only a pattern would allow', () => {
    const config = withParams(
      `model: openai/m, ${KEY}, configurable_clientside_auth_params: [api_key, {api_base: "^https"}]`,
    );
    expect(config.deployments[0]!.clientParams).toEqual(['api_key']);
    expect(warningsOf(config, 'security')).toHaveLength(1);
  });

  it.each([
    ['rpm: many', "litellm_params.rpm must be a whole number, 0 or more, not 'many'."],
    ['tags: {a: 1}', 'litellm_params.tags must be text or a list of texts, not a map.'],
    ['input_cost_per_token: cheap', "input_cost_per_token must be a number, not 'cheap'."],
    ['headers: a', "litellm_params.headers must be a map, not 'a'."],
  ])('refuses %p, with its line', (params, problem) => {
    expect(problemOf(() => withParams(`model: openai/m, ${KEY}, ${params}`))).toBe(`litellm_config.yaml:3: ${problem}`);
  });
});

describe('entries that stand for several deployments', () => {
  it('one for each organisation', () => {
    const { deployments } = withParams(`model: openai/m, ${KEY}, organization: [a, b]`);
    expect(deployments.map(({ connection }) => connection['organization'])).toEqual(['a', 'b']);
    expect(new Set(deployments.map(({ id }) => id)).size).toBe(2);
  });

  it('`*` for every provider whose key is in the environment', () => {
    const yaml = 'model_list:\n  - {model_name: "*", litellm_params: {model: "*", rpm: 5}}\n';
    const { deployments } = loadYaml(yaml, { env: { GROQ_API_KEY: 'g', OPENAI_API_KEY: 'o' } });
    expect(deployments.map(({ modelName, provider, model, rpm }) => [modelName, provider, model, rpm])).toEqual([
      ['openai/*', 'provider.openai', '*', 5],
      ['groq/*', 'provider.groq', '*', 5],
    ]);
  });

  const catchAll = (params = ''): string =>
    `model_list:\n  - {model_name: "*", litellm_params: {model: "*"${params}}}\n`;

  it('`*` is off when no provider has a key, and nobody guesses one', () => {
    const config = loadYaml(catchAll());
    expect(config.deployments).toEqual([]);
    expect(config.disabled).toEqual([
      {
        modelName: '*',
        model: '*',
        reason: expect.stringMatching(/every provider whose key is in the environment.*OPENAI_API_KEY/),
        source: 'litellm_config.yaml:2',
      },
    ]);
    expect(warningsOf(config, 'value')).toEqual([]);
  });

  it.each<[string, string, Record<string, string>, string[]]>([
    ['of the provider whose variable holds it', 'os.environ/GROQ_API_KEY', {}, ['groq/*']],
    ['of the default provider, where nothing else tells', 'sk-literal', {}, ['*']],
    ['of the default provider, where its variable is nobody’s', 'os.environ/MINE', { MINE: 'm' }, ['*']],
  ])('`*` with a key of its own stands for models %s', (_whose, key, env, names) => {
    const all = { GROQ_API_KEY: 'g', OPENAI_API_KEY: 'o', ...env };
    const { deployments } = loadYaml(catchAll(`, api_key: ${key}`), { env: all });
    expect(deployments.map(({ modelName }) => modelName)).toEqual(names);
  });

  it('`*` of one provider stays one', () => {
    const yaml = `model_list:\n  - {model_name: "*", litellm_params: {model: "openai/*", ${KEY}}}\n`;
    expect(loadYaml(yaml).deployments).toMatchObject([{ modelName: '*', model: '*', provider: 'provider.openai' }]);
  });
});

describe('defaults and credentials', () => {
  const credentials = `
credential_list:
  - credential_name: work
    credential_values: {api_key: os.environ/WORK_KEY, api_base: "https://work/v1"}
router_settings: {default_litellm_params: {timeout: 7, seed: 1}}
`;

  it('lie beneath what the entry says', () => {
    const deployment = deploymentOf(
      'model: openai/m, litellm_credential_name: work, seed: 2',
      { WORK_KEY: 'w' },
      credentials,
    );
    expect(deployment).toMatchObject({
      connection: { api_key: 'w', api_base: 'https://work/v1' },
      timeoutMs: 7_000,
      defaults: { seed: 2 },
    });
  });

  it('that are unknown switch the deployment off', () => {
    const config = withParams('model: openai/m, litellm_credential_name: wrok', {}, credentials);
    expect(config.disabled[0]!.reason).toBe("credential_list has no 'wrok'. Did you mean 'work'?");
  });

  it('need a name and values', () => {
    expect(problemOf(() => loadYaml('credential_list:\n  - {credential_name: x}\n'))).toBe(
      'litellm_config.yaml:2: An entry of credential_list needs credential_name and credential_values.',
    );
  });
});

describe('ids', () => {
  const idsOf = (...params: string[]): string[] =>
    loadYaml(`model_list:\n${params.map((text) => `  - {model_name: m, litellm_params: {${text}}}\n`).join('')}`, {
      env: { A: 'a', B: 'b' },
    }).deployments.map(({ id }) => id);

  it('do not change with the order of keys, nor with the value of a variable', () => {
    const [one] = idsOf('model: openai/m, api_key: os.environ/A, rpm: 1');
    const [two] = idsOf('rpm: 1, api_key: os.environ/A, model: openai/m');
    const [three] = idsOf('model: openai/m, api_key: os.environ/B, rpm: 1');
    expect(two).toBe(one);
    expect(three).not.toBe(one);
    const renewed = loadYaml(
      'model_list:\n  - {model_name: m, litellm_params: {model: openai/m, api_key: os.environ/A, rpm: 1}}\n',
      {
        env: { A: 'renewed' },
      },
    );
    expect(renewed.deployments[0]!.id).toBe(one);
  });

  it('of equal entries are told apart, with a warning', () => {
    const [one, two] = idsOf(`model: openai/m, ${KEY}`, `model: openai/m, ${KEY}`);
    expect(two).toBe(`${one}-2`);
    const yaml = `model_list:\n${`  - {model_name: m, litellm_params: {model: openai/m, ${KEY}}, model_info: {id: x}}\n`.repeat(2)}`;
    const config = loadYaml(yaml);
    expect(config.deployments.map(({ id }) => id)).toEqual(['x', 'x-2']);
    expect(warningsOf(config, 'duplicate')[0]).toContain("litellm_config.yaml:3: The id 'x' is taken");
  });
});

describe('an entry that is not one', () => {
  it.each([
    ['- hello', 'Each entry of model_list must be a map'],
    ['- {litellm_params: {model: openai/m}}', 'An entry of model_list needs a model_name.'],
    ['- {model_name: m}', 'm needs litellm_params with a model.'],
    ['- {model_name: m, litellm_params: {}}', 'litellm_params of m needs a model, for instance openai/gpt-4o.'],
    ['- {model_name: m, litellm_params: {model: openai/m}, model_info: [1]}', 'model_info must be a map, not a list.'],
  ])('is refused: %p', (entry, problem) => {
    expect(problemOf(() => loadYaml(`model_list:\n  ${entry}\n`))).toContain(`litellm_config.yaml:2: ${problem}`);
  });

  it('with keys beside litellm_params keeps those that are its own, and warns of the rest', () => {
    const config = loadYaml(
      `model_list:\n  - {model_name: m, rpm: 5, colour: red, litellm_params: {model: openai/m, ${KEY}}}\n`,
    );
    expect(config.deployments[0]!.rpm).toBe(5);
    expect(warningsOf(config, 'moved-key')).toHaveLength(1);
    expect(warningsOf(config, 'unknown-key')[0]).toContain('colour is not a key of a model_list entry');
  });
});
