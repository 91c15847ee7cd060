// The rows that calls are counted in, found by what is alike in many calls. Few are alike in one thing and not in others, so
// short lists are searched: maps, and joined keys, would cost more than counting does.
import type { Principal } from '../pipeline/exchange.js';

/** Labels by name. */
export type Labels = Readonly<Record<string, string>>;

/** What an upstream's headers last said is left of its rate limits. */
export interface RateLimits {
  requests: number | undefined;
  tokens: number | undefined;
  /** `performance.now()` of when they said so. */
  toldAt: number;
}

interface Answer {
  readonly route: string;
  readonly status: number;
  readonly isStream: boolean;
  readonly row: Float64Array;
}

/** What the calls of one caller under one name are counted in, of those that one deployment answered. */
export class CallSeries {
  rateLimits: RateLimits | undefined;
  private answers: readonly Answer[] = [];

  constructor(
    /** As it was asked for. */
    readonly requested: string,
    /** Empty: nobody was asked. */
    readonly deploymentId: string,
    readonly model: string,
    readonly labels: Labels,
    readonly calls: Float64Array,
    readonly latencies: Float64Array,
  ) {}

  answer(route: string, status: number, isStream: boolean): Float64Array | undefined {
    for (const answer of this.answers)
      if (answer.status === status && answer.isStream === isStream && answer.route === route) return answer.row;
    return undefined;
  }

  addAnswer(route: string, status: number, isStream: boolean, row: Float64Array): Float64Array {
    // Neither pushed nor spread: both make room for sixteen more, in each of the many series.
    this.answers = this.answers.concat({ route, status, isStream, row });
    return row;
  }
}

/** Longer lists are put into a map. */
const MAX_SEARCHED = 12;

/** One caller, as metrics tell callers apart. */
export class CallerSeries {
  private series: readonly CallSeries[] = [];
  private byKey: Map<string, CallSeries> | undefined;

  constructor(
    readonly principal: Principal | undefined,
    readonly labels: Labels,
  ) {}

  of(requested: string, deploymentId: string, model: string): CallSeries | undefined {
    if (this.byKey) return this.byKey.get(keyOf(requested, deploymentId, model));
    for (const one of this.series)
      if (one.requested === requested && one.deploymentId === deploymentId && one.model === model) return one;
    return undefined;
  }

  add(series: CallSeries): void {
    if (this.byKey) {
      this.byKey.set(keyOf(series.requested, series.deploymentId, series.model), series);
      return;
    }
    this.series = this.series.concat(series);
    if (this.series.length <= MAX_SEARCHED) return;
    this.byKey = new Map(this.series.map((one) => [keyOf(one.requested, one.deploymentId, one.model), one]));
    this.series = [];
  }

  all(): Iterable<CallSeries> {
    return this.byKey?.values() ?? this.series;
  }
}

const keyOf = (requested: string, deploymentId: string, model: string): string =>
  `${deploymentId}\u0000${model}\u0000${requested}`;
