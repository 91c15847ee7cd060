// A real disk that is full: a small file system in memory, where this process may mount one.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aJournal, cleanUp, range, TestLedger, until } from './house.js';

const run = (command: string, ...given: readonly string[]): boolean => spawnSync(command, given).status === 0;

const folder = mkdtempSync(join(tmpdir(), 'turnpike-full-disk-'));
const canMount = run('mount', '-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', folder) && run('umount', folder);

beforeAll(() => {
  if (canMount) run('mount', '-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', folder);
});
afterEach(async () => {
  await cleanUp();
  rmSync(join(folder, 'journal'), { recursive: true, force: true });
});
afterAll(() => {
  if (canMount) run('umount', folder);
  rmdirSync(folder);
});

const directory = join(folder, 'journal');
const LONG = { text: 'x'.repeat(4_000) };

(canMount ? describe : describe.skip)('on a full disk', () => {
  it('entries wait in memory, and are written when there is room again', async () => {
    const ledger = new TestLedger();
    ledger.manner = 'refuse';
    const { append, journal, faults } = aJournal({ directory, ledger, random: () => 0 });
    for (let id = 0; id < 200; id += 1) await append([id], LONG);
    expect(faults.find(({ kind }) => kind === 'write')?.message).toContain('ENOSPC');
    expect(journal.stats().memoryBytes).toBeGreaterThan(200_000);
    run('mount', '-o', 'remount,size=4m', folder);
    await until(() => journal.stats().memoryBytes === 0);
    expect(await journal.close({ shipWithinMs: 0 })).toEqual({ left: 200, lost: 0 });
    run('mount', '-o', 'remount,size=2m', folder);
    ledger.manner = 'take';
    aJournal({ directory, ledger });
    await until(() => ledger.ids.length === 200);
    expect(ledger.ids).toEqual(range(0, 200));
  });

  it('that somebody else has filled entries go on to the ledger', async () => {
    const filler = join(folder, 'filler');
    const { append, journal, ledger } = aJournal({ directory, maxBytes: 8 * 64 * 1_024 });
    await append([0]);
    const filled = (): void => {
      for (let size = 65_536; size >= 4_096; size /= 2) {
        try {
          for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
        } catch {
          // As much as fits is there.
        }
      }
    };
    filled();
    for (let id = 1; id < 500; id += 1) {
      await until(() => !journal.isFull);
      await append([id], LONG);
    }
    await until(() => ledger.ids.length === 500);
    expect(ledger.ids).toEqual(range(0, 500));
    rmSync(filler);
    await append([500], LONG);
    expect(await journal.close({ shipWithinMs: 1_000 })).toEqual({ left: 0, lost: 0 });
    expect(ledger.ids).toEqual(range(0, 501));
  });
});
