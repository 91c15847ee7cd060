import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Batch } from './backlog.js';
import { EntryList } from './entry-list.js';
import { Faults } from './faults.js';
import type { Ship } from './options.js';
import { Shipper, type Source } from './shipper.js';

/** Entries are numbers; three make a full batch. */
class TestSource implements Source {
  entries: number[] = [];
  isUnreadable = false;
  givenBack = 0;

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  get hasFullBatch(): boolean {
    return this.entries.length >= 3;
  }

  async next(): Promise<Batch | undefined> {
    if (this.isUnreadable) throw new Error('EIO');
    const entries = this.entries.slice(0, 3).map((entry) => Buffer.from(String(entry)));
    return entries.length === 0 ? undefined : { entries: EntryList.of(entries), end: undefined, bytes: 0, skipped: 0 };
  }

  acknowledge({ entries }: Batch): void {
    this.entries.splice(0, entries.length);
  }

  giveBack(): void {
    this.givenBack += 1;
  }
}

const aShipper = (ship: Ship, random = 1) => {
  const source = new TestSource();
  const told: string[] = [];
  const faults = new Faults('worker-1', {
    onFault: ({ kind, message }) => told.push(`${kind}: ${message}`),
    onRecovery: (kind) => told.push(`${kind} works`),
  });
  const shipper = new Shipper({
    source,
    ship,
    worker: 'worker-1',
    faults,
    intervalMs: 200,
    timeoutMs: 30_000,
    random: () => random,
  });
  return { shipper, source, told, faults };
};

const pass = (milliseconds: number): Promise<void> => jest.advanceTimersByTimeAsync(milliseconds);

/** A ship function that notes what it is given, and does as `answer` says. */
const noting = (answer: (signal: AbortSignal) => Promise<void> = async () => undefined) => {
  const batches: string[] = [];
  const ship: Ship = (batch, signal) => {
    batches.push(`${batch.worker}: ${Array.from(batch.entries, String).join(' ')}`);
    return answer(signal);
  };
  return { ship, batches };
};

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('shipping', () => {
  it('waits 200 ms for a batch to fill', async () => {
    const { ship, batches } = noting();
    const { shipper, source } = aShipper(ship);
    source.entries = [1];
    shipper.notice();
    await pass(100);
    source.entries.push(2);
    shipper.notice();
    await pass(99);
    expect(batches).toEqual([]);
    await pass(1);
    expect(batches).toEqual(['worker-1: 1 2']);
  });

  it('does not wait when there is a full batch, and ships what is left later', async () => {
    const { ship, batches } = noting();
    const { shipper, source } = aShipper(ship);
    source.entries = [1, 2, 3, 4, 5, 6, 7];
    shipper.notice();
    await pass(0);
    expect(batches).toEqual(['worker-1: 1 2 3', 'worker-1: 4 5 6']);
    await pass(200);
    expect(batches.slice(2)).toEqual(['worker-1: 7']);
  });

  it('does nothing where there is nothing', async () => {
    const { ship, batches } = noting();
    const { shipper } = aShipper(ship);
    shipper.notice();
    await pass(1_000);
    expect([batches, jest.getTimerCount()]).toEqual([[], 0]);
  });

  it('hands over one batch at a time', async () => {
    let answer = (): void => undefined;
    const { ship, batches } = noting(() => new Promise((resolve) => (answer = resolve)));
    const { shipper, source } = aShipper(ship);
    source.entries = [1, 2, 3, 4, 5, 6];
    shipper.notice();
    await pass(1_000);
    shipper.notice();
    expect(batches).toHaveLength(1);
    answer();
    await pass(0);
    expect(batches).toHaveLength(2);
  });
});

describe('when entries are not taken', () => {
  const refuse = async (): Promise<void> => {
    throw new Error('away');
  };

  it.each<[string, number, number[]]>([
    ['at most', 1, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]],
    ['at least', 0, [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]],
  ])('waits longer each time: %s', async (_title, random, waits) => {
    const { ship, batches } = noting(refuse);
    const { shipper, source, faults } = aShipper(ship, random);
    source.entries = [1, 2, 3];
    shipper.notice();
    await pass(0);
    for (const [index, wait] of waits.entries()) {
      await pass(wait - 1);
      shipper.notice();
      expect(batches).toHaveLength(index + 1);
      await pass(1);
      expect(batches).toHaveLength(index + 2);
    }
    expect(new Set(batches)).toEqual(new Set(['worker-1: 1 2 3']));
    expect([source.givenBack, faults.counts.ship]).toEqual([waits.length + 1, waits.length + 1]);
  });

  it('tells once, and once that it is over', async () => {
    let isAway = true;
    const { ship } = noting(async () => {
      if (isAway) throw new Error('away');
    });
    const { shipper, source, told } = aShipper(ship);
    source.entries = [1, 2, 3];
    shipper.notice();
    await pass(1_000);
    isAway = false;
    await pass(1_000);
    expect(source.entries).toEqual([]);
    expect(told).toEqual([expect.stringMatching(/^ship: .*\(away\)$/), 'ship works']);
  });

  it('takes silence for a refusal after 30 s, and says to the other side that nobody waits', async () => {
    const signals: AbortSignal[] = [];
    const { ship, batches } = noting((signal) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    const { shipper, source, told } = aShipper(ship);
    source.entries = [1];
    shipper.notice();
    await pass(200 + 29_999);
    expect([signals[0]?.aborted, told]).toEqual([false, []]);
    await pass(1);
    expect([signals[0]?.aborted, told]).toEqual([true, [expect.stringContaining('no answer within 30000 ms')]]);
    await pass(100);
    expect(batches).toEqual(['worker-1: 1', 'worker-1: 1']);
  });

  it('takes what throws at once for a refusal, too', async () => {
    const { shipper, source, told } = aShipper(() => {
      throw new Error('a bug');
    });
    source.entries = [1, 2, 3];
    shipper.notice();
    await pass(0);
    expect([source.entries.length, told.length]).toEqual([3, 1]);
  });

  it('tries again what could not be read', async () => {
    const { ship, batches } = noting();
    const { shipper, source } = aShipper(ship);
    source.entries = [1, 2, 3];
    source.isUnreadable = true;
    shipper.notice();
    await pass(99);
    source.isUnreadable = false;
    await pass(1);
    expect(batches).toEqual(['worker-1: 1 2 3']);
  });
});

describe('draining', () => {
  it('ships to the end without waiting', async () => {
    const { ship, batches } = noting();
    const { shipper, source } = aShipper(ship);
    source.entries = [1, 2, 3, 4];
    const drained = jest.fn();
    void shipper.drain().then(drained);
    await pass(0);
    expect([batches.length, drained.mock.calls.length]).toEqual([2, 1]);
  });

  it('ends at once where there is nothing, and after a stop', async () => {
    const { shipper } = aShipper(noting().ship);
    await shipper.drain();
    await shipper.stop();
    await shipper.drain();
  });

  it('tries at once what was being waited with, and goes on until it is taken', async () => {
    let isAway = true;
    const { ship, batches } = noting(async () => {
      if (isAway) throw new Error('away');
    });
    const { shipper, source } = aShipper(ship);
    source.entries = [1, 2, 3];
    shipper.notice();
    await pass(12_000);
    const before = batches.length;
    const drained = jest.fn();
    void shipper.drain().then(drained);
    await pass(0);
    expect([batches.length - before, drained.mock.calls.length]).toEqual([1, 0]);
    isAway = false;
    await pass(10_000);
    expect(drained).toHaveBeenCalled();
  });

  it('is ended by a stop, which gives up what is under way', async () => {
    const signals: AbortSignal[] = [];
    const { ship } = noting((signal) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    const { shipper, source, told } = aShipper(ship);
    source.entries = [1];
    const drained = shipper.drain();
    await pass(0);
    await shipper.stop();
    await drained;
    expect([signals[0]?.aborted, source.entries, source.givenBack, told]).toEqual([true, [1], 1, []]);
    shipper.notice();
    expect(jest.getTimerCount()).toBe(0);
  });
});
