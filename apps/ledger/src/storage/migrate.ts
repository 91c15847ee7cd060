// Brings the tables up to date, once, however many start at the same moment.
import { GatewayError } from '@turnpike/errors';
import type { Logger } from '@turnpike/telemetry';
import type { DataSource, EntityManager } from 'typeorm';
import type { Migration } from '../schema/migrations/migration.js';
import { databaseCodeOf } from './database-error.js';
import { inTransaction } from './in-transaction.js';
import { SCHEMA } from './naming.js';

/** Any number, the same in all that start: the eight letters of "turnpike". */
const LOCK = '8391739299332713317';
const OLDEST_VERSION = 130_000;
const INSUFFICIENT_PRIVILEGE = '42501';

const HISTORY = `${SCHEMA}.migrations`;
const CREATE_HISTORY = `CREATE TABLE ${HISTORY} (
  number integer PRIMARY KEY,
  title text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
)`;

const refuse = (message: string, cause?: unknown): GatewayError =>
  new GatewayError('GW_CONFIG_INVALID', message, { cause });

const rows = async <T>(manager: EntityManager, sql: string, parameters?: unknown[]): Promise<T[]> =>
  await manager.query<T[]>(sql, parameters);

/** Undefined: there are no tables yet. */
const appliedNumbers = async (manager: EntityManager): Promise<number[] | undefined> => {
  const [found] = await rows<{ exists: boolean }>(
    manager,
    `SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = 'migrations') AS "exists"`,
    [SCHEMA],
  );
  if (!found?.exists) return undefined;
  const applied = await rows<{ number: number }>(manager, `SELECT number FROM ${HISTORY} ORDER BY number`);
  return applied.map(({ number }) => number);
};

const refuseNewer = (applied: readonly number[], migrations: readonly Migration[]): void => {
  const newest = Math.max(0, ...applied);
  if (newest <= migrations.length) return;
  throw refuse(
    `The database is of a newer version: its tables are at step ${newest}, and this version knows ${migrations.length}. ` +
      'Run the version that made them, or a later one.',
  );
};

const refuseOldServer = async (manager: EntityManager): Promise<void> => {
  const [found] = await rows<{ version: number; name: string }>(
    manager,
    `SELECT current_setting('server_version_num')::integer AS version, current_setting('server_version') AS name`,
  );
  if (found && found.version < OLDEST_VERSION)
    throw refuse(`The database is PostgreSQL ${found.name}; 13 or later is needed.`);
};

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

interface Place {
  role: string;
  database: string;
  hasSchema: boolean;
}

const placeOf = async (manager: EntityManager): Promise<Place> => {
  const [place] = await rows<Place>(
    manager,
    `SELECT current_user AS role, current_database() AS database,
      EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS "hasSchema"`,
    [SCHEMA],
  );
  return place!;
};

/** What an administrator has to run for a role that may not do it itself. */
const notAllowed = ({ role, database, hasSchema }: Place, cause: unknown): GatewayError =>
  hasSchema
    ? refuse(
        `The role ${quote(role)} may not make or change tables in the schema ${SCHEMA} of the database ${quote(database)}. ` +
          `Let an administrator run in that database, if the schema is not another role's on purpose: ` +
          `ALTER SCHEMA ${SCHEMA} OWNER TO ${quote(role)}; and, for each of its tables, ` +
          `ALTER TABLE ${SCHEMA}.<table> OWNER TO ${quote(role)};`,
        cause,
      )
    : refuse(
        `The role ${quote(role)} may not make the schema ${SCHEMA} in the database ${quote(database)}. ` +
          `Let an administrator run in that database: CREATE SCHEMA ${SCHEMA} AUTHORIZATION ${quote(role)};`,
        cause,
      );

/**
 * In a database of our own, psql's `\dt` shows our tables to whoever connects as this role. Where anything else lives in
 * it, or the role has a search path already, nothing is touched.
 */
const showTables = async (manager: EntityManager, { role, database }: Place): Promise<void> => {
  const [found] = await rows<{ isOurs: boolean }>(
    manager,
    `SELECT NOT EXISTS (
        SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ($1, 'information_schema')
          AND n.nspname NOT LIKE 'pg\\_%'
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
      ) AND NOT EXISTS (
        SELECT FROM pg_db_role_setting s
        WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
          AND s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = current_user))
          AND EXISTS (SELECT FROM unnest(s.setconfig) AS setting WHERE setting LIKE 'search\\_path=%')
      ) AS "isOurs"`,
    [SCHEMA],
  );
  if (!found?.isOurs) return;
  await manager.query('SAVEPOINT search_path');
  try {
    await manager.query(
      `ALTER ROLE ${quote(role)} IN DATABASE ${quote(database)} SET search_path = ${SCHEMA}, "$user", public`,
    );
  } catch {
    // Some services keep roles to themselves. It is for people only: every statement here names the schema.
    await manager.query('ROLLBACK TO SAVEPOINT search_path');
  }
};

const apply = async (manager: EntityManager, migrations: readonly Migration[]): Promise<Migration[]> => {
  await manager.query('SELECT pg_advisory_xact_lock($1::bigint)', [LOCK]);
  const place = await placeOf(manager);
  try {
    if (!place.hasSchema) {
      await manager.query(`CREATE SCHEMA ${SCHEMA}`);
      await showTables(manager, place);
    }
    let applied = await appliedNumbers(manager);
    if (!applied) {
      await manager.query(CREATE_HISTORY);
      applied = [];
    }
    refuseNewer(applied, migrations);
    const missing = migrations.filter(({ number }) => !applied.includes(number));
    for (const { number, title, statements } of missing) {
      for (const statement of statements) await manager.query(statement);
      await manager.query(`INSERT INTO ${HISTORY} (number, title) VALUES ($1, $2)`, [number, title]);
    }
    return missing;
  } catch (error) {
    throw databaseCodeOf(error) === INSUFFICIENT_PRIVILEGE ? notAllowed(place, error) : error;
  }
};

/**
 * Applies what is missing, all of it or nothing. Safe while others do the same, and behind a transaction pooler. A role
 * that may only read and write rows is enough once the tables are up to date.
 *
 * @throws GatewayError GW_CONFIG_INVALID when the database is newer than `migrations`, older than PostgreSQL 13, or does
 *   not let this role make tables
 */
export const migrate = async (dataSource: DataSource, migrations: readonly Migration[], log: Logger): Promise<void> => {
  const applied = await appliedNumbers(dataSource.manager);
  refuseNewer(applied ?? [], migrations);
  if (applied && migrations.every(({ number }) => applied.includes(number))) return;
  await refuseOldServer(dataSource.manager);
  for (const { number, title } of await inTransaction(dataSource, (manager) => apply(manager, migrations)))
    log.info('The database was brought up to date.', { step: `${String(number).padStart(4, '0')}-${title}` });
};
