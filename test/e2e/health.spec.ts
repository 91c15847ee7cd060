// Health as operators ask for it: background checks that one worker makes for all, their history, callbacks, settings.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startOpenAiUpstream } from '../upstreams/index.mjs';
import { exchange, metricsOf, okJson, send, type Json } from './client.js';
import { childrenOf, eventually, MASTER_KEY, sleep, startGateway, type Gateway } from './harness.js';
import { PROVIDER_KEY } from './upstreams.js';

jest.setTimeout(60_000);

const upstream = await startOpenAiUpstream();
afterAll(() => upstream.close());

const at = (name: string, model: string, info: object = {}, params: object = {}): object => ({
  model_name: name,
  litellm_params: { model: `openai/${model}`, api_base: `${upstream.url}/v1`, api_key: PROVIDER_KEY, ...params },
  model_info: { id: `id-of-${name}`, ...info },
});

const callback = (name: string, health = ''): string => `
import { definePlugin, z } from '@turnpike/plugin-sdk';
export default definePlugin({
  contract: 'callback/v1', id: 'callback.${name}', capabilities: ['events'], config: z.strictObject({}),
  init: () => ({ events: { onSuccess: () => undefined }, ${health} }),
});`;

const files = {
  'diary.mjs': callback('diary'),
  'sick.mjs': callback('sick', "health: async () => ({ status: 'down', reason: 'no route to sk-0123456789abcdef' })"),
};

const config = {
  model_list: [
    at('well', 'gpt-4o'),
    at('broken', 'mock-500'),
    at('refused', 'gpt-4o', {}, { api_key: 'sk-bad-0123456789' }),
    at('wildcard/*', '*', { health_check_model: 'openai/gpt-4o-mini' }),
    at('embeds', 'text-embedding-3-small', { mode: 'embedding' }),
    at('left-alone', 'mock-500+alone', { disable_background_health_check: true }),
    { model_name: 'keyless', litellm_params: { model: 'openai/x', api_key: 'os.environ/NOBODY_SET_THIS' } },
  ],
  general_settings: { background_health_checks: true, health_check_interval: 1 },
  litellm_settings: { callbacks: ['diary'], success_callback: ['sick'], request_timeout: 77 },
  plugins: [{ path: './diary.mjs' }, { path: './sick.mjs' }],
};

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ config, files, args: ['--num_workers', '3'] });
});
afterAll(() => gateway.kill());

const health = (query = ''): Promise<Json> => okJson(send(gateway, `/health${query}`));
/** On connections of their own, so that each worker is asked. */
const healthOfAll = async (path: string): Promise<Json[]> =>
  (await Promise.all(Array.from({ length: 6 }, () => exchange(gateway, path, { key: MASTER_KEY })))).map(({ body }) =>
    JSON.parse(body.toString()),
  );

describe('background checks', () => {
  it('are known to every worker, with what is wrong', async () => {
    const told = await eventually(
      () => healthOfAll('/health'),
      (all) => all.every(({ unhealthy_count: count }) => count === 3),
    );
    for (const { healthy_endpoints: well, unhealthy_endpoints: unwell } of told) {
      const ids = (endpoints: Json[]): string[] => endpoints.map(({ model_id: id }) => id).sort();
      expect(ids(well)).toEqual(['id-of-embeds', 'id-of-left-alone', 'id-of-well', 'id-of-wildcard/*']);
      expect(unwell).toEqual([
        {
          model: 'openai/mock-500',
          model_id: 'id-of-broken',
          api_base: `${upstream.url}/v1`,
          error: expect.any(String),
        },
        expect.objectContaining({ model_id: 'id-of-refused', error: expect.stringContaining('Incorrect API key') }),
        expect.objectContaining({ model: 'openai/x', error: expect.stringContaining('NOBODY_SET_THIS') }),
      ]);
    }
    expect(JSON.stringify(told)).not.toMatch(/sk-bad|provider-secret/);
  });

  it('are small calls of the kind that the model is for, made by one worker only', async () => {
    upstream.reset();
    const before = (await metricsOf(gateway)).sum('turnpike_health_checks_total');
    await sleep(3_500);
    const rounds = ((await metricsOf(gateway)).sum('turnpike_health_checks_total') - before) / 5;
    expect(rounds).toBeGreaterThan(1.5);
    expect(rounds).toBeLessThan(4.5);
    const asked = upstream.requests.map(({ path, body }) =>
      `${path} ${body.model} ${body.max_tokens ?? body.max_completion_tokens ?? ''}`.trim(),
    );
    expect([...new Set(asked)].sort()).toEqual([
      '/v1/chat/completions gpt-4o 5',
      '/v1/chat/completions gpt-4o-mini 5',
      '/v1/chat/completions mock-500 5',
      '/v1/embeddings text-embedding-3-small',
    ]);
    // Nobody is asked by each of the three.
    expect(asked.filter((one) => one.includes('gpt-4o-mini')).length).toBeLessThanOrEqual(Math.ceil(rounds) + 1);
  });

  it('do not count as calls of anybody', async () => {
    expect((await metricsOf(gateway)).sum('litellm_proxy_total_requests_metric_total')).toBe(0);
  });

  it('are told in metrics', async () => {
    const metrics = await metricsOf(gateway);
    expect(metrics.text).toMatch(/^turnpike_deployment_healthy\{.*model_id="id-of-well".*\} 1$/m);
    expect(metrics.text).toMatch(/^turnpike_deployment_healthy\{.*model_id="id-of-broken".*\} 0$/m);
    expect(metrics.text).not.toMatch(/^turnpike_deployment_healthy\{.*model_id="id-of-left-alone"/m);
  });

  it('can be asked for one model, or one deployment', async () => {
    expect(await health('?model=broken')).toMatchObject({ healthy_count: 0, unhealthy_count: 1 });
    expect(await health('?model_id=id-of-well')).toMatchObject({ healthy_count: 1, unhealthy_count: 0 });
    expect(await health('?model=nobody')).toMatchObject({ healthy_count: 0, unhealthy_count: 0 });
  });

  it('have a history, and a last one', async () => {
    const { health_checks: checks, total_records: total } = await okJson(
      send(gateway, '/health/history?model=broken&limit=2'),
    );
    expect(total).toBeGreaterThan(1);
    expect(checks).toHaveLength(2);
    expect(checks[0]).toEqual({
      model_name: 'broken',
      model_id: 'id-of-broken',
      status: 'unhealthy',
      response_time_ms: expect.any(Number),
      checked_at: expect.stringMatching(/^\d{4}-.*Z$/),
      error_message: expect.any(String),
    });
    expect(checks[0].checked_at >= checks[1].checked_at).toBe(true);
    const { latest_health_checks: latest, total_models: models } = await okJson(send(gateway, '/health/latest'));
    expect([models, latest['id-of-well'].status, latest['id-of-broken'].status]).toEqual([5, 'healthy', 'unhealthy']);
    for (const wrong of ['limit=-1', 'offset=many', 'limit=1e9'])
      expect((await send(gateway, `/health/history?${wrong}`)).status).toBe(400);
  });

  it('are taken over when the worker that makes them is killed, and known to the one that is new', async () => {
    const workersOf = (): number[] => childrenOf(gateway.pid).flatMap(childrenOf);
    const counted = async (): Promise<number> => (await metricsOf(gateway)).sum('turnpike_health_checks_total');
    for (const victim of workersOf()) {
      process.kill(victim, 'SIGKILL');
      await eventually(workersOf, (now) => now.length === 3 && !now.includes(victim));
    }
    // New ones take a moment to serve.
    const before = await eventually(
      () => counted().catch(() => 0),
      (now) => now > 0,
      20_000,
    );
    await eventually(
      () => counted().catch(() => 0),
      (now) => now > before + 5,
      20_000,
    );
    const told = await eventually(
      () => healthOfAll('/health'),
      (all) => all.every(({ unhealthy_count: count }) => count === 3),
    );
    expect(told).toHaveLength(6);
  });
});

describe('services', () => {
  it.each([
    ['diary', 200, { status: 'success', message: 'diary is up' }],
    ['sick', 500, { error: { message: expect.stringMatching(/'sick' is down: no route to \*\*\*/) } }],
    ['nobody', 400, { error: { message: expect.stringContaining('Configured are diary, sick.') } }],
    ["x' OR 1=1 --", 400, { error: { message: expect.stringContaining("There is no callback 'x'") } }],
  ])('%s answers %d', async (service, status, body) => {
    const answer = await send(gateway, `/health/services?service=${encodeURIComponent(service)}`);
    expect([answer.status, await answer.json()]).toMatchObject([status, body]);
  });
});

describe('settings', () => {
  it.each(['/settings', '/active/callbacks'])('%s tells what is in effect', async (path) => {
    expect(await okJson(send(gateway, path))).toMatchObject({
      alerting: null,
      'litellm.callbacks': ['diary'],
      'litellm.success_callback': ['sick'],
      'litellm.request_timeout': 77,
      num_callbacks: 2,
    });
  });

  it('/callbacks/list tells who is told of what', async () => {
    expect(await okJson(send(gateway, '/callbacks/list'))).toEqual({
      success: ['sick'],
      failure: [],
      success_and_failure: ['diary'],
    });
  });

  it('/health/readiness/details tells each state', async () => {
    const details = await okJson(send(gateway, '/health/readiness/details'));
    expect(details).toMatchObject({
      db: 'Not connected',
      states: { ledger_away: false, configured_off: true, model_unavailable: false },
      num_workers: 3,
      journal: null,
    });
    expect(details.plugins).toContainEqual({ id: 'callback.diary', status: 'started' });
  });

  it.each([
    '/settings',
    '/active/callbacks',
    '/callbacks/list',
    '/health/services?service=diary',
    '/health/history',
    '/health/latest',
    '/health/backlog',
    '/health/readiness/details',
  ])('%s needs a key', async (path) => {
    for (const key of [null, 'sk-wrong']) expect((await send(gateway, path, { key })).status).toBe(401);
  });
});

it('details can be left out', async () => {
  const quiet = await startGateway({
    config: {
      ...config,
      plugins: [],
      litellm_settings: {},
      general_settings: { ...config.general_settings, health_check_details: false },
    },
  });
  const body = await eventually(
    () => okJson(send(quiet, '/health')),
    ({ unhealthy_count: count }: Json) => count === 3,
  );
  expect(body.unhealthy_endpoints[0]).toEqual({ model: 'openai/mock-500', model_id: 'id-of-broken' });
  expect(JSON.stringify(body)).not.toMatch(/api_base|error"/);
  await quiet.kill();
});
