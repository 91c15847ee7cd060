// Finished calls in: each is logged once, charged once and summed once, in one transaction, however often it is sent.
import { createHash } from 'node:crypto';
import type { CallEntry } from '@turnpike/domain';
import type { DataSource, EntityManager } from 'typeorm';
import { databaseCodeOf } from '../storage/database-error.js';
import { inTransaction } from '../storage/in-transaction.js';
import type { BalanceBook, Posting } from './balance-book.js';
import { chargesOf, dailyRowsOf, type Charge } from './charges.js';
import { Coalescer } from './coalescer.js';
import { crossingsOf, type Crossing } from './crossings.js';
import { isContentFault, isMissingPartition, unavailable } from './database-faults.js';
import type { Partitions } from './partitions.js';
import { dayOfId, readEntry } from './read-entry.js';
import { addDaily, insertLogs, insertRefused, reduceLeases, type RefusedEntry } from './spend-writer.js';

/** How many entries of a batch were … */
export interface Settled {
  /** Not seen before. */
  accepted: number;
  /** Seen before, or twice in the batch. */
  repeated: number;
  /** No entries at all: set aside. */
  refused: number;
  /** What was reached by them, and told to nobody else. Absent: nothing. */
  crossings?: readonly Crossing[];
}

export interface SettlementOptions {
  readonly dataSource: DataSource;
  readonly balances: BalanceBook;
  readonly partitions: Partitions;
  /** False: of a call only what it is known by is kept, and for as long as it may come again. */
  readonly keepsLogs?: (entry: CallEntry) => boolean;
  /** After a commit: keys that were used, with when, in epoch milliseconds. Must not throw. */
  readonly onKeysUsed?: (keys: ReadonlyMap<string, number>) => void;
  /** After a commit: entries were set aside. */
  readonly onRefused?: (refused: readonly RefusedEntry[]) => void;
}

/** Entries of one transaction. More would not make it faster, would take more memory, and others wait for its balances. */
const MOST = 1_000;
/** Transactions at a time: one writes the log while another waits for its balances, or to be committed. */
const LANES = 2;

/** What one caller sent, read. */
interface Batch {
  readonly entries: CallEntry[];
  readonly bytes: Uint8Array[];
  readonly refused: RefusedEntry[];
}

interface Item {
  readonly entry: CallEntry;
  readonly bytes: Uint8Array;
}

/** What became of each entry of a run, by id. */
interface Outcome {
  readonly accepted: Set<string>;
  readonly refused: Map<string, RefusedEntry>;
  readonly crossings: Crossing[];
}

/** What a transaction did. */
interface Written {
  readonly accepted: ReadonlySet<string>;
  readonly crossings: readonly Crossing[];
}

export class Settlement {
  private readonly coalescer: Coalescer<Batch, Settled>;

  constructor(private readonly options: SettlementOptions) {
    this.coalescer = new Coalescer(
      (batches) => this.run(batches),
      MOST,
      ({ entries, refused }) => entries.length + refused.length,
      LANES,
    );
  }

  /**
   * Answers when all of it is kept. What many send at once is kept in one transaction.
   * @param entries each a JSON document of the form CallEntry
   * @throws GatewayError GW_LEDGER_UNAVAILABLE: nothing, or only a part that counts as repeated when it is sent again
   */
  async settle(entries: readonly Uint8Array[]): Promise<Settled> {
    const sum: Settled = { accepted: 0, repeated: 0, refused: 0 };
    for (let at = 0; at < entries.length; at += MOST) {
      const settled = await this.coalescer.ask(batchOf(entries.slice(at, at + MOST)));
      const { accepted, repeated, refused, crossings } = settled;
      if (crossings) sum.crossings = [...(sum.crossings ?? []), ...crossings];
      sum.accepted += accepted;
      sum.repeated += repeated;
      sum.refused += refused;
    }
    return sum;
  }

  /** When all that was sent has been answered. */
  async drain(): Promise<void> {
    await this.coalescer.idle();
  }

  private async run(batches: Batch[]): Promise<Settled[]> {
    const items = new Map<string, Item>();
    for (const { entries, bytes } of batches) {
      entries.forEach((entry, index) => {
        if (!items.has(entry.id)) items.set(entry.id, { entry, bytes: bytes[index]! });
      });
    }
    const outcome: Outcome = { accepted: new Set(), refused: new Map(), crossings: [] };
    try {
      // In the order of their ids, as others may insert the same ones: then one waits for the other, not both.
      for (const part of partsOf([...items.values()].sort(byId))) await this.keep(part, outcome);
      const refused = [...batches.flatMap((batch) => batch.refused), ...outcome.refused.values()];
      if (refused.length > 0) await this.setAside(refused);
    } catch (error) {
      throw unavailable(error);
    }
    this.tellKeys(items, outcome);
    const { crossings } = outcome;
    return batches.map((batch, at) => ({
      ...settledOf(batch, outcome),
      ...(at === 0 && crossings.length > 0 && { crossings }),
    }));
  }

  /** One of them that the database does not take is found by halves, and the others are kept. */
  private async keep(items: readonly Item[], outcome: Outcome): Promise<void> {
    const entries = items.map(({ entry }) => entry);
    try {
      const { accepted, crossings } = await this.transaction(entries);
      for (const id of accepted) outcome.accepted.add(id);
      outcome.crossings.push(...crossings);
    } catch (error) {
      if (!isContentFault(error)) throw error;
      if (items.length === 1) {
        const { entry, bytes } = items[0]!;
        outcome.refused.set(entry.id, refusedEntry(bytes, `the database: ${(error as Error).message}`));
        return;
      }
      const middle = items.length >> 1;
      await this.keep(items.slice(0, middle), outcome);
      await this.keep(items.slice(middle), outcome);
    }
  }

  private async transaction(entries: readonly CallEntry[]): Promise<Written> {
    const { dataSource, partitions } = this.options;
    const days = new Set(entries.map(({ id }) => dayOfId(id)));
    for (let isSecond = false; ; isSecond = true) {
      try {
        await partitions.ensure(days);
        return await inTransaction(dataSource, (manager) => this.write(manager, entries));
      } catch (error) {
        // Another ledger dropped the table of an old day meanwhile, or attached it first.
        if (isSecond || !(isMissingPartition(error) || databaseCodeOf(error) === '42P07')) throw error;
        partitions.forget();
      }
    }
  }

  private async write(manager: EntityManager, entries: readonly CallEntry[]): Promise<Written> {
    const { keepsLogs } = this.options;
    const logged = keepsLogs ? entries.map((entry) => (keepsLogs(entry) ? entry : bare(entry))) : entries;
    const accepted = await insertLogs(manager, logged);
    if (accepted.size === 0) return { accepted, crossings: [] };
    const isNew = accepted.size < entries.length ? entries.filter(({ id }) => accepted.has(id)) : entries;
    await addDaily(manager, dailyRowsOf(isNew));
    const charges = chargesOf(isNew);
    return { accepted, crossings: charges.size > 0 ? await this.charge(manager, charges) : [] };
  }

  private async charge(manager: EntityManager, charges: ReadonlyMap<string, Charge>): Promise<Crossing[]> {
    const { balances } = this.options;
    const locked = await balances.lockOpened(manager, [...charges.keys()]);
    const postings: Posting[] = [];
    const crossings: Crossing[] = [];
    const paid = new Map<string, { account: string; holder: string; cost: number }>();
    for (const { account, total, parts } of charges.values()) {
      const balance = locked.get(account);
      const start = balances.startOf(balance);
      const spent = start === undefined ? total : spentSince(start, parts);
      postings.push({ account, total, spent });
      if (balance && (balance.max ?? balance.soft) !== undefined) crossings.push(...crossingsOf(balance, spent));
      // Leases are of bounded accounts only.
      if (balance?.max === undefined) continue;
      for (const { holder, cost } of parts) {
        if (holder === undefined) continue;
        const name = `${account}\0${holder}`;
        const share = paid.get(name);
        if (share) share.cost += cost;
        else paid.set(name, { account, holder, cost });
      }
    }
    await balances.post(manager, postings);
    if (paid.size > 0) await reduceLeases(manager, [...paid.values()]);
    return crossings;
  }

  private async setAside(refused: readonly RefusedEntry[]): Promise<void> {
    await inTransaction(this.options.dataSource, (manager) => insertRefused(manager, refused));
    this.options.onRefused?.(refused);
  }

  private tellKeys(items: ReadonlyMap<string, Item>, { accepted }: Outcome): void {
    if (!this.options.onKeysUsed) return;
    const used = new Map<string, number>();
    for (const id of accepted) {
      const { key, endedAt } = items.get(id)!.entry;
      if (key && endedAt > (used.get(key) ?? 0)) used.set(key, endedAt);
    }
    if (used.size > 0) this.options.onKeysUsed(used);
  }
}

/** What was charged is what it was; who called, and for what, is not told. */
const bare = ({ v, id, startedAt, endedAt, status, cost }: CallEntry): CallEntry => ({
  v,
  id,
  startedAt,
  endedAt,
  status,
  cost,
  attempts: [],
});

const byId = (some: Item, other: Item): number => (some.entry.id < other.entry.id ? -1 : 1);

/** What ended before the period began was charged too late for it. */
const spentSince = (start: number, parts: Charge['parts']): number =>
  parts.reduce((sum, { endedAt, cost }) => (endedAt < start ? sum : sum + cost), 0);

/** In transactions of so many, and of so much money that its sum is a safe integer. */
function* partsOf(items: readonly Item[]): Generator<readonly Item[]> {
  let begin = 0;
  let cost = 0;
  for (const [index, { entry }] of items.entries()) {
    cost += entry.cost;
    if (index - begin >= MOST || cost > Number.MAX_SAFE_INTEGER) {
      yield items.slice(begin, index);
      begin = index;
      cost = entry.cost;
    }
  }
  if (begin < items.length) yield items.slice(begin);
}

const batchOf = (documents: readonly Uint8Array[]): Batch => {
  const batch: Batch = { entries: [], bytes: [], refused: [] };
  for (const bytes of documents) {
    try {
      batch.entries.push(readEntry(bytes));
      batch.bytes.push(bytes);
    } catch (error) {
      batch.refused.push(refusedEntry(bytes, (error as Error).message));
    }
  }
  return batch;
};

const refusedEntry = (bytes: Uint8Array, reason: string): RefusedEntry => ({
  bytes,
  reason,
  digest: createHash('sha256').update(bytes).digest('hex'),
});

/** Of several callers who sent the same entry, the first is told that it was accepted. */
const settledOf = ({ entries, refused }: Batch, outcome: Outcome): Settled => {
  const settled: Settled = { accepted: 0, repeated: 0, refused: refused.length };
  for (const { id } of entries) {
    if (outcome.refused.has(id)) settled.refused += 1;
    else if (outcome.accepted.delete(id)) settled.accepted += 1;
    else settled.repeated += 1;
  }
  return settled;
};
