// @turnpike/limits: rpm, tpm and parallel limits that hold across workers and machines, by slices.
export { ChannelAuthority, type LimitChannel } from './channel-authority.js';
export { Distributor, type DistributorOptions } from './distributor.js';
export { Limits, type KeyUsage, type LimitsOptions } from './limits.js';
export type { LimitMessage } from './messages.js';
export { RedisAuthority, type RedisAuthorityOptions } from './redis-authority.js';
export type { RedisAddress } from './redis-link.js';
export { isDenial, type Denial, type Dimension, type LimitRule, type Permit } from './rule.js';
