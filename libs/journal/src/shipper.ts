// Hands batches to the other side, one at a time and in order, until it takes them.
import type { Batch } from './backlog.js';
import type { Faults } from './faults.js';
import type { Ship } from './options.js';

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;

/** Where batches come from. */
export interface Source {
  readonly isEmpty: boolean;
  readonly hasFullBatch: boolean;
  next(): Promise<Batch | undefined>;
  acknowledge(batch: Batch): void;
  giveBack(batch: Batch): void;
}

export interface ShipperOptions {
  readonly source: Source;
  readonly ship: Ship;
  readonly worker: string;
  readonly faults: Faults;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly random: () => number;
}

export class Shipper {
  private readonly options: ShipperOptions;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private failures = 0;
  private isDraining = false;
  private isStopped = false;
  private underWay: AbortController | undefined;
  private whenEmpty: (() => void)[] = [];

  constructor(options: ShipperOptions) {
    this.options = options;
  }

  /** There is something to ship: at once when it makes a batch, soon otherwise. */
  notice(): void {
    if (this.isStopped || this.running || this.failures > 0) return;
    const { source, intervalMs } = this.options;
    if (source.hasFullBatch || this.isDraining) this.run();
    else if (!this.timer && !source.isEmpty) this.runIn(intervalMs);
  }

  /** Ships without waiting for batches to fill. Resolves when nothing is left, or `stop` was called. */
  async drain(): Promise<void> {
    if (this.isStopped) return;
    this.isDraining = true;
    const empty = new Promise<void>((resolve) => this.whenEmpty.push(resolve));
    this.cancelTimer();
    this.run();
    await empty;
  }

  /** What is under way is given up, and stays in the journal. Resolves when this shipper does nothing any more. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.cancelTimer();
    this.underWay?.abort(new Error('The journal is being closed.'));
    await this.running;
    this.tellEmpty();
  }

  private runIn(delayMs: number): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.run();
    }, delayMs);
    // Somebody waits for a drain; nobody has to live on for what is in the journal.
    if (!this.isDraining) this.timer.unref();
  }

  private cancelTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private run(): void {
    this.cancelTimer();
    this.running ??= this.shipOn().finally(() => {
      this.running = undefined;
      this.goOn();
    });
  }

  /** Until less than a batch is left, or the other side does not take it. */
  private async shipOn(): Promise<void> {
    const { source } = this.options;
    do {
      if (!(await this.shipNext())) {
        this.failures += 1;
        return;
      }
      this.failures = 0;
    } while (!this.isStopped && !source.isEmpty && (source.hasFullBatch || this.isDraining));
  }

  private goOn(): void {
    if (this.isStopped) return;
    const { source, intervalMs } = this.options;
    if (this.failures > 0) this.runIn(this.backoffMs());
    else if (source.isEmpty) this.tellEmpty();
    else if (source.hasFullBatch || this.isDraining) this.run();
    else this.runIn(intervalMs);
  }

  /** @returns whether it was taken */
  private async shipNext(): Promise<boolean> {
    const { source, faults } = this.options;
    let batch: Batch | undefined;
    try {
      batch = await source.next();
    } catch {
      // The source has told of it.
      return false;
    }
    if (!batch) return true;
    try {
      if (this.isStopped) throw new Error('The journal is being closed.');
      await this.handOver(batch);
    } catch (error) {
      source.giveBack(batch);
      if (!this.isStopped) {
        faults.failed('ship', 'Entries are not taken. They stay in the journal and are sent again.', error);
      }
      return false;
    }
    source.acknowledge(batch);
    faults.worked('ship');
    return true;
  }

  private async handOver({ entries }: Batch): Promise<void> {
    const { ship, worker, timeoutMs } = this.options;
    const controller = new AbortController();
    const { signal } = controller;
    this.underWay = controller;
    const timer = setTimeout(() => controller.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    try {
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
      await Promise.race([ship({ worker, entries }, signal), aborted]);
    } finally {
      clearTimeout(timer);
      this.underWay = undefined;
    }
  }

  /** Doubles up to 10 s; half of it is chance, so that many workers do not come back at once. */
  private backoffMs(): number {
    const longest = Math.min(FIRST_BACKOFF_MS * 2 ** (this.failures - 1), MAX_BACKOFF_MS);
    return longest * (0.5 + 0.5 * this.options.random());
  }

  private tellEmpty(): void {
    for (const resolve of this.whenEmpty) resolve();
    this.whenEmpty = [];
  }
}
