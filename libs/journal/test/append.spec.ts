// What a caller sees: entries, turns of the event loop, callbacks, files.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { readFileSync, statSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { readFrames } from '../src/frame.js';
import { nodeFiles } from '../src/files.js';
import { SEGMENT_HEADER_BYTES } from '../src/segment.js';
import { aJournal, cleanUp, segmentsOf, TestDisk, TestLedger, turn, until, type TestEntry } from './house.js';

afterEach(cleanUp);

/** Ids on the disk. */
const idsIn = (directory: string): number[] =>
  segmentsOf(directory)
    .flatMap((path) => [...readFrames(readFileSync(path).subarray(SEGMENT_HEADER_BYTES), { isEnd: true }).entries])
    .map((entry) => (JSON.parse(entry.toString()) as TestEntry).id);

const away = (): TestLedger => Object.assign(new TestLedger(), { manner: 'refuse' as const });

/** A disk that counts writes of entries. */
const countingDisk = () => {
  const disk = new TestDisk();
  const writes: number[] = [];
  disk.replace({
    writeSync: ((fd: number, bytes: Buffer, at: number, length: number, position: number) => {
      if (length !== SEGMENT_HEADER_BYTES) writes.push(length);
      return nodeFiles.writeSync(fd, bytes, at, length, position);
    }) as never,
  });
  return { files: disk.files, writes };
};

describe('append', () => {
  it('calls back when the entry is on the disk', async () => {
    const { journal, directory } = aJournal({ ledger: away() });
    const seen = await new Promise((resolve) => journal.append({ id: 1 }, () => resolve(idsIn(directory))));
    expect(seen).toEqual([1]);
  });

  it('writes once for all entries of a turn, in their order, and calls back in their order', async () => {
    const { files, writes } = countingDisk();
    const { journal, directory } = aJournal({ ledger: away(), files });
    const called: number[] = [];
    for (let id = 0; id < 32; id += 1) journal.append({ id }, () => called.push(id));
    expect([writes.length, called.length]).toEqual([0, 0]);
    await turn();
    expect([writes.length, called]).toEqual([1, idsIn(directory)]);
    expect(called).toEqual(Array.from({ length: 32 }, (_, id) => id));
  });

  it('shares a write between sockets that were ready in one turn', async () => {
    const { files, writes } = countingDisk();
    const { journal } = aJournal({ ledger: away(), files });
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.on('data', () => journal.append({ id: 1 }, () => socket.end('done')));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const sockets = Array.from({ length: 16 }, () => connect(port, '127.0.0.1'));
    await until(() => connections === 16);
    const answers = sockets.map((socket) => new Promise((resolve) => socket.on('data', resolve)));
    // All requests are in the kernel before the event loop looks again.
    for (const socket of sockets) socket.write('x');
    await Promise.all(answers);
    for (const socket of sockets) socket.destroy();
    server.close();
    expect(writes).toHaveLength(1);
  });

  it('takes an entry as it is now', async () => {
    const { journal, ledger } = aJournal();
    const entry = { id: 1 };
    journal.append(entry);
    entry.id = 2;
    await journal.close({ shipWithinMs: 1_000 });
    expect(ledger.ids).toEqual([1]);
  });

  it('writes a turn with more than fits into one group in several, before anybody is called back', async () => {
    const { journal, directory } = aJournal({ ledger: away() });
    const text = 'ü'.repeat(50_000);
    const seen: number[] = [];
    for (let id = 0; id < 20; id += 1) journal.append({ id, text }, () => seen.push(idsIn(directory).length));
    await turn();
    expect(seen).toEqual(Array.from({ length: 20 }, () => 20));
  });

  it.each([-62_135_596_800_000, 0.5, 8_640_000_000_000_000])('minds no clock that says %d', async (now) => {
    const { append, ledger } = aJournal({ now: () => now });
    await append([1, 2]);
    await until(() => ledger.ids.length === 2);
  });

  it('needs no callback', async () => {
    const { journal, directory } = aJournal({ ledger: away() });
    journal.append({ id: 1 });
    await turn();
    expect(idsIn(directory)).toEqual([1]);
  });

  it('drops an entry of more than 1 MiB, tells, and calls back all the same', async () => {
    const { journal, directory, faults, append } = aJournal({ ledger: away() });
    await append([1], { text: 'x'.repeat(1_048_576) });
    await append([2], { text: 'x'.repeat(1_048_000) });
    expect(idsIn(directory)).toEqual([2]);
    expect(faults.map(({ kind }) => kind)).toEqual(['oversize']);
    expect(journal.stats()).toMatchObject({ appended: 1, dropped: 1 });
  });

  it('throws what is no JSON at its caller, and harms nobody else', async () => {
    const { journal, directory } = aJournal({ ledger: away() });
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    expect(() => journal.append(cyclic as never)).toThrow(TypeError);
    journal.append({ id: 1 });
    await turn();
    expect(idsIn(directory)).toEqual([1]);
  });

  it('is refused after close', async () => {
    const { journal } = aJournal();
    await journal.close({ shipWithinMs: 0 });
    expect(() => journal.append({ id: 1 })).toThrow(expect.objectContaining({ code: 'GW_DRAINING' }));
  });
});

describe('an entry that a callback of the last turn appends', () => {
  it('is refused, too', async () => {
    const { journal } = aJournal();
    const late = new Promise((resolve) => {
      journal.append({ id: 1 }, () => {
        try {
          journal.append({ id: 2 });
          resolve('taken');
        } catch (error) {
          resolve((error as { code: string }).code);
        }
      });
    });
    await journal.close({ shipWithinMs: 0 });
    expect(await late).toBe('GW_DRAINING');
  });
});

describe('flush', () => {
  it('writes and calls back now', () => {
    const { journal, directory } = aJournal({ ledger: away() });
    const called = jest.fn();
    journal.append({ id: 1 }, called);
    journal.flush();
    expect([idsIn(directory), called.mock.calls.length]).toEqual([[1], 1]);
  });
});

describe('files', () => {
  it('are for their owner alone, whatever the umask', async () => {
    const umask = process.umask(0o022);
    try {
      const { directory, append, journal } = aJournal({ ledger: away() });
      await append([1]);
      await journal.close({ shipWithinMs: 5 });
      const modes = ['', 'lock', ...segmentsOf(directory).map((path) => path.slice(directory.length + 10))].map(
        (name) => (statSync(`${directory}/worker-1/${name}`).mode & 0o777).toString(8),
      );
      expect(modes).toEqual(['700', '600', '600']);
    } finally {
      process.umask(umask);
    }
  });

  it('end at their size, and the next begins with what does not fit', async () => {
    const { directory, append } = aJournal({ ledger: away(), maxBytes: 8 * 64 * 1_024 });
    for (let id = 0; id < 10; id += 1) await append([id], { text: 'x'.repeat(20_000) });
    expect(segmentsOf(directory).map((path) => statSync(path).size <= 64 * 1_024)).toEqual([true, true, true, true]);
    expect(idsIn(directory)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe('sync', () => {
  it.each([
    ['none', 0],
    ['interval', 1],
    ['always', 1],
  ] as const)('%s: the name of a new file is made safe %d times', (sync, times) => {
    const disk = new TestDisk();
    let asked = 0;
    disk.replace({ fsyncSync: () => void (asked += 1) });
    aJournal({ files: disk.files, sync });
    expect(asked).toBe(times);
  });

  it.each([
    ['none', 0],
    ['always', 1],
  ] as const)('%s: calls back after %d confirmations of the disk', async (sync, confirmations) => {
    const disk = new TestDisk();
    const asked: (() => void)[] = [];
    disk.replace({ fdatasync: ((_fd: number, done: (error: null) => void) => asked.push(() => done(null))) as never });
    const { journal } = aJournal({ ledger: away(), files: disk.files, sync });
    const called = jest.fn();
    journal.append({ id: 1 }, called);
    await turn();
    expect([asked.length, called.mock.calls.length]).toEqual([confirmations, 1 - confirmations]);
    for (const answer of asked) answer();
    await turn();
    expect(called).toHaveBeenCalledTimes(1);
    disk.heal();
  });

  it('interval: asks the disk within a tenth of a second, and keeps nobody waiting', async () => {
    const disk = new TestDisk();
    let asked = 0;
    disk.replace({
      fdatasync: ((fd: number, done: (error: Error | null) => void) => {
        asked += 1;
        nodeFiles.fdatasync(fd, done);
      }) as never,
    });
    const { append } = aJournal({ ledger: away(), files: disk.files, sync: 'interval' });
    await append([1]);
    expect(asked).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(asked).toBe(1);
  });
});
