// How many requests of late, and how many of them failed: counted in buckets, so that its size is fixed.

const BUCKETS = 10;

interface Bucket {
  /** Which stretch of time it counts. */
  number: number;
  ended: number;
  failed: number;
}

export class Window {
  private readonly buckets: Bucket[] = Array.from({ length: BUCKETS }, () => ({ number: -1, ended: 0, failed: 0 }));
  private readonly bucketMs: number;

  constructor(ms: number) {
    this.bucketMs = ms / BUCKETS;
  }

  /** @param now epoch milliseconds @returns what the window holds then */
  add(now: number, isFailure: boolean): { ended: number; failed: number } {
    const number = Math.floor(now / this.bucketMs);
    const index = number % BUCKETS;
    if (this.buckets[index]!.number !== number) this.buckets[index] = { number, ended: 0, failed: 0 };
    const bucket = this.buckets[index]!;
    bucket.ended += 1;
    bucket.failed += Number(isFailure);
    let [ended, failed] = [0, 0];
    for (const one of this.buckets) {
      if (number - one.number >= BUCKETS) continue;
      ended += one.ended;
      failed += one.failed;
    }
    return { ended, failed };
  }
}
