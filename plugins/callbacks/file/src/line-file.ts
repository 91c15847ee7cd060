// A file that lines are appended to, by several processes at once, and that is put aside when it is full.
import type { Clock } from '@turnpike/plugin-sdk';
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';

export interface LineFileOptions {
  readonly path: () => string;
  readonly maxBytes: number;
  /** Full ones that stay. */
  readonly maxFiles: number;
  readonly clock: Clock;
}

interface Opened {
  readonly handle: FileHandle;
  readonly inode: number;
}

export class LineFile {
  private opened: Opened | undefined;
  /** What is written is written in turn. */
  private last: Promise<void> = Promise.resolve();
  /** A write failed, perhaps in the middle of a line. */
  private isTorn = false;

  constructor(private readonly options: LineFileOptions) {}

  /** All of them in one write, so that lines of several processes do not mix. @throws when the file cannot be written */
  append(lines: readonly string[]): Promise<void> {
    return this.inTurn(async () => {
      const path = this.options.path();
      await this.putAsideWhenFull(path);
      const { handle } = (this.opened ??= await openFile(path));
      const text = `${this.isTorn ? '\n' : ''}${lines.join('\n')}\n`;
      this.isTorn = true;
      await handle.appendFile(text);
      this.isTorn = false;
    });
  }

  /** What was written is on the disk. May be called twice, and a line may follow. */
  close(): Promise<void> {
    return this.inTurn(async () => {
      await this.opened?.handle.datasync().catch(() => undefined);
      await this.letGo();
    });
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }

  /** Another process may have put it aside already: then the one that is open is not the one at the path. */
  private async putAsideWhenFull(path: string): Promise<void> {
    const there = await stat(path).catch(() => undefined);
    if (this.opened && this.opened.inode !== there?.ino) await this.letGo();
    if (!there?.isFile() || there.size < this.options.maxBytes) return;
    await this.letGo();
    await rename(path, asideOf(path, this.options.clock.now())).catch(ignoreMissing);
    await this.removeOldest(path);
  }

  private async removeOldest(path: string): Promise<void> {
    const folder = dirname(path);
    const [start, end] = aroundStamp(path);
    const aside = (await readdir(folder))
      .filter((name) => name.startsWith(start) && name.endsWith(end) && STAMP.test(name.slice(start.length)))
      .sort();
    for (const name of aside.slice(0, Math.max(0, aside.length - this.options.maxFiles)))
      await rm(join(folder, name), { force: true });
  }

  private async letGo(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    await opened?.handle.close();
  }
}

/** What calls say is for its owner alone. */
const openFile = async (path: string): Promise<Opened> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const handle = await open(path, 'a', 0o600);
  return { handle, inode: (await handle.stat()).ino };
};

const STAMP = /^\d{8}T\d{9}Z-\d+/;

/** `logs/calls.jsonl` → `calls-` and `.jsonl` */
const aroundStamp = (path: string): [start: string, end: string] => {
  const end = extname(path);
  return [`${basename(path, end)}-`, end];
};

/** `logs/calls-20261121T150000000Z-4711.jsonl`: of the time and the process, so that none takes another's place. */
const asideOf = (path: string, epochMs: number): string => {
  const [start, end] = aroundStamp(path);
  const stamp = new Date(epochMs).toISOString().replaceAll(/[-:.]/g, '');
  return join(dirname(path), `${start}${stamp}-${process.pid}${end}`);
};

const ignoreMissing = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ENOENT') throw error;
};
