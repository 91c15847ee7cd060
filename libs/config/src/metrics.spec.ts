import { afterEach, describe, expect, it } from '@jest/globals';
import { loadYaml, problemOf, removeFolders } from '../test/workspace.js';

afterEach(removeFolders);

const metricsOf = (yaml: string) => loadYaml(`litellm_settings: ${yaml}`).metrics;

describe('metrics', () => {
  it('are told in full unless the file says otherwise', () => {
    expect(metricsOf('{}')).toEqual({
      requireAuth: false,
      metadataLabels: [],
      tags: [],
      groups: [],
      excludedMetrics: [],
      excludedLabels: [],
      maxSeries: undefined,
      idleMs: undefined,
      hasStreamLabel: false,
      hasEndUserLabel: false,
      tellsAllBudgets: false,
    });
  });

  it('are told as LiteLLM’s keys say', () => {
    expect(
      loadYaml(`
litellm_settings:
  require_auth_for_metrics_endpoint: true
  custom_prometheus_metadata_labels: [metadata.foo]
  custom_prometheus_tags: [prod, 'team-*']
  prometheus_exclude_metrics: [litellm_spend_metric]
  prometheus_exclude_labels: [user]
  prometheus_metrics_max_series_per_metric: 5000
  prometheus_metrics_ttl_seconds: 3600
  prometheus_emit_stream_label: true
  prometheus_initialize_budget_metrics: true
  enable_end_user_cost_tracking_prometheus_only: true
  prometheus_metrics_config:
    - group: tokens
      metrics: [litellm_total_tokens_metric]
      include_labels: [model, team]
    - metrics: [litellm_spend_metric]
`).metrics,
    ).toEqual({
      requireAuth: true,
      metadataLabels: ['metadata.foo'],
      tags: ['prod', 'team-*'],
      groups: [
        { metrics: ['litellm_total_tokens_metric'], labels: ['model', 'team'] },
        { metrics: ['litellm_spend_metric'], labels: undefined },
      ],
      excludedMetrics: ['litellm_spend_metric'],
      excludedLabels: ['user'],
      maxSeries: 5_000,
      idleMs: 3_600_000,
      hasStreamLabel: true,
      hasEndUserLabel: true,
      tellsAllBudgets: true,
    });
  });

  it('do not tell of end users where that is switched off, too', () => {
    const yaml =
      '{enable_end_user_cost_tracking_prometheus_only: true, disable_end_user_cost_tracking_prometheus_only: true}';
    expect(metricsOf(yaml).hasEndUserLabel).toBe(false);
  });

  it('take a bound of nothing for none', () => {
    const { maxSeries, idleMs } = metricsOf(
      '{prometheus_metrics_max_series_per_metric: 0, prometheus_metrics_ttl_seconds: 0}',
    );
    expect([maxSeries, idleMs]).toEqual([undefined, undefined]);
  });

  it.each([
    'prometheus_metrics_config: [tokens]',
    'prometheus_metrics_config: [{group: a}]',
    'prometheus_metrics_config: [{metrics: litellm_spend_metric}]',
    'prometheus_metrics_config: [{metrics: [5]}]',
    'prometheus_metrics_config: [{metrics: [a], include_labels: model}]',
  ])('are refused with %s', (line) => {
    expect(problemOf(() => loadYaml(`litellm_settings: {${line}}`))).toMatch(
      /prometheus_metrics_config\[0\] must be a map with a list `metrics`/,
    );
  });

  it.each(['prometheus_metrics_max_series_per_metric: -1', 'prometheus_metrics_ttl_seconds: soon'])(
    'are refused with %s',
    (line) => {
      expect(problemOf(() => loadYaml(`litellm_settings: {${line}}`))).toContain(line.split(':')[0]);
    },
  );
});
