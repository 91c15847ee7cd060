// The ledger's storage for specs: the same ones on a real PostgreSQL and on the embedded database.
import { afterAll, beforeAll, describe } from '@jest/globals';
import type { Logger } from '@turnpike/telemetry';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSource, EntityManager } from 'typeorm';
import { copyEmbedded } from '../../../test/services/embedded-template.js';
import { PostgresServer } from '../../../test/services/postgres.js';
import { openStorage, type Storage } from '../src/storage/storage.js';

const OPEN_MS = 60_000;

export const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silent,
};

/** A folder of the test's own. @returns it, and what removes it */
export const aDataDir = (): { dataDir: string; remove: () => void } => {
  const dataDir = mkdtempSync(join(tmpdir(), 'turnpike-ledger-'));
  return { dataDir, remove: () => rmSync(dataDir, { recursive: true, force: true }) };
};

export interface TestDatabase {
  readonly kind: Storage['kind'];
  readonly storage: Storage;
  readonly dataSource: DataSource;
  /** Outside of any transaction. */
  readonly manager: EntityManager;
  /** Undefined on PGlite. */
  readonly server: PostgresServer | undefined;
}

const openOn = async (kind: Storage['kind']): Promise<{ database: TestDatabase; close: () => Promise<void> }> => {
  const { dataDir, remove } = aDataDir();
  const server = kind === 'postgres' ? await PostgresServer.start() : undefined;
  if (!server) copyEmbedded(dataDir);
  const storage = await openStorage({ databaseUrl: await server?.createDatabase(), dataDir, log: silent });
  const { dataSource } = storage;
  return {
    database: { kind, storage, dataSource, manager: dataSource.manager, server },
    close: async () => {
      await storage.close();
      await server?.remove();
      remove();
    },
  };
};

/**
 * Describes the same behaviour twice, each with a fresh database that all its cases share.
 *
 * @param define gets a function that gives the database; it is open once cases run
 */
export const describeOnEachDatabase = (title: string, define: (database: () => TestDatabase) => void): void => {
  describe.each(['postgres', 'pglite'] as const)(`${title}, on %s`, (kind) => {
    let opened: Awaited<ReturnType<typeof openOn>> | undefined;
    beforeAll(async () => {
      opened = await openOn(kind);
    }, OPEN_MS);
    afterAll(async () => {
      await opened?.close();
    }, OPEN_MS);
    define(() => opened!.database);
  });
};
