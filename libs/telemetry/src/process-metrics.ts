// What a process tells of itself: `process_…` and `nodejs_…`.
import { createRequire } from 'node:module';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import type { Combine, Figure, Reading } from './metric-sources.js';

const require = createRequire(import.meta.url);

/**
 * prom-client's default metrics, but for `nodejs_gc_duration_seconds`: that one runs JavaScript after every garbage
 * collection, which under load takes 3 % of the processor's time. The others are read only when somebody asks.
 */
export const collectProcessMetrics = (registry: Registry): void => {
  for (const name of collectDefaultMetrics.metricsList) {
    if (name === 'gc') continue;
    const collect = require(`prom-client/lib/metrics/${name}.js`) as (registry: Registry, options: object) => void;
    collect(registry, {});
  }
};

interface PromMetric {
  name: string;
  help: string;
  type: string;
  aggregator?: string;
  values: { value: number; labels: Record<string, string | number> }[];
}

/** How the figures of several processes become one: a loop that is late in one of them is late. */
const combineOf = ({ name, aggregator }: PromMetric): Combine => {
  if (/^nodejs_eventloop_lag_(?:p\d\d|max)?_?seconds$/.test(name) || aggregator === 'first') return 'max';
  if (name === 'process_start_time_seconds' || aggregator === 'min') return 'min';
  return aggregator === 'max' || aggregator === 'average' ? aggregator : 'sum';
};

/** Counters and gauges of a registry of prom-client's, as any other source tells them. */
export const readingsOfRegistry = async (registry: Registry): Promise<Reading[]> => {
  const metrics = (await registry.getMetricsAsJSON()) as unknown as PromMetric[];
  return metrics
    .filter(({ type }) => type === 'counter' || type === 'gauge')
    .map((metric) => {
      const labelNames = [...new Set(metric.values.flatMap(({ labels }) => Object.keys(labels)))];
      const figures = metric.values.map(({ value, labels }): Figure => [
        value,
        labelNames.map((label) => String(labels[label] ?? '')),
      ]);
      const type = metric.type === 'counter' ? 'counter' : 'gauge';
      return { name: metric.name, help: metric.help, type, combine: combineOf(metric), labelNames, figures };
    });
};
