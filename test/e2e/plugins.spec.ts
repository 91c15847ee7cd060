// Plugins from outside the tree: each kind does its work through the same door as the built-in ones.
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chat, chunksOf, jsonOf, messages, metricsOf, okJson, send, type Json } from './client.js';
import {
  eventually,
  readText,
  ROOT,
  run,
  startGateway,
  withGateway,
  type Gateway,
  type RunOptions,
} from './harness.js';
import { deployment, everyModelOf, openAi, PROVIDER_KEY } from './upstreams.js';

jest.setTimeout(60_000);

const FIXTURES = join(ROOT, 'test', 'e2e', 'fixtures', 'plugins');

/** Copied into a folder outside the tree, where nothing is installed: they find the SDK through the gateway alone. */
const files = {
  ...Object.fromEntries(readdirSync(FIXTURES).map((name) => [`own/${name}`, readText(join(FIXTURES, name))])),
  'own/package.json': JSON.stringify({ name: 'acme', version: '3.2.1', type: 'module', main: 'two-providers.mjs' }),
};

const hashOf = (file: string): string => `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
const PINNED = {
  path: './own/by-colour.mjs',
  integrity: hashOf(join(FIXTURES, 'by-colour.mjs')),
  config: { colour: 'blue' },
};

const coloured = (colour: string): object => ({
  ...deployment('many', 'openai/gpt-4o', { extra_body: { colour } }),
  model_info: { colour },
});

let gateway: Gateway;
let guardedBefore: Gateway;
let guardedAfter: Gateway;

beforeAll(async () => {
  const guarding = (mode: string, settings: object): Promise<Gateway> =>
    startGateway({
      config: {
        model_list: [
          ...everyModelOf('openai', 'anthropic', 'echo'),
          deployment('warm', 'openai/gpt-4o', { temperature: 0.3 }),
        ],
        plugins: [{ path: './own/word-guard.mjs', config: { forbidden: 'dragon', hide: 'Mock' } }],
        guardrails: [
          {
            guardrail_name: mode,
            litellm_params: { guardrail: 'word-guard', mode, default_on: true, ...settings },
          },
        ],
      },
      files,
    });
  [gateway, guardedBefore, guardedAfter] = await Promise.all([
    startGateway({
      config: {
        model_list: [
          coloured('red'),
          coloured('blue'),
          coloured('green'),
          deployment('backwards', 'reverse/any'),
          deployment('acme/*', 'acme/*'),
          deployment('vectors', 'gemini/gemini-embedding-001', { input_cost_per_token: 0.000_001 }),
          ...everyModelOf('openai'),
        ],
        plugins: [
          PINNED,
          { path: './own' },
          { path: './own/shelf.mjs', config: { label: 'top shelf' } },
          { path: './own/diary.mjs', config: { name: 'log' } },
        ],
        router_settings: { routing_strategy: 'by-colour' },
        litellm_settings: {
          cache: true,
          cache_params: { type: 'shelf', mode: 'default_off' },
          callbacks: ['diary'],
          diary_title: 'Dear diary',
        },
      },
      files,
      env: { ACME_KEY: PROVIDER_KEY, ACME_BASE: `${openAi.url}/v1` },
    }),
    guarding('pre_call', { hide: 'secret' }),
    guarding('post_call', { forbidden: 'word7' }),
  ]);
});

const textOf = (body: Json): string => body.choices[0].message.content;
const joined = (chunks: Json[]): string => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
const said = (content: string): object => ({ messages: [{ role: 'user', content }] });

it('a plugin of the bundle is the one that the build has packed', async () => {
  const { plugins } = await okJson(send(gateway, '/plugins'));
  const { hash } = plugins.find(({ id }: Json) => id === 'provider.openai');
  expect(hash).toBe(hashOf(join(ROOT, 'apps/gateway/build/plugins/provider-openai.js')));
});

describe('a plugin by path', () => {
  it('is listed with its origin, its version and its hash', async () => {
    const { plugins } = await okJson(send(gateway, '/plugins'));
    const own = plugins
      .filter(({ origin }: Json) => origin === 'path')
      .map(({ id, version, hash }: Json) => [id, version, hash]);
    expect(own).toEqual(
      expect.arrayContaining([
        ['strategy.by-colour', '3.2.1', PINNED.integrity],
        ['provider.reverse', '3.2.1', expect.stringMatching(/^sha512-/)],
        ['provider.acme', '3.2.1', expect.stringMatching(/^sha512-/)],
        ['cache.shelf', '3.2.1', expect.stringMatching(/^sha512-/)],
        ['callback.diary', '3.2.1', expect.stringMatching(/^sha512-/)],
      ]),
    );
    expect(own).toHaveLength(5);
  });

  it('that is not the file that was pinned stops the start, and names both digests', async () => {
    const other = `sha512-${createHash('sha512').update('another file').digest('base64')}`;
    const { code, stderr } = await run({ config: { plugins: [{ ...PINNED, integrity: other }] }, files });
    expect(code).toBe(1);
    expect(stderr).toMatch(/GW_PLUGIN_INTEGRITY: .*by-colour\.mjs, step find: /);
    expect(stderr).toContain(`Expected ${other}, found ${PINNED.integrity}`);
  });

  it('with a setting misspelt stops the start, and names it', async () => {
    const config = {
      model_list: [coloured('red'), coloured('blue')],
      plugins: [{ ...PINNED, config: { color: 'blue' } }],
      router_settings: { routing_strategy: 'by-colour' },
    };
    const { code, stderr } = await run({ config, files });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/GW_PLUGIN_CONFIG: .*strategy\.by-colour, step config: .*"color"/),
    ]);
  });
});

describe('what a provider needs', () => {
  const either = (config: object, env: RunOptions['env']): RunOptions => ({
    config: {
      model_list: [deployment('m', 'either/any')],
      plugins: [{ path: './own/either-key.mjs', config }],
    },
    files,
    env,
  });

  it.each([
    ['the entry gives one of the alternatives', { token: 'entry' }, {}, 'entry'],
    ['the entry and the environment give the same one', { key: 'entry' }, { EITHER_KEY: 'environment' }, 'entry'],
    ['only the environment gives one', {}, { EITHER_KEY: 'environment' }, 'environment'],
  ])('is there when %s', async (_when, config, env, expected) => {
    await withGateway(either(config, env), async (one) => {
      expect(textOf(await okJson(chat(one, { model: 'm' })))).toBe(`let in by ${expected}`);
    });
  });
});

it('a strategy chooses the deployment', async () => {
  for (let call = 0; call < 12; call += 1) await okJson(chat(gateway, { model: 'many' }));
  expect(openAi.requests.map(({ body }) => body.colour)).toEqual(Array(12).fill('blue'));
});

describe('a provider', () => {
  it('that answers by itself', async () => {
    expect(textOf(await okJson(chat(gateway, { model: 'backwards' })))).toBe('olleH');
    expect(joined(await chunksOf(chat(gateway, { model: 'backwards', stream: true })))).toBe('olleH');
  });

  it('that goes out finds its settings in its own variables, and keeps the byte path', async () => {
    const body = { model: 'acme/gpt-4o', temperature: 0.5, unheard_of: { a: 1 } };
    expect(textOf(await okJson(chat(gateway, body)))).toBe('Mock answer to: Hello');
    const request = openAi.requests.at(-1)!;
    expect(request.body).toEqual({ model: 'gpt-4o', messages, heat: 0.5, unheard_of: { a: 1 } });
    expect(request.headers).toMatchObject({ authorization: `Bearer ${PROVIDER_KEY}`, 'x-acme': 'yes' });
  });

  it('that goes out streams, and its errors are read', async () => {
    expect(joined(await chunksOf(chat(gateway, { model: 'acme/gpt-4o', stream: true })))).toBe('Mock answer to: Hello');
    const refused = await chat(gateway, { model: 'acme/mock-429-7' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '7']);
    expect((await jsonOf(refused)).error.message).toContain('provider.acme');
  });
});

describe('a cache', () => {
  const question = { model: 'openai/gpt-4o', ...said('cached?'), cache: { 'use-cache': true } };

  it('answers the second time, whatever the order of the fields', async () => {
    const first = await chat(gateway, { ...question, seed: 1 });
    await eventually(
      () => chat(gateway, { seed: 1, ...question }).then((answer) => answer.headers.get('x-litellm-cache-hit')),
      (hit) => hit === 'True',
    );
    const asked = openAi.requests.length;
    const again = await chat(gateway, { seed: 1, ...question });
    expect(await again.text()).toBe(await first.text());
    expect(openAi.requests).toHaveLength(asked);
    expect(again.headers.get('x-litellm-response-cost')).toBe('0');
    const metrics = await metricsOf(gateway);
    expect(metrics.sum('litellm_cache_hits_metric_total', { model: 'openai/gpt-4o' })).toBeGreaterThanOrEqual(2);
    expect(
      metrics.sum('turnpike_plugin_events_total', { plugin: 'cache.shelf', name: 'top shelf asked' }),
    ).toBeGreaterThanOrEqual(2);
  });

  it.each([
    ['another question', said('something else?')],
    ['a call that wants no stored answer', { cache: { 'use-cache': true, 'no-cache': true } }],
    ['a call that does not ask for the cache', { cache: undefined }],
  ])('has nothing for %s', async (_what, more) => {
    const answer = await chat(gateway, { ...question, seed: 1, ...more });
    expect([answer.status, answer.headers.get('x-litellm-cache-hit')]).toEqual([200, null]);
    expect(openAi.requests).toHaveLength(1);
  });

  it('plays a stored answer as a stream, and stores what a stream told', async () => {
    const streamed = { ...question, ...said('streamed?'), stream: true };
    const first = await chunksOf(chat(gateway, streamed));
    const hits = async (body: object) => (await chat(gateway, body)).headers.get('x-litellm-cache-hit');
    await eventually(
      () => hits(streamed),
      (hit) => hit === 'True',
    );
    const asked = openAi.requests.length;
    const textOf = (chunks: Json[]): string =>
      chunks.map((chunk) => String(chunk.choices[0]?.delta.content ?? '')).join('');
    const again = await chunksOf(chat(gateway, streamed));
    expect([textOf(again), again[0].id]).toEqual([textOf(first), first[0].id]);
    const whole = await okJson(chat(gateway, { ...streamed, stream: false }));
    expect([whole.choices[0].message.content, whole.id]).toEqual([textOf(first), first[0].id]);
    expect(openAi.requests).toHaveLength(asked);
  });
});

describe('a callback', () => {
  const entries = (): Json[] =>
    readText(join(gateway.folder, '.turnpike', 'plugins', 'callback.diary', 'log.jsonl'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const entryOf = (callId: string): Promise<Json> =>
    eventually(
      () => entries().find((entry) => entry.callId === callId),
      (entry) => entry !== undefined,
    );

  it.each([true, false])('hears of a call with all that is known of it (stream: %s)', async (stream) => {
    const answer = await chat(gateway, { model: 'openai/gpt-4o', stream, user: 'me', metadata: { trace: 't1' } });
    await answer.text();
    const callId = answer.headers.get('x-litellm-call-id')!;
    expect(await entryOf(callId)).toMatchObject({
      kind: 'success',
      title: 'Dear diary',
      status: 'success',
      statusCode: 200,
      operation: 'chat',
      model: 'openai/gpt-4o',
      upstreamModel: 'gpt-4o',
      provider: 'provider.openai',
      stream,
      endUser: 'me',
      metadata: { trace: 't1' },
      usage: { inputTokens: expect.any(Number), outputTokens: expect.any(Number) },
      isUsageEstimated: false,
      costNanoUsd: expect.any(Number),
      cache: 'off',
    });
  });

  it('hears when a usage is the gateway’s estimate, and what it cost', async () => {
    const answer = await send(gateway, '/v1/embeddings', { body: { model: 'vectors', input: ['Hello', 'there!'] } });
    expect((await jsonOf(answer)).usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
    expect(answer.headers.get('x-litellm-response-cost')).toBe('0.000004');
    expect(await entryOf(answer.headers.get('x-litellm-call-id')!)).toMatchObject({
      usage: { inputTokens: 4, outputTokens: 0, totalTokens: 4 },
      isUsageEstimated: true,
      costNanoUsd: 4_000,
    });
  });

  it('hears of a failure, once', async () => {
    const answer = await chat(gateway, { model: 'openai/mock-500' });
    const callId = answer.headers.get('x-litellm-call-id')!;
    expect(await entryOf(callId)).toMatchObject({
      kind: 'failure',
      status: 'failure',
      statusCode: 500,
      error: { code: 'GW_UPSTREAM_ERROR' },
    });
    expect(entries().filter((entry) => entry.callId === callId)).toHaveLength(1);
  });
});

describe('a guardrail', () => {
  const MODELS = ['openai/some-model', 'anthropic/some-model', 'echo/echo'];

  it.each(MODELS)('before the call changes what %s is asked', async (model) => {
    const answer = await chat(guardedBefore, { model, ...said('My secret is out') });
    expect(answer.headers.get('x-litellm-applied-guardrails')).toBe('pre_call');
    expect(textOf(await jsonOf(answer))).toContain('My *** is out');
  });

  it('before the call leaves the deployment’s defaults and the client’s own fields in place', async () => {
    await okJson(chat(guardedBefore, { model: 'warm', top_p: 0.5, x_new: 1, ...said('My secret is out') }));
    expect(openAi.requests.at(-1)!.body).toMatchObject({ model: 'gpt-4o', temperature: 0.3, top_p: 0.5, x_new: 1 });
  });

  it.each([true, false])('before the call stops it, and no provider hears of it (stream: %s)', async (stream) => {
    const answer = await chat(guardedBefore, {
      model: 'openai/some-model',
      stream,
      ...said('Here be dragons: dragon!'),
    });
    expect(answer.status).toBe(400);
    expect((await jsonOf(answer)).error).toMatchObject({
      code: 'guardrail_blocked',
      message: expect.stringMatching(/'pre_call'.*nobody says dragon here/),
    });
    expect(openAi.requests).toHaveLength(0);
  });

  it.each(MODELS)('after the call changes what %s said', async (model) => {
    expect(textOf(await okJson(chat(guardedAfter, { model, ...said('Mock me') })))).toMatch(/^\*\*\* /);
  });

  it.each(MODELS)('after the call changes what %s said, also in a stream', async (model) => {
    const text = joined(await chunksOf(chat(guardedAfter, { model, stream: true, ...said('Mock me') })));
    expect(text).toMatch(/^\*\*\* /);
    expect(text).not.toContain('Mock');
  });

  it.each(['openai', 'anthropic'])('after the call keeps an answer of %s to itself', async (prefix) => {
    const answer = await chat(guardedAfter, { model: `${prefix}/mock-long-20` });
    expect([answer.status, (await jsonOf(answer)).error.code]).toEqual([400, 'guardrail_blocked']);
  });

  it.each(['openai', 'anthropic'])('after the call keeps a stream of %s to itself', async (prefix) => {
    const answer = await chat(guardedAfter, { model: `${prefix}/mock-long-20`, stream: true });
    const text = await answer.text();
    expect(text).toContain('guardrail_blocked');
    expect(text).not.toContain('word0');
  });

  it('that fails stops the call: nothing passes unchecked', async () => {
    const answer = await chat(guardedBefore, { model: 'openai/some-model', ...said('explode') });
    expect([answer.status, (await jsonOf(answer)).error.code]).toEqual([500, 'plugin_failed']);
    expect(openAi.requests).toHaveLength(0);
    const failed = { plugin: 'guardrail.word-guard', hook: 'preCall', outcome: 'error' };
    expect((await metricsOf(guardedBefore)).sum('turnpike_plugin_hook_calls_total', failed)).toBe(1);
  });
});
