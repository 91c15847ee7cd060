import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { diskError, TestDisk } from '../test/house.js';
import { Faults, type FaultKind } from './faults.js';
import { Syncer, type SyncMode } from './syncer.js';

type Done = (error: NodeJS.ErrnoException | null) => void;

const aSyncer = (mode: SyncMode) => {
  const disk = new TestDisk();
  const asked: { fd: number; done: Done }[] = [];
  const closed: number[] = [];
  const told: FaultKind[] = [];
  disk.replace({
    fdatasync: ((fd: number, done: Done) => asked.push({ fd, done })) as never,
    closeSync: (fd) => closed.push(fd),
  });
  const faults = new Faults('worker-1', { onFault: ({ kind }) => told.push(kind) });
  const syncer = new Syncer({ mode, files: disk.files, faults });
  /** Answers everything that was asked. */
  const answer = async (error: NodeJS.ErrnoException | null = null): Promise<number[]> => {
    const answered = asked.splice(0);
    for (const { done } of answered) done(error);
    await jest.advanceTimersByTimeAsync(0);
    return answered.map(({ fd }) => fd);
  };
  return { syncer, asked, closed, told, answer };
};

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('without syncing', () => {
  it('asks nothing, calls back and closes at once', () => {
    const { syncer, asked, closed } = aSyncer('none');
    const called = jest.fn();
    syncer.wrote(3);
    syncer.confirm(called);
    syncer.retire(3);
    jest.advanceTimersByTime(1_000);
    expect([asked, closed]).toEqual([[], [3]]);
    expect(called).toHaveBeenCalledTimes(1);
  });
});

describe('syncing every 50 ms', () => {
  it('calls back at once and asks later, once for all that was written meanwhile', async () => {
    const { syncer, asked, answer } = aSyncer('interval');
    const called = jest.fn();
    for (let count = 0; count < 5; count += 1) {
      syncer.wrote(3);
      syncer.confirm(called);
      jest.advanceTimersByTime(9);
    }
    expect([called.mock.calls.length, asked.length]).toEqual([5, 0]);
    jest.advanceTimersByTime(5);
    expect(await answer()).toEqual([3]);
    jest.advanceTimersByTime(1_000);
    expect(asked).toEqual([]);
  });

  it('asks again for what was written while it asked', async () => {
    const { syncer, answer } = aSyncer('interval');
    syncer.wrote(3);
    jest.advanceTimersByTime(50);
    syncer.wrote(3);
    expect(await answer()).toEqual([3]);
    jest.advanceTimersByTime(50);
    expect(await answer()).toEqual([3]);
  });

  it('closes a file only when it is safe', async () => {
    const { syncer, closed, answer } = aSyncer('interval');
    syncer.wrote(3);
    syncer.retire(3);
    syncer.wrote(4);
    jest.advanceTimersByTime(50);
    expect(closed).toEqual([]);
    expect(await answer()).toEqual([3, 4]);
    expect(closed).toEqual([3]);
  });

  it('ends when all is safe', async () => {
    const { syncer, answer } = aSyncer('interval');
    const settled = jest.fn();
    syncer.wrote(3);
    void syncer.settled().then(settled);
    expect(settled).not.toHaveBeenCalled();
    await answer();
    expect(settled).toHaveBeenCalled();
  });
});

describe('syncing always', () => {
  it('calls back when the disk has confirmed; who comes meanwhile waits for the next time, together', async () => {
    const { syncer, asked, answer } = aSyncer('always');
    const called: string[] = [];
    syncer.wrote(3);
    syncer.confirm(() => called.push('a'));
    syncer.wrote(3);
    syncer.confirm(() => called.push('b'));
    syncer.wrote(3);
    syncer.confirm(() => called.push('c'));
    expect([called, asked.length]).toEqual([[], 1]);
    await answer();
    expect([called, asked.length]).toEqual([['a'], 1]);
    await answer();
    expect(called).toEqual(['a', 'b', 'c']);
  });

  it('holds up nobody when the disk refuses, and tells', async () => {
    const { syncer, told, answer } = aSyncer('always');
    const called = jest.fn();
    syncer.wrote(3);
    syncer.confirm(called);
    await answer(diskError('EIO'));
    expect([called.mock.calls.length, told]).toEqual([1, ['sync']]);
  });

  it('calls back at once when nothing was written', () => {
    const { syncer } = aSyncer('always');
    const called = jest.fn();
    syncer.confirm(called);
    expect(called).toHaveBeenCalled();
  });
});
