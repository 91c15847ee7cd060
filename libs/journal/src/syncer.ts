// Makes what was written safe from a loss of power, as far as the operator asks for that.
import type { Faults } from './faults.js';
import type { JournalFiles } from './files.js';

/** `none`: a killed process loses nothing, a loss of power may. `interval`: at most the last 50 ms. `always`: nothing. */
export type SyncMode = 'none' | 'interval' | 'always';

const INTERVAL_MS = 50;

export interface SyncerOptions {
  readonly mode: SyncMode;
  readonly files: JournalFiles;
  readonly faults: Faults;
}

/** Owns the descriptors that it is told to retire. */
export class Syncer {
  private readonly unsynced = new Set<number>();
  private readonly retired = new Set<number>();
  private readonly options: SyncerOptions;
  private waiting: (() => void)[] = [];
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(options: SyncerOptions) {
    this.options = options;
  }

  wrote(fd: number): void {
    const { mode } = this.options;
    if (mode === 'none') return;
    this.unsynced.add(fd);
    if (mode === 'interval') this.timer ??= setTimeout(() => this.run(), INTERVAL_MS).unref();
  }

  /**
   * Calls back when all that was written so far is as safe as the operator wants it: at once, or with `always` after the
   * disk has said so. A disk that refuses is a fault and holds up nobody.
   */
  confirm(callback: () => void): void {
    if (this.options.mode !== 'always' || (this.unsynced.size === 0 && !this.running)) {
      callback();
      return;
    }
    this.waiting.push(callback);
    this.run();
  }

  /** Closes a file to which nothing will be written any more, as soon as it is safe. */
  retire(fd: number): void {
    this.retired.add(fd);
    if (!this.running) this.closeRetired();
  }

  /** Resolves when everything is synced and retired files are closed. */
  async settled(): Promise<void> {
    while (this.running ?? this.unsynced.size > 0) {
      this.run();
      await this.running;
    }
  }

  /** One round at a time; who comes meanwhile shares the next one. */
  private run(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.running ??= this.round().finally(() => {
      this.running = undefined;
      this.closeRetired();
      if (this.waiting.length > 0 || (this.options.mode === 'interval' && this.unsynced.size > 0)) this.run();
    });
  }

  private async round(): Promise<void> {
    const waiting = this.waiting;
    this.waiting = [];
    const descriptors = [...this.unsynced];
    this.unsynced.clear();
    await Promise.all(descriptors.map((fd) => this.sync(fd)));
    for (const callback of waiting) callback();
  }

  private sync(fd: number): Promise<void> {
    const { files, faults } = this.options;
    return new Promise((resolve) => {
      files.fdatasync(fd, (error) => {
        if (error)
          faults.failed('sync', 'The disk does not confirm that the journal is safe from a loss of power.', error);
        else faults.worked('sync');
        resolve();
      });
    });
  }

  private closeRetired(): void {
    for (const fd of this.retired) {
      if (this.unsynced.has(fd)) continue;
      this.retired.delete(fd);
      this.options.files.closeSync(fd);
    }
  }
}
