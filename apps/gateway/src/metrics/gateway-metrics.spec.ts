import { describe, expect, it } from '@jest/globals';
import type { MetricsSettings } from '@turnpike/config';
import { MetricsSum } from '@turnpike/telemetry';
import type { Resolution } from '@turnpike/router';
import { anAttempt, anExchange, someMetrics } from '../../test/doubles.js';
import { aFailure, someUsage } from '../../test/road.js';
import type { Exchange, Outcome, Principal } from '../pipeline/exchange.js';
import type { UpstreamAnswer } from '../upstream/answer.js';
import { summedTables } from './exposed-tables.js';
import { GatewayMetrics } from './gateway-metrics.js';

const HASH = 'ab'.repeat(32);
const aPrincipal = (changes: Partial<Principal> = {}): Principal => ({
  isAdmin: false,
  keyHash: HASH,
  keyAlias: 'production',
  teamId: 'team-1',
  teamAlias: 'Platform',
  userId: 'user-1',
  organizationId: 'org-1',
  ...changes,
});
const resolution = { requested: 'asked', groups: [{ name: 'asked' }] } as unknown as Resolution;

/** A call that took 2 s, 1.5 s of them at its provider. */
const aCall = (filled: Partial<Exchange> = {}): Exchange => {
  const exchange = anExchange({ startedAt: 1_000, model: 'asked', resolution, principal: aPrincipal(), ...filled });
  anAttempt(exchange, {
    deployment: {
      id: 'd1',
      provider: 'provider.x',
      model: 'upstream',
      connection: { api_base: 'https://u:pw@host/v1' },
    },
    startedAt: 1_250,
    answeredAt: 2_750,
    endedAt: 2_750,
    status: 'success',
  });
  return exchange;
};
const outcome = (changes: Partial<Outcome> = {}): Outcome => ({
  status: 'success',
  statusCode: 200,
  isUsageEstimated: false,
  usage: someUsage(10, 5),
  costNanoUsd: 2_000_000_000,
  endedAt: 3_000,
  ...changes,
});

const aGateway = (changes: Partial<MetricsSettings> = {}) => {
  const settings = someMetrics(changes);
  const metrics = new GatewayMetrics(settings);
  const sum = new MetricsSum(summedTables(settings), { idleMs: settings.idleMs });
  /** Lines that begin like that. */
  const lines = async (start: string): Promise<string[]> => {
    sum.add(1, await metrics.everything());
    return (await sum.text()).split('\n').filter((line) => line.startsWith(start));
  };
  return { metrics, lines };
};

const CALLED = 'requested_model="asked",model="upstream",model_id="d1",api_provider="x"';
const CALLER =
  'hashed_api_key="abababababababab",api_key_alias="production",team="team-1",team_alias="Platform",user="user-1",org_id="org-1"';

describe('a call', () => {
  it('is counted with its tokens, its price and its deployment', async () => {
    const { metrics, lines } = aGateway();
    metrics.record(aCall(), outcome());
    metrics.record(aCall(), outcome());
    expect(await lines('litellm_requests_metric_total')).toEqual([
      `litellm_requests_metric_total{${CALLED},${CALLER}} 2`,
    ]);
    for (const [name, value] of [
      ['litellm_spend_metric_total', 4],
      ['litellm_input_tokens_metric_total', 20],
      ['litellm_output_tokens_metric_total', 10],
      ['litellm_total_tokens_metric_total', 30],
    ] as const)
      expect(await lines(name)).toEqual([`${name}{${CALLED},${CALLER}} ${value}`]);
    const deployment = 'litellm_model_name="upstream",model_id="d1",api_base="https://u:***@host/v1",api_provider="x"';
    for (const name of ['litellm_deployment_success_responses_total', 'litellm_deployment_total_requests_total'])
      expect((await lines(name))[0]).toContain(`{requested_model="asked",${deployment},`);
    expect((await lines('litellm_proxy_total_requests_metric_total'))[0]).toMatch(
      /requested_model="asked",status_code="200",route="\/v1\/chat\/completions",model_id="d1"/,
    );
  });

  it('is timed: in all, at the provider, before it, and what the gateway and its guardrails added', async () => {
    const { metrics, lines } = aGateway();
    metrics.record(aCall({ guardedMs: 50 }), outcome());
    const sums = Object.fromEntries(
      (await lines('litellm_'))
        .filter((line) => line.includes('_sum{'))
        .map((line) => [line.slice(0, line.indexOf('_sum{')), Number(line.slice(line.lastIndexOf(' ')))]),
    );
    expect(sums).toEqual({
      litellm_request_total_latency_metric: 2,
      litellm_llm_api_latency_metric: 1.5,
      litellm_request_queue_time_seconds: 0.2,
      litellm_overhead_latency_metric: expect.closeTo(0.45),
      litellm_overhead_with_guardrails_latency_metric: expect.closeTo(0.5),
      litellm_deployment_latency_per_output_token: 0.3,
      litellm_self_latency: 2,
    });
  });

  it('that streamed tells the time to its first token', async () => {
    const { metrics, lines } = aGateway();
    const exchange = aCall({ isStream: true });
    exchange.attempt!.firstTokenAt = 1_350;
    metrics.record(exchange, outcome());
    expect((await lines('litellm_llm_api_time_to_first_token_metric_sum'))[0]).toMatch(/ 0\.1$/);
  });

  it('tells what kinds of tokens it used, where there are any', async () => {
    const { metrics, lines } = aGateway();
    metrics.record(aCall(), outcome());
    expect(await lines('litellm_input_cached')).toEqual([]);
    const usage = {
      ...someUsage(10, 5),
      cachedInputTokens: 4,
      cacheWriteTokens: 3,
      reasoningTokens: 2,
      inputAudioTokens: 1,
      outputAudioTokens: 6,
    };
    metrics.record(aCall(), outcome({ usage }));
    const names = ['input_cached', 'input_cache_creation', 'output_reasoning', 'input_audio', 'output_audio'];
    const told = await Promise.all(names.map((name) => lines(`litellm_${name}_tokens_metric_total`)));
    expect(told.map(([line]) => Number(line!.split(' ').at(-1)))).toEqual([4, 3, 2, 1, 6]);
  });

  it('without a known price is told apart', async () => {
    const { metrics, lines } = aGateway();
    metrics.record(aCall(), outcome({ costNanoUsd: undefined }));
    expect((await lines('turnpike_unpriced_calls_total'))[0]).toMatch(/ 1$/);
    expect((await lines('litellm_spend_metric_total'))[0]).toMatch(/ 0$/);
  });

  it('from the cache counts as a hit, and one that was not there as a miss', async () => {
    const { metrics, lines } = aGateway();
    const body = Buffer.from('{"choices":["\\"total_tokens\\":9"],"usage":{"total_tokens": 15},"id":1}');
    const answer = { kind: 'whole', body, usage: undefined, headers: {} } as const;
    const hit = anExchange({
      answer,
      startedAt: 1_000,
      model: 'asked',
      resolution,
      principal: aPrincipal(),
      cache: 'hit',
    });
    metrics.record(hit, outcome({ costNanoUsd: 0, usage: undefined }));
    metrics.record(aCall({ cache: 'miss' }), outcome());
    expect(await lines('litellm_cache')).toEqual([
      expect.stringMatching(/^litellm_cache_hits_metric_total\{model="asked",hashed_api_key=.* 1$/),
      expect.stringMatching(/^litellm_cache_misses_metric_total\{model="asked",.* 1$/),
      expect.stringMatching(/^litellm_cached_tokens_metric_total\{model="asked",.* 15$/),
    ]);
  });

  it('of nobody is counted, too', async () => {
    const { metrics, lines } = aGateway();
    metrics.record(
      anExchange({ startedAt: 1_000 }),
      outcome({ status: 'failure', statusCode: 401, error: aFailure('GW_NO_KEY'), usage: undefined }),
    );
    expect(await lines('litellm_proxy_failed_requests_metric_total')).toEqual([
      'litellm_proxy_failed_requests_metric_total{requested_model="unknown",exception_status="401",exception_class="GW_NO_KEY",route="/v1/chat/completions"} 1',
    ]);
  });

  it('leaves no label empty that has another value by now', async () => {
    const { metrics, lines } = aGateway();
    metrics.record(aCall(), outcome());
    metrics.record(aCall({ principal: aPrincipal({ keyAlias: 'renamed' }) }), outcome());
    expect(
      (await lines('litellm_requests_metric_total')).map((line) => /api_key_alias="(\w+)"/.exec(line)![1]),
    ).toEqual(['production', 'renamed']);
  });
});

describe('what failed', () => {
  it('is counted by attempt, and once more when its deployment rests', async () => {
    const { metrics, lines } = aGateway();
    const exchange = aCall();
    const error = aFailure('GW_UPSTREAM_UNAVAILABLE');
    metrics.attemptFailed(exchange.attempt!, error);
    metrics.cooledDown(exchange.attempt!, error);
    expect((await lines('litellm_deployment_failure_responses_total'))[0]).toMatch(
      /requested_model="asked",litellm_model_name="upstream",.*exception_status="503",exception_class="GW_UPSTREAM_UNAVAILABLE",hashed_api_key="ab.* 1$/,
    );
    expect((await lines('litellm_deployment_cooled_down_total'))[0]).toMatch(/exception_status="503"\} 1$/);
    expect((await lines('litellm_deployment_total_requests_total'))[0]).toMatch(/ 1$/);
    expect((await lines('litellm_llm_api_failed_requests_metric_total'))[0]).toMatch(/ 1$/);
  });

  it.each([
    ['answers', 'success', 'litellm_deployment_successful_fallbacks_total'],
    ['fails too', 'failure', 'litellm_deployment_failed_fallbacks_total'],
  ] as const)('and falls back to a group that %s tells from where, to where and why', async (_, status, name) => {
    const { metrics, lines } = aGateway();
    const exchange = anExchange({ startedAt: 1_000, model: 'asked', resolution, principal: aPrincipal() });
    anAttempt(exchange, { status: 'failure', startedAt: 1_000, endedAt: 1_100, error: aFailure('GW_TIMEOUT') });
    const second = anAttempt(exchange, { deployment: { id: 'd2' }, status, startedAt: 1_100, endedAt: 2_000 });
    Object.assign(second.choice, { fallback: 1, level: { group: { name: 'other' } } });
    metrics.record(exchange, outcome());
    expect(await lines('litellm_deployment_successful_fallbacks_total')).toHaveLength(status === 'success' ? 1 : 0);
    expect((await lines(name))[0]).toMatch(
      /\{requested_model="asked",fallback_model="other",exception_status="408",exception_class="GW_TIMEOUT",model_id="d2",.*\} 1$/,
    );
  });
});

describe('labels', () => {
  const asked = (filled: Partial<Exchange>, settings: Partial<MetricsSettings>) => {
    const { metrics, lines } = aGateway(settings);
    metrics.record(aCall(filled), outcome());
    return lines;
  };

  it('of end users, addresses and programs are empty unless asked for', async () => {
    const headers = { 'user-agent': 'program/1' };
    const customer = 'somebody';
    const without = await asked({ headers, customer }, {})('litellm_');
    expect(without.join()).not.toMatch(/somebody|program/);
    const withUser = await asked({ headers, customer }, { hasEndUserLabel: true })('litellm_spend_metric_total');
    expect(withUser[0]).toContain('end_user="somebody"');
    const groups = [{ metrics: ['litellm_spend_metric'], labels: ['user_agent', 'model'] }];
    expect(await asked({ headers, customer }, { groups })('litellm_spend')).toEqual([
      'litellm_spend_metric_total{model="upstream",user_agent="program/1"} 2',
    ]);
  });

  it('come from metadata of the request, else of the key, and from tags', async () => {
    const { metrics, lines } = aGateway({
      metadataLabels: ['metadata.project.name', 'cost-centre'],
      tags: ['prod', 'team-*'],
    });
    metrics.book.learn({
      keyHash: HASH,
      metadata: { 'cost-centre': 7, project: { name: 'of the key' } },
      limits: [],
      accounts: [],
    } as never);
    const metadata = { project: { name: 'of the request' }, toString: 'x' };
    metrics.record(aCall({ body: { metadata }, tags: ['team-red', 'prod2'] }), outcome());
    expect((await lines('litellm_requests_metric_total'))[0]).toMatch(
      /metadata_project_name="of the request",cost_centre="7",tag_prod="false",tag_team__="true"\} 1$/,
    );
  });

  it('tell streams apart where that is asked for', async () => {
    const lines = asked({ isStream: true }, { hasStreamLabel: true });
    expect((await lines('litellm_proxy_total_requests_metric_total'))[0]).toContain('stream="True"');
  });

  it('that are excluded are not told, nor are metrics', async () => {
    const lines = asked({}, { excludedLabels: ['hashed_api_key', 'team'], excludedMetrics: ['litellm_spend_metric'] });
    const all = (await lines('')).join('\n');
    expect(all).not.toMatch(/hashed_api_key|team="|litellm_spend_metric/);
    expect(all).toContain('api_key_alias="production"');
  });

  it('and metrics may be restricted to groups, which leave our own alone', async () => {
    const groups = [
      { metrics: ['litellm_total_tokens_metric'], labels: ['model'] },
      { metrics: ['litellm_requests_metric_total'], labels: undefined },
    ];
    const { metrics, lines } = aGateway({ groups });
    metrics.record(aCall(), outcome());
    metrics.hook('cache.x', 'get', 'ok', 5);
    expect(await lines('litellm_total')).toEqual(['litellm_total_tokens_metric_total{model="upstream"} 15']);
    expect(await lines('litellm_requests')).toHaveLength(1);
    expect(await lines('litellm_spend')).toEqual([]);
    expect(await lines('turnpike_plugin_hook_calls')).toHaveLength(1);
  });

  it('of callers beyond the bound are joined, and their models are still told', async () => {
    const { metrics, lines } = aGateway({ maxSeries: 4 });
    for (let key = 0; key < 10; key += 1)
      metrics.record(
        aCall({ principal: aPrincipal({ keyHash: `${key}`.repeat(64), keyAlias: `k${key}` }) }),
        outcome(),
      );
    const told = await lines('litellm_requests_metric_total');
    expect(told).toHaveLength(5);
    expect(told.at(-1)).toMatch(
      /^litellm_requests_metric_total\{requested_model="asked",model="upstream",.*api_key_alias="other".* 6$/,
    );
  });
});

describe('upstream limits', () => {
  it.each([
    ['x-ratelimit-remaining-requests', 'x-ratelimit-remaining-tokens'],
    ['somebody-ratelimit-requests-remaining', 'somebody-ratelimit-tokens-remaining'],
  ])('are read from %s', (requests, tokens) => {
    const { metrics } = aGateway();
    const answer = { headers: { [requests]: '59', [tokens]: '1000' } } as unknown as UpstreamAnswer;
    const exchange = aCall({ answer });
    Object.assign(exchange.attempt!.target.deployment, { id: `d-${requests}` });
    metrics.record(exchange, outcome());
    const [caller] = [...metrics.callers.all()];
    expect([...caller!.all()].map(({ rateLimits }) => rateLimits)).toEqual([
      { requests: 59, tokens: 1_000, toldAt: 3_000 },
    ]);
  });

  it.each(['', 'many', '-1', '1e999'])('that are %p say nothing', (value) => {
    const { metrics } = aGateway();
    const answer = { headers: { 'x-ratelimit-remaining-requests': value } } as unknown as UpstreamAnswer;
    metrics.record(aCall({ answer }), outcome());
    const [caller] = [...metrics.callers.all()];
    expect([...caller!.all()].map(({ rateLimits }) => rateLimits)).toEqual([undefined]);
  });
});

describe('plugins, guardrails and callbacks', () => {
  it('are counted by what they did', async () => {
    const { metrics, lines } = aGateway();
    const own = metrics.forPlugin('callback.x');
    own.count('sent', 3);
    own.count('sent');
    own.gauge('depth', 7);
    own.gauge('depth', 8);
    metrics.hook('cache.x', 'get', 'ok', 5);
    metrics.hook('cache.x', 'get', 'timeout', 50);
    metrics.guardrail({ name: 'pii', mode: 'pre_call', status: 'guardrail_intervened', ms: 20 });
    metrics.guardrail({
      name: 'pii',
      mode: 'pre_call',
      status: 'guardrail_failed_to_respond',
      error: 'GW_PLUGIN_HOOK',
      ms: 20,
    });
    metrics.callbackFailed('webhook', 4);
    const told = (await lines('')).filter((line) => !/bucket|_sum|_count|# /.test(line));
    expect(told).toEqual([
      'turnpike_plugin_value{plugin="callback.x",name="depth"} 8',
      'litellm_guardrail_requests_total{guardrail_name="pii",status="guardrail_intervened",hook_type="pre_call"} 1',
      'litellm_guardrail_requests_total{guardrail_name="pii",status="guardrail_failed_to_respond",hook_type="pre_call"} 1',
      'litellm_guardrail_errors_total{guardrail_name="pii",error_type="GW_PLUGIN_HOOK",hook_type="pre_call"} 1',
      'litellm_callback_logging_failures_metric_total{callback_name="webhook"} 4',
      'turnpike_plugin_hook_calls_total{plugin="cache.x",hook="get",outcome="ok"} 1',
      'turnpike_plugin_hook_calls_total{plugin="cache.x",hook="get",outcome="timeout"} 1',
      'turnpike_plugin_events_total{plugin="callback.x",name="sent"} 4',
      '',
    ]);
  });
});
