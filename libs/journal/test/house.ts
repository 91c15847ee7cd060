// Journals in folders of their own, a ledger that does as it is told, and disks with faults.
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { FaultKind, JournalFault } from '../src/faults.js';
import { nodeFiles, type JournalFiles } from '../src/files.js';
import { openJournal, type Journal } from '../src/journal.js';
import type { JournalBatch, JournalOptions, Ship } from '../src/options.js';
import { sequenceOf } from '../src/segment.js';

const folders: string[] = [];
const journals: Journal[] = [];

/** For `afterEach`: ends and deletes everything that was made here. */
export const cleanUp = async (): Promise<void> => {
  await Promise.all(journals.splice(0).map((journal) => journal.close({ shipWithinMs: 0 })));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
};

export const aFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-journal-'));
  folders.push(folder);
  return folder;
};

/** What a kill would leave behind at this moment. */
export const asKilled = (directory: string): string => {
  for (;;) {
    const folder = aFolder();
    try {
      cpSync(directory, folder, { recursive: true });
      return folder;
    } catch (error) {
      // A shipped file was deleted in the background, while it was copied.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
};

export const segmentsOf = (directory: string, worker = 'worker-1'): string[] =>
  readdirSync(join(directory, worker))
    .filter((name) => sequenceOf(name) !== undefined)
    .sort()
    .map((name) => join(directory, worker, name));

export interface TestEntry {
  readonly id: number;
}

export const entriesOf = ({ entries }: JournalBatch): TestEntry[] =>
  Array.from(entries, (bytes) => JSON.parse(bytes.toString()) as TestEntry);

/** `take` it; `refuse` it; `lose` the answer after taking it; `hang` until aborted. */
export type Manner = 'take' | 'refuse' | 'lose' | 'hang';

export class TestLedger {
  manner: Manner = 'take';
  readonly batches: number[][] = [];
  readonly askedAt: number[] = [];

  readonly ship: Ship = async (batch, signal) => {
    this.askedAt.push(performance.now());
    const ids = entriesOf(batch).map(({ id }) => id);
    const { manner } = this;
    if (manner === 'hang') await new Promise((_, reject) => signal.addEventListener('abort', reject));
    if (manner === 'refuse') throw new Error('The ledger is away.');
    this.batches.push(ids);
    if (manner === 'lose') throw new Error('The answer was lost.');
  };

  /** Ids in the order in which they came, as often as they came. */
  get ids(): number[] {
    return this.batches.flat();
  }
}

export interface TestJournal {
  readonly journal: Journal;
  readonly directory: string;
  readonly ledger: TestLedger;
  readonly faults: JournalFault[];
  readonly recoveries: FaultKind[];
  /** Appends entries with these ids and ends the turn. Resolves when `written` was called for all. */
  append(ids: readonly number[], more?: object): Promise<void>;
}

export const aJournal = (options: Partial<JournalOptions> & { ledger?: TestLedger } = {}): TestJournal => {
  const { ledger = new TestLedger(), directory = aFolder(), ...others } = options;
  const faults: JournalFault[] = [];
  const recoveries: FaultKind[] = [];
  const journal = openJournal({
    directory,
    ship: ledger.ship,
    shipIntervalMs: 1,
    onFault: (fault) => faults.push(fault),
    onRecovery: (kind) => recoveries.push(kind),
    ...others,
  });
  journals.push(journal);
  const append = (ids: readonly number[], more: object = {}): Promise<void> =>
    new Promise((resolve) => {
      let left = ids.length;
      for (const id of ids)
        journal.append({ id, ...more }, () => {
          if (--left === 0) resolve();
        });
    });
  return { journal, directory, ledger, faults, recoveries, append };
};

/** Until it is true; 5 s at most. */
export const until = async (condition: () => boolean): Promise<void> => {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('It did not come about.');
    await sleep(2);
  }
};

export { sleep, turn };

export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);

export const diskError = (code: string): NodeJS.ErrnoException => Object.assign(new Error(`${code}: test`), { code });

/** The real disk, with some of its functions replaced; what is not replaced, or is set back, works. */
export class TestDisk {
  readonly files: JournalFiles;
  private replaced: Partial<JournalFiles> = {};

  constructor() {
    this.files = new Proxy(nodeFiles, {
      get: (real, name: keyof JournalFiles) => this.replaced[name] ?? real[name],
    });
  }

  replace(replaced: Partial<JournalFiles>): void {
    this.replaced = { ...this.replaced, ...replaced };
  }

  /** Makes functions of this disk fail. */
  fail(code: string, ...names: readonly (keyof JournalFiles)[]): void {
    const failing = (): never => {
      throw diskError(code);
    };
    this.replace(Object.fromEntries(names.map((name) => [name, failing])));
  }

  heal(): void {
    this.replaced = {};
  }
}
