// Which worker's journal a process may use: the one whose lock it has.
import { join } from 'node:path';
import { codeOf, DIRECTORY_MODE, FILE_MODE, type JournalFiles } from './files.js';
import { tryLock, type Lock } from './lock.js';
import { sequencesIn } from './segments.js';

export interface Claim {
  /** `worker-1` */
  readonly worker: string;
  readonly directory: string;
  readonly lock: Lock;
}

const LOCK_FILE = 'lock';
const MAX_WORKERS = 1_024;
const WORKER = /^worker-\d{1,4}$/;

/**
 * Journals that nobody has, `worker-1` first, made where there are none yet. Whoever takes one goes on with what its
 * former owner left. Each is locked when it is given, and is the caller's to keep or to release.
 */
export function* freeClaims(root: string, files: JournalFiles): Generator<Claim> {
  for (let number = 1; number <= MAX_WORKERS; number += 1) {
    const claim = tryClaim(root, `worker-${number}`, files);
    if (claim) yield claim;
  }
}

/** Journals that hold entries and that nobody has. Each is locked when it is given. */
export function* abandonedClaims(root: string, files: JournalFiles): Generator<Claim> {
  for (const worker of workersIn(root, files)) {
    // Only a look: without it every empty journal would be locked for a moment, and a worker that starts would miss it.
    if (sequencesIn(join(root, worker), files).length === 0) continue;
    const claim = tryClaim(root, worker, files);
    if (claim) yield claim;
  }
}

const workersIn = (root: string, files: JournalFiles): string[] => {
  try {
    return files.readdirSync(root).filter((name) => WORKER.test(name));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
};

const tryClaim = (root: string, worker: string, files: JournalFiles): Claim | undefined => {
  const directory = join(root, worker);
  files.mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
  const path = join(directory, LOCK_FILE);
  const lock = tryLock(path);
  if (!lock) return undefined;
  for (const [name, mode] of [[directory, DIRECTORY_MODE] as const, [path, FILE_MODE] as const]) {
    try {
      files.chmodSync(name, mode);
    } catch {
      // A file system without modes has none to set.
    }
  }
  return { worker, directory, lock };
};
