// Which files there are, by what is known of them: how large each is, when it ends, which was not used for the longest.

/** Times are epoch milliseconds. */
export interface Filed {
  readonly bytes: number;
  readonly endsAt: number;
  /** When its last use was written down. */
  readonly touchedAt: number;
}

export class Shelf {
  /** The one that was not used for the longest comes first. */
  private readonly files = new Map<string, Filed>();
  private total = 0;

  constructor(private readonly maxBytes: number) {}

  get bytes(): number {
    return this.total;
  }

  get size(): number {
    return this.files.size;
  }

  get names(): Iterable<string> {
    return this.files.keys();
  }

  get(name: string): Filed | undefined {
    return this.files.get(name);
  }

  /** @returns names of those that have to go so that it fits; they are taken off the shelf */
  put(name: string, filed: Filed): string[] {
    this.remove(name);
    const driven: string[] = [];
    for (const [oldest] of this.files) {
      if (this.total + filed.bytes <= this.maxBytes) break;
      this.remove(oldest);
      driven.push(oldest);
    }
    this.files.set(name, filed);
    this.total += filed.bytes;
    return driven;
  }

  /** It goes last from now on. */
  used(name: string, filed: Filed): void {
    if (!this.files.delete(name)) return;
    this.files.set(name, filed);
  }

  remove(name: string): boolean {
    const filed = this.files.get(name);
    if (!filed) return false;
    this.files.delete(name);
    this.total -= filed.bytes;
    return true;
  }

  /** Names of those whose time is over. */
  ended(now: number): string[] {
    return [...this.files].flatMap(([name, { endsAt }]) => (endsAt <= now ? [name] : []));
  }
}
