// The rows that calls are counted in, found by what is alike in many calls. Joining labels to a key for every call would
// cost more than counting does.
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

/** What the calls of one caller under one name are counted in, of those that one deployment answered. */
export class CallSeries {
  rateLimits: RateLimits | undefined;
  /** By route, then by status; those of streams apart. */
  private readonly answers = new Map<string, Map<number, Float64Array>>();

  constructor(
    readonly labels: Labels,
    readonly calls: Float64Array,
    readonly latencies: Float64Array,
  ) {}

  answer(route: string, status: number, isStream: boolean): Float64Array | undefined {
    return this.answers.get(route)?.get(keyOf(status, isStream));
  }

  setAnswer(route: string, status: number, isStream: boolean, row: Float64Array): Float64Array {
    below(this.answers, route).set(keyOf(status, isStream), row);
    return row;
  }
}

const keyOf = (status: number, isStream: boolean): number => (isStream ? -status : status);

type ByModel<Value> = Map<string, Map<string, Value>>;

/** One caller, as metrics tell callers apart. */
export class CallerSeries {
  /** By the name asked for, then by deployment and upstream model. */
  private readonly series = new Map<string, ByModel<CallSeries>>();

  constructor(
    readonly principal: Principal | undefined,
    readonly labels: Labels,
  ) {}

  of(requested: string, deploymentId: string, model: string): CallSeries | undefined {
    return this.series.get(requested)?.get(deploymentId)?.get(model);
  }

  set(requested: string, deploymentId: string, model: string, series: CallSeries): void {
    let ofName = this.series.get(requested);
    if (!ofName) this.series.set(requested, (ofName = new Map<string, Map<string, CallSeries>>()));
    below(ofName, deploymentId).set(model, series);
  }

  *all(): Generator<CallSeries> {
    for (const byDeployment of this.series.values())
      for (const byModel of byDeployment.values()) yield* byModel.values();
  }
}

const below = <Key, Value>(map: Map<string, Map<Key, Value>>, key: string): Map<Key, Value> => {
  let next = map.get(key);
  if (!next) map.set(key, (next = new Map<Key, Value>()));
  return next;
};
