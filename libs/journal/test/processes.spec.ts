// Workers that are processes of their own and are killed, and others that adopt what they leave.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adoptAbandoned, type Adoption } from '../src/adopt.js';
import type { Ship } from '../src/options.js';
import { aFolder, cleanUp, sleep, until } from './house.js';

jest.setTimeout(120_000);

const children = new Set<ChildProcess>();
const pathOf = (script: string): string => fileURLToPath(new URL(`processes/${script}`, import.meta.url));

/** Resolves with the child and its first message. */
const start = async (script: string, ...given: readonly string[]): Promise<{ child: ChildProcess; said: unknown }> => {
  const child = fork(pathOf(script), given, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  children.add(child);
  const [said] = (await once(child, 'message')) as unknown[];
  return { child, said };
};

const kill = async (child: ChildProcess): Promise<void> => {
  const ended = once(child, 'exit');
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await ended;
  }
  children.delete(child);
};

afterEach(async () => {
  await Promise.all([...children].map(kill));
  await cleanUp();
});

/** Whoever is killed may leave half a line. */
const idsIn = (notes: string): string[] =>
  existsSync(notes) ? readFileSync(notes, 'utf8').split('\n').slice(0, -1) : [];

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const missing = (known: readonly string[], ids: readonly string[]): string[] => {
  const there = new Set(ids);
  return known.filter((id) => !there.has(id));
};

const isAscending = (ids: readonly string[]): boolean => ids.every((id, index) => index === 0 || ids[index - 1]! < id);

/** Takes entries and keeps their ids. */
const taking = () => {
  const ids: string[] = [];
  const ship: Ship = async ({ entries }) => {
    for (const bytes of entries) ids.push((JSON.parse(bytes.toString()) as { id: string }).id);
  };
  return { ids, ship };
};

const CALLS_A_TURN = 8;

describe('a worker that is killed while it appends', () => {
  it.each(['small', 'usual'])('loses no entry of which it knew that it was written (files: %s)', async (size) => {
    const directory = aFolder();
    const notes = join(aFolder(), 'ids');
    const { ids, ship } = taking();
    let told = 0;
    for (let round = 0; round < 25; round += 1) {
      const { child, said } = await start('appender.mjs', directory, notes, size);
      expect(said).toBe('worker-1');
      await sleep(1 + 30 * Math.random());
      await kill(child);
      // Some are adopted at once; some by the next worker, whose journal it becomes, and with that one later.
      if (round % 3 === 2) await adoptAbandoned({ directory, ship });
      told = idsIn(notes).length;
    }
    await adoptAbandoned({ directory, ship });
    const known = idsIn(notes);
    expect(told).toBeGreaterThan(1_000);
    // Exactly once each, in the order in which they were appended.
    expect(new Set(ids).size).toBe(ids.length);
    expect(isAscending(ids)).toBe(true);
    expect(missing(known, ids)).toEqual([]);
    // What is more was being written at a kill.
    expect(ids.length - known.length).toBeLessThanOrEqual(25 * CALLS_A_TURN);
    expect(await adoptAbandoned({ directory, ship })).toEqual([]);
  });
});

describe('adopters', () => {
  /** A journal that a killed worker left, and what its worker knew. */
  const aLegacy = async (forMs: number) => {
    const directory = aFolder();
    const notes = join(aFolder(), 'ids');
    const { child } = await start('appender.mjs', directory, notes, 'usual');
    await sleep(forMs);
    await kill(child);
    return { directory, known: idsIn(notes) };
  };

  it('that come at the same moment: one gets the journal, the others nothing', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { directory, known } = await aLegacy(50);
      const shipped = join(aFolder(), 'ids');
      const adopters = await Promise.all([1, 2, 3].map(() => start('adopter.mjs', directory, shipped)));
      const reports = await Promise.all(
        adopters.map(async ({ child }) => {
          child.send('go');
          const [report] = (await once(child, 'message')) as [Adoption[]];
          return report;
        }),
      );
      const ids = idsIn(shipped);
      expect(reports.flat()).toEqual([{ worker: 'worker-1', shipped: ids.length, left: 0 }]);
      expect([new Set(ids).size, isAscending(ids)]).toEqual([ids.length, true]);
      expect(missing(known, ids)).toEqual([]);
    }
  });

  it('that are killed are followed by others, until all is shipped', async () => {
    const { directory, known } = await aLegacy(400);
    expect(known.length).toBeGreaterThan(2_000);
    const shipped = join(aFolder(), 'ids');
    const KILLS = 8;
    for (let kills = 0; kills < KILLS; kills += 1) {
      const before = sizeOf(shipped);
      const { child } = await start('adopter.mjs', directory, shipped);
      child.send('go');
      await until(() => sizeOf(shipped) > before);
      await sleep(10 * Math.random());
      await kill(child);
    }
    const { ids: rest, ship } = taking();
    const [adoption] = await adoptAbandoned({ directory, ship });
    expect(adoption?.shipped).toBeGreaterThan(0);
    const ids = [...idsIn(shipped), ...rest];
    const distinct = [...new Set(ids)];
    expect(isAscending(distinct)).toBe(true);
    expect(missing(known, distinct)).toEqual([]);
    // Only the batch under way at a kill may come twice.
    expect(ids.length - distinct.length).toBeLessThanOrEqual(50 * KILLS);
  });

  it('do not touch the journal of a living worker', async () => {
    const directory = aFolder();
    const { child } = await start('appender.mjs', directory, join(aFolder(), 'ids'), 'small');
    await sleep(30);
    const { ids, ship } = taking();
    for (let count = 0; count < 20; count += 1) expect(await adoptAbandoned({ directory, ship })).toEqual([]);
    expect(ids).toEqual([]);
    await kill(child);
    expect(await adoptAbandoned({ directory, ship })).toHaveLength(1);
  });
});

describe('an adoption', () => {
  it('lives on while it waits for the ledger', async () => {
    const directory = aFolder();
    const { child } = await start('appender.mjs', directory, join(aFolder(), 'ids'), 'small');
    await sleep(30);
    await kill(child);
    const { stdout, status } = spawnSync(process.execPath, [pathOf('patient.mjs'), directory], { encoding: 'utf8' });
    expect([JSON.parse(stdout), status]).toEqual([[{ worker: 'worker-1', shipped: expect.any(Number), left: 0 }], 0]);
  });
});

describe('workers that start at the same moment', () => {
  it('each have a journal of their own', async () => {
    const directory = aFolder();
    const notes = aFolder();
    const started = await Promise.all(
      range(6).map((index) => start('appender.mjs', directory, join(notes, String(index)), 'small')),
    );
    const workers = started.map(({ said }) => said);
    expect(new Set(workers).size).toBe(6);
  });
});

describe('a callback that throws', () => {
  it('is an uncaught exception of its own; the others are called', () => {
    const { stdout, status } = spawnSync(process.execPath, [pathOf('careless.mjs'), aFolder()], { encoding: 'utf8' });
    expect([stdout.trim().split('\n').sort(), status]).toEqual([['called', 'caught: a bug'], 0]);
  });
});

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);
