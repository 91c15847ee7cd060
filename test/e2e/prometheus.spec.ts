// A real Prometheus scrapes a gateway with two workers: the exposition, the rules, and every query of our dashboard and of
// LiteLLM's dashboards.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connectLedger, type LedgerClient } from '@turnpike/rpc';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { DEGRADED_STATES } from '../../apps/gateway/dist/runtime/degraded-states.js';
import { Prometheus, promtool } from '../services/prometheus.js';
import { freePort } from '../services/redis-server.js';
import { chat, exchange } from './client.js';
import { eventually, MASTER_KEY, newFolder, ROOT, startGateway, type Gateway } from './harness.js';
import { deployment } from './upstreams.js';

jest.setTimeout(240_000);

const RULES = join(ROOT, 'deploy', 'prometheus', 'alerts.yml');

interface Rule {
  alert: string;
  expr: string;
  annotations: { page: string };
}
const rules = (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);

interface Panel {
  title: string;
  type: string;
  targets?: { expr: string }[];
}
const dashboards = readdirSync(join(ROOT, 'deploy', 'grafana'))
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({
    file,
    json: JSON.parse(readFileSync(join(ROOT, 'deploy', 'grafana', file), 'utf8')) as {
      schemaVersion: number;
      uid: string;
      panels: Panel[];
      templating: { list: { name: string; type: string }[] };
    },
  }));

/** As Grafana sends them with everything selected. */
const filledIn = (expression: string): string =>
  expression.replaceAll('$__rate_interval', '1m').replaceAll(/\$(?:model|key)\b/g, '.*');

const BROKEN_CALLBACK = `
import { definePlugin, z } from '@turnpike/plugin-sdk';
const fail = () => Promise.reject(new Error('away'));
export default definePlugin({
  contract: 'callback/v1', id: 'callback.broken', capabilities: ['events'], config: z.strictObject({}),
  init: () => ({ events: { onBeforeCall: fail, onSuccess: fail, onFailure: fail } }),
});`;

const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 };
const grpc = `127.0.0.1:${await freePort()}`;
let gateway: Gateway;
let ledger: LedgerClient;
let prometheus: Prometheus;

/** Something of everything that is counted. */
const traffic = async (secret: string): Promise<void> => {
  const sent = { key: secret };
  for (const body of [
    { model: 'gpt-4o', temperature: 0 },
    { model: 'gpt-4o', stream: true },
    { model: 'cached-and-reasoned' },
    { model: 'falls-back' },
    { model: 'broken' },
    { model: 'nobody-knows-this' },
    // Twice the same, so that one is answered by the cache.
    { model: 'gpt-4o', temperature: 0 },
  ])
    await (await chat(gateway, body, sent)).text();
  await (
    await chat(gateway, { model: 'gpt-4o', messages: [{ role: 'user', content: 'forbidden words' }] }, sent)
  ).text();
};

beforeAll(async () => {
  gateway = await startGateway({
    hasLedger: true,
    args: ['--num_workers', '2'],
    env: { TURNPIKE_GRPC_ADDRESS: grpc },
    files: { 'broken.mjs': BROKEN_CALLBACK },
    config: {
      router_settings: { num_retries: 0, cooldown_time: 60, fallbacks: [{ 'falls-back': ['gpt-4o'] }] },
      model_list: [
        deployment('gpt-4o', 'openai/gpt-4o', { ...prices, rpm: 1_000, tpm: 100_000 }),
        deployment('cached-and-reasoned', 'openai/mock-cached-7+reasoning', prices),
        deployment('falls-back', 'openai/mock-500', prices),
        deployment('broken', 'openai/mock-401', prices),
        deployment('broken', 'openai/mock-500', prices),
      ],
      litellm_settings: {
        cache: true,
        cache_params: { type: 'local' },
        callbacks: ['broken'],
        prometheus_initialize_budget_metrics: true,
        enable_end_user_cost_tracking_prometheus_only: true,
      },
      plugins: [{ path: './broken.mjs' }],
      guardrails: [
        {
          guardrail_name: 'no-forbidden-words',
          litellm_params: {
            guardrail: 'regex',
            mode: 'pre_call',
            default_on: true,
            patterns: [{ pattern_type: 'regex', name: 'words', pattern: 'forbidden', action: 'BLOCK' }],
          },
        },
      ],
    },
  });
  ledger = connectLedger({ address: grpc, token: MASTER_KEY });
  const asked = <T>(make: () => Promise<T>): Promise<T> =>
    eventually(
      () =>
        make().catch((error: unknown) => (String(error).includes('ECONNREFUSED') ? undefined : Promise.reject(error))),
      (made) => made !== undefined,
      30_000,
    ) as Promise<T>;
  const budget = { maxNanoUsd: 50e9, duration: '30d' };
  const { organization } = await asked(() =>
    ledger.organizations.createOrganization({ organization: { organizationAlias: 'Acme', budget } }),
  );
  const organizationId = organization!.organizationId;
  const { team } = await ledger.teams.createTeam({ team: { teamAlias: 'Platform', organizationId, budget } });
  await ledger.users.createUser({ user: { userId: 'somebody', userEmail: 'somebody@example.com', budget } });
  const { secret } = await ledger.keys.generateKey({
    key: {
      keyAlias: 'production',
      userId: 'somebody',
      teamId: team!.teamId,
      budget,
      limits: { rpm: 1_000, tpm: 1_000_000 },
      modelTerms: { 'gpt-4o': { limits: { rpm: 500, tpm: 500_000 } } },
    },
  });
  const { secret: own } = await ledger.keys.generateKey({ key: { keyAlias: 'own', userId: 'somebody' } });
  await eventually(
    async () => (await chat(gateway, { model: 'gpt-4o' }, { key: secret })).status,
    (status) => status === 200,
    30_000,
  );
  prometheus = await Prometheus.start([new URL(gateway.url).host], [RULES]);
  await traffic(secret);
  await (await chat(gateway, { model: 'gpt-4o', user: 'customer-1' }, { key: own })).text();
  // A rate needs a reading before and one after.
  await eventually(
    () => prometheus.query('count_over_time(up[1m])'),
    ([scrapes]) => (scrapes?.value ?? 0) >= 3,
    60_000,
  );
  for (let round = 0; round < 3; round += 1) await traffic(secret);
  await eventually(
    async () => {
      // Which of the broken ones is asked is chance, and one alone is enough to be told of.
      await (await chat(gateway, { model: 'broken' }, { key: secret })).text();
      return prometheus.query('sum(rate(litellm_deployment_cooled_down_total[1m]))');
    },
    ([rate]) => rate !== undefined,
    60_000,
  );
});
afterAll(async () => {
  await prometheus.stop();
  ledger.close();
  await gateway.kill();
});

describe('the files', () => {
  it.each([
    ['config', 'prometheus.yml'],
    ['rules', 'alerts.yml'],
  ])('are what promtool check %s takes', (what, file) => {
    expect(promtool(['check', what, join(ROOT, 'deploy', 'prometheus', file)])).toMatchObject({ code: 0 });
  });

  it('have a rule and a page for every degraded state, and no page that there is not', () => {
    const pages = readdirSync(join(ROOT, 'docs', 'degraded')).filter((file) => file !== 'README.md');
    const names = DEGRADED_STATES.map(({ name }) => name);
    expect(pages.sort()).toEqual(names.map((name) => `${name}.md`).sort());
    for (const name of names) {
      const own = rules.filter(({ expr }) => expr.includes(`turnpike_degraded{state="${name}"}`));
      expect([name, own.map(({ annotations }) => annotations.page)]).toEqual([name, [`docs/degraded/${name}.md`]]);
    }
    for (const { alert, annotations } of rules)
      expect([alert, readFileSync(join(ROOT, annotations.page), 'utf8').length > 0]).toEqual([alert, true]);
  });

  it('fire for each degraded state, and not without one', () => {
    const folder = newFolder();
    const times = { eval_time: '20m' };
    const tests = DEGRADED_STATES.flatMap(({ name }) =>
      [1, 0].map((value) => {
        const { alert } = rules.find(({ expr }) => expr.includes(`"${name}"`))!;
        return {
          interval: '1m',
          input_series: [
            { series: `turnpike_degraded{state="${name}",instance="i",job="turnpike"}`, values: `${value}x30` },
          ],
          promql_expr_test: [
            {
              ...times,
              expr: `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`,
              exp_samples: [{ value, labels: '{}' }],
            },
          ],
        };
      }),
    );
    writeFileSync(join(folder, 'tests.json'), JSON.stringify({ rule_files: [RULES], tests }));
    expect(promtool(['test', 'rules', join(folder, 'tests.json')])).toMatchObject({ code: 0 });
    rmSync(folder, { recursive: true });
  });

  it.each(dashboards)('of Grafana are complete: $file', ({ json }) => {
    expect(json.schemaVersion).toBeGreaterThanOrEqual(38);
    expect(json.uid).toBe('turnpike');
    expect(json.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource' });
    expect(json.panels.length).toBeGreaterThan(30);
    for (const { title, type, targets } of json.panels)
      expect([title, type === 'row' || targets!.length > 0]).toEqual([title, true]);
  });
});

describe('the exposition', () => {
  it('is scraped, and promtool has nothing to say of its form', async () => {
    const [up] = await prometheus.query('up');
    expect(up).toMatchObject({ value: 1 });
    const { body, headers } = await exchange(gateway, '/metrics');
    expect(headers['content-type']).toContain('text/plain; version=0.0.4');
    const { output } = promtool(['check', 'metrics'], body.toString());
    // LiteLLM's names are what they are.
    const ours = output.split('\n').filter((line) => !/^(?:litellm_|nodejs_)/.test(line) && line !== '');
    expect(ours).toEqual([]);
    expect(output).not.toMatch(/error|unexpected|invalid/i);
  });

  it('shows no key', async () => {
    const text = (await exchange(gateway, '/metrics')).body.toString();
    expect(text).not.toMatch(/sk-|provider-secret/);
  });
});

const expressions = dashboards.flatMap(({ json }) =>
  json.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => filledIn(expr))),
);

/** Nothing of it happens in this test. */
const QUIET = /redis|degraded > 0|failed_fallbacks|unpriced|fate!~|state="resting"/;

/** Those that Prometheus has nothing for, or does not take. */
const withoutData = async (asked: readonly string[]): Promise<string[]> => {
  const found = await Promise.all(
    asked.map((expression) => prometheus.query(expression).catch((error: unknown) => String(error))),
  );
  return asked.flatMap((expression, at) => {
    const samples = found[at]!;
    if (typeof samples === 'string') return [samples];
    return samples.length === 0 ? [expression] : [];
  });
};

/** Of those that have none now, some may have it with the next readings. */
const eventuallyWithoutData = (asked: readonly string[]): Promise<string[]> =>
  eventually(
    () => withoutData(asked),
    (none) => none.length === 0,
    30_000,
  ).catch(() => withoutData(asked));

describe('our dashboard', () => {
  it('has data for every panel that has something to show', async () => {
    expect(expressions.length).toBeGreaterThan(40);
    expect(await eventuallyWithoutData(expressions.filter((one) => !QUIET.test(one)))).toEqual([]);
  });

  it.each(expressions.filter((one) => QUIET.test(one)))('may ask %s', async (expression) => {
    await expect(prometheus.query(expression)).resolves.toBeDefined();
  });
});

describe('our alerts', () => {
  it('are evaluated by Prometheus itself, without a fault', async () => {
    const { groups } = (await prometheus.ask('rules')) as { groups: { rules: { name: string; health: string }[] }[] };
    const healths = groups.flatMap((group) => group.rules.map(({ name, health }) => [name, health]));
    expect(healths.sort()).toEqual(rules.map(({ alert }) => [alert, 'ok']).sort());
  });
});

/** As dashboards for LiteLLM ask, by what they show. */
const LITELLM: readonly string[] = [
  // Traffic, failures, latency, by key and team.
  'sum(rate(litellm_proxy_total_requests_metric_total[1m]))',
  'sum(rate(litellm_proxy_failed_requests_metric_total[1m])) by (exception_class)',
  'sum(rate(litellm_request_total_latency_metric_sum[1m]))/sum(rate(litellm_request_total_latency_metric_count[1m]))',
  'histogram_quantile(0.5, sum(rate(litellm_request_total_latency_metric_bucket[1m])) by (le))',
  'sum(rate(litellm_proxy_total_requests_metric_total[1m])) by (api_key_alias)',
  'sum(rate(litellm_proxy_total_requests_metric_total[1m])) by (team_alias)',
  'sum by (route, status_code) (increase(litellm_proxy_total_requests_metric_total[5m]))',
  'sum by (user, user_email) (increase(litellm_proxy_total_requests_metric_total{user_email!=""}[5m]))',
  'histogram_quantile(0.95, sum by (le, model_id) (rate(litellm_llm_api_time_to_first_token_metric_bucket[1m])))',
  'histogram_quantile(0.95, sum by (le, requested_model) (rate(litellm_llm_api_latency_metric_bucket[1m])))',
  'histogram_quantile(0.99, sum(rate(litellm_self_latency_bucket{self="self"}[1m])) by (le))',
  'histogram_quantile(0.95, sum by (le) (rate(litellm_request_queue_time_seconds_bucket[1m])))',
  'histogram_quantile(0.95, sum by (le, model_group) (rate(litellm_overhead_latency_metric_bucket[1m])))',
  'histogram_quantile(0.95, sum by (le) (rate(litellm_overhead_with_guardrails_latency_metric_bucket[1m])))',
  'litellm_in_flight_requests',
  // Spend and tokens.
  'sum(increase(litellm_spend_metric_total[30d])) by (hashed_api_key)',
  'sum(increase(litellm_spend_metric_total[30d])) by (model)',
  'sum by (model) (increase(litellm_requests_metric_total[5m]))',
  'sum(increase(litellm_total_tokens_metric_total[5m])) by (model)',
  'sum by (team, team_alias, api_provider) (increase(litellm_spend_metric_total{team!=""}[5m]))',
  'sum by (requested_model) (rate(litellm_input_cached_tokens_metric_total[5m])) / sum by (requested_model) (rate(litellm_input_tokens_metric_total[5m]))',
  'sum by (requested_model) (rate(litellm_output_reasoning_tokens_metric_total[5m])) / sum by (requested_model) (rate(litellm_output_tokens_metric_total[5m]))',
  'sum by (end_user) (increase(litellm_spend_metric_total{end_user="customer-1"}[5m]) or litellm_spend_metric_total{end_user="customer-1"})',
  'sum by (org_id) (increase(litellm_total_tokens_metric_total{org_id!=""}[5m]))',
  // Deployments.
  'max by (litellm_model_name, model_id, api_base, api_provider) (litellm_deployment_state)',
  'litellm_deployment_state == 2',
  'sum by (litellm_model_name, api_provider) (rate(litellm_deployment_success_responses_total[1m]))',
  'sum by (litellm_model_name, exception_status, exception_class) (rate(litellm_deployment_failure_responses_total[1m]))',
  'sum by (model_id) (rate(litellm_deployment_success_responses_total[1m])) / sum by (model_id) (rate(litellm_deployment_total_requests_total[1m]))',
  'sum by (model_id, exception_status) (litellm_deployment_cooled_down_total)',
  'litellm_deployment_rpm_limit',
  'litellm_deployment_tpm_limit{litellm_model_name="gpt-4o"}',
  'histogram_quantile(0.95, sum by (le, model_id) (rate(litellm_deployment_latency_per_output_token_bucket[1m])))',
  'sum by (requested_model, fallback_model, exception_status) (increase(litellm_deployment_successful_fallbacks_total[5m]))',
  'sum(increase(litellm_llm_api_failed_requests_metric_total[1h]))',
  'topk(5, sort(litellm_remaining_requests_metric))',
  'topk(5, sort(litellm_remaining_tokens_metric))',
  // Budgets and limits.
  'litellm_remaining_api_key_budget_metric{api_key_alias="production"}',
  'litellm_api_key_max_budget_metric{api_key_alias="production"} == 50',
  'litellm_api_key_budget_remaining_hours_metric{api_key_alias="production"} > 0',
  'litellm_remaining_team_budget_metric{team_alias="Platform"} < 50',
  'litellm_team_max_budget_metric{team_alias="Platform"}',
  'litellm_team_budget_remaining_hours_metric{team_alias="Platform"}',
  'litellm_remaining_org_budget_metric{org_alias="Acme"}',
  'litellm_org_max_budget_metric{org_alias="Acme"}',
  'litellm_org_budget_remaining_hours_metric{org_alias="Acme"}',
  'litellm_remaining_user_budget_metric{user="somebody"} < 50',
  'litellm_user_max_budget_metric{user="somebody"}',
  'litellm_user_budget_remaining_hours_metric{user="somebody"}',
  'litellm_remaining_api_key_requests_for_model{api_key_alias="production",model="gpt-4o"} <= 500',
  'litellm_remaining_api_key_tokens_for_model{api_key_alias="production",model="gpt-4o"} <= 500000',
  'litellm_api_key_rate_limit_allowed_metric{api_key_alias="production"} == 1000',
  'litellm_api_key_rate_limit_used_metric{api_key_alias="production"}',
  // Cache, guardrails, callbacks, queues.
  'sum by (model) (increase(litellm_cache_hits_metric_total[5m]))',
  'sum by (model) (increase(litellm_cache_misses_metric_total[5m]))',
  'sum(increase(litellm_cached_tokens_metric_total[5m]))',
  'sum by (guardrail_name, status, hook_type) (increase(litellm_guardrail_requests_total[5m]))',
  'histogram_quantile(0.95, sum by (le, guardrail_name) (rate(litellm_guardrail_latency_seconds_bucket[1m])))',
  'sum by (callback_name) (litellm_callback_logging_failures_metric_total)',
  'litellm_in_memory_spend_update_queue_size',
];

it('dashboards for LiteLLM get data for all that they ask', async () => {
  expect(await eventuallyWithoutData(LITELLM)).toEqual([]);
});
