// Opens what the ledger keeps everything in: PostgreSQL by DATABASE_URL, else an embedded one in the data directory.
import type { EventEmitter } from 'node:events';
import type { Logger } from '@turnpike/telemetry';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { ENTITIES } from '../schema/entities/index.js';
import { MIGRATIONS } from '../schema/migrations/index.js';
import { describeAddress, parseDatabaseUrl, type DatabaseAddress } from './database-url.js';
import type { DatabaseTls } from './database-tls.js';
import { DataSource } from 'typeorm';
import { migrate } from './migrate.js';
import { SCHEMA, SnakeCaseNaming } from './naming.js';
import { openEmbedded } from './pglite.js';
import { planEachTime } from './prepared-statement.js';

const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 10_000;
/** How long a statement waits for a free connection of the embedded database, which has one. */
const EMBEDDED_WAIT_MS = 60_000;

export interface StorageOptions {
  /** Absent: the embedded database in `dataDir`. */
  databaseUrl?: string;
  dataDir: string;
  /** Connections at most; `connection_limit` in the address wins. The embedded database has one. */
  poolSize?: number;
  log: Logger;
}

export interface Storage {
  dataSource: DataSource;
  kind: 'postgres' | 'pglite';
  /** Waits for statements that run. May be called twice. */
  close(): Promise<void>;
}

/** `parseInt8`: amounts and counts are numbers; constraints keep them below 2^53. */
const common = (log: Logger): Omit<PostgresDataSourceOptions, 'type'> => ({
  schema: SCHEMA,
  entities: [...ENTITIES],
  namingStrategy: new SnakeCaseNaming(),
  parseInt8: true,
  installExtensions: false,
  uuidExtension: 'pgcrypto',
  logging: false,
  poolErrorHandler: (error: unknown) =>
    log.warn('A connection to the database was lost.', {
      reason: error instanceof Error ? error.message : String(error),
    }),
});

const postgresOptions = (
  address: DatabaseAddress,
  tls: Exclude<DatabaseTls, 'prefer'>,
  { poolSize, log }: StorageOptions,
): PostgresDataSourceOptions => ({
  ...common(log),
  type: 'postgres',
  host: address.host,
  port: address.port,
  username: address.username,
  password: address.password,
  database: address.database,
  applicationName: address.applicationName ?? 'turnpike-ledger',
  connectTimeoutMS: address.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
  poolSize: address.poolSize ?? poolSize ?? POOL_SIZE,
  extra: { ssl: tls, keepAlive: true, options: address.options, enableChannelBinding: address.channelBinding },
});

const initialised = async (options: PostgresDataSourceOptions): Promise<DataSource> => {
  const dataSource = await new DataSource(options).initialize();
  const { master } = dataSource.driver as unknown as { master: EventEmitter };
  const heard = new WeakSet<EventEmitter>();
  // A connection that ends in use tells so twice; TypeORM listens once, and what nobody hears ends the process.
  master.on('acquire', (connection: EventEmitter) => {
    if (heard.has(connection)) return;
    heard.add(connection);
    connection.on('error', () => {});
  });
  return dataSource;
};

const isWithoutTls = (error: unknown): boolean =>
  error instanceof Error && error.message.includes('does not support SSL');

const connect = async (address: DatabaseAddress, options: StorageOptions): Promise<DataSource> => {
  if (address.tls !== 'prefer') return await initialised(postgresOptions(address, address.tls, options));
  try {
    return await initialised(postgresOptions(address, { rejectUnauthorized: false }, options));
  } catch (error) {
    if (!isWithoutTls(error)) throw error;
    return await initialised(postgresOptions(address, false, options));
  }
};

const openPostgres = async (databaseUrl: string, options: StorageOptions): Promise<Storage> => {
  const address = parseDatabaseUrl(databaseUrl);
  if (address.ignored.length > 0)
    options.log.warn('DATABASE_URL has parameters that mean nothing here.', { parameters: address.ignored });
  const dataSource = await connect(address, options);
  options.log.info('PostgreSQL is connected.', { address: describeAddress(address) });
  return {
    dataSource,
    kind: 'postgres',
    close: async () => {
      if (dataSource.isInitialized) await dataSource.destroy();
    },
  };
};

const openPglite = async (options: StorageOptions): Promise<Storage> => {
  const embedded = await openEmbedded(options.dataDir);
  try {
    const dataSource = await initialised({
      ...common(options.log),
      type: 'postgres',
      poolSize: 1,
      connectTimeoutMS: EMBEDDED_WAIT_MS,
      extra: { ...embedded.config, max: 1, idleTimeoutMillis: 0 },
    });
    // One session serves every connection of its pool, and a name that is wrong there puts question and answer out of step.
    planEachTime(dataSource);
    let closed: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      if (dataSource.isInitialized) await dataSource.destroy();
      await embedded.close();
    };
    return { dataSource, kind: 'pglite', close: () => (closed ??= close()) };
  } catch (error) {
    await embedded.close();
    throw error;
  }
};

/**
 * Opens the database and brings its tables up to date. Whoever opened it closes it.
 *
 * @throws GatewayError GW_CONFIG_INVALID when the address cannot be used, the data directory is another process's, or the
 *   tables are not ours to make or are newer than this code; pg's own errors (see `isConnectionLost`) when the server is
 *   away
 */
export const openStorage = async (options: StorageOptions): Promise<Storage> => {
  const { databaseUrl } = options;
  const storage = databaseUrl === undefined ? await openPglite(options) : await openPostgres(databaseUrl, options);
  try {
    await migrate(storage.dataSource, MIGRATIONS, options.log);
    return storage;
  } catch (error) {
    await storage.close();
    throw error;
  }
};
