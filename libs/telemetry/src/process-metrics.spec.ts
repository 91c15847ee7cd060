import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { collectProcessMetrics } from './process-metrics.js';

describe('the metrics of the process', () => {
  const registry = new Registry();
  collectProcessMetrics(registry);

  it.each([
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_seconds',
    'nodejs_heap_size_used_bytes',
    'nodejs_version_info',
  ])('tell %s', async (name) => {
    expect(await registry.metrics()).toMatch(new RegExp(`^${name}(?:\\{.*\\})? [\\d.]+`, 'm'));
  });

  it('leave out garbage collections, which cost too much to watch', () => {
    expect(registry.getSingleMetric('nodejs_gc_duration_seconds')).toBeUndefined();
  });
});
