// How long a model's answers are: a running 95th percentile in a few counts.

/** Each size is this much larger than the one before: that is how exact the percentile is. */
const STEP = Math.SQRT2;
const SIZES = 48;
/** When so many answers were counted, all of them count half: what a model does now matters more than what it did. */
const MAX_COUNTED = 1_000;
const PERCENTILE = 0.95;

export class AnswerSizes {
  private readonly counts = new Float64Array(SIZES);
  private total = 0;
  private found: number | undefined;

  /** Tokens that 95 of 100 answers do not exceed, up to a factor of √2; 0 when there was none. */
  get p95(): number {
    return (this.found ??= this.find());
  }

  add(tokens: number): void {
    const size = tokens <= 1 ? 0 : Math.min(SIZES - 1, Math.ceil(Math.log(tokens) / Math.log(STEP)));
    this.counts[size]! += 1;
    this.total += 1;
    if (this.total >= MAX_COUNTED) {
      for (let at = 0; at < SIZES; at += 1) this.counts[at]! /= 2;
      this.total /= 2;
    }
    this.found = undefined;
  }

  private find(): number {
    if (this.total === 0) return 0;
    let beyond = this.total * (1 - PERCENTILE);
    for (let at = SIZES - 1; at >= 0; at -= 1) {
      beyond -= this.counts[at]!;
      if (beyond < 0) return Math.ceil(STEP ** at);
    }
    return 1;
  }
}
