// What commands to Redis cost. Whoever holds the connection counts: a worker, or the primary for all of them.
import { count, observe, TableRecorder, type MetricDump } from '@turnpike/telemetry';
import { serviceTables } from './families.js';

const MAX_ROWS = 100;
const SERVICE = 'redis';

export class RedisMetrics {
  readonly recorder = new TableRecorder(serviceTables().redis, MAX_ROWS);

  /** @param failure name of the error that it failed with */
  command(command: string, ms: number, failure: string | undefined): void {
    const { at } = this.recorder.spec;
    const all = this.recorder.row([SERVICE, '', '']);
    count(all, at.commands, 1);
    observe(all, at.seconds, ms / 1_000);
    if (failure === undefined) return;
    count(all, at.fails, 1);
    count(this.recorder.row([SERVICE, failure, command]), at.failures, 1);
  }

  counts(): MetricDump {
    return { deltas: [this.recorder.drain(performance.now()).delta] };
  }
}
