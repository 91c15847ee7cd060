// Disks that take nothing, or a part, for a while: no answer fails, and no entry is lost.
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nodeFiles } from '../src/files.js';
import {
  aFolder,
  aJournal,
  cleanUp,
  diskError,
  entriesOf,
  range,
  segmentsOf,
  sleep,
  TestDisk,
  TestLedger,
  until,
} from './house.js';

afterEach(cleanUp);

const away = (): TestLedger => Object.assign(new TestLedger(), { manner: 'refuse' as const });

describe.each(['ENOSPC', 'EIO', 'EROFS', 'EDQUOT', 'ESTALE'])('a disk that says %s', (code) => {
  it('keeps no answer waiting; entries wait in memory, and are written when it works again', async () => {
    const disk = new TestDisk();
    const { append, journal, faults, recoveries, directory, ledger } = aJournal({ ledger: away(), files: disk.files });
    await append([0]);
    disk.fail(code, 'writeSync');
    for (const id of range(1, 10)) await append([id]);
    const told = faults.filter(({ kind }) => kind === 'write').map(({ message }) => message);
    expect(told).toEqual([expect.stringContaining(code)]);
    expect(journal.stats()).toMatchObject({ entries: 10, appended: 10 });
    expect(journal.stats().memoryBytes).toBeGreaterThan(0);
    disk.heal();
    await until(() => journal.stats().memoryBytes === 0);
    await append([10]);
    expect(recoveries).toContain('write');
    await journal.close({ shipWithinMs: 0 });
    expect(segmentsOf(directory).length).toBeGreaterThan(0);
    ledger.manner = 'take';
    aJournal({ ledger, directory });
    await until(() => ledger.ids.length === 11);
    expect(ledger.ids).toEqual(range(0, 11));
  });

  it('does not stop entries from being shipped, in order', async () => {
    const disk = new TestDisk();
    const ledger = away();
    const { append, journal } = aJournal({ ledger, files: disk.files, random: () => 0 });
    await append(range(0, 5));
    disk.fail(code, 'writeSync', 'openSync');
    disk.replace({ openSync: nodeFiles.openSync });
    await append(range(5, 10));
    ledger.manner = 'take';
    await until(() => ledger.ids.length === 10);
    for (let id = 10; id < 2_000; id += 10) await append(range(id, id + 10));
    await until(() => ledger.ids.length === 2_000);
    expect(ledger.ids).toEqual(range(0, 2_000));
    expect(journal.stats()).toMatchObject({ entries: 0, memoryBytes: 0 });
    disk.heal();
    await append([2_000]);
    await until(() => ledger.ids.length === 2_001);
    expect(await journal.close({ shipWithinMs: 1_000 })).toEqual({ left: 0, lost: 0 });
  });
});

describe('a file that cannot be written any more', () => {
  it('is left for another one', async () => {
    const disk = new TestDisk();
    const { append, journal, directory } = aJournal({ ledger: away(), files: disk.files });
    await append([1]);
    let broken: number | undefined;
    disk.replace({
      writeSync: ((fd: number, ...given: [Buffer, number, number, number]) => {
        broken ??= fd;
        if (fd === broken) throw diskError('EIO');
        return nodeFiles.writeSync(fd, ...given);
      }) as never,
      // So that its number is not given to the next file.
      closeSync: (fd) => (fd === broken ? undefined : nodeFiles.closeSync(fd)),
    });
    await append([2]);
    await until(() => journal.stats().memoryBytes === 0);
    expect(segmentsOf(directory)).toHaveLength(2);
    expect(await journal.close({ shipWithinMs: 0 })).toEqual({ left: 2, lost: 0 });
    nodeFiles.closeSync(broken!);
  });
});

describe('an entry in memory', () => {
  it('is not written while it is being shipped, and not shipped twice', async () => {
    const disk = new TestDisk();
    const ids: number[] = [];
    let take: (() => void) | undefined;
    const { append, journal } = aJournal({
      files: disk.files,
      ship: async (batch) => {
        // The first batch is held until it is told.
        if (!take) await new Promise<void>((resolve) => (take = resolve));
        ids.push(...entriesOf(batch).map(({ id }) => id));
      },
    });
    disk.fail('EIO', 'writeSync');
    await append([1, 2]);
    await until(() => take !== undefined);
    disk.heal();
    await append([3]);
    // Long enough for the disk to be tried again.
    await sleep(300);
    expect(journal.stats().entries).toBe(3);
    take!();
    await until(() => journal.stats().entries === 0);
    expect(ids).toEqual([1, 2, 3]);
  });

  it('is lost only when neither disk nor ledger takes it before the end, and that is told', async () => {
    const disk = new TestDisk();
    const { append, journal } = aJournal({ ledger: away(), files: disk.files });
    await append([1, 2]);
    disk.fail('EIO', 'writeSync');
    await append([3, 4, 5]);
    expect(await journal.close({ shipWithinMs: 50 })).toEqual({ left: 2, lost: 3 });
  });

  it('is written by a close when the disk works by then', async () => {
    const disk = new TestDisk();
    const { append, journal } = aJournal({ ledger: away(), files: disk.files });
    disk.fail('EIO', 'writeSync');
    await append([1]);
    disk.heal();
    expect(await journal.close({ shipWithinMs: 0 })).toEqual({ left: 1, lost: 0 });
  });
});

describe('at its start a journal', () => {
  it.each(['EACCES', 'EROFS', 'EPERM'])('refuses a folder that says %s, and says which', (code) => {
    const disk = new TestDisk();
    const directory = aFolder();
    disk.fail(code, 'openSync');
    expect(() => aJournal({ files: disk.files, directory })).toThrow(
      expect.objectContaining({
        code: 'GW_CONFIG_INVALID',
        message: expect.stringMatching(new RegExp(`${directory}: ${code}: test\\. Make the folder`)),
      }),
    );
    // Nothing of it stays in use.
    disk.heal();
    expect(aJournal({ files: disk.files, directory }).journal.worker).toBe('worker-1');
  });

  it('begins on a full disk, with what it knows', async () => {
    const { append, journal, directory, ledger } = aJournal({ ledger: away() });
    await append(range(0, 3));
    await journal.close({ shipWithinMs: 0 });
    const disk = new TestDisk();
    disk.replace({
      openSync: ((path: string, flags: string, mode: number) => {
        if (flags.startsWith('w')) throw diskError('ENOSPC');
        return nodeFiles.openSync(path, flags, mode);
      }) as never,
    });
    ledger.manner = 'take';
    const next = aJournal({ directory, files: disk.files, ledger });
    await next.append([3]);
    await until(() => ledger.ids.length === 4);
    expect(ledger.ids).toEqual(range(0, 4));
    expect(next.faults.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['write']));
  });
});

/** What a write does: all; a part of it and then an error; a part of it that nobody tells of, and an error; an error. */
type Mishap = { readonly kind: 'works' | 'short' | 'silent' | 'fails'; readonly share: number; readonly code: string };

const someMishaps = fc.array(
  fc.record<Mishap>({
    kind: fc.constantFrom('works', 'short', 'silent', 'fails'),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    code: fc.constantFrom('ENOSPC', 'EIO'),
  }),
  { minLength: 1, maxLength: 12 },
);

/** A disk to which writes of entries happen one after the other, and work when the list is over. */
const aClumsyDisk = (mishaps: readonly Mishap[]): TestDisk => {
  const disk = new TestDisk();
  const left = [...mishaps];
  disk.replace({
    writeSync: ((fd: number, bytes: Buffer, at: number, length: number, position: number) => {
      const mishap = length > 36 ? left.shift() : undefined;
      const part = Math.floor((mishap?.share ?? 0) * length);
      if (!mishap || mishap.kind === 'works') return nodeFiles.writeSync(fd, bytes, at, length, position);
      if (mishap.kind !== 'fails' && part > 0) nodeFiles.writeSync(fd, bytes, at, part, position);
      if (mishap.kind === 'short' && part > 0) {
        // As a full disk does: a part now, and the error when the rest is tried.
        left.unshift({ ...mishap, kind: 'fails' });
        return part;
      }
      throw diskError(mishap.code);
    }) as never,
  });
  return disk;
};

describe('whatever happens to writes', () => {
  it('entries are shipped exactly once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        someMishaps,
        fc.array(fc.nat({ max: 5 }), { maxLength: 12 }),
        fc.boolean(),
        async (mishaps, groups, isAway) => {
          const ledger = isAway ? away() : new TestLedger();
          const { append, journal } = aJournal({ ledger, files: aClumsyDisk(mishaps).files, random: () => 0 });
          let id = 0;
          for (const size of groups) {
            await append(range(id, id + size + 1), { text: 'x'.repeat(30 * size) });
            id += size + 1;
            if (size === 0) await sleep(2);
          }
          ledger.manner = 'take';
          expect(await journal.close({ shipWithinMs: 4_000 })).toEqual({ left: 0, lost: 0 });
          expect(ledger.ids).toEqual(range(0, id));
          await cleanUp();
        },
      ),
      { numRuns: 80 },
    );
  });

  it('what is on the disk is found by the next owner, in order, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(someMishaps, fc.array(fc.nat({ max: 5 }), { maxLength: 12 }), async (mishaps, groups) => {
        const ledger = away();
        const { append, journal, directory } = aJournal({ ledger, files: aClumsyDisk(mishaps).files });
        let id = 0;
        for (const size of groups) {
          await append(range(id, id + size + 1), { text: 'x'.repeat(30 * size) });
          id += size + 1;
        }
        const { left, lost } = await journal.close({ shipWithinMs: 0 });
        ledger.manner = 'take';
        const next = aJournal({ ledger, directory });
        await next.journal.close({ shipWithinMs: 4_000 });
        // A write that was made and told of as failed may leave entries in two files: ids make them one.
        const distinct = [...new Set(ledger.ids)];
        expect(distinct.slice(0, left)).toEqual(range(0, left));
        expect(left + lost).toBe(id);
        await cleanUp();
      }),
      { numRuns: 80 },
    );
  });
});
