// What is told of the tables under the configuration's settings: which metrics, which labels, how many label sets.
import type { MetricsSettings } from '@turnpike/config';
import { exposedOf, type Exposed, type Family, type SummedTable, type TableSpec } from '@turnpike/telemetry';
import { CustomLabels } from './custom-labels.js';
import { gatewayTables, serviceTables, type GatewayTables } from './families.js';

/** Label sets of one metric, where the configuration does not say. A histogram takes 19 lines for each. */
const MAX_SERIES = 2_000;
const MAX_HISTOGRAM_SERIES = 300;

/** LiteLLM writes names without the ending that counters get. */
const isNamed = (names: readonly string[], { name }: Family): boolean =>
  names.includes(name) || names.includes(name.replace(/_total$/, ''));

/** Asked for by their own switches, or by name. */
const UNASKED: ReadonlySet<string> = new Set(['client_ip', 'user_agent', 'stream', 'end_user']);

/** Labels of a family as they are told; undefined: it is not. */
const labelsOf = (
  family: Family,
  { labelNames }: TableSpec,
  settings: MetricsSettings,
): readonly string[] | undefined => {
  const { groups, excludedMetrics, excludedLabels, hasStreamLabel, hasEndUserLabel } = settings;
  if (isNamed(excludedMetrics, family)) return undefined;
  // What LiteLLM does not have, its groups cannot name.
  const isOurs = family.name.startsWith('turnpike_');
  const group = groups.find(({ metrics }) => isNamed(metrics, family));
  if (groups.length > 0 && !group && !isOurs) return undefined;
  const asked = group?.labels;
  const isTold = (label: string): boolean => {
    if (excludedLabels.includes(label)) return false;
    if (asked) return asked.includes(label) || isCustom(label);
    if (label === 'stream') return hasStreamLabel;
    if (label === 'end_user') return hasEndUserLabel && family.labels.includes(label);
    return !UNASKED.has(label) && family.labels.includes(label);
  };
  const isCustom = (label: string): boolean => family.labels.includes(label) && /^(?:metadata|tag)_/.test(label);
  return labelNames.filter(isTold);
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
export const unknownNames = (settings: MetricsSettings, others: readonly string[]): string[] => {
  const tables = Object.values<TableSpec>(tablesOf(settings));
  const families = tables.flatMap(({ families: own }) => Object.values(own));
  const labels = new Set(tables.flatMap(({ labelNames }) => labelNames));
  const metrics = [...settings.groups.flatMap(({ metrics: names }) => names), ...settings.excludedMetrics];
  const asked = [...settings.groups.flatMap(({ labels: names }) => names ?? []), ...settings.excludedLabels];
  const isMetric = (name: string): boolean =>
    others.includes(name) || families.some((family) => isNamed([name], family));
  return [...metrics.filter((name) => !isMetric(name)), ...asked.filter((label) => !labels.has(label))];
};

export { serviceTables };
