// What the primary process knows that no worker does.
import { MetricSources, type MetricDump } from '@turnpike/telemetry';
import { RedisMetrics } from './redis-metrics.js';

export class PrimaryMetrics {
  readonly redis = new RedisMetrics();
  private readonly sources = new MetricSources();
  private readonly ends = new Map<string, number>();

  /** @param workers how many there are */
  constructor(workers: () => number) {
    this.sources.register({
      name: 'turnpike_workers',
      help: 'Worker processes',
      read: (tell) => tell(workers()),
    });
    this.sources.register({
      name: 'turnpike_worker_ends_total',
      help: 'Worker processes that have ended, and how',
      type: 'counter',
      labelNames: ['how'],
      read: (tell) => {
        for (const how of ['planned', 'crash', 'killed']) tell(this.ends.get(how) ?? 0, [how]);
      },
    });
  }

  /** @param isPlanned it was told to end */
  workerEnded(code: number | null, signal: string | null, isPlanned: boolean): void {
    const how = isPlanned || code === 0 ? 'planned' : signal ? 'killed' : 'crash';
    this.ends.set(how, (this.ends.get(how) ?? 0) + 1);
  }

  everything(): MetricDump {
    return { ...this.redis.counts(), readings: this.sources.readings() };
  }
}
