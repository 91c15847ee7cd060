// Events that callbacks were not told of: counted, and logged now and then rather than each time.
import type { RootLogger } from '@turnpike/telemetry';

const TELL_EVERY_MS = 30_000;

export class Losses {
  private readonly lost = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly log: Pick<RootLogger, 'warn'>,
    private readonly everyMs = TELL_EVERY_MS,
  ) {}

  /** @param name of the callback */
  add(name: string, count: number): void {
    this.lost.set(name, (this.lost.get(name) ?? 0) + count);
    // The first is told soon: whoever set it up wrongly looks at the log now.
    this.timer ??= setTimeout(() => this.tell(), Math.min(1_000, this.everyMs)).unref();
  }

  tell(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.lost.size === 0) return;
    for (const [callback, count] of this.lost)
      this.log.warn('a callback was not told of all calls', { callback, count });
    this.lost.clear();
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.tell();
    }, this.everyMs).unref();
  }
}
