// Whose journal it is: a lock that the operating system takes back when its process ends, however it ends.
import type * as Sqlite from 'node:sqlite';
import { codeOf, messageOf } from './files.js';

export interface Lock {
  release(): void;
}

/** What SQLite says when somebody else has the lock. */
const SQLITE_BUSY = 5;

/**
 * Takes the lock of this file if nobody has it. The file is made when it is missing, stays empty, and must never be
 * deleted: somebody may have it open, and two could then each hold a lock.
 *
 * Node has no flock(2). What a process leaves behind when it is killed, such as a pid or a heartbeat, has to be judged by
 * the next one, which goes wrong where pids are counted apart, as in two containers on one volume. SQLite, which Node
 * contains, takes a POSIX lock (fcntl) on Linux and macOS alike: kept by the kernel, seen across containers, and over NFS
 * where that knows locks. IMMEDIATE, because EXCLUSIVE may refuse both of two who come at the same moment.
 * docs: https://sqlite.org/lockingv3.html, https://nodejs.org/api/sqlite.html, read 2026-11-21
 *
 * A process loses such a lock when it closes the file through any other descriptor: nothing else may open it.
 *
 * @returns undefined when another process has it, or another part of this one. Throws what the disk says.
 */
export const tryLock = (path: string): Lock | undefined => {
  // Asked for here, since Node 22 warns as soon as the module is loaded. A Node built without it has none.
  const sqlite = process.getBuiltinModule('node:sqlite') as typeof Sqlite | undefined;
  if (!sqlite) throw new Error('this Node.js is built without node:sqlite, which locks journals; take a usual build');
  let database: Sqlite.DatabaseSync | undefined;
  try {
    database = new sqlite.DatabaseSync(path);
    // Nothing is ever written, so that a file for undoing it is of no use.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE');
  } catch (error) {
    database?.close();
    const isTaken = codeOf(error) === 'ERR_SQLITE_ERROR' && (error as { errcode?: number }).errcode === SQLITE_BUSY;
    if (isTaken) return undefined;
    throw new Error(`${path} cannot be locked: ${messageOf(error)}`, { cause: error });
  }
  const locked = database;
  return { release: () => locked.close() };
};
