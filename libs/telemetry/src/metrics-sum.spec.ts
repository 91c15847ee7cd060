import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { MetricsSum } from './metrics-sum.js';
import { SeriesCounter, SeriesGauge, SeriesHistogram, type MetricDump } from './metrics.js';

const aDump = async (count: number, labels = ['a']): Promise<MetricDump[]> => {
  const registry = new Registry();
  const counter = new SeriesCounter({ name: 'calls', help: 'h', labelNames: ['model'], registry });
  const histogram = new SeriesHistogram({ name: 'seconds', help: 'h', labelNames: ['model'], buckets: [1], registry });
  new SeriesGauge({ name: 'in_flight', help: 'h', registry }).cell().set(count);
  for (const label of labels) {
    counter.cell([label]).add(count);
    for (let index = 0; index < count; index += 1) histogram.cell([label]).observe(0.5);
  }
  // What crosses from worker to primary is JSON.
  return JSON.parse(JSON.stringify(await registry.getMetricsAsJSON())) as MetricDump[];
};

/** `name{labels}` → value */
const read = (text: string): Record<string, number> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );

describe('MetricsSum', () => {
  it('adds up the workers that live', async () => {
    const text = await new MetricsSum().merge([await aDump(2), await aDump(3)]);
    expect(text).toContain('# TYPE seconds histogram');
    expect(read(text)).toEqual({
      'calls{model="a"}': 5,
      'seconds_bucket{le="1",model="a"}': 5,
      'seconds_bucket{le="+Inf",model="a"}': 5,
      'seconds_sum{model="a"}': 2.5,
      'seconds_count{model="a"}': 5,
      in_flight: 5,
    });
  });

  it('keeps counters and histograms of ended workers, and lets their gauges go', async () => {
    const sum = new MetricsSum();
    sum.retain(1, await aDump(2));
    sum.retain(2, await aDump(3));
    const metrics = read(await sum.merge([await aDump(10)]));
    expect(metrics).toMatchObject({ 'calls{model="a"}': 15, 'seconds_count{model="a"}': 15, in_flight: 10 });
    expect(read(await sum.merge([]))).toMatchObject({ 'calls{model="a"}': 5, 'seconds_sum{model="a"}': 2.5 });
  });

  it('counts a worker once, however often its end is told', async () => {
    const sum = new MetricsSum();
    sum.retain(1, await aDump(2));
    sum.retain(1, await aDump(2));
    expect(read(await sum.merge([]))['calls{model="a"}']).toBe(2);
  });

  it('has nothing to tell before there is a worker', async () => {
    expect((await new MetricsSum().merge([])).trim()).toBe('');
  });

  it('keeps a bounded number of series of ended workers, and loses no count', async () => {
    const sum = new MetricsSum(3);
    for (let worker = 0; worker < 5; worker += 1) sum.retain(worker, await aDump(1, [`x${worker}`, `y${worker}`]));
    const calls = Object.entries(read(await sum.merge([]))).filter(([name]) => name.startsWith('calls'));
    expect(calls).toHaveLength(4);
    expect(calls.reduce((total, [, value]) => total + value, 0)).toBe(10);
    expect(Object.fromEntries(calls)['calls{model="other"}']).toBe(7);
    expect(read(await sum.merge([]))['seconds_bucket{le="+Inf",model="other"}']).toBe(7);
  });
});
