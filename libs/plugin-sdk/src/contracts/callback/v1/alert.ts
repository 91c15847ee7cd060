// What happens to the gateway rather than to one call.
import type { NanoUsd } from '@turnpike/domain';

/** Money is running out. */
export interface BudgetAlert {
  readonly kind: 'budget';
  /** `threshold_crossed`: 85 % and 95 % of the budget. */
  readonly event: 'soft_budget_crossed' | 'threshold_crossed' | 'budget_crossed';
  /** `key`, `team`, `user`, `member`, `organization`, `customer`, `tag`, `installation` */
  readonly scope: string;
  /** What it is the budget of: a key's hash, a team's id … */
  readonly id: string;
  readonly alias?: string;
  readonly spentNanoUsd: NanoUsd;
  readonly maxNanoUsd?: NanoUsd;
  readonly softNanoUsd?: NanoUsd;
  /** Epoch milliseconds. */
  readonly resetAt?: number;
}

/** A deployment is left alone for a while, or is back. */
export interface DeploymentAlert {
  readonly kind: 'deployment';
  readonly event: 'cooled_down' | 'recovered';
  readonly deploymentId: string;
  readonly group: string;
  readonly provider: string;
  readonly upstreamModel: string;
  /** Code of the last error. */
  readonly reason?: string;
}

/** Something that the gateway leans on is away, or back. */
export interface StateAlert {
  readonly kind: 'state';
  readonly event: 'began' | 'ended';
  /** `ledger_away`, `redis_away` … as in `turnpike_degraded{state}`. */
  readonly state: string;
  readonly message: string;
}

export type Alert = (BudgetAlert | DeploymentAlert | StateAlert) & {
  /** Epoch milliseconds. */
  readonly at: number;
};
