// Entries that lie in one piece of memory, without an object for each: batches live for as long as the other side takes,
// and what a worker ships would otherwise grow old in its heap, entry by entry.
export class EntryList implements Iterable<Buffer> {
  /** Start and end of each. */
  private readonly bounds: number[] = [];

  constructor(private readonly bytes: Buffer) {}

  static of(entries: readonly Buffer[]): EntryList {
    const list = new EntryList(Buffer.concat(entries));
    let at = 0;
    for (const { length } of entries) list.add(at, (at += length));
    return list;
  }

  get length(): number {
    return this.bounds.length / 2;
  }

  add(start: number, end: number): void {
    this.bounds.push(start, end);
  }

  /** In order, each by where it lies. */
  visit(take: (bytes: Buffer, start: number, end: number) => void): void {
    const { bounds, bytes } = this;
    for (let at = 0; at < bounds.length; at += 2) take(bytes, bounds[at]!, bounds[at + 1]!);
  }

  *[Symbol.iterator](): Iterator<Buffer> {
    const { bounds, bytes } = this;
    for (let at = 0; at < bounds.length; at += 2) yield bytes.subarray(bounds[at], bounds[at + 1]);
  }
}
