import { describe, expect, it } from '@jest/globals';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Combine, Reading } from './metric-sources.js';
import { BUCKETS_SECONDS, count, defineTable, observe, TableRecorder } from './metric-table.js';
import { exposedOf } from './metric-view.js';
import { MetricsSum, type MetricDump } from './metrics-sum.js';

const TABLE = defineTable(
  'calls',
  { kept: ['model'], others: ['key'] },
  {
    calls: { name: 'calls_total', help: 'Calls', type: 'counter', labels: ['model', 'key'] },
    errors: { name: 'errors_total', help: 'Errors', type: 'counter', labels: ['model'], isSparse: true },
    seconds: { name: 'seconds', help: 'Seconds', type: 'histogram', labels: ['model', 'key'] },
  },
);
const { at } = TABLE;

/** What crosses from worker to primary is JSON. */
const crossed = (dump: MetricDump): MetricDump => JSON.parse(JSON.stringify(dump)) as MetricDump;

class AWorker {
  readonly recorder = new TableRecorder(TABLE, 100);
  readings: Reading[] = [];

  call(model = 'm', key = 'k', seconds = 0.5): void {
    const row = this.recorder.row([model, key]);
    count(row, at.calls, 1);
    observe(row, at.seconds, seconds);
  }

  tells(): MetricDump {
    return crossed({ deltas: [this.recorder.drain(0).delta], readings: this.readings });
  }
}

const reading = (name: string, value: number, more: Partial<Reading> = {}): Reading => ({
  name,
  help: 'h',
  type: 'gauge',
  combine: 'sum',
  labelNames: [],
  figures: [[value, []]],
  ...more,
});

const aSum = (options = {}): MetricsSum => new MetricsSum([{ spec: TABLE, maxRows: 100 }], options);

/** `name{labels}` → value */
const read = async (sum: MetricsSum): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await sum.text())
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );

const CALLS = 'calls_total{model="m",key="k"}';

describe('the text', () => {
  it("reads like prom-client's own", async () => {
    const theirs = new Registry();
    const gauge = new Gauge({ name: 'depth', help: 'Depth', labelNames: ['of'], registers: [theirs] });
    const counter = new Counter({
      name: 'calls_total',
      help: 'Calls',
      labelNames: ['model', 'key'],
      registers: [theirs],
    });
    const histogram = new Histogram({
      name: 'seconds',
      help: 'Seconds',
      labelNames: ['model', 'key'],
      buckets: [...BUCKETS_SECONDS],
      registers: [theirs],
    });
    const worker = new AWorker();
    const odd = 'a"b\\c\nd é 😀';
    for (const [model, seconds] of [
      ['m', 0.3],
      [odd, 700],
      ['m', 0.005],
    ] as const) {
      worker.call(model, 'k', seconds);
      counter.inc({ model, key: 'k' });
      histogram.observe({ model, key: 'k' }, seconds);
    }
    gauge.set({ of: odd }, -1.5);
    worker.readings = [reading('depth', 0, { help: 'Depth', labelNames: ['of'], figures: [[-1.5, [odd]]] })];
    const sum = aSum();
    sum.add(1, worker.tells());
    const lines = (text: string): string[] =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .sort();
    expect(lines(await sum.text())).toEqual(lines(await theirs.metrics()));
  });

  it('leaves out families without a figure, and sparse ones that counted nothing', async () => {
    const sum = aSum();
    expect(await sum.text()).toBe('');
    const worker = new AWorker();
    worker.call();
    sum.add(1, worker.tells());
    expect(await sum.text()).not.toContain('errors_total');
    count(worker.recorder.row(['m', 'k']), at.errors, 1);
    sum.add(1, worker.tells());
    expect(await sum.text()).toContain('errors_total{model="m"} 1\n');
  });

  it('adds up rows that differ only in labels that are not shown', async () => {
    const exposed = exposedOf(TABLE, ({ name }) => (name === 'calls_total' ? ['model'] : undefined));
    const sum = new MetricsSum([{ spec: TABLE, maxRows: 100, exposed }]);
    const worker = new AWorker();
    for (const key of ['a', 'b', 'c']) worker.call('m', key);
    sum.add(1, worker.tells());
    expect(await read(sum)).toEqual({ 'calls_total{model="m"}': 3 });
    // Reading changes nothing.
    expect(await read(sum)).toEqual({ 'calls_total{model="m"}': 3 });
  });
});

describe('several workers', () => {
  it('are added up, however often each tells', async () => {
    const [sum, first, second] = [aSum(), new AWorker(), new AWorker()];
    first.call();
    sum.add(1, first.tells());
    first.call();
    second.call();
    sum.add(1, first.tells());
    sum.add(2, second.tells());
    sum.add(2, second.tells());
    expect(await read(sum)).toMatchObject({
      [CALLS]: 3,
      'seconds_count{model="m",key="k"}': 3,
      'seconds_sum{model="m",key="k"}': 1.5,
      'seconds_bucket{le="0.5",model="m",key="k"}': 3,
      'seconds_bucket{le="0.25",model="m",key="k"}': 0,
    });
  });

  it('keep their counts when they end, and take their gauges with them', async () => {
    const [sum, worker] = [aSum(), new AWorker()];
    worker.call();
    worker.readings = [reading('in_flight', 3), reading('ticks_total', 5, { type: 'counter' })];
    sum.add(1, worker.tells());
    sum.add(2, { deltas: [], readings: [reading('in_flight', 1), reading('ticks_total', 2, { type: 'counter' })] });
    expect(await read(sum)).toMatchObject({ in_flight: 4, ticks_total: 7 });
    sum.gone(1);
    sum.gone(1);
    expect(await read(sum)).toMatchObject({ [CALLS]: 1, in_flight: 1, ticks_total: 7 });
  });

  it('never go backwards when one of them is silent or late', async () => {
    const [sum, quick, slow] = [aSum(), new AWorker(), new AWorker()];
    quick.call();
    slow.call();
    sum.add(1, quick.tells());
    sum.add(2, slow.tells());
    slow.call();
    const late = slow.tells();
    quick.call();
    sum.add(1, quick.tells());
    expect((await read(sum))[CALLS]).toBe(3);
    sum.gone(2);
    // What it said last comes after its end.
    sum.add(2, late);
    expect((await read(sum))[CALLS]).toBe(4);
    expect(Object.keys(await read(sum))).not.toContain('in_flight');
  });

  it.each([
    ['sum', 2, 6, 8],
    ['max', 2, 6, 6],
    ['min', 2, 6, 2],
    ['average', 2, 6, 4],
  ] as [Combine, number, number, number][])(
    'combine gauges by %s: %p and %p are %p',
    async (combine, one, other, both) => {
      const sum = aSum();
      sum.add(1, { deltas: [], readings: [reading('g', one, { combine })] });
      sum.add(2, { deltas: [], readings: [reading('g', other, { combine })] });
      expect(await read(sum)).toEqual({ g: both });
    },
  );

  it('have left of a limit what none of them used', async () => {
    const sum = aSum();
    for (const [worker, used] of [
      [1, 3],
      [2, 4],
    ] as const)
      sum.add(worker, { deltas: [], readings: [reading('left', 0, { combine: 'left', figures: [[used, [], 10]] })] });
    expect(await read(sum)).toEqual({ left: 3 });
    sum.add(1, { deltas: [], readings: [reading('left', 0, { combine: 'left', figures: [[30, [], 10]] })] });
    expect(await read(sum)).toEqual({ left: 0 });
  });

  it('may know other labels than the sum does', async () => {
    const sum = aSum();
    const delta = { table: 'calls', width: TABLE.width, rows: [{ labels: ['x', 'm'], changes: [0, 2] }] };
    sum.add(1, { deltas: [{ ...delta, labelNames: ['unknown', 'model'] }] });
    expect(await read(sum)).toMatchObject({ 'calls_total{model="m"}': 2 });
  });

  it('of another version are passed over where they cannot be understood', async () => {
    const sum = aSum();
    const rows = [{ labels: ['m', 'k'], changes: [0, 2] }];
    sum.add(1, { deltas: [{ table: 'calls', labelNames: ['model', 'key'], width: 3, rows }] });
    sum.add(1, { deltas: [{ table: 'nobody', labelNames: [], width: 1, rows: [] }] });
    expect(await read(sum)).toEqual({});
  });
});

describe('idle label sets', () => {
  it('are forgotten when no worker counted in them for long, and begin anew', async () => {
    let now = 0;
    const sum = aSum({ idleMs: 1_000, now: () => now });
    const worker = new AWorker();
    worker.call('m', 'idle');
    worker.call('m', 'busy');
    sum.add(1, worker.tells());
    now = 900;
    worker.call('m', 'busy');
    sum.add(1, worker.tells());
    now = 1_500;
    expect(Object.keys(await read(sum)).filter((name) => name.startsWith('calls'))).toEqual([
      'calls_total{model="m",key="busy"}',
    ]);
    worker.call('m', 'idle');
    sum.add(1, worker.tells());
    expect((await read(sum))['calls_total{model="m",key="idle"}']).toBe(1);
  });
});
