// The routing of configurations as people have them, doing what their authors say it does.
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { startOpenAiUpstream } from '../upstreams/index.mjs';
import { okJson, send } from './client.js';
import { ask, BOTH_WAYS, expectAnswer, explain, recordOf, type Told, inOneMinute } from './fleet.js';
import { begun, MASTER_KEY, newFolder, readText, ROOT, startGateway, type Gateway } from './harness.js';
import { anthropic, gemini, ollama, openAi } from './upstreams.js';

jest.setTimeout(60_000);

const FIXTURES = join(ROOT, 'libs', 'config', 'test', 'fixtures');

/** A server of one's own asks for no key. */
const own = await startOpenAiUpstream({ requireKey: false });
afterEach(() => own.reset());
afterAll(() => own.close());

const ENVIRONMENT = {
  LITELLM_MASTER_KEY: MASTER_KEY,
  OPENAI_BASE_URL: `${openAi.url}/v1`,
  ANTHROPIC_BASE_URL: anthropic.url,
  GEMINI_API_BASE: gemini.url,
  LOCALAI_BASE_URL: `${own.url}/v1`,
  AZURE_OPENAI_ENDPOINT: openAi.url,
  AZURE_OPENAI_KEY: 'azure-key',
  ...Object.fromEntries([1, 2, 3].map((number) => [`OPENAI_API_KEY_${number}`, `sk-openai-${number}`])),
  ...Object.fromEntries([1, 2, 3].map((number) => [`OPENAI_KEY_${number}`, `sk-openai-${number}`])),
  OPENAI_API_KEY: 'sk-openai',
  ANTHROPIC_API_KEY: 'sk-anthropic',
  GOOGLE_API_KEY: 'google-key',
};

/** Of a file: what it holds, with the servers of one's own where the mocks are. */
const textOf = (name: string): string =>
  readText(join(FIXTURES, name)).replace(
    /(api_base: )(https?:\S+)/g,
    (_whole, key: string, address: string) => key + (address.endsWith(':11434') ? ollama.url : `${own.url}/v1`),
  );

const CONFIGS: Readonly<Record<string, () => string>> = {
  'same-model-three-places': () => textOf('same-model-three-places.yaml'),
  'load-balancing': () => textOf('load-balancing.yaml'),
  'alias-cascade': () => textOf('alias-cascade.yaml'),
  production: () => textOf('production/litellm_config.yaml'),
  'redis-and-database': () => textOf('redis-and-database.yaml'),
  'usage-based': () => textOf('usage-based.yaml'),
  // The document adds these settings to the models that it balanced before.
  'fallbacks-spelled-out': () =>
    textOf('usage-based.yaml').replace(/router_settings:[^]*/, '') + textOf('fallbacks-spelled-out.yaml'),
  'local-fallback': () => textOf('local-fallback/litellm_config.yaml'),
  rpm_limit: () => textOf('local-fallback/litellm_config.yaml'),
  'model-rate-limits': () => textOf('model-rate-limits.yaml'),
  'global-limits': () => textOf('usage-based.yaml') + textOf('global-limits.yaml'),
};
const names = Object.keys(CONFIGS);

const started = begun(names, (name, queued) => {
  const config = CONFIGS[name]!();
  return queued(() => startGateway({ config, env: ENVIRONMENT }));
});
afterAll(() => Promise.all(names.map(async (name) => (await started(name)).kill())));

/** The key that the file's own admin has. */
const keyOf = (name: string): string => /^ {2}master_key: (sk-\S+)$/m.exec(CONFIGS[name]!())?.[1] ?? MASTER_KEY;

/** Upstream models of a call's attempts. */
const modelsOf = async (gateway: Gateway, { callId }: Told): Promise<string[]> =>
  (await recordOf(gateway, callId)).attempts.map(({ model }: { model: string }) => model);

const keysUsed = (): string[] =>
  openAi.requests.map(({ headers }) => String(headers.authorization ?? headers['api-key']));

describe.each(BOTH_WAYS)('%s', (_, stream) => {
  describe('one model in three places', () => {
    const name = 'same-model-three-places';

    it('is shared out by rpm, and the place without one stands in for the others', async () => {
      const gateway = await started(name);
      await Promise.all(Array.from({ length: 40 }, () => ask(gateway, { model: 'gpt-4o', stream })));
      const used = keysUsed();
      const share = used.filter((key) => key === 'Bearer sk-openai-1').length;
      // 5 of 8; chance that it is less than a quarter or all: one in a million.
      expect(share).toBeGreaterThan(10);
      expect(share).toBeLessThan(40);
      expect(used).not.toContain('azure-key');
    });
  });

  describe('load balancing', () => {
    const name = 'load-balancing';

    it('goes to the place with the least to do', async () => {
      const gateway = await started(name);
      openAi.behave('slow-400');
      const tolds = await Promise.all(Array.from({ length: 6 }, () => ask(gateway, { model: 'gpt-4o', stream })));
      for (const told of tolds) expectAnswer(told);
      const counts = [1, 2, 3].map((number) => keysUsed().filter((key) => key === `Bearer sk-openai-${number}`).length);
      expect(counts).toEqual([2, 2, 2]);
    });

    it('falls back when all places fail', async () => {
      const gateway = await started(name);
      openAi.behave('503-1', 'gpt-4o');
      const told = await ask(gateway, { model: 'gpt-4o', stream, num_retries: 2 });
      expectAnswer(told);
      expect(await modelsOf(gateway, told)).toEqual(['gpt-4o', 'gpt-4o', 'gpt-4o', 'gpt-4o-mini']);
      expect(new Set(keysUsed().slice(0, 3)).size).toBe(3);
    });
  });

  describe('a cascade of names', () => {
    it('tries the first, then the second, then the last resort', async () => {
      const gateway = await started('alias-cascade');
      const cascade = ['gpt-4o', 'gpt-4-turbo', 'gpt-3.5-turbo'];
      for (const [index, model] of cascade.entries()) {
        const told = await ask(gateway, { model: 'my-model', stream, num_retries: 0 });
        expectAnswer(told);
        expect(await modelsOf(gateway, told)).toEqual(cascade.slice(0, index + 1));
        openAi.behave('500', model);
      }
    });
  });

  describe('the complete example', () => {
    it('goes from Gemini to OpenAI, to either of its keys, to the local model', async () => {
      const gateway = await started('production');
      const ways: string[][] = [];
      const next = async (): Promise<void> => {
        const told = await ask(gateway, { model: 'primary', stream, num_retries: 1 });
        expectAnswer(told);
        ways.push(await modelsOf(gateway, told));
      };
      await next();
      gemini.behave('400');
      await next();
      openAi.behave('500');
      await next();
      expect(ways).toEqual([
        ['gemini-2.0-flash-exp'],
        ['gemini-2.0-flash-exp', 'gpt-4o'],
        ['gemini-2.0-flash-exp', 'gpt-4o', 'gpt-4o', 'llama2'],
      ]);
      expect(new Set(keysUsed().slice(-2)).size).toBe(2);
    });
  });

  describe('a plain list of fallbacks', () => {
    it('goes from each to those after it, with Redis and database away', async () => {
      const gateway = await started('redis-and-database');
      expect((await send(gateway, '/health/readiness')).status).toBe(200);
      anthropic.behave('529');
      const told = await ask(gateway, {
        model: 'claude-3-5-sonnet-20241022',
        stream,
        max_tokens: 100,
        num_retries: 0,
      });
      expectAnswer(told);
      expect(await modelsOf(gateway, told)).toEqual(['claude-3-5-sonnet-20241022', 'gpt-4o']);
    });
  });

  describe('fallbacks spelled out', () => {
    it('go to the other provider, then to the smaller model', async () => {
      const gateway = await started('fallbacks-spelled-out');
      openAi.behave('500', 'gpt-4o');
      const ask1 = (): Promise<Told> => ask(gateway, { model: 'gpt-4o', stream, max_tokens: 100, num_retries: 0 });
      const claude = await ask1();
      expectAnswer(claude);
      expect(await modelsOf(gateway, claude)).toEqual(['gpt-4o', 'claude-3-5-sonnet-20241022']);
      anthropic.behave('529');
      const mini = await ask1();
      expectAnswer(mini);
      expect(await modelsOf(gateway, mini)).toEqual(['gpt-4o', 'claude-3-5-sonnet-20241022', 'gpt-4o-mini']);
    });
  });

  describe('a local model behind a free tier', () => {
    const name = 'local-fallback';
    const key = keyOf(name);

    it.each(['quota', '429-30'])('takes over when the quota is used up: %s', async (words) => {
      const gateway = await started(name);
      gemini.behave(words);
      const told = await ask(gateway, { model: 'gemini-flash', stream, num_retries: 0 }, { key });
      expectAnswer(told);
      expect(own.requests.at(-1)!.body).toMatchObject({ model: 'llama3.2:3b', max_tokens: 2048 });
      expect(told.fallbacks).toBe(1);
    });

    it('is one of the group of both', async () => {
      const gateway = await started(name);
      const { groups } = await explain(gateway, { model: 'primary-models' }, { key });
      expect(groups).toHaveLength(1);
      expect(groups[0].candidates.map(({ model }: { model: string }) => model)).toEqual([
        'gemini-2.0-flash-exp',
        'llama3.2:3b',
      ]);
      gemini.behave('500');
      for (let call = 0; call < 4; call += 1) {
        const told = await ask(gateway, { model: 'primary-models', stream }, { key });
        expectAnswer(told);
      }
      expect(own.requests.length).toBe(4);
    });
  });
});

it('usage-based routing goes where fewer tokens went this minute', async () => {
  const gateway = await started('usage-based');
  await inOneMinute();
  const long = [{ role: 'user', content: 'word '.repeat(2_000) }];
  const first = await ask(gateway, { model: 'gpt-4o', messages: long });
  const others: (string | null)[] = [];
  for (let call = 0; call < 5; call += 1) others.push((await ask(gateway, { model: 'gpt-4o' })).deployment);
  expect(new Set(others).size).toBe(1);
  expect(others[0]).not.toBe(first.deployment);
});

describe('limits', () => {
  it('of a model: 500 requests a minute, and the next is told when to come back', async () => {
    const gateway = await started('model-rate-limits');
    await inOneMinute(10_000);
    const tolds: Told[] = [];
    const client = async (): Promise<void> => {
      while (tolds.length < 510) {
        const index = tolds.length;
        tolds.push(undefined!);
        tolds[index] = await ask(gateway, { model: 'gpt-4o', num_retries: 0 });
      }
    };
    await Promise.all(Array.from({ length: 20 }, client));
    expect(tolds.filter(({ status }) => status === 200)).toHaveLength(500);
    const refused = tolds.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(10);
    for (const { headers } of refused) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask(gateway, { model: 'gemini-2.0-flash' })).status).toBe(200);
  });

  it('of the installation: 60 requests a minute', async () => {
    const gateway = await started('rpm_limit');
    const key = keyOf('rpm_limit');
    await inOneMinute(10_000);
    for (let call = 0; call < 60; call += 1)
      expect((await ask(gateway, { model: 'gemini-flash' }, { key })).status).toBe(200);
    const told = await ask(gateway, { model: 'localai-llama' }, { key });
    expect(told).toMatchObject({ status: 429, error: { type: 'rate_limit_error' } });
    expect(Number(told.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('of the installation: 100 requests at a time, and the others wait', async () => {
    const gateway = await started('global-limits');
    openAi.behave('slow-100');
    const tolds = await Promise.all(Array.from({ length: 250 }, () => ask(gateway, { model: 'gpt-4o' })));
    for (const told of tolds) expectAnswer(told);
    expect(openAi.maxInFlight).toBeGreaterThan(50);
    expect(openAi.maxInFlight).toBeLessThanOrEqual(100);
  });
});

it('variables alone name a model and the one that stands in for it', async () => {
  const folder = newFolder({ '.env.litellm': readText(join(FIXTURES, 'local-fallback', '.env.litellm')) });
  const { LITELLM_MASTER_KEY, GEMINI_API_BASE, LOCALAI_BASE_URL } = ENVIRONMENT;
  const gateway = await startGateway({ folder, env: { LITELLM_MASTER_KEY, GEMINI_API_BASE, LOCALAI_BASE_URL } });
  gemini.behave('quota');
  const told = await ask(gateway, { model: 'gemini-2.0-flash-exp' });
  expectAnswer(told);
  expect([told.fallbacks, own.requests.at(-1)!.body.model]).toEqual([1, 'llama3.2:3b']);
  const { numRetries } = await okJson(
    send(gateway, '/router/explain', { body: { model: 'gemini-2.0-flash-exp', messages: [] } }),
  );
  expect(numRetries).toBe(2);
  await gateway.kill();
});
