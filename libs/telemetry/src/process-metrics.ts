// What a process tells of itself: `process_…` and `nodejs_…`.
import { createRequire } from 'node:module';
import { collectDefaultMetrics, type Registry } from 'prom-client';

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
