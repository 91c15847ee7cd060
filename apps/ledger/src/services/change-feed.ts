// Tells gateways what changed: one look at the clock every moment for all that watch, at once when we changed it ourselves.
import type { Logger } from '@turnpike/telemetry';
import type { Change, ChangesSince } from '../repositories/changes.js';

/** What was recorded. */
export interface ChangeSource {
  /** The last change there is. */
  latest(): Promise<number>;
  since(sequence: number): Promise<ChangesSince>;
}

export interface ChangeBatch {
  /** All changes up to this one have been told. */
  sequence: number;
  /** Undefined: everything may have changed. */
  changes: Change[] | undefined;
}

export interface ChangeFeedOptions {
  source: ChangeSource;
  log: Logger;
  pollMs?: number;
}

const POLL_MS = 200;

export class ChangeFeed {
  private readonly pollMs: number;
  private readonly waiting = new Set<() => void>();
  private latest = 0;
  private watchers = 0;
  private timer: NodeJS.Timeout | undefined;
  private isLooking = false;
  private isAway = false;

  constructor(private readonly options: ChangeFeedOptions) {
    this.pollMs = options.pollMs ?? POLL_MS;
  }

  /** Something was committed by this process. */
  nudge(): void {
    if (this.watchers > 0) this.schedule(0);
  }

  /** The place in the order of changes that what is read from now on is at least as new as. */
  async sequence(): Promise<number> {
    return await this.options.source.latest();
  }

  /**
   * A batch at once, then one whenever something changed or `beatMs` passed. Ends when the signal is aborted.
   * @param since 0, or a place that is not one of ours: everything is told as changed
   */
  async *watch(since: number, signal: AbortSignal, beatMs: number): AsyncGenerator<ChangeBatch> {
    this.watchers += 1;
    this.schedule(0);
    try {
      let at = since;
      let isFirst = true;
      while (!signal.aborted) {
        const batch = await this.batchAfter(at, isFirst);
        isFirst = false;
        at = batch.sequence;
        yield batch;
        await this.somethingNew(at, signal, beatMs);
      }
    } finally {
      this.watchers -= 1;
      if (this.watchers === 0) {
        clearTimeout(this.timer);
        this.timer = undefined;
      }
    }
  }

  private async batchAfter(since: number, isFirst: boolean): Promise<ChangeBatch> {
    const { sequence, changes, hasMore, isTooOld } = await this.options.source.since(since);
    // What is not in this batch yet is in the next one, at once.
    this.latest = Math.max(this.latest, hasMore ? sequence + 1 : sequence);
    const isAll = isTooOld || (isFirst && since === 0);
    return { sequence: isAll ? await this.sequence() : sequence, changes: isAll ? undefined : changes };
  }

  /** Resolves when there is something after `sequence`, after `beatMs`, or when the signal is aborted. */
  private async somethingNew(sequence: number, signal: AbortSignal, beatMs: number): Promise<void> {
    if (this.latest > sequence || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(beat);
        this.waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const beat = setTimeout(done, beatMs);
      this.waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  private schedule(delayMs: number): void {
    if (this.isLooking) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), delayMs);
  }

  private async look(): Promise<void> {
    this.isLooking = true;
    try {
      const sequence = await this.sequence();
      this.isAway = false;
      if (sequence > this.latest) {
        this.latest = sequence;
        for (const wake of [...this.waiting]) wake();
      }
    } catch (error) {
      // Those who watch find out by themselves at their next beat.
      if (!this.isAway) this.options.log.warn('Changes cannot be read: the database is away.', { error });
      this.isAway = true;
    } finally {
      this.isLooking = false;
    }
    if (this.watchers > 0) this.schedule(this.pollMs);
  }
}
