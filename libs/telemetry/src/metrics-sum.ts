// Several workers' metrics as one text, in which what ended workers had counted stays counted.
import { AggregatorRegistry } from 'prom-client';
import { OTHER, type Labels, type MetricDump, type MetricValue } from './metrics.js';

/** A gauge tells how things are at a worker that is there; a counter tells what has happened. */
const LASTING = new Set(['counter', 'histogram']);

/** Series of one metric that are kept for ended workers. */
const DEFAULT_MAX_SERIES = 10_000;
/** Ids only serve to count a worker once, should its end be told twice. */
const MAX_REMEMBERED_WORKERS = 1_000;

const seriesKey = ({ le: _, ...labels }: Labels): string => JSON.stringify(Object.entries(labels).sort());

const asOther = (value: MetricValue): MetricValue => {
  const labels = Object.entries(value.labels).map(([name, label]) => [name, name === 'le' ? label : OTHER]);
  return { ...value, labels: Object.fromEntries(labels) as Labels };
};

/** Owned by the primary process. */
export class MetricsSum {
  private retained: Promise<MetricDump[]> = Promise.resolve([]);
  private readonly workers = new Set<string | number>();

  constructor(private readonly maxSeries = DEFAULT_MAX_SERIES) {}

  /**
   * Takes the last dump of a worker that has ended; its counters and histograms are part of every sum from now on. A
   * second dump of the same worker is passed over.
   */
  retain(workerId: string | number, dump: readonly MetricDump[]): void {
    if (this.workers.has(workerId)) return;
    this.workers.add(workerId);
    if (this.workers.size > MAX_REMEMBERED_WORKERS) {
      const [oldest] = this.workers;
      if (oldest !== undefined) this.workers.delete(oldest);
    }
    const lasting = dump.filter(({ type, aggregator }) => LASTING.has(type) && aggregator === 'sum');
    this.retained = this.retained.then((sum) => this.addUp(sum, lasting));
  }

  /** The metrics of the workers that live, and what the ended ones have left, in Prometheus' text format. */
  async merge(liveDumps: readonly (readonly MetricDump[])[]): Promise<string> {
    return AggregatorRegistry.aggregate([await this.retained, ...liveDumps]).metrics();
  }

  private async addUp(sum: MetricDump[], dump: readonly MetricDump[]): Promise<MetricDump[]> {
    const known = new Map(
      sum.map(({ name, values }) => [name, new Set(values.map(({ labels }) => seriesKey(labels)))]),
    );
    const bounded = dump.map((metric) => ({ ...metric, values: this.bound(metric.values, known.get(metric.name)) }));
    const registry = AggregatorRegistry.aggregate([sum, bounded]);
    return (await registry.getMetricsAsJSON()) as unknown as MetricDump[];
  }

  /** Series beyond the bound flow into one whose labels are all `other`; adding up joins them. */
  private bound(values: readonly MetricValue[], known = new Set<string>()): MetricValue[] {
    return values.map((value) => {
      const key = seriesKey(value.labels);
      if (!known.has(key) && known.size >= this.maxSeries) return asOther(value);
      known.add(key);
      return value;
    });
  }
}
