// Tells holders of leases what is wanted back: one question for all of them, every moment.
import type { Logger } from '@turnpike/telemetry';

export interface RecallSource {
  /** Accounts by holder. */
  recallsFor(holders: readonly string[]): Promise<Map<string, string[]>>;
}

export interface RecallFeedOptions {
  source: RecallSource;
  log: Logger;
  pollMs?: number;
  /** What is not given back is asked for again after so long. */
  repeatMs?: number;
}

const POLL_MS = 200;
const REPEAT_MS = 1_000;

interface Listener {
  /** Account → when it was asked for. */
  asked: Map<string, number>;
  tell(accounts: string[]): void;
}

export class RecallFeed {
  private readonly listeners = new Map<string, Set<Listener>>();
  private timer: NodeJS.Timeout | undefined;
  private isAway = false;

  constructor(private readonly options: RecallFeedOptions) {}

  /** Ends when the signal is aborted. */
  async *watch(holder: string, signal: AbortSignal): AsyncGenerator<string[]> {
    const waiting: string[][] = [];
    let wake = (): void => undefined;
    const listener: Listener = {
      asked: new Map(),
      tell: (accounts) => {
        waiting.push(accounts);
        wake();
      },
    };
    const stop = (): void => wake();
    signal.addEventListener('abort', stop, { once: true });
    this.add(holder, listener);
    try {
      while (!signal.aborted) {
        const accounts = waiting.shift();
        if (accounts) yield accounts;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      signal.removeEventListener('abort', stop);
      this.remove(holder, listener);
    }
  }

  private add(holder: string, listener: Listener): void {
    const listeners = this.listeners.get(holder) ?? new Set();
    this.listeners.set(holder, listeners.add(listener));
    this.timer ??= this.later();
  }

  private remove(holder: string, listener: Listener): void {
    const listeners = this.listeners.get(holder);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.listeners.delete(holder);
    if (this.listeners.size > 0) return;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private later(): NodeJS.Timeout {
    return setTimeout(() => void this.ask(), this.options.pollMs ?? POLL_MS);
  }

  private async ask(): Promise<void> {
    try {
      const recalls = await this.options.source.recallsFor([...this.listeners.keys()]);
      this.isAway = false;
      for (const [holder, accounts] of recalls) {
        for (const listener of this.listeners.get(holder) ?? []) this.tell(listener, accounts);
      }
    } catch (error) {
      if (!this.isAway) this.options.log.warn('Recalls cannot be read: the database is away.', { error });
      this.isAway = true;
    }
    this.timer = this.listeners.size > 0 ? this.later() : undefined;
  }

  private tell(listener: Listener, accounts: readonly string[]): void {
    const now = performance.now();
    const repeatMs = this.options.repeatMs ?? REPEAT_MS;
    const due = accounts.filter((account) => now - (listener.asked.get(account) ?? -Infinity) >= repeatMs);
    listener.asked = new Map(
      accounts.map((account) => [account, due.includes(account) ? now : listener.asked.get(account)!]),
    );
    if (due.length > 0) listener.tell(due);
  }
}
