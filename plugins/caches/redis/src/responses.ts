// Answers in Redis, each a string that Redis itself forgets when its time is over.
import type { ResponsesV1 } from '@turnpike/plugin-sdk';
import { Cluster, type Redis } from 'ioredis';
import type { Client } from './client.js';
import type { Connection } from './connection.js';
import { fromStored, toStored } from './stored-value.js';

/** Commands on their way at once, and keys that a look through the server is to bring each time. */
const BATCH = 500;

/** Behind the operator's namespace, so that rules about keys can go by it; ours alone, so that `flush` can. */
export const prefixOf = (namespace: string | undefined): string =>
  `${namespace === undefined ? '' : `${namespace}:`}turnpike:cache:`;

/** Something else than a string stands under this key, so it is not ours. */
const isOtherType = (error: unknown): boolean => error instanceof Error && error.message.startsWith('WRONGTYPE');

/** Commands go one by one, since a cluster takes no two keys of different nodes together. */
const unlink = async (client: Client, keys: readonly (string | Buffer)[]): Promise<number> => {
  const counts = await Promise.all(keys.map((key) => client.unlink(key)));
  return counts.reduce((sum, count) => sum + count, 0);
};

/** Every server that holds keys of its own. */
const mastersOf = (client: Client): Redis[] => (client instanceof Cluster ? client.nodes('master') : [client]);

export const createResponses = (connection: Connection, prefix: string): ResponsesV1 => {
  const everyKey = `${prefix.replace(/[\\*?[\]]/g, '\\$&')}*`;
  return {
    get: async (key, signal) => {
      const stored = await connection.run(
        (client) =>
          client.getBuffer(prefix + key).catch((error: unknown) => {
            if (isOtherType(error)) return null;
            throw error;
          }),
        signal,
      );
      return stored ? fromStored(stored) : undefined;
    },
    set: async (key, entry, ttlMs, signal) => {
      const life = Math.min(Math.max(1, Math.ceil(ttlMs)), Number.MAX_SAFE_INTEGER);
      await connection.run((client) => client.set(prefix + key, toStored(entry), 'PX', life), signal);
    },
    delete: async (keys) => {
      let count = 0;
      for (let at = 0; at < keys.length; at += BATCH) {
        const names = keys.slice(at, at + BATCH).map((key) => prefix + key);
        count += await connection.run((client) => unlink(client, names));
      }
      return count;
    },
    flush: () =>
      connection.run(async (client) => {
        for (const master of mastersOf(client)) {
          let cursor = '0';
          do {
            const [next, names] = await master.scanBuffer(cursor, 'MATCH', everyKey, 'COUNT', BATCH);
            await unlink(client, names);
            cursor = next.toString();
          } while (cursor !== '0');
        }
      }),
    ping: async () => {
      await connection.run((client) => client.ping());
    },
  };
};
