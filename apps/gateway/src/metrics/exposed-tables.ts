// What is told of the tables under the configuration's settings: which metrics, which labels, how many label sets.
import type { MetricsSettings } from '@turnpike/config';
import {
  exposedOf,
  type Exposed,
  type Family,
  type MetricSource,
  type SummedTable,
  type TableSpec,
} from '@turnpike/telemetry';
import { CustomLabels } from './custom-labels.js';
import { gatewayTables, type GatewayTables } from './families.js';

/** Label sets of one metric, where the configuration does not say. A histogram takes 19 lines for each. */
const MAX_SERIES = 2_000;
const MAX_HISTOGRAM_SERIES = 300;

/** LiteLLM writes names without the ending that counters get. */
const isNamed = (names: readonly string[], name: string): boolean =>
  names.includes(name) || names.includes(name.replace(/_total$/, ''));

/** Which labels a metric is told with, by name; undefined: it is not told. */
const labelFilter = (
  name: string,
  { groups, excludedMetrics, excludedLabels }: MetricsSettings,
): ((label: string, isUsual: boolean) => boolean) | undefined => {
  if (isNamed(excludedMetrics, name)) return undefined;
  const group = groups.find(({ metrics }) => isNamed(metrics, name));
  // What LiteLLM does not have, its groups cannot name.
  if (groups.length > 0 && !group && name.startsWith('litellm_')) return undefined;
  const asked = group?.labels;
  return (label, isUsual) => !excludedLabels.includes(label) && (asked ? asked.includes(label) : isUsual);
};

/** Told only where they are asked for: clients give them any value, or existing queries do not know them. */
const isUsual = (label: string, { hasStreamLabel, hasEndUserLabel }: MetricsSettings): boolean =>
  label === 'stream'
    ? hasStreamLabel
    : label === 'end_user'
      ? hasEndUserLabel
      : label !== 'client_ip' && label !== 'user_agent';

const isCustom = (label: string): boolean => /^(?:metadata|tag)_/.test(label);

/** Labels of a family as they are told; undefined: it is not. */
const labelsOf = (
  { name, labels }: Family,
  { labelNames }: TableSpec,
  settings: MetricsSettings,
): readonly string[] | undefined => {
  const isTold = labelFilter(name, settings);
  if (!isTold) return undefined;
  const own = (label: string): boolean =>
    labels.includes(label) || (label === 'stream' && name.includes('proxy_total'));
  return labelNames.filter((label) => {
    if (isCustom(label) && labels.includes(label)) return !settings.excludedLabels.includes(label);
    return isTold(label, own(label) && isUsual(label, settings));
  });
};

/** A source as it is told: in bounded number, and without the labels that nobody wants. Undefined: it is not told. */
export const exposedSource = (source: MetricSource, settings: MetricsSettings): MetricSource | undefined => {
  const { name, labelNames = [] } = source;
  const isTold = labelFilter(name, settings);
  if (!isTold) return undefined;
  const places = labelNames.flatMap((label, at) => (isTold(label, true) ? [at] : []));
  const most = settings.maxSeries ?? Infinity;
  if (places.length === labelNames.length && most === Infinity) return source;
  return {
    ...source,
    labelNames: places.map((at) => labelNames[at]!),
    read: (tell) => {
      let told = 0;
      // What differs only in labels that are left out is joined where the workers' figures are.
      source.read((value, labels = [], limit) => {
        told += 1;
        if (told <= most)
          tell(
            value,
            places.map((at) => labels[at] ?? ''),
            limit,
          );
      });
    },
  };
};

const isHistogram = ({ families }: TableSpec): boolean =>
  Object.values(families).every(({ type }) => type === 'histogram');

/** Rows of a table: of its label sets so many are told apart. */
export const maxRowsOf = (spec: TableSpec, { maxSeries }: Pick<MetricsSettings, 'maxSeries'>): number =>
  maxSeries ?? (isHistogram(spec) ? MAX_HISTOGRAM_SERIES : MAX_SERIES);

export const exposedIn = (spec: TableSpec, settings: MetricsSettings): Exposed[] =>
  exposedOf(spec, (family) => labelsOf(family, spec, settings));

const summed = (specs: Readonly<Record<string, TableSpec>>, settings: MetricsSettings): SummedTable[] =>
  Object.values(specs).map((spec) => ({
    spec,
    maxRows: maxRowsOf(spec, settings),
    exposed: exposedIn(spec, settings),
  }));

/** Every table of a gateway, as whoever sums them up wants it. */
export const summedTables = (settings: MetricsSettings): SummedTable[] => summed(tablesOf(settings), settings);

export const tablesOf = (settings: MetricsSettings): GatewayTables => gatewayTables(new CustomLabels(settings).names);

/** Names in the settings that no metric or label has; a misspelt one would silently do nothing. */
export const unknownNames = (settings: MetricsSettings, sources: readonly MetricSource[]): string[] => {
  const tables = Object.values<TableSpec>(tablesOf(settings));
  const known = [
    ...tables.flatMap(({ families }) => Object.values(families).map(({ name }) => name)),
    ...sources.map(({ name }) => name),
  ];
  const labels = new Set([
    ...tables.flatMap(({ labelNames }) => labelNames),
    ...sources.flatMap(({ labelNames = [] }) => labelNames),
  ]);
  const metrics = [...settings.groups.flatMap((group) => group.metrics), ...settings.excludedMetrics];
  const asked = [...settings.groups.flatMap((group) => group.labels ?? []), ...settings.excludedLabels];
  return [
    ...metrics.filter((name) => !known.some((one) => isNamed([name], one))),
    ...asked.filter((label) => !labels.has(label)),
  ];
};
