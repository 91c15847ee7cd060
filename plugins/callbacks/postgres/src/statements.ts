// The SQL. Names come from the configuration, are checked there and quoted here; all else goes in as one parameter.
import { COLUMNS } from './rows.js';

/** Rows that one statement deletes: a table that is in use is not locked for long. */
export const DELETE_AT_ONCE = 5_000;

/** Workers that make a table, or delete from it, wait for each other. */
const LOCK = 7_216_905_117;

export interface Statements {
  /** One row, `isThere`. */
  readonly look: string;
  readonly make: string;
  /** $1: JSON array of rows. One statement, whatever their number; a call that is there stays as it is. */
  readonly insert: string;
  /** $1: how many days stay. */
  readonly forget: string;
}

export const statementsFor = (table: string): Statements => {
  const parts = table.split('.');
  const name = parts.map((part) => `"${part}"`).join('.');
  const names = Object.keys(COLUMNS);
  const types = Object.entries(COLUMNS).map(([column, type]) => `${column} ${type}`);
  const own = Object.entries(COLUMNS).map(
    ([column, type]) => `${column} ${type}${column === 'call_id' ? ' PRIMARY KEY' : ''}`,
  );
  return {
    look: `SELECT to_regclass('${name}') IS NOT NULL AS "isThere"`,
    make: [
      'BEGIN',
      `SELECT pg_advisory_xact_lock(${LOCK})`,
      ...(parts.length > 1 ? [`CREATE SCHEMA IF NOT EXISTS "${parts[0]}"`] : []),
      `CREATE TABLE IF NOT EXISTS ${name} (${own.join(', ')})`,
      `CREATE INDEX IF NOT EXISTS "${parts.at(-1)}_started_at" ON ${name} (started_at)`,
      'COMMIT',
    ].join('; '),
    insert:
      `INSERT INTO ${name} (${names.join(', ')}) SELECT ${names.join(', ')} ` +
      `FROM jsonb_to_recordset($1::jsonb) AS told (${types.join(', ')}) ON CONFLICT (call_id) DO NOTHING`,
    forget:
      `DELETE FROM ${name} WHERE pg_try_advisory_xact_lock(${LOCK}) AND call_id IN (SELECT call_id FROM ${name} ` +
      `WHERE started_at < now() - make_interval(secs => $1 * 86400.0) LIMIT ${DELETE_AT_ONCE})`,
  };
};
