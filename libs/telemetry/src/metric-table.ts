// Counters and histograms that share labels, as rows of plain numbers: one call finds its row once, then only adds.

/** Seconds: from answers out of the cache to the longest of reasoning. */
export const BUCKETS_SECONDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 420, 600,
];

/** A histogram's numbers: one for each bucket, one for what is above them all, and the sum. */
export const HISTOGRAM_WIDTH = BUCKETS_SECONDS.length + 2;
const SUM_AT = HISTOGRAM_WIDTH - 1;

export interface Family {
  /** As it is told: counters end in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'histogram';
  /** Of its table's labels, those that it shows. */
  readonly labels: readonly string[];
  /** A label set that counted nothing is not told. */
  readonly isSparse?: boolean;
}

/** What is counted together, in the same rows. */
export interface TableSpec<Key extends string = string> {
  readonly name: string;
  /** Those that survive when there are too many label sets come first; there are `keptLabels` of them. */
  readonly labelNames: readonly string[];
  readonly keptLabels: number;
  readonly families: Readonly<Record<Key, Family>>;
  /** Where in a row a family begins. */
  readonly at: Readonly<Record<Key, number>>;
  /** Numbers in a row. */
  readonly width: number;
}

export const defineTable = <Key extends string>(
  name: string,
  labels: { readonly kept: readonly string[]; readonly others?: readonly string[] },
  families: Readonly<Record<Key, Family>>,
): TableSpec<Key> => {
  const at = {} as Record<Key, number>;
  let width = 0;
  for (const [key, { type }] of Object.entries(families) as [Key, Family][]) {
    at[key] = width;
    width += type === 'histogram' ? HISTOGRAM_WIDTH : 1;
  }
  const labelNames = [...labels.kept, ...(labels.others ?? [])];
  return { name, labelNames, keptLabels: labels.kept.length, families, at, width };
};

/** Anything but a positive finite number counts for nothing: a broken figure must not break a sum. */
export const count = (row: Float64Array, at: number, by: number): void => {
  if (by > 0 && by < Infinity) row[at]! += by;
};

/** One observation of a histogram. What is no number of seconds is passed over. */
export const observe = (row: Float64Array, at: number, seconds: number): void => {
  if (!(seconds >= 0 && seconds < Infinity)) return;
  let bucket = 0;
  while (bucket < BUCKETS_SECONDS.length && seconds > BUCKETS_SECONDS[bucket]!) bucket += 1;
  row[at + bucket]! += 1;
  row[at + SUM_AT]! += seconds;
};

/** Label value that stands for all that a bound left no room for. */
export const OTHER = 'other';
/** Label values may come from clients. */
const MAX_LABEL_LENGTH = 256;
/** Beyond the bound, so many more rows tell at least the labels that are kept. */
const RESERVE = 1 / 4;

const keyOf = (labels: readonly string[]): string => labels.join('\u0000');

export interface Row {
  readonly labels: readonly string[];
  readonly numbers: Float64Array;
  /** When it was last found changed. */
  usedAt: number;
}

/** Rows by their labels, in bounded number. Label sets beyond the bound share rows, so that sums stay exact. */
export class Rows {
  private readonly byKey = new Map<string, Row>();

  constructor(
    private readonly spec: Pick<TableSpec, 'labelNames' | 'keptLabels' | 'width'>,
    private readonly maxRows: number,
  ) {}

  get size(): number {
    return this.byKey.size;
  }

  all(): Iterable<Row> {
    return this.byKey.values();
  }

  /** @param labels in the order of the table's names */
  of(labels: readonly string[], now: number): Row {
    const cut = labels.map((label) => (label.length > MAX_LABEL_LENGTH ? label.slice(0, MAX_LABEL_LENGTH) : label));
    const key = keyOf(cut);
    if (this.byKey.has(key) || this.byKey.size < this.maxRows) return this.atKey(key, cut, now);
    const { keptLabels } = this.spec;
    const shared = cut.map((label, index) => (index < keptLabels ? label : OTHER));
    const sharedKey = keyOf(shared);
    if (this.byKey.has(sharedKey) || this.byKey.size < this.maxRows * (1 + RESERVE))
      return this.atKey(sharedKey, shared, now);
    const others = cut.map(() => OTHER);
    return this.atKey(keyOf(others), others, now);
  }

  /** Forgets rows that nobody changed since then. @returns whether there were any */
  forgetIdle(since: number): boolean {
    const { size } = this.byKey;
    for (const [key, { usedAt }] of this.byKey) if (usedAt < since) this.byKey.delete(key);
    return this.byKey.size < size;
  }

  private atKey(key: string, labels: readonly string[], now: number): Row {
    let row = this.byKey.get(key);
    if (!row) this.byKey.set(key, (row = { labels, numbers: new Float64Array(this.spec.width), usedAt: now }));
    return row;
  }
}

/** What a row counted since it was last asked; plain JSON. */
export interface RowDelta {
  readonly labels: readonly string[];
  /** Place and amount, place and amount … of all that changed. */
  readonly changes: readonly number[];
}

export interface TableDelta {
  readonly table: string;
  readonly labelNames: readonly string[];
  readonly width: number;
  readonly rows: readonly RowDelta[];
}

/** Counts in one process, until what was counted is taken to where it is summed. */
export class TableRecorder<Key extends string = string> {
  private readonly rows: Rows;

  /** @param idleMs rows that nobody used for so long are forgotten; those who hold their numbers are told by `drain` */
  constructor(
    readonly spec: TableSpec<Key>,
    maxRows: number,
    private readonly idleMs = Infinity,
  ) {
    this.rows = new Rows(spec, maxRows);
  }

  get size(): number {
    return this.rows.size;
  }

  /** The numbers of a label set, to be kept and added to. */
  row(labels: readonly string[]): Float64Array {
    return this.rows.of(labels, performance.now()).numbers;
  }

  /** All that was counted since the last time. @returns also whether rows were forgotten: nobody may add to them any more */
  drain(now: number): { delta: TableDelta; hasForgotten: boolean } {
    const { name, labelNames, width } = this.spec;
    const changed: RowDelta[] = [];
    for (const row of this.rows.all()) {
      const changes = takeChanges(row.numbers);
      if (changes.length === 0) continue;
      row.usedAt = now;
      changed.push({ labels: row.labels, changes });
    }
    const hasForgotten = this.rows.forgetIdle(now - this.idleMs);
    return { delta: { table: name, labelNames, width, rows: changed }, hasForgotten };
  }
}

const takeChanges = (numbers: Float64Array): number[] => {
  const changes: number[] = [];
  for (let at = 0; at < numbers.length; at += 1) {
    if (numbers[at] === 0) continue;
    changes.push(at, numbers[at]!);
    numbers[at] = 0;
  }
  return changes;
};
