// What the next owner of a journal finds, and whose journal is whose.
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { adoptAbandoned } from '../src/adopt.js';
import type { JournalFault } from '../src/faults.js';
import { FRAME_HEADER_BYTES } from '../src/frame.js';
import { encodeHeader, SEGMENT_HEADER_BYTES, segmentName } from '../src/segment.js';
import { aFolder, aJournal, asKilled, cleanUp, range, segmentsOf, sleep, TestLedger, until } from './house.js';

afterEach(cleanUp);

const away = (): TestLedger => Object.assign(new TestLedger(), { manner: 'refuse' as const });

describe('a journal', () => {
  it('is the first that nobody has', async () => {
    const directory = aFolder();
    const journals = [1, 2, 3].map(() => aJournal({ directory }).journal);
    expect(journals.map(({ worker }) => worker)).toEqual(['worker-1', 'worker-2', 'worker-3']);
    await journals[1]!.close({ shipWithinMs: 0 });
    expect(aJournal({ directory }).journal.worker).toBe('worker-2');
    expect(aJournal({ directory }).journal.worker).toBe('worker-4');
  });

  it('goes on with what its former owner left, in order, old entries first', async () => {
    const former = aJournal({ ledger: away() });
    await former.append(range(0, 700));
    const directory = asKilled(former.directory);
    const { ledger, append, journal } = aJournal({ directory });
    expect(journal.stats()).toMatchObject({ entries: 700, appended: 0 });
    await append(range(700, 800));
    await until(() => ledger.ids.length === 800);
    expect(ledger.ids).toEqual(range(0, 800));
    await until(() => segmentsOf(directory).length === 1);
  });

  it('does not ship again what was acknowledged', async () => {
    const { ledger, append, directory, journal } = aJournal();
    await append(range(0, 10));
    await until(() => journal.stats().entries === 0);
    ledger.manner = 'refuse';
    await append(range(10, 15));
    const next = aJournal({ directory: asKilled(directory) });
    expect(next.journal.stats().entries).toBe(5);
    await until(() => next.ledger.ids.length === 5);
    expect(next.ledger.ids).toEqual(range(10, 15));
  });

  it('ships the oldest file again, and loses nothing, when nobody knows how far it was shipped', async () => {
    const { ledger, append, directory } = aJournal();
    await append(range(0, 10));
    await until(() => ledger.ids.length === 10);
    const copy = asKilled(directory);
    writeFileSync(join(copy, 'worker-1', 'cursor'), 'nonsense');
    const next = aJournal({ directory: copy });
    await until(() => next.ledger.ids.length === 10);
    expect(next.ledger.ids).toEqual(range(0, 10));
  });

  it('that was shipped to the end loses nothing of what is appended afterwards', async () => {
    const { append, journal, directory } = aJournal();
    await append(range(0, 3));
    expect(await journal.close({ shipWithinMs: 1_000 })).toEqual({ left: 0, lost: 0 });
    const next = aJournal({ directory, ledger: away() });
    await next.append(range(3, 6));
    const last = aJournal({ directory: asKilled(directory) });
    await until(() => last.ledger.ids.length === 3);
    expect(last.ledger.ids).toEqual(range(3, 6));
  });

  it('deletes files that are shipped and were not deleted', async () => {
    const { append, journal, directory, ledger } = aJournal({ ledger: away() });
    await append([1]);
    const [path] = segmentsOf(directory);
    const bytes = readFileSync(path!);
    ledger.manner = 'take';
    await journal.close({ shipWithinMs: 1_000 });
    const between = aJournal({ directory });
    await between.append([2]);
    await until(() => between.ledger.ids.length === 1);
    await between.journal.close({ shipWithinMs: 0 });
    writeFileSync(path!, bytes);
    const next = aJournal({ directory });
    await next.append([3]);
    await until(() => next.ledger.ids.length === 1);
    expect(next.ledger.ids).toEqual([3]);
    await until(() => segmentsOf(directory).length === 1);
  });

  it('keeps the file that grows when there is less to ship than it thought', async () => {
    const directory = aFolder();
    mkdirSync(join(directory, 'worker-1'));
    for (const [sequence, entriesBefore] of [[1, 0] as const, [2, 1_000] as const]) {
      const header = encodeHeader({ version: 1, entriesBefore, createdAt: 0 });
      writeFileSync(join(directory, 'worker-1', segmentName(sequence)), header);
    }
    const { append, journal, ledger } = aJournal({ directory, ledger: away() });
    await until(() => journal.stats().entries === 0);
    await append([1]);
    await until(() => ledger.askedAt.length === 1);
    const next = aJournal({ directory: asKilled(directory) });
    await until(() => next.ledger.ids.length === 1);
  });

  it('knows how much is left over many restarts', async () => {
    let directory = aFolder();
    for (let round = 0; round < 5; round += 1) {
      const { append, journal } = aJournal({ directory, ledger: away() });
      expect(journal.stats().entries).toBe(round * 7);
      await append(range(round * 7, round * 7 + 7));
      directory = asKilled(directory);
    }
    const { ledger } = aJournal({ directory });
    await until(() => ledger.ids.length === 35);
    expect(ledger.ids).toEqual(range(0, 35));
  });

  it('of another version is left alone, and another one taken', async () => {
    const directory = aFolder();
    const worker = join(directory, 'worker-1');
    mkdirSync(worker);
    const path = join(worker, segmentName(1));
    writeFileSync(path, encodeHeader({ version: 2, entriesBefore: 0, createdAt: 0 }));
    const { journal, faults, ledger } = aJournal({ directory });
    expect([journal.worker, faults.map(({ kind, worker }) => [kind, worker])]).toEqual([
      'worker-2',
      [['version', 'worker-1']],
    ]);
    const told: JournalFault[] = [];
    expect(await adoptAbandoned({ directory, ship: ledger.ship, onFault: (fault) => told.push(fault) })).toEqual([]);
    expect(told.map(({ kind }) => kind)).toEqual(['version']);
    expect(readFileSync(path)).toHaveLength(SEGMENT_HEADER_BYTES);
  });
});

describe('adopting', () => {
  it('ships what the dead left, and leaves the living alone', async () => {
    const directory = aFolder();
    const dead = [aJournal({ directory, ledger: away() }), aJournal({ directory, ledger: away() })];
    const living = aJournal({ directory, ledger: away() });
    await living.append([99]);
    for (const [index, { append, journal }] of dead.entries()) {
      await append(range(10 * index, 10 * index + 10));
      await journal.close({ shipWithinMs: 0 });
    }
    const ledger = new TestLedger();
    expect(await adoptAbandoned({ directory, ship: ledger.ship })).toEqual([
      { worker: 'worker-1', shipped: 10, left: 0 },
      { worker: 'worker-2', shipped: 10, left: 0 },
    ]);
    expect(ledger.ids).toEqual(range(0, 20));
    expect([1, 2, 3].map((number) => segmentsOf(directory, `worker-${number}`).length)).toEqual([0, 0, 1]);
    expect(await adoptAbandoned({ directory, ship: ledger.ship })).toEqual([]);
    await living.append([100]);
    expect(living.journal.stats().entries).toBe(2);
  });

  it('finds nothing where there is nothing', async () => {
    const { ship } = new TestLedger();
    expect(await adoptAbandoned({ directory: join(aFolder(), 'missing'), ship })).toEqual([]);
  });

  it('waits for the ledger, and leaves the rest when it is told to end', async () => {
    const directory = aFolder();
    const { append, journal } = aJournal({ directory, ledger: away() });
    await append(range(0, 5));
    await journal.close({ shipWithinMs: 0 });
    const ledger = away();
    const ending = new AbortController();
    const adopting = adoptAbandoned({ directory, ship: ledger.ship, signal: ending.signal, random: () => 0 });
    await until(() => ledger.askedAt.length > 1);
    // Meanwhile it has an owner.
    expect(await adoptAbandoned({ directory, ship: ledger.ship })).toEqual([]);
    expect(aJournal({ directory }).journal.worker).toBe('worker-2');
    ending.abort();
    expect(await adopting).toEqual([{ worker: 'worker-1', shipped: 0, left: 5 }]);
    expect(await adoptAbandoned({ directory, ship: ledger.ship, signal: AbortSignal.abort() })).toEqual([]);
    ledger.manner = 'take';
    expect(await adoptAbandoned({ directory, ship: ledger.ship })).toMatchObject([{ shipped: 5 }]);
  });
});

describe('a file of the dead', () => {
  /** A journal of one file with these entries, and where each ends in it. */
  const aFile = async (texts: readonly string[]) => {
    const { append, directory, journal } = aJournal({ ledger: away() });
    for (const [id, text] of texts.entries()) await append([id], { text });
    const copy = asKilled(directory);
    await journal.close({ shipWithinMs: 0 });
    const [path] = segmentsOf(copy);
    let end = SEGMENT_HEADER_BYTES;
    const ends = texts.map((text, id) => (end += FRAME_HEADER_BYTES + Buffer.byteLength(JSON.stringify({ id, text }))));
    return { bytes: readFileSync(path!), ends };
  };

  /** Ids that an adopter ships of these bytes. */
  const adopted = async (bytes: Buffer): Promise<number[]> => {
    const directory = aFolder();
    mkdirSync(join(directory, 'worker-1'));
    writeFileSync(join(directory, 'worker-1', segmentName(1)), bytes);
    const ledger = new TestLedger();
    await adoptAbandoned({ directory, ship: ledger.ship });
    expect(segmentsOf(directory)).toEqual([]);
    return ledger.ids;
  };

  it('that is cut at any byte gives exactly the entries that are complete', async () => {
    const { bytes, ends } = await aFile(['', 'ü', '漢字', 'longer than the others']);
    expect(bytes).toHaveLength(ends.at(-1)!);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(await adopted(bytes.subarray(0, cut))).toEqual(range(0, ends.filter((end) => end <= cut).length));
    }
  });

  it('that is damaged gives exactly the entries that are intact', async () => {
    const places = fc.array(
      fc.tuple(fc.double({ min: 0, max: 0.999_999, noNaN: true }), fc.integer({ min: 1, max: 255 })),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    const { bytes, ends } = await aFile(['a', 'bb', 'ccc', 'dddd', 'ü']);
    await fc.assert(
      fc.asyncProperty(places, async (changes) => {
        const damaged = Buffer.from(bytes);
        for (const [where, flip] of changes) {
          const at = Math.floor(where * bytes.length);
          damaged[at] = damaged[at]! ^ flip;
        }
        const intact = ends.flatMap((end, id) => {
          const from = ends[id - 1] ?? SEGMENT_HEADER_BYTES;
          return damaged.subarray(from, end).equals(bytes.subarray(from, end)) ? [id] : [];
        });
        expect(await adopted(damaged)).toEqual(intact);
      }),
      { numRuns: 150 },
    );
  });
});

describe('whatever happens to the ledger, and whenever this process is killed', () => {
  type Step =
    { do: 'append'; count: number } | { do: 'ledger'; manner: TestLedger['manner'] } | { do: 'kill' | 'wait' };
  const step = fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 30 }) }),
    fc.record({
      do: fc.constant('ledger' as const),
      manner: fc.constantFrom<TestLedger['manner'][]>('take', 'refuse', 'lose', 'hang'),
    }),
    fc.record({ do: fc.constantFrom('kill' as const, 'wait' as const) }),
  );

  it('each entry comes, in order, and again only if its batch was not acknowledged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
        const ledger = new TestLedger();
        const options = { ledger, maxBytes: 8 * 64 * 1_024, batchEntries: 7, random: () => 0, shipTimeoutMs: 20 };
        let current = aJournal(options);
        let id = 0;
        for (const one of steps) {
          if (one.do === 'append') {
            await current.append(range(id, id + one.count), { text: 'x'.repeat(3_000) });
            id += one.count;
          } else if (one.do === 'ledger') ledger.manner = one.manner;
          else if (one.do === 'wait') await sleep(3);
          else {
            const directory = asKilled(current.directory);
            // It is dead: what it would do from now on reaches nobody.
            const { ship } = ledger;
            await current.journal.close({ shipWithinMs: 0 });
            current = aJournal({ ...options, directory, ship });
          }
          if (current.journal.isFull) {
            ledger.manner = 'take';
            await until(() => !current.journal.isFull);
          }
        }
        ledger.manner = 'take';
        await until(() => current.journal.stats().entries === 0);
        const seen = new Set<number>();
        const firsts = ledger.ids.filter((one) => !seen.has(one) && seen.add(one));
        expect(firsts).toEqual(range(0, id));
        await cleanUp();
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

describe('a copy of a data directory', () => {
  it('is a journal of its own', async () => {
    const { append, directory } = aJournal({ ledger: away() });
    await append([1]);
    const copy = asKilled(directory);
    copyFileSync(join(directory, 'worker-1', 'lock'), join(copy, 'worker-1', 'lock'));
    const ledger = new TestLedger();
    expect(await adoptAbandoned({ directory: copy, ship: ledger.ship })).toMatchObject([{ shipped: 1 }]);
    expect(await adoptAbandoned({ directory, ship: ledger.ship })).toEqual([]);
  });
});
