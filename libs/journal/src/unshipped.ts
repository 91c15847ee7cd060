// How much of a journal is not shipped: the writer adds, the shipper takes away.

export class Unshipped {
  entries = 0;
  bytes = 0;
  /** When the first of them was appended, epoch milliseconds, as far as that is known. */
  private oldestAt: number | undefined;

  constructor(private readonly now: () => number) {}

  added(entries: number, bytes: number): void {
    if (this.entries === 0) this.oldestAt = this.now();
    this.entries += entries;
    this.bytes += bytes;
  }

  /** @param at of the entry that is shipped next, epoch milliseconds */
  nextIsOf(at: number | undefined): void {
    this.oldestAt = at ?? this.oldestAt;
  }

  shipped(entries: number, bytes: number): void {
    this.entries = Math.max(0, this.entries - entries);
    this.bytes = Math.max(0, this.bytes - bytes);
    // Until the next batch is read, which is soon: what came before it was older.
    this.oldestAt = this.now();
  }

  /** What damage had taken with it is found missing at the end. */
  nothingIsLeft(): void {
    this.entries = 0;
    this.bytes = 0;
    this.oldestAt = undefined;
  }

  /** Milliseconds since the oldest entry was appended, to the second; 0 when all is shipped. */
  get ageMs(): number {
    return this.entries === 0 || this.oldestAt === undefined ? 0 : Math.max(0, this.now() - this.oldestAt);
  }
}
