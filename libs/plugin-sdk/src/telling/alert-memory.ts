// Which alerts were told already: several workers notice the same, and what goes on is noticed again and again.
import type { Alert } from '../contracts/callback/v1/index.js';
import type { Clock, SharedState } from '../host.js';

const HOUR_MS = 3_600_000;

/** How long the same is not told again. */
const QUIET_MS: Readonly<Record<Alert['kind'], number>> = {
  budget: 24 * HOUR_MS,
  deployment: 60_000,
  state: HOUR_MS,
};

export class AlertMemory {
  private readonly quietMs: typeof QUIET_MS;

  /** @param quietMs how long the same is not told again, where it is not as usual */
  constructor(
    private readonly host: { readonly state: SharedState; readonly clock: Clock },
    quietMs: Partial<typeof QUIET_MS> = {},
  ) {
    this.quietMs = { ...QUIET_MS, ...quietMs };
  }

  /** Those that are new to this machine. What ended and began anew is new. */
  fresh(alerts: readonly Alert[]): Alert[] {
    const seen = new Set<string>();
    return alerts.filter((alert) => {
      const [subject, event] = identityOf(alert);
      if (seen.has(`${subject} ${event}`)) return false;
      seen.add(`${subject} ${event}`);
      const last = this.host.state.get(subject);
      if (!Array.isArray(last)) return true;
      return last[0] !== event || this.host.clock.now() - Number(last[1]) >= this.quietMs[alert.kind];
    });
  }

  /** The same for what is the same, whoever notices it. */
  nameOf(alert: Alert): string {
    return identityOf(alert).join(' ');
  }

  /** They have reached whom they were for. */
  told(alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      const [subject, event] = identityOf(alert);
      this.host.state.set(subject, [event, this.host.clock.now()]);
    }
  }
}

/** What it is about, and what happened to it. */
const identityOf = (alert: Alert): [subject: string, event: string] => {
  switch (alert.kind) {
    case 'budget': {
      const { event, scope, id, spentNanoUsd, maxNanoUsd = 0, resetAt = 0 } = alert;
      // Both thresholds have the same name.
      const part = event === 'threshold_crossed' && maxNanoUsd > 0 ? Number(spentNanoUsd >= 0.95 * maxNanoUsd) : 0;
      return [`alert budget ${scope} ${id} ${event} ${part}`, String(resetAt)];
    }
    case 'deployment':
      return [`alert deployment ${alert.deploymentId}`, alert.event];
    case 'state':
      return [`alert state ${alert.state}`, alert.event];
  }
};
