// What operators and orchestrators see of a gateway: health, metrics, descriptions, and who may see which.
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { chat, exchange, jsonOf, metricsOf, okJson, send, type Sent } from './client.js';
import { MASTER_KEY, startGateway, type Gateway } from './harness.js';
import { deployment, everyModelOf, PROVIDER_KEY, upstreams, ONE_ATTEMPT } from './upstreams.js';

jest.setTimeout(30_000);

let gateway: Gateway;
let strict: Gateway;

beforeAll(async () => {
  [gateway, strict] = await Promise.all([
    startGateway({
      config: {
        router_settings: ONE_ATTEMPT,
        model_list: [
          ...everyModelOf('openai', 'anthropic', 'gemini', 'ollama', 'echo'),
          deployment('limited', 'anthropic/mock-429'),
          deployment('refused', 'openai/gpt-4o', { api_key: 'sk-bad-0123456789' }),
          { model_name: 'keyless', litellm_params: { model: 'mistral/x', api_key: 'os.environ/NOBODY_SET_THIS' } },
        ],
      },
    }),
    startGateway({
      config: {
        model_list: everyModelOf('echo'),
        litellm_settings: { require_auth_for_metrics_endpoint: true },
      },
      env: { SERVER_ROOT_PATH: '/llm' },
    }),
  ]);
});

const asked = (): number => Object.values(upstreams).reduce((sum, { requests }) => sum + requests.length, 0);

describe('liveness', () => {
  it.each(['/health/liveliness', '/health/liveness'])('%s says that it is alive, to anybody', async (path) => {
    const response = await send(gateway, path, { key: null });
    expect([response.status, await jsonOf(response)]).toEqual([200, "I'm alive!"]);
    expect(response.headers.get('content-type')).toContain('application/json');
  });

  it('also answers a HEAD', async () => {
    expect((await fetch(`${gateway.url}/health/liveliness`, { method: 'HEAD' })).status).toBe(200);
  });
});

describe('readiness', () => {
  it('is there for anybody, with what is away and why', async () => {
    const body = await okJson(send(gateway, '/health/readiness', { key: null }));
    expect(body).toMatchObject({ status: 'healthy', litellm_version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(body.degraded).toEqual([expect.stringMatching(/^keyless → mistral\/x is off: .*NOBODY_SET_THIS/)]);
    expect(asked()).toBe(0);
  });

  it('has nothing to say of a gateway that has all it needs', async () => {
    expect((await okJson(send(strict, '/health/readiness', { key: null }))).degraded).toEqual([]);
  });

  it('goes on with providers away', async () => {
    const lonely = await startGateway({
      config: {
        router_settings: ONE_ATTEMPT,
        model_list: [deployment('m', 'openai/gpt-4o', { api_base: 'http://127.0.0.1:1/v1' })],
      },
    });
    expect((await chat(lonely, { model: 'm' })).status).toBe(503);
    expect((await send(lonely, '/health/readiness')).status).toBe(200);
    await lonely.kill();
  });
});

describe('health of the models', () => {
  it.each([
    ['without a key', null],
    ['with somebody’s key', 'sk-somebody'],
  ])('%s is counted from memory: no provider is asked', async (_who, key) => {
    const body = await okJson(send(gateway, '/health', { key }));
    expect(body).toEqual({ healthy_count: 7, unhealthy_count: 1 });
    expect(asked()).toBe(0);
  });

  it('asks each provider for its model list when an admin wants to know, and names them', async () => {
    const body = await okJson(send(gateway, '/health'));
    expect(body).toMatchObject({ healthy_count: 6, unhealthy_count: 2 });
    expect(body.healthy_endpoints.map(({ model }: { model: string }) => model)).toContain('anthropic/*');
    expect(body.unhealthy_endpoints).toEqual([
      {
        model: 'openai/gpt-4o',
        model_id: expect.any(String),
        api_base: upstreams.openAi.url + '/v1',
        error: expect.stringContaining('Incorrect API key'),
      },
      { model: 'mistral/x', error: expect.stringContaining('NOBODY_SET_THIS') },
    ]);
    expect(JSON.stringify(body)).not.toMatch(/sk-bad-0123456789|sk-provider/);
    const paths = Object.values(upstreams).map(({ requests }) =>
      requests.map(({ method, path }) => `${method} ${path}`),
    );
    expect(paths).toEqual([
      ['GET /v1/models', 'GET /v1/models'],
      ['GET /v1/models'],
      ['GET /v1beta/models'],
      ['GET /api/tags'],
    ]);
  });

  it('looks at one model only, when asked to', async () => {
    expect(await okJson(send(gateway, '/health?model=refused'))).toMatchObject({
      healthy_count: 0,
      unhealthy_count: 1,
    });
    expect(asked()).toBe(1);
  });
});

describe('metrics', () => {
  const CALL = { model: 'gpt-4o', requested_model: 'openai/gpt-4o' };

  it('count a call with its tokens, its price and its time', async () => {
    const before = await metricsOf(gateway);
    const { usage } = await okJson(chat(gateway, { model: 'openai/gpt-4o' }));
    const after = await metricsOf(gateway);
    const grew = (name: string, labels: Record<string, string>): number =>
      after.sum(name, labels) - before.sum(name, labels);
    expect(
      Object.fromEntries(
        [
          'litellm_requests_metric_total',
          'litellm_input_tokens_metric_total',
          'litellm_output_tokens_metric_total',
          'litellm_total_tokens_metric_total',
          'litellm_request_total_latency_metric_count',
          'litellm_llm_api_latency_metric_count',
        ].map((name) => [name, grew(name, CALL)]),
      ),
    ).toEqual({
      litellm_requests_metric_total: 1,
      litellm_input_tokens_metric_total: usage.prompt_tokens,
      litellm_output_tokens_metric_total: usage.completion_tokens,
      litellm_total_tokens_metric_total: usage.total_tokens,
      litellm_request_total_latency_metric_count: 1,
      litellm_llm_api_latency_metric_count: 1,
    });
    expect(grew('litellm_spend_metric_total', CALL)).toBeGreaterThan(0);
    expect(
      grew('litellm_proxy_total_requests_metric_total', { requested_model: 'openai/gpt-4o', status_code: '200' }),
    ).toBe(1);
    expect(grew('litellm_deployment_success_responses_total', { litellm_model_name: 'gpt-4o' })).toBe(1);
  });

  it('count failures by what they were', async () => {
    const requested = { requested_model: 'limited' };
    await chat(gateway, { model: 'limited' });
    const metrics = await metricsOf(gateway);
    expect(metrics.sum('litellm_proxy_failed_requests_metric_total', { ...requested, exception_status: '429' })).toBe(
      1,
    );
    expect(
      metrics.sum('litellm_deployment_failure_responses_total', {
        ...requested,
        exception_class: 'GW_UPSTREAM_RATE_LIMITED',
      }),
    ).toBe(1);
  });

  it('make no series for a name that a client made up', async () => {
    await chat(gateway, { model: 'made-up-by-a-client' });
    await chat(gateway, { model: 'openai/mock-404+made-up-by-a-client' });
    const metrics = await metricsOf(gateway);
    expect(metrics.text).not.toContain('made-up-by-a-client');
    const requests = 'litellm_proxy_total_requests_metric_total';
    expect(metrics.sum(requests, { requested_model: 'unknown', status_code: '400' })).toBe(1);
    expect(metrics.sum(requests, { requested_model: 'openai/*', status_code: '404' })).toBe(1);
  });

  it('are Prometheus’ text, for anybody, with the process’s own', async () => {
    const { headers, body } = await exchange(gateway, '/metrics', { key: null });
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const family of ['process_cpu_seconds_total', 'nodejs_eventloop_lag_seconds', 'litellm_in_flight_requests']) {
      expect(body.toString()).toContain(`# TYPE ${family} `);
    }
  });

  it.each([
    [401, null],
    [401, 'sk-somebody'],
    [200, MASTER_KEY],
  ])('answer %i where they are closed, to the key %s', async (status, key) => {
    expect((await send(strict, '/metrics', { key })).status).toBe(status);
  });
});

describe('descriptions', () => {
  it('list every route with its methods', async () => {
    const { routes } = await okJson(send(gateway, '/routes'));
    const methodsOf = (path: string) => routes.find((route: { path: string }) => route.path === path)?.methods;
    expect(methodsOf('/v1/chat/completions')).toContain('POST');
    expect(methodsOf('/health/readiness')).toContain('GET');
  });

  it('are one OpenAPI document of both planes', async () => {
    const document = await okJson(send(gateway, '/openapi.json', { key: null }));
    expect(document.openapi).toMatch(/^3\.1/);
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/v1/chat/completions', '/v1/embeddings', '/v1/models', '/health/readiness', '/plugins']),
    );
  });

  it('can be read on a page that loads its own files', async () => {
    const page = await send(gateway, '/docs', { key: null });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const files = [...(await page.text()).matchAll(/(?:href|src)="(docs\/[^"]+)"/g)].map(([, file]) => file);
    expect(files).toHaveLength(2);
    for (const file of files) expect((await send(gateway, `/${file}`, { key: null })).status).toBe(200);
    expect((await send(gateway, '/docs/package.json', { key: null })).status).toBe(404);
  });

  it('are where people look first', async () => {
    expect((await send(gateway, '/', { key: null })).url).toBe(`${gateway.url}/docs`);
  });
});

describe('plugins', () => {
  it('in use are listed for an admin', async () => {
    const { plugins } = await okJson(send(gateway, '/plugins'));
    expect(plugins).toContainEqual(
      expect.objectContaining({
        id: 'provider.anthropic',
        kind: 'provider',
        contract: 'provider/v1',
        origin: 'bundle',
        status: 'started',
        hash: expect.stringMatching(/^sha512-/),
        health: { status: 'up' },
      }),
    );
    const { plugins: all } = await okJson(send(gateway, '/plugins?all=true'));
    expect(all.length).toBeGreaterThan(plugins.length);
  });

  it.each([
    ['no key', null],
    ['somebody’s key', 'sk-somebody'],
  ])('are nobody else’s business: %s', async (_who, key) => {
    expect((await send(gateway, '/plugins', { key })).status).toBe(401);
  });
});

describe('SERVER_ROOT_PATH', () => {
  it.each(['/llm', ''])('every route is there below "%s"', async (prefix) => {
    expect((await send(strict, `${prefix}/health/liveliness`)).status).toBe(200);
    const answer = await okJson(
      send(strict, `${prefix}/v1/chat/completions`, {
        body: { model: 'echo/echo', messages: [{ role: 'user', content: 'Hi' }] },
      }),
    );
    expect(answer.choices[0].message.content).toBe('Hi');
  });

  it('stands in the address that is shown', () => {
    expect(strict.output()).toContain(`:${strict.port}/llm/v1/chat/completions`);
  });
});

describe('what is not there', () => {
  it.each<[string, string, Sent, number, string | null]>([
    ['a route', '/v1/nothing-here', {}, 404, null],
    ['a body', '/v1/chat/completions', { body: '' }, 400, null],
    ['JSON', '/v1/chat/completions', { body: '{"model":' }, 400, null],
    ['a model', '/v1/chat/completions', { body: { messages: [] } }, 400, 'model'],
    [
      'a content type that is read',
      '/v1/chat/completions',
      { body: 'a=1', headers: { 'content-type': 'text/csv' } },
      415,
      null,
    ],
  ])('%s is an error in OpenAI’s shape', async (_what, path, sent, status, param) => {
    const response = await send(gateway, path, sent);
    expect([response.status, await jsonOf(response)]).toEqual([
      status,
      { error: { message: expect.any(String), type: 'invalid_request_error', param, code: String(status) } },
    ]);
  });
});

it('no page, log line or answer shows a provider’s key', async () => {
  const texts = await Promise.all(
    ['/health', '/plugins?all=true', '/metrics', '/routes', '/v1/models', '/health/readiness'].map((path) =>
      send(gateway, path).then((response) => response.text()),
    ),
  );
  expect(texts.join('\n') + gateway.output()).not.toContain(PROVIDER_KEY);
  expect(gateway.output()).not.toContain(MASTER_KEY);
});
