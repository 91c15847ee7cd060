// Limits across machines. By a door of its own: who has no Redis need not load its client.
export { RedisAuthority, type RedisAuthorityOptions } from './redis-authority.js';
export { clientOf as redisClient, type RedisAddress } from './redis-link.js';
