// Figures that some part of the process has anyway: read when somebody asks for the metrics, and only then.

/** How what several workers tell becomes one figure. `left`: a limit that they use up together. */
export type Combine = 'sum' | 'max' | 'min' | 'average' | 'left';

/** @param limit with `left` only: what there is of it at most */
export type Tell = (value: number, labels?: readonly string[], limit?: number) => void;

/** One family of metrics, and who knows its figures. */
export interface MetricSource {
  readonly name: string;
  readonly help: string;
  /** A counter is the sum since the process began. Default: gauge */
  readonly type?: 'gauge' | 'counter';
  /** Default: sum, which counters always have */
  readonly combine?: Combine;
  readonly labelNames?: readonly string[];
  /** Tells each label set once. What is no number is passed over; what it throws costs this family only. */
  read(tell: Tell): void;
}

/** A figure with its label values; plain JSON. The third is the limit. */
export type Figure = readonly [value: number, labels: readonly string[], limit?: number];

/** What one process told of one family; plain JSON. */
export interface Reading {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly combine: Combine;
  readonly labelNames: readonly string[];
  readonly figures: readonly Figure[];
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Of one family; what comes later is left out. */
const MAX_FIGURES = 10_000;

export class MetricSources {
  private readonly sources = new Map<string, MetricSource>();

  /** @returns what takes it away again. @throws TypeError for a name that is none, or is taken */
  register(source: MetricSource): () => void {
    const { name, labelNames = [] } = source;
    const wrong = [name]
      .filter((one) => !METRIC_NAME.test(one))
      .concat(labelNames.filter((one) => !LABEL_NAME.test(one)));
    if (wrong.length > 0) throw new TypeError(`Not a name for a metric or label: '${wrong[0]}'`);
    if (this.sources.has(name)) throw new TypeError(`There is a metric ${name} already`);
    this.sources.set(name, source);
    return () => void this.sources.delete(name);
  }

  readings(): Reading[] {
    return [...this.sources.values()].flatMap((source) => readingOf(source) ?? []);
  }
}

const readingOf = ({ name, help, type = 'gauge', combine = 'sum', labelNames = [], ...source }: MetricSource) => {
  const figures: Figure[] = [];
  const tell: Tell = (value, labels = [], limit) => {
    if (Number.isNaN(value) || figures.length >= MAX_FIGURES) return;
    if (labels.length !== labelNames.length) throw new TypeError(`${name} has ${labelNames.length} labels`);
    figures.push(limit === undefined ? [value, labels] : [value, labels, limit]);
  };
  try {
    source.read(tell);
  } catch {
    // Metrics are read by alerts too: one figure that cannot be had must not cost the others.
    return undefined;
  }
  return { name, help, type, combine, labelNames, figures } satisfies Reading;
};
