// Metrics for the hot path: a label set becomes a cell once, and counting is one addition on that cell.
import type { Metric, Registry } from 'prom-client';

/** Seconds: from answers out of the cache to the longest of reasoning. */
export const DEFAULT_BUCKETS_SECONDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 420, 600,
];

/** Label value of the one series that takes what exceeds a metric's bound. */
export const OTHER = 'other';

const DEFAULT_MAX_SERIES = 2_000;
/** Label values may come from clients. */
const MAX_LABEL_LENGTH = 256;

export type Labels = Record<string, string | number>;

/** One line of the exposition. */
export interface MetricValue {
  labels: Labels;
  value: number;
  /** Present where it is not the metric's own name: `…_bucket`, `…_sum`, `…_count`. */
  metricName?: string;
}

/** What `Registry.getMetricsAsJSON` gives for one metric, and what crosses from a worker to the primary. */
export interface MetricDump {
  name: string;
  help: string;
  type: string;
  aggregator?: string;
  values: MetricValue[];
}

export interface SeriesOptions {
  name: string;
  help: string;
  labelNames?: readonly string[];
  /** Label sets that are told apart; 2,000 by default. Those that come later share the series `other`. */
  maxSeries?: number;
  /** How the values of several workers become one; `sum` by default. */
  aggregator?: 'sum' | 'first' | 'min' | 'max' | 'average' | 'omit';
  /** Runs before each reading: sets what is only worth knowing then. */
  collect?: () => void | Promise<void>;
  registry?: Registry;
}

interface Series<Cell> {
  labels: Labels;
  cell: Cell;
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

const keyOf = (values: readonly string[]): string => (values.length === 1 ? values[0]! : values.join('\u0000'));

/** Takes the place of one of prom-client's own metrics in a registry: same reading, same text. */
abstract class SeriesMetric<Cell> {
  abstract readonly type: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly aggregator: string;
  private readonly maxSeries: number;
  private readonly collect: (() => void | Promise<void>) | undefined;
  private readonly series = new Map<string, Series<Cell>>();

  constructor({ name, help, labelNames = [], aggregator = 'sum', maxSeries, collect, registry }: SeriesOptions) {
    const wrong = [name]
      .filter((part) => !METRIC_NAME.test(part))
      .concat(labelNames.filter((part) => !LABEL_NAME.test(part)));
    if (wrong.length > 0) throw new TypeError(`Not a name for a metric or label: '${wrong[0]}'`);
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
    this.aggregator = aggregator;
    this.maxSeries = maxSeries ?? DEFAULT_MAX_SERIES;
    this.collect = collect;
    registry?.registerMetric(this as unknown as Metric);
  }

  protected abstract newCell(): Cell;
  protected abstract zero(cell: Cell): void;
  protected abstract read(series: Series<Cell>): MetricValue[];

  /** The cell of a label set, values in the order of `labelNames`. Callers on the hot path keep it. */
  cell(values: readonly string[] = []): Cell {
    const key = keyOf(values);
    return (this.series.get(key) ?? this.add(key, values)).cell;
  }

  /** Drops a series, for what no longer exists; a cell that is still held counts for nothing. */
  remove(values: readonly string[]): void {
    this.series.delete(keyOf(values));
  }

  /** Sets every series to zero; cells stay in use. */
  reset(): void {
    for (const { cell } of this.series.values()) this.zero(cell);
  }

  async get(): Promise<MetricDump> {
    await this.collect?.();
    const values = [...this.series.values()].flatMap((series) => this.read(series));
    return { name: this.name, help: this.help, type: this.type, values, aggregator: this.aggregator };
  }

  /** A metric without labels has its one series from the start, so that it is seen at 0. */
  protected start(): void {
    if (this.labelNames.length === 0) this.cell();
  }

  private add(key: string, values: readonly string[]): Series<Cell> {
    if (values.length !== this.labelNames.length) {
      throw new TypeError(`${this.name} has the labels [${this.labelNames.join(', ')}], not ${values.length} of them`);
    }
    if (this.series.size >= this.maxSeries && values.some((value) => value !== OTHER)) {
      const others = values.map(() => OTHER);
      return this.series.get(keyOf(others)) ?? this.add(keyOf(others), others);
    }
    const labels = this.labelNames.map((label, index) => [label, String(values[index]).slice(0, MAX_LABEL_LENGTH)]);
    const series = { labels: Object.fromEntries(labels) as Labels, cell: this.newCell() };
    this.series.set(key, series);
    return series;
  }
}

/** Only grows. */
export class CounterCell {
  value = 0;

  /** Anything but a positive finite number counts for nothing: a broken figure must not break a call. */
  add(by = 1): void {
    if (by > 0 && by < Infinity) this.value += by;
  }
}

export class GaugeCell {
  value = 0;

  set(value: number): void {
    this.value = value;
  }

  add(by = 1): void {
    this.value += by;
  }
}

export class HistogramCell {
  /** Observations by bucket, not cumulative; the last is above every bound. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(private readonly bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Takes the unit of the bounds, usually seconds. What is no finite number is passed over. */
  observe(value: number): void {
    if (!Number.isFinite(value)) return;
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket += 1;
    this.counts[bucket]! += 1;
    this.sum += value;
  }
}

export class SeriesCounter extends SeriesMetric<CounterCell> {
  readonly type = 'counter';

  constructor(options: SeriesOptions) {
    super(options);
    this.start();
  }

  protected newCell(): CounterCell {
    return new CounterCell();
  }

  protected zero(cell: CounterCell): void {
    cell.value = 0;
  }

  protected read({ labels, cell }: Series<CounterCell>): MetricValue[] {
    return [{ value: cell.value, labels }];
  }
}

export class SeriesGauge extends SeriesMetric<GaugeCell> {
  readonly type = 'gauge';

  constructor(options: SeriesOptions) {
    super(options);
    this.start();
  }

  protected newCell(): GaugeCell {
    return new GaugeCell();
  }

  protected zero(cell: GaugeCell): void {
    cell.value = 0;
  }

  protected read({ labels, cell }: Series<GaugeCell>): MetricValue[] {
    return [{ value: cell.value, labels }];
  }
}

export interface HistogramOptions extends SeriesOptions {
  /** Upper bounds, rising; `DEFAULT_BUCKETS_SECONDS` by default. */
  buckets?: readonly number[];
}

export class SeriesHistogram extends SeriesMetric<HistogramCell> {
  readonly type = 'histogram';
  private readonly buckets: readonly number[];

  constructor({ buckets = DEFAULT_BUCKETS_SECONDS, ...options }: HistogramOptions) {
    super(options);
    if (this.labelNames.includes('le')) throw new TypeError(`${this.name}: the label 'le' belongs to the buckets`);
    this.buckets = buckets;
    this.start();
  }

  protected newCell(): HistogramCell {
    return new HistogramCell(this.buckets);
  }

  protected zero(cell: HistogramCell): void {
    cell.counts.fill(0);
    cell.sum = 0;
  }

  protected read({ labels, cell }: Series<HistogramCell>): MetricValue[] {
    let count = 0;
    const bucket = (le: string | number, index: number): MetricValue => ({
      metricName: `${this.name}_bucket`,
      labels: { le, ...labels },
      value: (count += cell.counts[index] ?? 0),
    });
    return [
      ...this.buckets.map(bucket),
      bucket('+Inf', this.buckets.length),
      { metricName: `${this.name}_sum`, labels, value: cell.sum },
      { metricName: `${this.name}_count`, labels, value: count },
    ];
  }
}
