// What the ledger does from time to time, by itself.
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@turnpike/telemetry';
import { DataSource } from 'typeorm';
import { Changes } from '../repositories/changes.js';
import { DeprecatedKeyRepository } from '../repositories/deprecated-key.repository.js';
import { Housekeeping } from '../settlement/housekeeping.js';
import { NOW, type Now } from './ledger-settings.js';
import { TemporaryBudgets } from './temporary-budgets.js';

const OFTEN_MS = 10_000;
const SELDOM_MS = 600_000;
/** Who was away for longer is told that everything may have changed. */
const CHANGES_KEPT_MS = 3_600_000;

export const LOG = Symbol('Logger');

@Injectable()
export class Chores {
  private timers: NodeJS.Timeout[] = [];
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly dataSource: DataSource,
    private readonly housekeeping: Housekeeping,
    private readonly temporaryBudgets: TemporaryBudgets,
    private readonly changes: Changes,
    private readonly deprecatedKeys: DeprecatedKeyRepository,
    @Inject(LOG) private readonly log: Logger,
    @Inject(NOW) private readonly now: Now,
  ) {}

  start(): void {
    this.timers = [
      setInterval(() => this.enqueue(() => this.often()), OFTEN_MS),
      setInterval(() => this.enqueue(() => this.seldom()), SELDOM_MS),
    ];
    this.enqueue(() => this.often());
  }

  /** When what was begun is done. */
  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await this.running;
  }

  private async often(): Promise<void> {
    await this.housekeeping.run();
    await this.temporaryBudgets.end();
  }

  private async seldom(): Promise<void> {
    const now = this.now();
    await this.changes.prune(this.dataSource, new Date(now - CHANGES_KEPT_MS));
    await this.deprecatedKeys.prune(this.dataSource.manager, new Date(now));
  }

  /** One after the other; what fails is done again the next time. */
  private enqueue(chore: () => Promise<void>): void {
    this.running = this.running
      .then(chore)
      .catch((error: unknown) => this.log.warn('A chore of the ledger failed; it is done again.', { error }));
  }
}
