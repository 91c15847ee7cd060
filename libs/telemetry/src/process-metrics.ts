// What a process tells of itself: `process_…` and `nodejs_…`.
import type { Registry } from 'prom-client';
import eventLoopLag from 'prom-client/lib/metrics/eventLoopLag.js';
import heapSizeAndUsed from 'prom-client/lib/metrics/heapSizeAndUsed.js';
import heapSpacesSizeAndUsed from 'prom-client/lib/metrics/heapSpacesSizeAndUsed.js';
import osMemoryHeap from 'prom-client/lib/metrics/osMemoryHeap.js';
import processCpuTotal from 'prom-client/lib/metrics/processCpuTotal.js';
import processHandles from 'prom-client/lib/metrics/processHandles.js';
import processMaxFileDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js';
import processOpenFileDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js';
import processRequests from 'prom-client/lib/metrics/processRequests.js';
import processResources from 'prom-client/lib/metrics/processResources.js';
import processStartTime from 'prom-client/lib/metrics/processStartTime.js';
import version from 'prom-client/lib/metrics/version.js';
import type { Combine, Figure, Reading } from './metric-sources.js';

const COLLECTORS = [
  processCpuTotal,
  processStartTime,
  osMemoryHeap,
  processOpenFileDescriptors,
  processMaxFileDescriptors,
  eventLoopLag,
  processResources,
  processHandles,
  processRequests,
  heapSizeAndUsed,
  heapSpacesSizeAndUsed,
  version,
];

/**
 * prom-client's default metrics, but for `nodejs_gc_duration_seconds`: that one runs JavaScript after every garbage
 * collection, which under load takes 3 % of the processor's time. The others are read only when somebody asks.
 */
export const collectProcessMetrics = (registry: Registry): void => {
  for (const collect of COLLECTORS) collect(registry, {});
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
