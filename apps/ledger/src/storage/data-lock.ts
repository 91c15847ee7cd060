// Whose data directory it is. PGlite does not lock it, and two processes in one lose each other's rows.
import { GatewayError } from '@turnpike/errors';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type * as Sqlite from 'node:sqlite';

export interface DataLock {
  release(): void;
}

const SQLITE_BUSY = 5;

const isTaken = (error: unknown): boolean =>
  (error as { code?: string }).code === 'ERR_SQLITE_ERROR' && (error as { errcode?: number }).errcode === SQLITE_BUSY;

/** Whom the note beside the lock names. It is for people only: the lock itself is what counts. */
const holderOf = (note: string): string => {
  try {
    const { pid, host } = JSON.parse(readFileSync(note, 'utf8')) as { pid: number; host: string };
    return `process ${pid} on ${host}`;
  } catch {
    return 'another process';
  }
};

/**
 * Takes `<directory>.lock` for this process. The kernel gives it back when the process ends, however it ends, so that
 * nothing stale can remain; a pid alone would be misread where pids are counted apart, as in two containers on one volume.
 * SQLite takes the lock, because Node has no flock(2). `<directory>.pid` says who has it.
 *
 * @throws GatewayError GW_CONFIG_INVALID when another process has it, naming its pid
 */
export const lockDirectory = (directory: string, host: string): DataLock => {
  const sqlite = process.getBuiltinModule('node:sqlite') as typeof Sqlite | undefined;
  if (!sqlite)
    throw new GatewayError(
      'GW_CONFIG_INVALID',
      'This Node.js is built without node:sqlite, which locks the data directory. Take a usual build, or set DATABASE_URL.',
    );
  const note = `${directory}.pid`;
  let database: Sqlite.DatabaseSync | undefined;
  try {
    database = new sqlite.DatabaseSync(`${directory}.lock`);
    // IMMEDIATE: of two who come at the same moment, EXCLUSIVE may refuse both.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE');
  } catch (cause) {
    database?.close();
    throw new GatewayError(
      'GW_CONFIG_INVALID',
      isTaken(cause)
        ? `${directory} is in use by ${holderOf(note)}. Only one process may have it: stop that one, choose another ` +
            'data directory, or set DATABASE_URL for several.'
        : `${directory}.lock cannot be taken: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  const locked = database;
  writeFileSync(note, JSON.stringify({ pid: process.pid, host }), { mode: 0o600 });
  return {
    release: () => {
      rmSync(note, { force: true });
      locked.close();
    },
  };
};
