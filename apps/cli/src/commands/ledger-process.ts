// Starts the ledger as a process of its own, and again when it falls.
import type { ChildProcess } from 'node:child_process';
import { entryOf, exitOf, startNode } from './child.js';

/** What the ledger process reads from TURNPIKE_LEDGER_START. */
export interface LedgerStart {
  configFile?: string;
  flags: Record<string, unknown>;
  /** It runs beside a gateway, for which it listens at a socket in the data directory and which proves itself with this. */
  embedded?: { token: string };
}

/**
 * How the heap is sized, by measurement (`npm run bench -- --only service`). The nursery has room for a start with a new
 * database; less, and every collection is a large one. What is settled lives as long as its transaction and so grows old:
 * left to itself, V8 lets three times as much of it pile up before it looks, and the process stays at 290 MiB. With 30 %,
 * and one arena of malloc, it stays below 200, for a third more processor time an entry; with 20 % it takes twice the time.
 */
const NODE_FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=30'];
const { MALLOC_ARENA_MAX = '1' } = process.env;

const FIRST_RESTART_MS = 200;
const MAX_RESTART_MS = 10_000;
/** One that lived this long has proved that it can. */
const HEALTHY_AFTER_MS = 30_000;
/** It writes down what it has, and goes. */
const STOP_WITHIN_MS = 15_000;

export const startLedger = (start: LedgerStart): ChildProcess =>
  startNode({
    entry: entryOf('@turnpike/ledger'),
    nodeFlags: NODE_FLAGS,
    env: { MALLOC_ARENA_MAX, TURNPIKE_LEDGER_START: JSON.stringify(start) },
    // Beside a gateway it stays until that has told of its last calls.
    isShielded: start.embedded !== undefined,
  });

/** A ledger that is started again when it falls, as long as it can start at all. */
export class KeptLedger {
  /** Resolves with its exit code when it cannot start: trying again will not help. */
  readonly failed: Promise<number>;
  private readonly fail: (code: number) => void;
  private child: ChildProcess | undefined;
  private ended: Promise<number> = Promise.resolve(0);
  private restartMs = FIRST_RESTART_MS;
  private timer: NodeJS.Timeout | undefined;
  private isStopping = false;

  constructor(private readonly start: LedgerStart) {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.failed = promise;
    this.fail = resolve;
    this.run(true);
  }

  /** Ends it, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    this.child?.kill('SIGTERM');
    const force = setTimeout(() => this.child?.kill('SIGKILL'), STOP_WITHIN_MS);
    await this.ended;
    clearTimeout(force);
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  private run(isFirst: boolean): void {
    const startedAt = Date.now();
    const child = startLedger(this.start);
    this.child = child;
    this.ended = exitOf(child).catch(() => 1);
    void this.ended.then((code) => {
      if (this.isStopping) return;
      const lived = Date.now() - startedAt;
      // It said what is wrong and left. One that a signal ended, or that lived, may live again.
      if (isFirst && code === 1 && lived < HEALTHY_AFTER_MS) {
        this.fail(code);
        return;
      }
      this.restartMs = lived > HEALTHY_AFTER_MS ? FIRST_RESTART_MS : Math.min(2 * this.restartMs, MAX_RESTART_MS);
      process.stderr.write(`The ledger ended with code ${code}; it is started again.\n`);
      this.timer = setTimeout(() => this.run(false), this.restartMs);
    });
  }
}
