// Average latencies by one measure.
import type { CallSample, Deployment } from '@turnpike/plugin-sdk';
import type { Measure } from './measures.js';

/** What a call that failed counts as: LiteLLM's 1,000 s. */
const FAILURE_MS = 1_000_000;

interface Average {
  readonly oldest: CallSample | undefined;
  readonly newest: CallSample | undefined;
  readonly mean: number;
}

const meanFrom = (samples: readonly CallSample[], first: number, measure: Measure): number => {
  let sum = 0;
  let count = 0;
  for (let index = first; index < samples.length; index += 1) {
    const sample = samples[index]!;
    const value = sample.isFailure ? FAILURE_MS : measure(sample);
    if (value === undefined) continue;
    sum += value;
    count += 1;
  }
  return sum / count;
};

export class Averages {
  /**
   * Most choices find most deployments with the calls they had at the choice before, and a thousand of them cannot be
   * added up anew each time. Calls that ended change no more, so the outermost two vouch for the ones between.
   */
  private readonly known = new WeakMap<Deployment, Average>();

  constructor(private readonly measure: Measure) {}

  /** Mean over the calls from index `first` on; NaN when none of them tells. */
  of(deployment: Deployment, samples: readonly CallSample[], first: number): number {
    const oldest = samples[first];
    const newest = samples[samples.length - 1];
    const known = this.known.get(deployment);
    if (known?.newest === newest && known?.oldest === oldest) return known!.mean;
    const mean = meanFrom(samples, first, this.measure);
    this.known.set(deployment, { oldest, newest, mean });
    return mean;
  }
}
