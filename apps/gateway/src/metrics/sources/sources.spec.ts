import { beforeEach, describe, expect, it } from '@jest/globals';
import { aDeployment } from '@turnpike/plugin-testkit';
import { LiveState } from '@turnpike/router';
import type { MetricSource } from '@turnpike/telemetry';
import { someMetrics } from '../../../test/doubles.js';
import type { Runtime } from '../../runtime/runtime.js';
import { GatewayMetrics } from '../gateway-metrics.js';
import { budgetSources } from './budgets.js';
import { callbackSources } from './callbacks.js';
import { callerLimitSources } from './caller-limits.js';
import { deploymentSources } from './deployments.js';
import { gatewaySources } from './index.js';
import { journalSources } from './journal.js';

const NOW = 3_600_000;
const HASH = 'ab'.repeat(32);
const ALIAS = ['abababababababab', 'production'];

let metrics: GatewayMetrics;
let state: LiveState;
beforeEach(() => {
  metrics = new GatewayMetrics(someMetrics());
  state = new LiveState();
});

const aRuntime = (changes: object = {}): Runtime =>
  ({
    metrics,
    state,
    clock: { now: () => NOW },
    config: { deployments: [], metrics: someMetrics() },
    health: { of: () => [], checks: 0 },
    ...changes,
  }) as unknown as Runtime;

/** What a source tells, in order: figure, labels, limit. */
const told = (sources: readonly MetricSource[], name: string): unknown[] => {
  const figures: unknown[] = [];
  sources.find((source) => source.name === name)!.read((...figure) => void figures.push(figure));
  return figures;
};

describe('queues of callbacks', () => {
  const queues = [
    { name: 'langfuse', events: 3, bytes: 300 },
    { name: 's3', events: 0, bytes: 0 },
    { name: 'langfuse', events: 2, bytes: 50 },
  ];
  const sources = callbackSources(aRuntime({ current: { callbacks: { depths: () => queues } } }));

  it('are told by callback, those of keys with the others', () => {
    expect(told(sources, 'turnpike_callback_queue_depth')).toEqual([
      [5, ['langfuse']],
      [0, ['s3']],
    ]);
    expect(told(sources, 'turnpike_callback_queue_bytes')).toEqual([
      [350, ['langfuse']],
      [0, ['s3']],
    ]);
  });
});

describe('budgets', () => {
  const sources = (changes: object = {}) => budgetSources(aRuntime({ budgets: { spentSince: () => 0 }, ...changes }));

  it('are told in USD and hours, with the names of their owners', () => {
    metrics.book.nameKey(HASH, 'production');
    metrics.book.granted({ account: `key:${HASH}`, max: 10e9, spent: 4e9, resetAt: NOW + 7_200_000 });
    expect(told(sources(), 'litellm_remaining_api_key_budget_metric')).toEqual([[6, ALIAS]]);
    expect(told(sources(), 'litellm_api_key_max_budget_metric')).toEqual([[10, ALIAS]]);
    expect(told(sources(), 'litellm_api_key_budget_remaining_hours_metric')).toEqual([[2, ALIAS]]);
    expect(told(sources(), 'litellm_remaining_team_budget_metric')).toEqual([]);
  });

  it('are less what was spent since, and all there when they have begun anew', () => {
    metrics.book.granted({ account: 'team:t1', max: 10e9, spent: 4e9, resetAt: undefined });
    metrics.book.granted({ account: 'user:u1', max: 10e9, spent: 4e9, resetAt: NOW - 1 });
    const since = sources({ budgets: { spentSince: () => 1e9 } });
    expect(told(since, 'litellm_remaining_team_budget_metric')).toEqual([[5, ['t1', '']]]);
    expect(told(since, 'litellm_remaining_user_budget_metric')).toEqual([[10, ['u1']]]);
    expect(told(since, 'litellm_user_budget_remaining_hours_metric')).toEqual([[0, ['u1']]]);
  });

  it('of which nobody has said what was spent have a bound only', () => {
    metrics.book.learn({
      keyHash: HASH,
      keyAlias: 'production',
      limits: [],
      accounts: [{ account: `key:${HASH}`, maxNanoUsd: 5e9, model: '' }],
    } as never);
    expect(told(sources(), 'litellm_remaining_api_key_budget_metric')).toEqual([]);
    expect(told(sources(), 'litellm_api_key_max_budget_metric')).toEqual([[5, ALIAS]]);
  });

  it('of customers are told only where end users are', () => {
    metrics.book.granted({ account: 'customer:c1', max: 10e9, spent: 4e9, resetAt: undefined });
    const names = sources().map(({ name }) => name);
    expect(names.filter((name) => name.includes('customer'))).toEqual([]);
    const config = { deployments: [], metrics: someMetrics({ hasEndUserLabel: true }) };
    expect(told(sources({ config }), 'litellm_remaining_customer_budget_metric')).toEqual([[6, ['c1']]]);
  });
});

describe('limits of callers', () => {
  it('are told as what is allowed, used, and left for a model', () => {
    metrics.book.learn({
      keyHash: HASH,
      keyAlias: 'production',
      teamId: 't1',
      teamAlias: 'Red',
      accounts: [],
      limits: [
        { scope: `key:${HASH}`, model: '', limits: { rpm: 10, maxParallelRequests: 2 } },
        { scope: `key:${HASH}|model:m`, model: 'm', limits: { rpm: 5, tpm: 100 } },
        { scope: 'team:t1', model: '', limits: { tpm: 1_000 } },
      ],
    } as never);
    const usage = (scope: string) => ({ requests: scope.includes('model') ? 1 : 3, tokens: 40, inFlight: 1 });
    const sources = callerLimitSources(aRuntime({ limits: { usage } }));
    expect(told(sources, 'litellm_api_key_rate_limit_allowed_metric')).toEqual([
      [10, [...ALIAS, 'requests']],
      [2, [...ALIAS, 'parallel']],
    ]);
    expect(told(sources, 'litellm_api_key_rate_limit_used_metric')).toEqual([
      [3, [...ALIAS, 'requests']],
      [1, [...ALIAS, 'parallel']],
    ]);
    expect(told(sources, 'litellm_team_rate_limit_used_metric')).toEqual([[40, ['t1', 'Red', 'tokens']]]);
    expect(told(sources, 'litellm_remaining_api_key_requests_for_model')).toEqual([[1, [...ALIAS, 'm'], 5]]);
    expect(told(sources, 'litellm_remaining_api_key_tokens_for_model')).toEqual([[40, [...ALIAS, 'm'], 100]]);
  });
});

describe('deployments', () => {
  it('are told as they are, with their limits where they have any', () => {
    const deployments = ['well', 'resting', 'failing'].map((id) =>
      aDeployment({ id, provider: 'provider.x', model: 'm', connection: {}, rpm: id === 'well' ? 60 : undefined }),
    );
    const [, resting, failing] = deployments.map((one) => state.of(one));
    resting!.changeHealth({ ...resting!.health, coolUntil: NOW + 1 });
    failing!.began(NOW);
    failing!.ended(NOW, { durationMs: 1, tokens: 0, outputTokens: 0, isFailure: true });
    const health = { of: ({ id }: { id: string }) => (id === 'well' ? [{ at: 1, ms: 1 }] : []), checks: 3 };
    const sources = deploymentSources(aRuntime({ config: { deployments }, health }));
    const labels = (id: string): string[] => ['m', id, '', 'x'];
    expect(told(sources, 'litellm_deployment_state')).toEqual([
      [0, labels('well')],
      [2, labels('resting')],
      [1, labels('failing')],
    ]);
    expect(told(sources, 'litellm_deployment_rpm_limit')).toEqual([[60, labels('well')]]);
    expect(told(sources, 'turnpike_deployment_healthy')).toEqual([[1, labels('well')]]);
    expect(told(sources, 'turnpike_health_checks_total')).toEqual([[3]]);
  });
});

describe('the journal', () => {
  it('has no metrics where there is none', () => {
    expect(journalSources(aRuntime())).toEqual([]);
  });

  it('tells what waits, what was lost, and what went wrong', () => {
    const stats = {
      entries: 3,
      bytes: 30,
      oldestMs: 4_000,
      diskBytes: 50,
      memoryBytes: 0,
      appended: 9,
      shipped: 6,
      dropped: 1,
      refused: 2,
      faults: { write: 5 },
    };
    const sources = journalSources(
      aRuntime({ journal: { stats: () => stats }, ledger: { isAway: true, confirmedAt: NOW - 9_000 } }),
    );
    expect(told(sources, 'turnpike_journal_entries')).toEqual([[3]]);
    expect(told(sources, 'turnpike_journal_oldest_seconds')).toEqual([[4]]);
    expect(told(sources, 'turnpike_journal_calls_total')).toContainEqual([2, ['refused']]);
    expect(told(sources, 'turnpike_journal_faults_total')).toContainEqual([5, ['write']]);
    expect(told(sources, 'turnpike_ledger_watches')).toEqual([[0]]);
    expect(told(sources, 'turnpike_ledger_unheard_seconds')).toEqual([[9]]);
  });
});

it('no two sources have one name, and all have names that Prometheus takes', () => {
  const journal = { stats: () => ({}) };
  const config = { deployments: [], metrics: someMetrics({ hasEndUserLabel: true }) };
  const names = gatewaySources(aRuntime({ journal, ledger: {}, config })).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(40);
  for (const name of names) expect(name).toMatch(/^(?:litellm|turnpike)_[a-z_]+$/);
});
