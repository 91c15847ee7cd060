// The metrics of all workers as one text. What a worker counted stays counted when it ends, and when it answers late.
import { headText, histogramText, labelsText, lineText } from './exposition.js';
import type { Combine, Figure, Reading } from './metric-sources.js';
import { BUCKETS_SECONDS, HISTOGRAM_WIDTH, Rows, type Row, type TableDelta, type TableSpec } from './metric-table.js';
import { exposedOf, type Exposed } from './metric-view.js';

/** What one process tells: what it counted since it last told, and how things are now. Plain JSON. */
export interface MetricDump {
  readonly deltas: readonly TableDelta[];
  /** Absent: only the counts are told. */
  readonly readings?: readonly Reading[];
}

export interface SummedTable {
  readonly spec: TableSpec;
  readonly maxRows: number;
  /** Default: all families with all of their labels */
  readonly exposed?: readonly Exposed[];
}

export interface MetricsSumOptions {
  /** Label sets that nobody counted in for so long are forgotten; default: none is. */
  readonly idleMs?: number;
  /** Milliseconds; any origin. */
  readonly now?: () => number;
}

type WorkerId = string | number;

/** Ids only serve to know that what comes late is of a worker that has ended. */
const MAX_REMEMBERED_WORKERS = 1_000;

/** Owned by the primary process, or by the only one there is. */
export class MetricsSum {
  private readonly tables: Map<string, SumTable>;
  private readonly readings = new Map<WorkerId, readonly Reading[]>();
  private readonly ended = new Set<WorkerId>();
  /** What ended workers had counted. */
  private readonly kept = new Map<string, Merged>();
  private readonly now: () => number;
  private readonly idleMs: number;

  constructor(
    tables: readonly SummedTable[],
    { idleMs = Infinity, now = () => performance.now() }: MetricsSumOptions = {},
  ) {
    this.tables = new Map(tables.map((table) => [table.spec.name, new SumTable(table)]));
    this.idleMs = idleMs;
    this.now = now;
  }

  add(worker: WorkerId, { deltas, readings }: MetricDump): void {
    for (const delta of deltas) this.tables.get(delta.table)?.add(delta, this.now());
    if (readings && !this.ended.has(worker)) this.readings.set(worker, readings);
  }

  /** It has ended: its gauges go, its counters stay. */
  gone(worker: WorkerId): void {
    for (const reading of this.readings.get(worker) ?? []) {
      if (reading.type === 'counter') mergeInto(this.kept, reading);
    }
    this.readings.delete(worker);
    this.ended.add(worker);
    if (this.ended.size > MAX_REMEMBERED_WORKERS) this.ended.delete(this.ended.values().next().value!);
  }

  /** In Prometheus' text format. Others may run in between. */
  async text(): Promise<string> {
    const pieces: string[] = [this.readingsText()];
    for (const table of this.tables.values()) {
      table.forgetIdle(this.now() - this.idleMs);
      for (const piece of table.text()) {
        pieces.push(piece);
        await new Promise(setImmediate);
      }
    }
    return pieces.join('');
  }

  private readingsText(): string {
    const merged = new Map<string, Merged>();
    for (const [name, { reading, figures }] of this.kept) merged.set(name, { reading, figures: new Map(figures) });
    for (const readings of this.readings.values()) for (const reading of readings) mergeInto(merged, reading);
    let text = '';
    for (const { reading, figures } of merged.values()) {
      if (figures.size === 0) continue;
      text += headText(reading.name, reading.help, reading.type);
      for (const [labels, sum] of figures) text += lineText(reading.name, labels, valueOf(reading.combine, sum));
    }
    return text;
  }
}

/** Figures of several workers on their way to become one. */
interface Summed {
  readonly value: number;
  readonly workers: number;
  readonly limit: number;
}

interface Merged {
  readonly reading: Reading;
  /** By the text of their labels. */
  readonly figures: Map<string, Summed>;
}

const mergeInto = (all: Map<string, Merged>, reading: Reading): void => {
  let merged = all.get(reading.name);
  if (!merged) all.set(reading.name, (merged = { reading, figures: new Map<string, Summed>() }));
  for (const [value, labels, limit = 0] of reading.figures) {
    const key = labelsText(reading.labelNames, labels);
    const former = merged.figures.get(key);
    merged.figures.set(
      key,
      former ? joined(reading.combine, former, [value, labels, limit]) : { value, workers: 1, limit },
    );
  }
};

const joined = (combine: Combine, former: Summed, [value, , limit = 0]: Figure): Summed => ({
  value:
    combine === 'max'
      ? Math.max(former.value, value)
      : combine === 'min'
        ? Math.min(former.value, value)
        : former.value + value,
  workers: former.workers + 1,
  limit: Math.max(former.limit, limit),
});

const valueOf = (combine: Combine, { value, workers, limit }: Summed): number =>
  combine === 'average' ? value / workers : combine === 'left' ? Math.max(0, limit - value) : value;

/** Families that show the same labels, which are put together once for all of them. */
interface Projection {
  readonly names: readonly string[];
  readonly columns: readonly number[];
  readonly exposed: readonly Exposed[];
}

class SumTable {
  private readonly rows: Rows;
  private readonly spec: TableSpec;
  private readonly projections: readonly Projection[];

  constructor({ spec, maxRows, exposed = exposedOf(spec) }: SummedTable) {
    this.spec = spec;
    this.rows = new Rows(spec, maxRows);
    const byColumns = Map.groupBy(exposed, ({ columns }) => columns.join());
    this.projections = [...byColumns.values()].map((alike) => {
      const { columns } = alike[0]!;
      return { columns, names: columns.map((column) => spec.labelNames[column]!), exposed: alike };
    });
  }

  /** What was counted under other names, by another version, cannot be told apart and is left out. */
  add({ labelNames, width, rows }: TableDelta, now: number): void {
    if (width !== this.spec.width) return;
    const isSame =
      labelNames.length === this.spec.labelNames.length &&
      labelNames.every((name, at) => name === this.spec.labelNames[at]);
    for (const { labels, changes } of rows) {
      const own = isSame ? labels : this.spec.labelNames.map((name) => labels[labelNames.indexOf(name)] ?? '');
      const row = this.rows.of(own, now);
      row.usedAt = now;
      for (let at = 0; at < changes.length; at += 2) row.numbers[changes[at]!]! += changes[at + 1]!;
    }
  }

  forgetIdle(since: number): void {
    this.rows.forgetIdle(since);
  }

  /** Family by family. */
  *text(): Generator<string> {
    for (const { names, columns, exposed } of this.projections) {
      const sets = this.labelSets(names, columns);
      for (const { family, at } of exposed) {
        let lines = '';
        for (const [labels, numbers] of sets) lines += familyText(family, labels, numbers, at);
        if (lines !== '') yield headText(family.name, family.help, family.type) + lines;
      }
    }
  }

  /** Numbers by the text of the labels that are shown: rows that differ in others become one. */
  private labelSets(names: readonly string[], columns: readonly number[]): Map<string, Float64Array> {
    const sets = new Map<string, Float64Array>();
    const own = new Set<Float64Array>();
    for (const row of this.rows.all()) {
      const key = labelsText(names, valuesOf(row, columns));
      const former = sets.get(key);
      if (!former) {
        sets.set(key, row.numbers);
        continue;
      }
      const sum = own.has(former) ? former : former.slice();
      if (sum !== former) {
        own.add(sum);
        sets.set(key, sum);
      }
      for (let at = 0; at < sum.length; at += 1) sum[at]! += row.numbers[at]!;
    }
    return sets;
  }
}

const valuesOf = ({ labels }: Row, columns: readonly number[]): string[] => columns.map((column) => labels[column]!);

const familyText = (
  { name, type, isSparse }: Exposed['family'],
  labels: string,
  numbers: Float64Array,
  at: number,
): string => {
  if (type === 'counter') return isSparse && numbers[at] === 0 ? '' : lineText(name, labels, numbers[at]!);
  const counts = numbers.subarray(at, at + HISTOGRAM_WIDTH - 1);
  if (isSparse && counts.every((one) => one === 0)) return '';
  return histogramText(name, labels, BUCKETS_SECONDS, counts, numbers[at + HISTOGRAM_WIDTH - 1]!);
};
