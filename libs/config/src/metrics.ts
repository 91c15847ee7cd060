// What `/metrics` tells, and how much of it.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { MetricsGroup, MetricsSettings } from './canonical.js';
import type { SettingsSource } from './gateway-settings.js';

export const readMetrics = (source: SettingsSource): MetricsSettings => {
  const { settings } = source;
  const maxSeries = settings.get('prometheus_metrics_max_series_per_metric');
  const ttlSeconds = settings.get('prometheus_metrics_ttl_seconds');
  return {
    requireAuth: settings.get('require_auth_for_metrics_endpoint') ?? false,
    metadataLabels: settings.get('custom_prometheus_metadata_labels') ?? [],
    tags: settings.get('custom_prometheus_tags') ?? [],
    groups: readGroups(source),
    excludedMetrics: settings.get('prometheus_exclude_metrics') ?? [],
    excludedLabels: settings.get('prometheus_exclude_labels') ?? [],
    maxSeries: maxSeries === undefined || maxSeries <= 0 ? undefined : maxSeries,
    idleMs: ttlSeconds === undefined || ttlSeconds <= 0 ? undefined : ttlSeconds * 1_000,
    hasStreamLabel: settings.get('prometheus_emit_stream_label') ?? false,
    hasEndUserLabel:
      (settings.get('enable_end_user_cost_tracking_prometheus_only') ?? false) &&
      !(settings.get('disable_end_user_cost_tracking_prometheus_only') ?? false),
    tellsAllBudgets: settings.get('prometheus_initialize_budget_metrics') ?? false,
  };
};

const readGroups = ({ settings, diagnostics }: SettingsSource): MetricsGroup[] =>
  (settings.get('prometheus_metrics_config') ?? []).flatMap((group, index) => {
    const metrics = isJsonObject(group) ? textsOf(group['metrics']) : undefined;
    const labels = isJsonObject(group) ? labelsOf(group) : undefined;
    if (metrics && labels) return [{ metrics, labels: labels.only }];
    diagnostics.fail(
      `prometheus_metrics_config[${index}] must be a map with a list \`metrics\` and perhaps a list \`include_labels\`.`,
      settings.where('prometheus_metrics_config'),
    );
    return [];
  });

const labelsOf = ({ include_labels: written }: Readonly<JsonObject>): { only: string[] | undefined } | undefined => {
  if (written === undefined || written === null) return { only: undefined };
  const only = textsOf(written);
  return only && { only };
};

const textsOf = (value: JsonValue | undefined): string[] | undefined =>
  Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
