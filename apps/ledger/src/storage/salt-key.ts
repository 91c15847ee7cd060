// What stored secrets are sealed with: LITELLM_SALT_KEY, or what stands in for it.
import { GatewayError } from '@turnpike/errors';
import type { Logger } from '@turnpike/telemetry';
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Storage } from './storage.js';

export interface SaltKeyOptions {
  /** LITELLM_SALT_KEY. */
  saltKey?: string;
  masterKey?: string;
  dataDir: string;
  log: Logger;
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Written whole before it has its name: a process that is killed leaves no half of a key. */
const make = (dataDir: string, path: string): string => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const key = randomBytes(32).toString('base64url');
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, key, { mode: 0o600, flush: true });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return read(path)!;
};

/**
 * With the embedded database, one is made in the data directory, where the database is, too. With PostgreSQL there may be
 * many data directories: the master key is what they have in common.
 *
 * @throws GatewayError GW_CONFIG_INVALID when there is none to take, or its file is empty
 */
export const findSaltKey = (kind: Storage['kind'], { saltKey, masterKey, dataDir, log }: SaltKeyOptions): string => {
  if (saltKey) return saltKey;
  if (kind === 'pglite') {
    const path = join(dataDir, 'salt-key');
    const key = read(path) ?? make(dataDir, path);
    if (key === '')
      throw new GatewayError('GW_CONFIG_INVALID', `${path} is empty. Put the key back, or set LITELLM_SALT_KEY.`);
    return key;
  }
  if (!masterKey)
    throw new GatewayError(
      'GW_CONFIG_INVALID',
      'Secrets in PostgreSQL need a key: set LITELLM_SALT_KEY, the same for all that use the database.',
    );
  log.warn(
    'LITELLM_SALT_KEY is not set: stored secrets are sealed with the master key, and cannot be opened with another one.',
  );
  return masterKey;
};
