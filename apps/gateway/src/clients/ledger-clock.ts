// The ledger's time, as far as this process can tell: what expires, and the day of a call, go by it and not by a clock of
// our own, which may be minutes wrong.

/** News may be late for so long, and are then no reason to believe that the clock went back. */
const LATE_MS = 30_000;

export class LedgerClock {
  /** Our clock is so far behind; 0 until the ledger was heard. */
  offsetMs = 0;
  private isKnown = false;
  /** The best of the news that say less, and since when they do. */
  private lower: { offsetMs: number; since: number } | undefined;

  /** @param own epoch milliseconds of a clock that never jumps */
  constructor(private readonly own: () => number) {}

  /** Epoch milliseconds. */
  now(): number {
    return this.own() + this.offsetMs;
  }

  /** @param said the ledger's time when it sent word. Word takes its time, so that it says too little and never too much */
  heard(said: number): void {
    const own = this.own();
    const offsetMs = said - own;
    if (!this.isKnown || offsetMs >= this.offsetMs) this.take(offsetMs);
    else if (!this.lower) this.lower = { offsetMs, since: own };
    else {
      this.lower.offsetMs = Math.max(this.lower.offsetMs, offsetMs);
      if (own - this.lower.since >= LATE_MS) this.take(this.lower.offsetMs);
    }
  }

  private take(offsetMs: number): void {
    this.offsetMs = offsetMs;
    this.isKnown = true;
    this.lower = undefined;
  }
}
