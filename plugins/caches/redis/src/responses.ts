// Answers in Redis, each a string that Redis itself forgets when its time is over.
import type { ResponsesV1 } from '@turnpike/plugin-sdk';
import type { Connection } from './connection.js';
import { isReply } from './redis-error.js';
import { serverInfo } from './server-info.js';
import { fromStored, toStored } from './stored-value.js';

/** Commands on their way at once, and keys that a look through the server is to bring each time. */
const BATCH = 500;

/** Ours alone, so that `flush` can go by it. */
const ANSWERS = 'turnpike:cache:';

/** Behind the operator's namespace, so that rules about keys can go by it. */
export const prefixed = (namespace: string | undefined, name: string): string =>
  namespace === undefined ? name : `${namespace}:${name}`;

const patternOf = (prefix: string): string => `${prefix.replace(/[\\*?[\]]/g, '\\$&')}*`;

/** Something else than a string under our key is not ours, and the next write takes its place. */
const nothingIfOther = (error: unknown): null => {
  if (isReply(error, 'WRONGTYPE')) return null;
  throw error;
};

/** @param others beginnings of names that `flush` removes as well */
export const createResponses = (
  connection: Connection,
  namespace: string | undefined,
  others: readonly string[] = [],
): ResponsesV1 => {
  const prefix = prefixed(namespace, ANSWERS);
  const patterns = [ANSWERS, ...others].map((name) => patternOf(prefixed(namespace, name)));

  /** The gateway puts the namespace before its keys as well. */
  const nameOf = (key: string): string =>
    prefix + (namespace !== undefined && key.startsWith(`${namespace}:`) ? key.slice(namespace.length + 1) : key);

  /** One by one, since a cluster takes no two keys of different nodes together. @returns how many were there */
  const unlink = async (keys: readonly (string | Buffer)[]): Promise<number> => {
    const counts = await Promise.all(keys.map((key) => connection.run((client) => client.unlink(key))));
    return counts.reduce((sum, count) => sum + count, 0);
  };

  return {
    get: async (key, signal) => {
      const stored = await connection.run((client) => client.getBuffer(nameOf(key)).catch(nothingIfOther), signal);
      return stored ? fromStored(stored) : undefined;
    },
    set: async (key, entry, ttlMs, signal) => {
      const life = Math.min(Math.max(1, Math.ceil(ttlMs)), Number.MAX_SAFE_INTEGER);
      await connection.run((client) => client.set(nameOf(key), toStored(entry), 'PX', life), signal);
    },
    delete: async (keys) => {
      let count = 0;
      for (let at = 0; at < keys.length; at += BATCH) count += await unlink(keys.slice(at, at + BATCH).map(nameOf));
      return count;
    },
    flush: async () => {
      for (const master of connection.masters())
        for (const pattern of patterns) {
          let cursor = '0';
          do {
            const next = await connection.run(() => master.scanBuffer(cursor, 'MATCH', pattern, 'COUNT', BATCH));
            await unlink(next[1]);
            cursor = next[0].toString();
          } while (cursor !== '0');
        }
    },
    ping: async () => {
      await connection.run((client) => client.ping());
    },
    info: () => serverInfo(connection),
  };
};
