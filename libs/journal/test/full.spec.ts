// A journal that may hold no more.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { statSync } from 'node:fs';
import { aJournal, cleanUp, range, segmentsOf, TestDisk, TestLedger, turn, until } from './house.js';

afterEach(cleanUp);

const MAX_BYTES = 8 * 64 * 1_024;
const LONG = { text: 'x'.repeat(1_000) };

const aFillable = (whenFull: 'refuse' | 'drop') => {
  const ledger = new TestLedger();
  ledger.manner = 'refuse';
  return aJournal({ ledger, maxBytes: MAX_BYTES, whenFull, random: () => 0 });
};

const sizeOf = (directory: string): number => segmentsOf(directory).reduce((sum, path) => sum + statSync(path).size, 0);

describe('a journal that refuses', () => {
  it('says that it is full while there is room for calls that have begun', async () => {
    const { journal, append, directory } = aFillable('refuse');
    let id = 0;
    while (!journal.isFull) await append([id++], LONG);
    expect(sizeOf(directory) / MAX_BYTES).toBeCloseTo(15 / 16, 2);
    let begun = 0;
    const refused = async (): Promise<unknown> => {
      for (;;) await append([id + begun], LONG).then(() => (begun += 1));
    };
    await expect(refused()).rejects.toMatchObject({ code: 'GW_JOURNAL_FULL', status: 503 });
    expect(begun).toBeGreaterThanOrEqual(30);
    expect(sizeOf(directory)).toBeLessThanOrEqual(MAX_BYTES + 2_000);
    expect(journal.stats()).toMatchObject({ refused: 1, dropped: 0, appended: id + begun });
  });

  it('does not call back for what it refused', async () => {
    const { journal, append } = aFillable('refuse');
    while (!journal.isFull) await append([1], LONG);
    const written = jest.fn();
    expect(() => {
      for (;;) journal.append({ id: 2, ...LONG }, written);
    }).toThrow();
    const { appended } = journal.stats();
    await turn();
    expect(written.mock.calls.length).toBeLessThanOrEqual(appended);
    const before = written.mock.calls.length;
    expect(() => journal.append({ id: 3, ...LONG }, written)).toThrow();
    await turn();
    expect(written).toHaveBeenCalledTimes(before);
  });

  it('takes entries again, and lost none, when the ledger is back', async () => {
    const { journal, append, ledger } = aFillable('refuse');
    let id = 0;
    while (!journal.isFull) await append([id++], LONG);
    ledger.manner = 'take';
    await until(() => ledger.ids.length === id);
    expect([journal.isFull, ledger.ids]).toEqual([false, range(0, id)]);
    await append([id], LONG);
    await until(() => ledger.ids.length === id + 1);
  });

  it('is full at its start when its former owner left it so', async () => {
    const { journal, append, ledger, directory } = aFillable('refuse');
    while (!journal.isFull) await append([1], LONG);
    await journal.close({ shipWithinMs: 0 });
    const next = aJournal({ ledger, directory, maxBytes: MAX_BYTES });
    expect(next.journal.isFull).toBe(true);
    expect(next.journal.stats().entries).toBe(journal.stats().entries);
  });
});

describe('a journal that drops', () => {
  it('is never full, counts what it drops, and calls back all the same', async () => {
    const { journal, append, ledger, directory } = aFillable('drop');
    for (let id = 0; id < 1_000; id += 1) await append([id], LONG);
    const { appended, dropped, refused } = journal.stats();
    expect([appended + dropped, refused, journal.isFull]).toEqual([1_000, 0, false]);
    expect(dropped).toBeGreaterThan(400);
    expect(sizeOf(directory)).toBeLessThanOrEqual(MAX_BYTES + 2_000);
    ledger.manner = 'take';
    await until(() => ledger.ids.length === appended);
    expect(ledger.ids).toEqual(range(0, appended));
  });
});

describe('memory', () => {
  it('is bounded to 16 MiB while the disk fails; a sixteenth of it is for calls that had begun', async () => {
    const disk = new TestDisk();
    const ledger = new TestLedger();
    ledger.manner = 'refuse';
    const { journal, append } = aJournal({ ledger, files: disk.files });
    disk.fail('EIO', 'writeSync');
    const text = 'x'.repeat(100_000);
    while (!journal.isFull) await append([1], { text });
    expect(journal.stats().memoryBytes / 2 ** 20).toBeCloseTo(15, 0);
    await expect(
      (async () => {
        for (;;) await append([2], { text });
      })(),
    ).rejects.toMatchObject({ code: 'GW_JOURNAL_FULL' });
    expect(journal.stats().memoryBytes / 2 ** 20).toBeCloseTo(16, 0);
    disk.heal();
    await until(() => journal.stats().memoryBytes === 0);
    expect(journal.isFull).toBe(false);
  });

  it('that is full drops, where entries are dropped', async () => {
    const disk = new TestDisk();
    const ledger = new TestLedger();
    ledger.manner = 'refuse';
    const { journal, append } = aJournal({ ledger, files: disk.files, whenFull: 'drop' });
    disk.fail('ENOSPC', 'writeSync');
    const text = 'x'.repeat(200_000);
    for (let id = 0; id < 100; id += 1) await append([id], { text });
    const { memoryBytes, dropped } = journal.stats();
    expect([Math.round(memoryBytes / 2 ** 20), dropped > 10]).toEqual([16, true]);
  });
});
