// A client of ioredis that fails at once what it cannot do now, and comes back by itself. Not connected yet.
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { Place, Target, Tls } from './target.js';

export type Client = Redis | Cluster;

const CONNECT_MS = 2_000;
const MAX_RECONNECT_MS = 1_000;
/** Of a command that a cluster sends from node to node. Whoever asked has long given up after so many. */
const MAX_REDIRECTIONS = 5;

const backoff = (times: number): number => Math.min(50 * times, MAX_RECONNECT_MS);

/** @throws when a file cannot be read: that is a mistake in the settings, and no outage */
const tlsOptions = ({ caFile, certificateFile, keyFile, isVerified, isHostVerified }: Tls): ConnectionOptions => ({
  ...(caFile !== undefined && { ca: readFileSync(caFile) }),
  ...(certificateFile !== undefined && { cert: readFileSync(certificateFile) }),
  ...(keyFile !== undefined && { key: readFileSync(keyFile) }),
  rejectUnauthorized: isVerified,
  ...(!isHostVerified && { checkServerIdentity: () => undefined }),
});

export const clientOf = ({ place, username, password, db, tls: tlsSettings }: Target): Client => {
  const tls = tlsSettings && tlsOptions(tlsSettings);
  const options: RedisOptions = {
    username,
    password,
    ...(tls && { tls }),
    connectionName: 'turnpike-cache',
    disableClientInfo: true,
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: CONNECT_MS,
    retryStrategy: backoff,
    // A master that has become a replica: whoever opens a connection anew finds its successor.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  };
  return clientAt(place, options, db);
};

const clientAt = (place: Place, options: RedisOptions, db: number): Client => {
  switch (place.kind) {
    case 'single':
      return new Redis({ ...options, ...place.node, db });
    case 'sentinel':
      return new Redis({
        ...options,
        db,
        sentinels: [...place.nodes],
        name: place.name,
        sentinelPassword: place.password,
        sentinelCommandTimeout: CONNECT_MS,
        sentinelRetryStrategy: backoff,
        ...(options.tls && { sentinelTLS: options.tls, enableTLSForSentinelMode: true }),
      });
    case 'cluster':
      return new Cluster([...place.nodes], {
        lazyConnect: true,
        enableOfflineQueue: false,
        clusterRetryStrategy: backoff,
        maxRedirections: MAX_REDIRECTIONS,
        slotsRefreshTimeout: CONNECT_MS,
        // Certificates are for names, so names are not looked up before the connection is made.
        ...(options.tls && { dnsLookup: (name, found) => found(null, name) }),
        redisOptions: options,
      });
  }
};
