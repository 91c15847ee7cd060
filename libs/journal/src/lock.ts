// Whose journal it is: a lock that the operating system takes back when its process ends, however it ends.
import { codeOf } from './files.js';

export interface Lock {
  release(): void;
}

/** What SQLite says when somebody else has the lock. */
const SQLITE_BUSY = 5;

/**
 * Takes the lock of this file if nobody has it. The file is made when it is missing, stays empty, and must never be
 * deleted: somebody may have it open, and two could then hold "it".
 *
 * Node has no flock(2). What a process leaves behind when it is killed (a pid, a heartbeat) has to be judged by the next
 * one, which goes wrong where pids are counted apart, as in two containers on one volume. SQLite, which Node contains,
 * takes a POSIX lock (fcntl) on the same terms on Linux and macOS: held by the kernel, across containers, and over NFS
 * where that knows locks. IMMEDIATE, because of two who come at the same moment EXCLUSIVE may refuse both.
 * docs: https://sqlite.org/lockingv3.html, https://nodejs.org/api/sqlite.html, read 2026-11-21
 *
 * A process loses such a lock when it closes the file through any other descriptor: nothing else may open it.
 *
 * @returns undefined when another process has it, or another part of this one. Throws what the disk says.
 */
export const tryLock = (path: string): Lock | undefined => {
  const sqlite = process.getBuiltinModule('node:sqlite');
  const database = new sqlite.DatabaseSync(path);
  try {
    // A file of its own for undoing is of no use: nothing is ever written.
    database.exec('PRAGMA journal_mode = OFF; BEGIN IMMEDIATE');
  } catch (error) {
    database.close();
    if (codeOf(error) === 'ERR_SQLITE_ERROR' && (error as { errcode?: number }).errcode === SQLITE_BUSY) {
      return undefined;
    }
    throw error;
  }
  return { release: () => database.close() };
};
