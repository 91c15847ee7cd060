import { describe, expect, it } from '@jest/globals';
import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { DEFAULT_BUCKETS_SECONDS, SeriesCounter, SeriesGauge, SeriesHistogram } from './metrics.js';

const LABEL_SETS = [
  ['GET', '200'],
  ['POST', 'a "quoted" \\ value\nin two lines'],
];
const labelNames = ['method', 'status'];
const asObject = ([method, status]: string[]) => ({ method, status });

/** The same data in ours and in prom-client's own metrics. */
const twoRegistries = () => {
  const ours = new Registry();
  const theirs = new Registry();
  const config = (name: string, labels = labelNames) => ({ name, help: `help of\n${name}`, labelNames: labels });

  const counter = new SeriesCounter({ ...config('c_total'), registry: ours });
  const gauge = new SeriesGauge({ ...config('g'), registry: ours });
  const histogram = new SeriesHistogram({ ...config('h'), registry: ours });
  const bare = new SeriesCounter({ ...config('bare', []), registry: ours });
  new SeriesHistogram({ ...config('empty', []), buckets: [1, 2.5], registry: ours });
  const theirCounter = new Counter({ ...config('c_total'), registers: [theirs] });
  const theirGauge = new Gauge({ ...config('g'), registers: [theirs] });
  const theirHistogram = new Histogram({ ...config('h'), buckets: [...DEFAULT_BUCKETS_SECONDS], registers: [theirs] });
  const theirBare = new Counter({ ...config('bare', []), registers: [theirs] });
  new Histogram({ ...config('empty', []), buckets: [1, 2.5], registers: [theirs] });

  for (const labels of LABEL_SETS) {
    counter.cell(labels).add();
    counter.cell(labels).add(2.5);
    theirCounter.inc(asObject(labels), 3.5);
    gauge.cell(labels).set(-7);
    gauge.cell(labels).add(2);
    theirGauge.set(asObject(labels), -5);
    for (const seconds of [0, 0.005, 0.0051, 0.3, 7, 600, 10_000]) {
      histogram.cell(labels).observe(seconds);
      theirHistogram.observe(asObject(labels), seconds);
    }
  }
  bare.cell().add(4);
  theirBare.inc(4);
  return { ours, theirs };
};

describe('series metrics in a registry', () => {
  it("read like prom-client's own, as text", async () => {
    const { ours, theirs } = twoRegistries();
    expect(await ours.metrics()).toBe(await theirs.metrics());
  });

  it("read like prom-client's own, as JSON", async () => {
    const { ours, theirs } = twoRegistries();
    // Only theirs mention exemplars, which neither has.
    const plain = async (registry: Registry): Promise<unknown> =>
      JSON.parse(JSON.stringify(await registry.getMetricsAsJSON()).replaceAll(',"exemplar":null', ''));
    expect(await plain(ours)).toEqual(await plain(theirs));
  });

  it('add up over workers', async () => {
    const [first, second] = [twoRegistries(), twoRegistries()];
    const total = async (registries: Registry[]): Promise<string> =>
      AggregatorRegistry.aggregate(
        await Promise.all(registries.map((registry) => registry.getMetricsAsJSON())),
      ).metrics();
    const text = await total([first.ours, second.ours]);
    expect(text).toBe(await total([first.theirs, second.theirs]));
    expect(text).toContain('c_total{method="GET",status="200"} 7');
    expect(text).toContain('h_bucket{le="0.005",method="GET",status="200"} 4');
  });

  it('refuse a name that is taken', () => {
    const registry = new Registry();
    new SeriesCounter({ name: 'c', help: 'h', registry });
    expect(() => new SeriesGauge({ name: 'c', help: 'h', registry })).toThrow('already been registered');
  });
});

describe('cells', () => {
  it('are the same object for the same labels', () => {
    const counter = new SeriesCounter({ name: 'c', help: 'h', labelNames });
    expect(counter.cell(['a', 'b'])).toBe(counter.cell(['a', 'b']));
    expect(counter.cell(['a', 'b'])).not.toBe(counter.cell(['b', 'a']));
  });

  it('ignore figures that would spoil a sum', () => {
    const counter = new SeriesCounter({ name: 'c', help: 'h' }).cell();
    for (const by of [NaN, -1, Infinity, 0]) counter.add(by);
    expect(counter.value).toBe(0);
    const histogram = new SeriesHistogram({ name: 'h', help: 'h' }).cell();
    for (const value of [NaN, Infinity, -Infinity]) histogram.observe(value);
    expect([histogram.sum, ...histogram.counts].every((value) => value === 0)).toBe(true);
  });

  it('stay in use after a reset', async () => {
    const counter = new SeriesCounter({ name: 'c', help: 'h', labelNames: ['a'] });
    const histogram = new SeriesHistogram({ name: 'h', help: 'h', buckets: [1] });
    const cell = counter.cell(['x']);
    cell.add(5);
    histogram.cell().observe(0.5);
    counter.reset();
    histogram.reset();
    cell.add(1);
    expect((await counter.get()).values).toEqual([{ labels: { a: 'x' }, value: 1 }]);
    expect((await histogram.get()).values.map(({ value }) => value)).toEqual([0, 0, 0, 0]);
  });

  it('disappear when they are removed', async () => {
    const gauge = new SeriesGauge({ name: 'g', help: 'h', labelNames });
    gauge.cell(['a', 'b']).set(1);
    gauge.remove(['a', 'b']);
    expect((await gauge.get()).values).toEqual([]);
  });
});

describe('bounds', () => {
  it('puts label sets beyond the bound into one series called other', async () => {
    const counter = new SeriesCounter({ name: 'c', help: 'h', labelNames, maxSeries: 2 });
    for (let index = 0; index < 10; index += 1) counter.cell([String(index), 'x']).add();
    expect((await counter.get()).values).toEqual([
      { labels: { method: '0', status: 'x' }, value: 1 },
      { labels: { method: '1', status: 'x' }, value: 1 },
      { labels: { method: 'other', status: 'other' }, value: 8 },
    ]);
  });

  it('keeps one series called other, also when a caller uses that name', async () => {
    const counter = new SeriesCounter({ name: 'c', help: 'h', labelNames: ['a'], maxSeries: 1 });
    for (const value of ['other', 'x', 'y', 'other']) counter.cell([value]).add();
    expect((await counter.get()).values).toEqual([{ labels: { a: 'other' }, value: 4 }]);
  });

  it('holds 2,000 series unless told otherwise', async () => {
    const counter = new SeriesCounter({ name: 'c', help: 'h', labelNames: ['a'] });
    for (let index = 0; index < 3_000; index += 1) counter.cell([String(index)]).add();
    expect((await counter.get()).values).toHaveLength(2_001);
  });

  it('cuts long label values', async () => {
    const counter = new SeriesCounter({ name: 'c', help: 'h', labelNames: ['a'] });
    counter.cell(['x'.repeat(10_000)]).add();
    expect((await counter.get()).values[0]?.labels['a']).toHaveLength(256);
  });
});

describe('SeriesGauge', () => {
  it('collects before it is read', async () => {
    const gauge: SeriesGauge = new SeriesGauge({ name: 'g', help: 'h', collect: () => gauge.cell().set(9) });
    expect((await gauge.get()).values).toEqual([{ labels: {}, value: 9 }]);
  });
});

describe('mistakes of the programmer', () => {
  it.each([
    ['a metric name', () => new SeriesCounter({ name: 'a b', help: 'h' }), /'a b'/],
    ['a label name', () => new SeriesCounter({ name: 'a', help: 'h', labelNames: ['b-c'] }), /'b-c'/],
    ['a number of labels', () => new SeriesCounter({ name: 'a', help: 'h', labelNames }).cell(['x']), /not 1 of them/],
    ['the label of buckets', () => new SeriesHistogram({ name: 'a', help: 'h', labelNames: ['le'] }), /'le'/],
  ])('are refused: %s', (_, make, message) => expect(make).toThrow(message));
});
