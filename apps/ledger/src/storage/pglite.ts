// PostgreSQL in this process, kept in the data directory: what runs when there is no DATABASE_URL.
import { PGlite } from '@electric-sql/pglite';
import { createPgConfig } from '@electric-sql/pglite/node-postgres';
import { GatewayError } from '@turnpike/errors';
import { chmodSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { lockDirectory } from './data-lock.js';

export interface EmbeddedDatabase {
  /** For a pg pool of one connection. */
  config: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

/**
 * Opens `<dataDir>/ledger`, or makes it. What was committed outlives a killed process; there is no fsync, so that a
 * power cut may take the last moments.
 *
 * @throws GatewayError GW_CONFIG_INVALID when another process has it, or it cannot be opened
 */
export const openEmbedded = async (dataDir: string): Promise<EmbeddedDatabase> => {
  const directory = join(dataDir, 'ledger');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  const lock = lockDirectory(directory, hostname());
  try {
    // Its default of 128 MB is memory of this process.
    const database = await PGlite.create({ dataDir: directory, postgresqlconf: ['shared_buffers=16MB'] });
    const close = async (): Promise<void> => {
      try {
        await database.close();
      } finally {
        lock.release();
      }
    };
    const { connection, host, port, user, password, database: name } = createPgConfig(database);
    return { config: { connection, host, port, user, password, database: name }, close };
  } catch (cause) {
    lock.release();
    throw new GatewayError(
      'GW_CONFIG_INVALID',
      `The database in ${directory} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
};
