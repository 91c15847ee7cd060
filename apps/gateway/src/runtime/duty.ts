// What one worker does for all of them: looking after the deployments, and asking for budgets that metrics tell.
import { learnAllBudgets } from '../metrics/all-budgets.js';
import type { Runtime } from './runtime.js';

/** As often as LiteLLM does; sooner at first, since much is set up right after a start. */
const BUDGETS_EVERY_MS = 300_000;
/** The ledger may begin later than the gateway. */
const BUDGETS_RETRY_MS = 5_000;

export class Duty {
  private timers = new Set<NodeJS.Timeout>();
  private isOn = false;
  private budgetsMs = BUDGETS_RETRY_MS;

  constructor(private readonly runtime: Runtime) {}

  /** This worker is the one. More than once is the same as once. */
  begin(): void {
    if (this.isOn) return;
    this.isOn = true;
    void this.checkHealth();
    void this.learnBudgets();
  }

  end(): void {
    this.isOn = false;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  /** The newest settings count, each time. */
  private async checkHealth(): Promise<void> {
    const { health } = this.runtime.config;
    if (health.backgroundChecks) await this.runtime.health.checkAll();
    this.later(health.intervalMs, () => void this.checkHealth());
  }

  private async learnBudgets(): Promise<void> {
    const { config, ledger, metrics, keys, log } = this.runtime;
    if (!ledger || !config.metrics.tellsAllBudgets) return;
    try {
      await learnAllBudgets(ledger.client, metrics.book, keys.masterHash);
      this.later(this.budgetsMs, () => void this.learnBudgets());
      this.budgetsMs = Math.min(2 * this.budgetsMs, BUDGETS_EVERY_MS);
    } catch (error) {
      log.debug('budgets could not be asked for', { error });
      this.later(BUDGETS_RETRY_MS, () => void this.learnBudgets());
    }
  }

  private later(ms: number, run: () => void): void {
    if (!this.isOn) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, ms).unref();
    this.timers.add(timer);
  }
}
