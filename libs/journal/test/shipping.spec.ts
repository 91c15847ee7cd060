// From the files to the ledger, and what is left of the files.
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { appendFileSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { nodeFiles } from '../src/files.js';
import { aJournal, cleanUp, diskError, range, segmentsOf, sleep, TestDisk, TestLedger, until } from './house.js';

afterEach(cleanUp);

const SMALL = { maxBytes: 8 * 64 * 1_024 };
const LONG = { text: 'x'.repeat(10_000) };

describe('entries', () => {
  it('are shipped in order, once, in batches of 500 at most', async () => {
    const { ledger, append, journal } = aJournal();
    for (let from = 0; from < 3_000; from += 100) await append(range(from, from + 100));
    await until(() => ledger.ids.length === 3_000);
    expect(ledger.ids).toEqual(range(0, 3_000));
    expect(Math.max(...ledger.batches.map(({ length }) => length))).toBeLessThanOrEqual(500);
    expect(journal.stats()).toMatchObject({ entries: 0, bytes: 0, oldestMs: 0, shipped: 3_000, appended: 3_000 });
  });

  it('are shipped in batches of 256 KiB at most', async () => {
    const { ledger, append } = aJournal();
    await append(range(0, 100), LONG);
    await until(() => ledger.ids.length === 100);
    expect([ledger.batches[0]?.length, ledger.ids]).toEqual([26, range(0, 100)]);
  });

  it('larger than a batch are shipped alone', async () => {
    const { ledger, append } = aJournal({ batchBytes: 4_096 });
    await append([1, 2, 3], LONG);
    await until(() => ledger.ids.length === 3);
    expect(ledger.batches).toEqual([[1], [2], [3]]);
  });

  it('arrive whole, whatever they hold and however they are divided into batches', async () => {
    const entries = fc.array(fc.record({ text: fc.string({ unit: 'binary', maxLength: 300 }) }), {
      minLength: 1,
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(
        entries,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 1_000 }),
        async (texts, batchEntries, batchBytes) => {
          const seen: unknown[] = [];
          const { journal } = aJournal({
            batchEntries,
            batchBytes,
            ship: async (batch) =>
              void seen.push(...Array.from(batch.entries, (bytes) => JSON.parse(bytes.toString()) as unknown)),
          });
          for (const entry of texts) journal.append(entry);
          expect(await journal.close({ shipWithinMs: 2_000 })).toEqual({ left: 0, lost: 0 });
          expect(seen).toEqual(texts);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('that were not taken are sent again, in order', async () => {
    const ledger = new TestLedger();
    ledger.manner = 'refuse';
    const { append, faults, recoveries } = aJournal({ ledger, random: () => 0 });
    await append(range(0, 600));
    await until(() => ledger.askedAt.length === 2);
    ledger.manner = 'lose';
    await until(() => ledger.batches.length === 1);
    ledger.manner = 'take';
    await until(() => ledger.ids.length === 1_100);
    expect(ledger.ids).toEqual([...range(0, 500), ...range(0, 600)]);
    expect([faults.map(({ kind }) => kind), recoveries]).toEqual([['ship'], ['ship']]);
  });

  it('wait on the disk, not in memory, while the ledger is away', async () => {
    const ledger = new TestLedger();
    ledger.manner = 'refuse';
    const { append, journal } = aJournal({ ledger });
    const text = 'x'.repeat(100_000);
    await append([0], { text });
    const before = process.memoryUsage().arrayBuffers;
    for (let id = 1; id < 400; id += 1) await append([id], { text });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1_048_576);
    expect(journal.stats()).toMatchObject({ entries: 400, memoryBytes: 0 });
    expect(journal.stats().diskBytes).toBeGreaterThan(40_000_000);
    ledger.manner = 'take';
    await until(() => ledger.ids.length === 400);
    expect(ledger.ids).toEqual(range(0, 400));
  });

  it('tell how old the oldest is', async () => {
    const ledger = new TestLedger();
    ledger.manner = 'refuse';
    let now = 1_000_000;
    const { append, journal } = aJournal({ ledger, now: () => now });
    expect(journal.stats().oldestMs).toBe(0);
    await append([1]);
    now += 60_000;
    await append([2]);
    expect(journal.stats()).toMatchObject({ entries: 2, oldestMs: 60_000 });
    await until(() => ledger.askedAt.length > 0);
    expect(journal.stats()).toMatchObject({ entries: 2, oldestMs: 60_000 });
    ledger.manner = 'take';
    await until(() => ledger.ids.length === 2);
    expect(journal.stats()).toMatchObject({ entries: 0, oldestMs: 0 });
  });
});

describe('files that are shipped', () => {
  it('are deleted, but for the one that grows', async () => {
    const { directory, ledger, append, journal } = aJournal(SMALL);
    for (let id = 0; id < 40; id += 1) await append([id], LONG);
    await until(() => ledger.ids.length === 40);
    await until(() => segmentsOf(directory).length === 1);
    expect(journal.stats().diskBytes).toBeLessThanOrEqual(64 * 1_024);
  });

  it('are all deleted by a close that ships all', async () => {
    const { directory, append, journal } = aJournal(SMALL);
    for (let id = 0; id < 20; id += 1) await append([id], LONG);
    expect(await journal.close({ shipWithinMs: 1_000 })).toEqual({ left: 0, lost: 0 });
    expect(segmentsOf(directory)).toEqual([]);
  });

  it('that cannot be deleted are told of, and hinder nothing', async () => {
    const disk = new TestDisk();
    disk.replace({ unlink: ((_path: string, done: (error: Error) => void) => done(diskError('EPERM'))) as never });
    const { ledger, append, faults } = aJournal({ ...SMALL, files: disk.files });
    for (let id = 0; id < 20; id += 1) await append([id], LONG);
    await until(() => ledger.ids.length === 20);
    await until(() => faults.length > 0);
    expect(faults.map(({ kind }) => kind)).toEqual(['remove']);
  });
});

describe('close', () => {
  it('ships first what it can in its time, and leaves the rest', async () => {
    const ledger = new TestLedger();
    const { append, journal, directory } = aJournal({ ledger, shipIntervalMs: 60_000 });
    await append(range(0, 5));
    ledger.manner = 'hang';
    const begun = performance.now();
    const closed = journal.close({ shipWithinMs: 100 });
    expect(await closed).toEqual({ left: 5, lost: 0 });
    expect(performance.now() - begun).toBeLessThan(1_000);
    expect(journal.close({ shipWithinMs: 9_000 })).toBe(closed);
    ledger.manner = 'take';
    const next = aJournal({ ledger, directory });
    expect(next.journal.worker).toBe('worker-1');
    await until(() => ledger.ids.length === 5);
    expect(ledger.ids).toEqual(range(0, 5));
  });

  it('writes and calls back what was appended in its turn', async () => {
    const { journal, ledger } = aJournal();
    const written = new Promise<void>((resolve) => journal.append({ id: 1 }, resolve));
    await journal.close({ shipWithinMs: 1_000 });
    await written;
    expect(ledger.ids).toEqual([1]);
  });

  it('does not ship when it has no time', async () => {
    const { journal, ledger } = aJournal({ shipIntervalMs: 60_000 });
    journal.append({ id: 1 });
    expect(await journal.close({ shipWithinMs: 0 })).toEqual({ left: 1, lost: 0 });
    expect(ledger.askedAt).toEqual([]);
  });
});

describe('files that somebody touched', () => {
  /** Three files of six entries each, and what they hold. */
  const aBacklog = async () => {
    const ledger = new TestLedger();
    ledger.manner = 'refuse';
    const { append, journal, directory } = aJournal({ ...SMALL, ledger });
    for (let id = 0; id < 18; id += 1) await append([id], LONG);
    await journal.close({ shipWithinMs: 0 });
    ledger.manner = 'take';
    return { directory, ledger, paths: segmentsOf(directory) };
  };

  it.each<[string, (paths: string[]) => void, number[]]>([
    ['taken away', ([, path]) => rmSync(path!), [...range(0, 6), ...range(12, 18)]],
    ['cut in an entry', ([, path]) => truncateSync(path!, 32 + 25_000), [...range(0, 8), ...range(12, 18)]],
    ['cut in its header', ([, path]) => truncateSync(path!, 20), [...range(0, 6), ...range(12, 18)]],
    ['made empty', ([, path]) => truncateSync(path!, 0), [...range(0, 6), ...range(12, 18)]],
    ['with noise behind', ([, path]) => appendFileSync(path!, '{"id":99}\n'), range(0, 18)],
    [
      'overwritten in its header',
      ([, path]) => writeFileSync(path!, Buffer.concat([Buffer.alloc(32, 7), readFileSync(path!).subarray(32)])),
      range(0, 18),
    ],
    [
      'with a hole',
      ([, path]) => {
        const bytes = readFileSync(path!);
        bytes.fill(0, 32 + 15_000, 32 + 15_100);
        writeFileSync(path!, bytes);
      },
      [...range(0, 7), ...range(8, 18)],
    ],
  ])('%s: the rest is shipped', async (_title, touch, expected) => {
    const { directory, ledger, paths } = await aBacklog();
    expect(paths).toHaveLength(3);
    touch(paths);
    const { journal } = aJournal({ ...SMALL, directory, ledger });
    await until(() => journal.stats().entries === 0);
    expect(ledger.ids).toEqual(expected);
  });

  it('while they are being shipped are told of', async () => {
    const ledger = new TestLedger();
    ledger.manner = 'refuse';
    const { append, faults, directory, journal } = aJournal({ ...SMALL, ledger });
    for (let id = 0; id < 18; id += 1) await append([id], LONG);
    const [, second] = segmentsOf(directory);
    renameSync(second!, `${second!}.away`);
    ledger.manner = 'take';
    await until(() => ledger.ids.length === 12);
    expect(ledger.ids).toEqual([...range(0, 6), ...range(12, 18)]);
    await until(() => faults.some(({ kind }) => kind === 'damage'));
    expect(journal.stats().damagedBytes).toBeGreaterThan(60_000);
  });

  it('although they are growing: the journal goes on in another', async () => {
    const { append, directory, faults, ledger } = aJournal({ shipIntervalMs: 20 });
    await append([1]);
    rmSync(segmentsOf(directory)[0]!);
    await until(() => faults.some(({ kind }) => kind === 'damage'));
    await append([2]);
    expect(segmentsOf(directory)).toHaveLength(1);
    await until(() => ledger.ids.length === 1);
    expect(ledger.ids).toEqual([2]);
  });
});

describe('a disk that does not give entries back', () => {
  it('is asked again until it does', async () => {
    const disk = new TestDisk();
    const { ledger, append, faults, recoveries } = aJournal({ files: disk.files, shipIntervalMs: 20, random: () => 0 });
    disk.replace({
      read: ((...given: unknown[]) => (given.at(-1) as (error: Error) => void)(diskError('EIO'))) as never,
    });
    await append([1, 2]);
    await until(() => faults.length === 1);
    await sleep(60);
    disk.replace({ read: nodeFiles.read });
    await until(() => ledger.ids.length === 2);
    expect([ledger.ids, faults.map(({ kind }) => kind), recoveries]).toEqual([[1, 2], ['read'], ['read']]);
  });

  it('or keep the cursor, does not hinder shipping', async () => {
    const disk = new TestDisk();
    const { ledger, append, faults } = aJournal({ files: disk.files });
    disk.replace({
      openSync: ((path: string, flags: string, mode: number) => {
        if (path.endsWith('cursor')) throw diskError('EROFS');
        return nodeFiles.openSync(path, flags, mode);
      }) as never,
    });
    await append([1]);
    await until(() => ledger.ids.length === 1);
    await append([2]);
    await until(() => ledger.ids.length === 2);
    expect([ledger.ids, faults.map(({ kind }) => kind)]).toEqual([[1, 2], ['cursor']]);
  });
});
