// Joins this machine with the others of the installation, where there is a Redis to meet at.
import type { RedisSettings } from '@turnpike/config';
import type { Authority } from '@turnpike/limits';
import type { RedisMetrics } from '../metrics/redis-metrics.js';
import type { RoutingBus, RoutingListener } from './routing-bus.js';

export interface Machines {
  /** Gives this machine its slices of the limits. */
  readonly authority: Authority;
  readonly bus: RoutingBus;
}

/**
 * Undefined: no Redis is configured. Does not fail when it is away: limits hold on this machine alone until it comes.
 * @param now epoch milliseconds
 */
export const joinMachines = async (
  redis: RedisSettings | undefined,
  now: () => number,
  listener: RoutingListener,
  metrics?: RedisMetrics,
): Promise<Machines | undefined> => {
  if (!redis) return undefined;
  // A client that most do without.
  const [{ RedisAuthority }, { RoutingBus }] = await Promise.all([
    import('@turnpike/limits/redis'),
    import('./routing-bus.js'),
  ]);
  const onCommand =
    metrics && ((command: string, ms: number, failure?: string): void => metrics.command(command, ms, failure));
  return { authority: await RedisAuthority.connect({ redis, now, onCommand }), bus: new RoutingBus(redis, listener) };
};
