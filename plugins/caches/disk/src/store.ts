// Entries as files of a folder, bounded in bytes. Written beside and moved into place, so that nobody reads half of one.
import type { CacheEntry, Health, PluginHost, ResponsesV1 } from '@turnpike/plugin-sdk';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, mkdir, open, readdir, readFile, rename, rm, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { fromFile, toFile, type FiledEntry } from './entry-file.js';
import { Shelf, type Filed } from './shelf.js';

export interface DiskStoreOptions {
  /** Asked when the store starts. */
  readonly folder: () => string;
  /** Of all files. */
  readonly maxBytes: number;
  readonly host: Pick<PluginHost, 'clock' | 'metrics' | 'log' | 'timers'>;
}

/** One entry takes such a part of the whole at most, so that a few large answers do not drive all others out. */
const LARGEST_PART = 1 / 8;

/** What other workers write is noticed so much later, and so are entries whose time is over. */
const SURVEY_MS = 60_000;
/** The time of the last use is written down this often at most. */
const TOUCH_MS = 60_000;
/** What is still half written after so long was left behind by a process that died. */
const LEFT_BEHIND_MS = 60_000;

const ENTRY = /^[0-9a-f]{64}$/;
const HALF_WRITTEN = /^[0-9a-f]{64}\.\d+\.\d+$/;

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** With the size of its file. */
type ReadEntry = FiledEntry & { readonly bytes: number };

/** Tells keys apart whatever characters they are made of. */
const nameOf = (key: string): string => createHash('sha256').update(key).digest('hex');

export class DiskStore implements ResponsesV1 {
  private folder = '';
  private readonly shelf: Shelf;
  private writes = 0;
  private surveying: Promise<void> | undefined;
  private cancelSurveys: (() => void) | undefined;

  constructor(private readonly options: DiskStoreOptions) {
    this.shelf = new Shelf(options.maxBytes);
  }

  /** @throws when the folder cannot be made, or is not ours to write to */
  async start(): Promise<void> {
    this.folder = this.options.folder();
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    // One that was there may have been open to others.
    await chmod(this.folder, 0o700);
    await this.ping();
    this.survey();
    this.cancelSurveys = this.options.host.timers.every(SURVEY_MS, () => this.survey());
  }

  async stop(): Promise<void> {
    this.cancelSurveys?.();
    await this.surveying;
  }

  async health(): Promise<Health> {
    try {
      await this.ping();
      return { status: 'up' };
    } catch (error) {
      return { status: 'degraded', reason: `The folder cannot be used: ${(error as NodeJS.ErrnoException).code}.` };
    }
  }

  async get(key: string, signal: AbortSignal): Promise<CacheEntry | undefined> {
    const name = nameOf(key);
    const entry = await this.read(name, signal);
    if (!entry) return undefined;
    const now = this.options.host.clock.now();
    if (entry.key !== key || entry.endsAt <= now) {
      await this.remove(name);
      return undefined;
    }
    this.touch(name, entry, now);
    return { value: entry.value, storedAt: entry.storedAt };
  }

  async set(key: string, { value, storedAt }: CacheEntry, ttlMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const name = nameOf(key);
    const endsAt = this.options.host.clock.now() + Math.max(1, ttlMs);
    const file = toFile({ key, value, storedAt, endsAt });
    if (file.length > this.options.maxBytes * LARGEST_PART) {
      this.options.host.metrics.count('too_large');
      // What was kept under this key is out of date all the same.
      await this.remove(name);
      return;
    }
    const driven = this.shelf.put(name, { bytes: file.length, endsAt, touchedAt: this.options.host.clock.now() });
    if (driven.length > 0) this.options.host.metrics.count('evicted', driven.length);
    try {
      await Promise.all(driven.map((one) => this.unlink(one)));
      await this.write(name, file, endsAt);
      // Others came while it was written, and drove it out.
      if (!this.shelf.get(name)) await this.unlink(name);
    } catch (error) {
      this.shelf.remove(name);
      throw error;
    } finally {
      this.tellSize();
    }
  }

  async delete(keys: readonly string[]): Promise<number> {
    const now = this.options.host.clock.now();
    let count = 0;
    for (const name of new Set(keys.map(nameOf))) {
      const isOver = (this.shelf.get(name)?.endsAt ?? Infinity) <= now;
      if ((await this.remove(name)) && !isOver) count += 1;
    }
    return count;
  }

  async flush(): Promise<void> {
    await this.surveying;
    for (const part of await this.parts())
      for (const file of await this.filesIn(part)) if (ENTRY.test(file)) await this.remove(file);
  }

  async ping(): Promise<void> {
    await access(this.folder, constants.R_OK | constants.W_OK | constants.X_OK);
  }

  /** Files are spread over 256 folders. */
  private pathOf(name: string): string {
    return join(this.folder, name.slice(0, 2), name);
  }

  private async read(name: string, signal: AbortSignal): Promise<ReadEntry | undefined> {
    let file: Buffer;
    try {
      file = await readFile(this.pathOf(name), { signal });
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.forget(name);
      return undefined;
    }
    const entry = fromFile(file);
    if (entry) return { ...entry, bytes: file.length };
    this.options.host.metrics.count('corrupted');
    await this.remove(name);
    return undefined;
  }

  /** The times of a file are those of its entry: it was modified when it ends, and read when it was used last. */
  private async write(name: string, file: Buffer, endsAt: number): Promise<void> {
    const path = this.pathOf(name);
    const beside = `${path}.${process.pid}.${(this.writes += 1)}`;
    try {
      const handle = await this.create(beside);
      try {
        await handle.writeFile(file);
        await handle.utimes(this.options.host.clock.now() / 1_000, endsAt / 1_000);
      } finally {
        await handle.close();
      }
      await rename(beside, path);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  }

  private async create(path: string): Promise<Awaited<ReturnType<typeof open>>> {
    try {
      return await open(path, 'wx', 0o600);
    } catch (error) {
      if (!isMissing(error)) throw error;
      await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
      return open(path, 'wx', 0o600);
    }
  }

  /** Off the reader's road. */
  private touch(name: string, { endsAt, bytes }: ReadEntry, now: number): void {
    const known = this.shelf.get(name);
    if (!known) this.adopt(name, { bytes, endsAt, touchedAt: now });
    else if (now - known.touchedAt <= TOUCH_MS) this.shelf.used(name, known);
    else {
      this.shelf.used(name, { ...known, touchedAt: now });
      // It may have gone meanwhile, and only its age is lost.
      void utimes(this.pathOf(name), now / 1_000, endsAt / 1_000).catch(() => undefined);
    }
  }

  /** @returns whether it was there */
  private async remove(name: string): Promise<boolean> {
    this.forget(name);
    return this.unlink(name);
  }

  private forget(name: string): void {
    if (this.shelf.remove(name)) this.tellSize();
  }

  private async unlink(name: string): Promise<boolean> {
    try {
      await unlink(this.pathOf(name));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Another worker's, or of a time before the start. */
  private adopt(name: string, filed: Filed): void {
    for (const driven of this.shelf.put(name, filed)) {
      this.options.host.metrics.count('evicted');
      void this.unlink(driven).catch(() => undefined);
    }
    this.tellSize();
  }

  private survey(): void {
    this.surveying ??= this.lookAround()
      .catch((error: unknown) =>
        this.options.host.log.warn('the folder of the cache could not be looked through', { error }),
      )
      .finally(() => {
        this.surveying = undefined;
      });
  }

  /** Learns of files that others wrote or removed, and removes those whose time is over. */
  private async lookAround(): Promise<void> {
    const now = this.options.host.clock.now();
    const known = new Set(this.shelf.names);
    const strange: (Filed & { name: string })[] = [];
    for (const part of await this.parts()) {
      for (const name of await this.filesIn(part)) {
        if (ENTRY.test(name) && known.delete(name)) continue;
        const path = join(this.folder, part, name);
        const facts = await stat(path).catch(() => undefined);
        if (!facts) continue;
        const { size: bytes, mtimeMs: endsAt, atimeMs: touchedAt } = facts;
        if (ENTRY.test(name)) strange.push({ name, bytes, endsAt, touchedAt });
        else if (HALF_WRITTEN.test(name) && Date.now() - facts.birthtimeMs > LEFT_BEHIND_MS)
          await rm(path, { force: true });
      }
    }
    // Known, and not there any more, unless they were written while we looked.
    for (const name of known) if (!(await exists(this.pathOf(name)))) this.shelf.remove(name);
    for (const { name, ...filed } of strange.toSorted((a, b) => a.touchedAt - b.touchedAt))
      if (!this.shelf.get(name)) this.adopt(name, filed);
    for (const name of this.shelf.ended(now)) await this.remove(name);
    this.tellSize();
  }

  private async parts(): Promise<string[]> {
    return (await readdir(this.folder)).filter((name) => /^[0-9a-f]{2}$/.test(name));
  }

  private filesIn(part: string): Promise<string[]> {
    return readdir(join(this.folder, part)).catch(() => []);
  }

  private tellSize(): void {
    const { metrics } = this.options.host;
    metrics.gauge('bytes', this.shelf.bytes);
    metrics.gauge('entries', this.shelf.size);
  }
}

const exists = async (path: string): Promise<boolean> => {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
};
