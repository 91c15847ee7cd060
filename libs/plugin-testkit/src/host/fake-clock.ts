// Time that stands still until it is told to go on, and the timers that hang on it.
import type { Clock, Timers } from '@turnpike/plugin-sdk';

interface Timer {
  at: number;
  every: number | undefined;
  run: () => void;
}

/** 2026-01-15T12:00:00Z */
export const START_OF_TIME = 1_768_478_400_000;

export class FakeClock implements Clock, Timers {
  private readonly pending = new Set<Timer>();

  constructor(private current = START_OF_TIME) {}

  now(): number {
    return this.current;
  }

  /** Jumps without running timers. */
  set(epochMs: number): void {
    this.current = epochMs;
  }

  /** Goes on by `ms` and runs what falls due, in order. */
  advance(ms: number): void {
    const end = this.current + ms;
    for (;;) {
      const next = [...this.pending].filter(({ at }) => at <= end).sort((left, right) => left.at - right.at)[0];
      if (!next) break;
      this.current = Math.max(this.current, next.at);
      if (next.every === undefined) this.pending.delete(next);
      else next.at += next.every;
      next.run();
    }
    this.current = end;
  }

  get pendingTimers(): number {
    return this.pending.size;
  }

  after(ms: number, run: () => void): () => void {
    return this.add({ at: this.current + ms, every: undefined, run });
  }

  every(ms: number, run: () => void): () => void {
    if (!(ms > 0)) throw new RangeError(`A repeating timer needs a positive interval, not ${ms}.`);
    return this.add({ at: this.current + ms, every: ms, run });
  }

  private add(timer: Timer): () => void {
    this.pending.add(timer);
    return () => {
      this.pending.delete(timer);
    };
  }
}
