// Where Redis is: for shared limits, and for caches that name no server.
import type { JsonObject } from '@turnpike/domain';
import type { RedisSettings } from './canonical.js';
import type { Environment } from './environment.js';
import type { Settings } from './settings.js';
import { readValue } from './value-types.js';

/** Parts of a Redis connection and the variables that give them. */
const VARIABLES = {
  url: 'REDIS_URL',
  host: 'REDIS_HOST',
  port: 'REDIS_PORT',
  username: 'REDIS_USERNAME',
  password: 'REDIS_PASSWORD',
  db: 'REDIS_DB',
  ssl: 'REDIS_SSL',
} as const;

const TYPES = {
  url: 'text',
  host: 'text',
  port: 'count',
  username: 'text',
  password: 'text',
  db: 'count',
  ssl: 'switch',
} as const;

type Parts = { -readonly [K in keyof RedisSettings]: RedisSettings[K] };

export const hasAddress = ({ url, host }: Parts): boolean => url !== undefined || host !== undefined;

const compact = (parts: Record<string, unknown>): Parts =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined && value !== ''));

/** What the REDIS_* variables say; unreadable ones (a container link's `tcp://…` as port) count as absent. */
export const redisFromEnvironment = (environment: Environment): RedisSettings =>
  compact(
    Object.fromEntries(
      Object.entries(VARIABLES).map(([part, variable]) => {
        const text = environment.get(variable);
        return [part, text === undefined ? undefined : readValue(TYPES[part as keyof Parts], text)];
      }),
    ),
  );

/** Parts that are missing come from the variables, unless those speak of another server. */
export const completeRedis = (parts: RedisSettings, fromEnvironment: RedisSettings): RedisSettings => {
  const isOther =
    hasAddress(parts) &&
    hasAddress(fromEnvironment) &&
    (parts.url !== fromEnvironment.url || parts.host !== fromEnvironment.host);
  return isOther ? parts : { ...fromEnvironment, ...parts };
};

/** The Redis parts of a map such as `cache_params`. */
export const redisFromMap = (map: Readonly<JsonObject>): RedisSettings =>
  compact(
    Object.fromEntries(
      Object.entries(TYPES).map(([part, type]) => {
        const value = map[part];
        return [part, value === undefined || value === null ? undefined : readValue(type, value)];
      }),
    ),
  );

/** The first that names a server: `router_settings.redis_*`, the variables, `cache_params` of a Redis cache. */
export const readRedis = (
  settings: Settings,
  environment: Environment,
  cacheParams: Readonly<JsonObject> | undefined,
): RedisSettings | undefined => {
  const fromRouter = compact({
    url: settings.get('redis_url'),
    host: settings.get('redis_host'),
    port: settings.get('redis_port'),
    username: settings.get('redis_username'),
    password: settings.get('redis_password'),
    db: settings.get('redis_db'),
    ssl: settings.get('redis_ssl'),
  });
  const shared = completeRedis(fromRouter, redisFromEnvironment(environment));
  if (hasAddress(shared)) return shared;
  const fromCache = completeRedis(redisFromMap(cacheParams ?? {}), shared);
  return hasAddress(fromCache) ? fromCache : undefined;
};
