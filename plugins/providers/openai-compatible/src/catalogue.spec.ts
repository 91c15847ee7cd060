import { z, type Call, type HttpOperation, type ProviderV1 } from '@turnpike/plugin-sdk';
import { fakeHost } from '@turnpike/plugin-testkit';
import { describe, expect, it } from '@jest/globals';
import { CATALOGUE } from './catalogue.js';
import { environmentOf } from './config.js';
import type { HostRow } from './host-row.js';
import { pluginOf } from './plugin.js';

/** Prefixes that plugins for formats of their own answer to. */
const ELSEWHERE = [
  'openai',
  'text-completion-openai',
  'azure',
  'anthropic',
  'gemini',
  'vertex_ai',
  'bedrock',
  'cohere',
  'ollama',
  'ollama_chat',
];

/** One account at one company opens several of its hosts. */
const SHARED: Readonly<Record<string, readonly string[]>> = { ARK_API_KEY: ['volcengine', 'byteplus'] };

const rows = CATALOGUE.map((row): [string, HostRow] => [row.prefix, row]);

const prefixesOf = (row: HostRow): string[] => [row.prefix, ...(row.alsoKnownAs ?? [])];

/** What an operator would have to write at least. */
const settingsFor = (row: HostRow): Record<string, string> => ({
  api_key: 'made-up-key-0001',
  ...(row.base === undefined ? { api_base: 'https://host.example/v1' } : {}),
  ...Object.fromEntries(Object.keys(row.settings ?? {}).map((name) => [name, `some-${name}`])),
});

const open = (row: HostRow, settings: object = settingsFor(row)): ProviderV1 => {
  const plugin = pluginOf(row);
  return plugin.init(plugin.config.parse(settings) as never, fakeHost());
};

const aCall = (model: string): Call => ({ model }) as Call;

const urlOf = (prefix: string, operation: 'chat' | 'completions' | 'embeddings', model = 'm', settings?: object) => {
  const row = CATALOGUE.find((candidate) => candidate.prefix === prefix)!;
  const opened = open(row, settings)[operation] as HttpOperation<unknown, unknown, unknown>;
  return opened.endpoint(aCall(model));
};

describe('the catalogue', () => {
  it('has each prefix once, and none of another plugin', () => {
    const prefixes = CATALOGUE.flatMap(prefixesOf);
    expect(prefixes.filter((prefix, index) => prefixes.indexOf(prefix) !== index)).toEqual([]);
    expect(prefixes.filter((prefix) => ELSEWHERE.includes(prefix))).toEqual([]);
  });

  it('lets no two hosts claim a variable, except those of one company', () => {
    const claims = new Map<string, string[]>();
    for (const row of CATALOGUE) {
      for (const variable of Object.keys(environmentOf(row))) {
        claims.set(variable, [...(claims.get(variable) ?? []), row.prefix]);
      }
    }
    const contested = [...claims].filter(([, prefixes]) => prefixes.length > 1);
    expect(Object.fromEntries(contested)).toEqual(SHARED);
  });

  it.each(rows)('%s is well formed', (_prefix, row) => {
    expect(row.prefix).toMatch(/^[a-z0-9]+([-_][a-z0-9]+)*$/);
    expect(row.serves).toMatch(/^C?[TF]?E?L?$/);
    expect(row.serves).not.toBe('');
    if (row.base !== undefined) {
      expect(row.base).toMatch(/^https:\/\/|^http:\/\/(localhost|127\.0\.0\.1):\d+/);
      expect(row.base).not.toMatch(/\/$/);
    }
    for (const variable of Object.keys(environmentOf(row))) expect(variable).toMatch(/^[A-Z][A-Z0-9_]*$/);
    for (const { header } of row.auth ?? []) expect(header).toBe(header.toLowerCase());
  });

  it.each(rows)('%s opens with exactly the operations it names, each at an absolute address', (_prefix, row) => {
    const plugin = pluginOf(row);
    const opened = open(row);
    expect(Object.keys(opened).sort()).toEqual([...plugin.capabilities].sort());
    for (const operation of [opened.chat, opened.completions, opened.embeddings]) {
      if (operation?.kind !== 'http') continue;
      const { url, headers } = operation.endpoint(aCall('some-model'));
      expect(url).toMatch(/^https?:\/\/[^{}]+$/);
      expect(url).not.toContain('made-up-key-0001');
      expect(Object.values(headers).join(' ')).toContain('made-up-key-0001');
    }
  });

  it.each(rows.filter(([, row]) => row.base !== undefined && row.needsKey !== false))(
    '%s asks for a key at its own address, and names the variable',
    (_prefix, row) => {
      const { api_key: _key, ...keyless } = settingsFor(row);
      const problem = pluginOf(row).config.safeParse(keyless).error;
      expect(problem?.issues.map(({ path }) => path.join('.'))).toContain('api_key');
      expect(problem?.message).toContain(Object.keys(environmentOf(row))[0]);
      const elsewhere = { ...keyless, api_base: 'http://gpu-box:8000/v1' };
      expect(pluginOf(row).config.safeParse(elsewhere).success).toBe(true);
    },
  );

  it.each([['litellm_proxy'], ['openai_like'], ['custom_openai'], ['azure_ai'], ['databricks']])(
    '%s has no address of its own, so it asks for one',
    (prefix) => {
      const plugin = pluginOf(CATALOGUE.find((row) => row.prefix === prefix)!);
      const problem = plugin.config.safeParse({ api_key: 'made-up-key-0001' }).error;
      expect(problem?.issues.map(({ path }) => path.join('.'))).toEqual(['api_base']);
    },
  );

  it('asks for what the address has a place for', () => {
    const plugin = pluginOf(CATALOGUE.find((row) => row.prefix === 'cloudflare')!);
    const problem = plugin.config.safeParse({ api_key: 'made-up-key-0001' }).error;
    expect(problem?.issues).toMatchObject([{ path: ['account_id'] }]);
    expect(problem?.message).toContain('CLOUDFLARE_ACCOUNT_ID');
  });
});

describe('the schema of settings tells which of them are enough', () => {
  it.each([
    ['cloudflare', [{ required: ['api_key', 'account_id'] }, { required: ['api_base'] }]],
    ['ovhcloud', [{ required: [] }]],
    ['groq', undefined],
    ['hosted_vllm', undefined],
  ])('%s: %j', (prefix, expected) => {
    const plugin = pluginOf(CATALOGUE.find((row) => row.prefix === prefix)!);
    expect(z.toJSONSchema(plugin.config, { io: 'input' })['anyOf']).toEqual(expected);
  });
});

describe('addresses', () => {
  const key = { api_key: 'made-up-key-0001' };

  it.each([
    ['groq', 'm', key, 'https://api.groq.com/openai/v1/chat/completions'],
    ['perplexity', 'm', key, 'https://api.perplexity.ai/chat/completions'],
    ['docker_model_runner', 'm', key, 'http://localhost:22088/engines/llama.cpp/v1/chat/completions'],
    ['heroku', 'm', key, 'https://us.inference.heroku.com/v1/chat/completions'],
    [
      'heroku',
      'm',
      { ...key, api_base: 'https://eu.inference.heroku.com/v1' },
      'https://eu.inference.heroku.com/v1/chat/completions',
    ],
    ['datarobot', 'm', key, 'https://app.datarobot.com/api/v2/genai/llmgw/chat/completions'],
    [
      'cloudflare',
      '@cf/meta/llama',
      { ...key, account_id: 'a/1' },
      'https://api.cloudflare.com/client/v4/accounts/a%2F1/ai/v1/chat/completions',
    ],
    ['bedrock_mantle', 'm', key, 'https://bedrock-mantle.us-east-1.api.aws/v1/chat/completions'],
    [
      'bedrock_mantle',
      'm',
      { ...key, aws_region: 'eu-west-1' },
      'https://bedrock-mantle.eu-west-1.api.aws/v1/chat/completions',
    ],
    [
      'predibase',
      'llama-3',
      { ...key, tenant_id: 't1' },
      'https://serving.app.predibase.com/t1/deployments/v2/llms/llama-3/v1/chat/completions',
    ],
    ['lepton', 'llama3', key, 'https://llama3.lepton.run/api/v1/chat/completions'],
    ['runpod', 'm', { ...key, endpoint_id: 'e1' }, 'https://api.runpod.ai/v2/e1/openai/v1/chat/completions'],
    ['baseten', 'deepseek-ai/DeepSeek-V3', key, 'https://inference.baseten.co/v1/chat/completions'],
    [
      'baseten',
      'abcd1234',
      key,
      'https://model-abcd1234.api.baseten.co/environments/production/sync/v1/chat/completions',
    ],
    ['baseten', 'abcd1234', { ...key, api_base: 'https://own.example/v1' }, 'https://own.example/v1/chat/completions'],
    ['openai_like', 'm', { api_base: 'http://gpu-box/v1/chat/completions' }, 'http://gpu-box/v1/chat/completions'],
    ['openai_like', 'm', { api_base: 'http://gpu-box/v1/?tenant=a' }, 'http://gpu-box/v1/chat/completions?tenant=a'],
  ])('%s serves %s with %j at %s', (prefix, model, settings, url) => {
    expect(urlOf(prefix, 'chat', model, settings).url).toBe(url);
  });

  it('finds the other operations beside the one that the base ends in', () => {
    const settings = { api_base: 'http://gpu-box/v1/chat/completions' };
    expect(urlOf('openai_like', 'embeddings', 'm', settings).url).toBe('http://gpu-box/v1/embeddings');
  });

  it.each([
    ['tei', 'http://localhost:8080/v1/embeddings'],
    ['infinity', 'http://localhost:7997/embeddings'],
  ])('%s embeds at %s', (prefix, url) => expect(urlOf(prefix, 'embeddings').url).toBe(url));

  it.each([
    ['bytez', { authorization: 'made-up-key-0001' }],
    ['sarvam', { authorization: 'Bearer made-up-key-0001', 'api-subscription-key': 'made-up-key-0001' }],
    [
      'github',
      {
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
        authorization: 'Bearer made-up-key-0001',
      },
    ],
    ['wandb', { authorization: 'Bearer made-up-key-0001', 'openai-project': 'some-project' }],
  ])('%s is sent %j', (prefix, headers) => expect(urlOf(prefix, 'chat').headers).toEqual(headers));

  it('sends no key where none is set', () => {
    expect(urlOf('hosted_vllm', 'chat', 'm', {}).headers).toEqual({});
  });

  it("asks for the list of GitHub's models at its catalogue", async () => {
    const row = CATALOGUE.find(({ prefix }) => prefix === 'github')!;
    const plugin = pluginOf(row);
    const host = fakeHost();
    host.http.answer({ body: [{ id: 'openai/gpt-4o' }] });
    const opened = plugin.init(plugin.config.parse(settingsFor(row)) as never, host) as ProviderV1;
    await expect(opened.models?.list(new AbortController().signal)).resolves.toEqual(['openai/gpt-4o']);
    expect(host.http.requests.map(({ url }) => url)).toEqual(['https://models.github.ai/catalog/models']);
  });
});
