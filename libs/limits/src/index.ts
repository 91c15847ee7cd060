// @turnpike/limits: rpm, tpm and parallel limits that hold across workers and machines, by slices.
export type { Authority } from './authority.js';
export {
  Budgets,
  isBudgetDenial,
  type BudgetDenial,
  type BudgetsOptions,
  type LeaseAsk,
  type LeaseGrant,
  type LeaseSource,
  type Reservation,
} from './budgets.js';
export { ChannelAuthority, type LimitChannel } from './channel-authority.js';
export { Distributor, type DistributorOptions } from './distributor.js';
export { Limits, type KeyUsage, type LimitsOptions } from './limits.js';
export type { LimitMessage } from './messages.js';
export { isDenial, type Denial, type Dimension, type LimitRule, type Permit } from './rule.js';
