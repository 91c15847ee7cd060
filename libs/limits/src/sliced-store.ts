// Holds the slices of one process: asks its authority when one runs out, and hands back what is not needed. A worker's
// calls draw on it directly; the primary of a machine gives parts of it to its workers.
import { Account } from './account.js';
import {
  byDimension,
  isNothing,
  NOTHING,
  type Amounts,
  type Ask,
  type Authority,
  type AuthorityEvents,
  type Grant,
  type Recall,
  type Return,
} from './authority.js';
import { MAX_KEYS, surplusKey } from './bounded-map.js';
import { DIMENSIONS, type Dimension, type LimitRule } from './rule.js';

/** What was not needed for this long goes back; with two levels it is back at the top within a second. */
const SWEEP_MS = 300;
/** The same while others are in want of it. */
const RECALLED_SWEEP_MS = 20;
/** A key that nobody asked for in this time is forgotten. */
const FORGET_MS = 120_000;
const FORGET_EVERY_MS = 30_000;

export interface SlicedStoreOptions {
  readonly authority: Authority;
  /** Epoch ms. */
  readonly now: () => number;
  readonly maxKeys?: number;
}

/** `news`: the authority or the clock made room; `arrival`: a slice came because someone asked. */
export type RoomCause = 'news' | 'arrival';

export class SlicedStore implements AuthorityEvents {
  /** Told when there may be room again. Set by the owner; must not throw. */
  onRoom: ((key: string, cause: RoomCause) => void) | undefined;
  onDegraded: ((isDegraded: boolean) => void) | undefined;
  /** Brings home what holders beneath do not need, before a recall is answered. */
  gather: ((recall: Recall) => Promise<void> | undefined) | undefined;
  private readonly accounts = new Map<string, Account>();
  private readonly watched = new Set<Account>();
  private readonly authority: Authority;
  private readonly now: () => number;
  private readonly maxKeys: number;
  private timer: NodeJS.Timeout | undefined;
  private timerAt = 0;
  private forgotAt = 0;
  private isClosed = false;

  constructor({ authority, now, maxKeys = MAX_KEYS }: SlicedStoreOptions) {
    this.authority = authority;
    this.now = now;
    this.maxKeys = maxKeys;
    authority.attach(this);
  }

  get size(): number {
    return this.accounts.size;
  }

  peek(key: string): Account | undefined {
    return this.accounts.get(key);
  }

  /** The account of a rule, as of now, under the limits of that rule. */
  account(rule: LimitRule, now: number): Account {
    const account = this.accounts.get(rule.key) ?? this.open(rule);
    if (!account.fits(rule)) this.giveBack(account.relimit(rule));
    account.touchedAt = now;
    account.turn(now);
    return account;
  }

  private open(rule: LimitRule): Account {
    // Calls under way are never forgotten.
    const surplus = surplusKey(this.accounts, this.maxKeys, ({ isIdle }) => isIdle);
    if (surplus !== undefined) this.drop(this.accounts.get(surplus)!);
    const account = new Account(rule);
    this.accounts.set(rule.key, account);
    this.schedule(FORGET_EVERY_MS);
    return account;
  }

  /**
   * Asks for what is wanted, unless that is known to be pointless.
   * @param calls that wait for it
   * @returns a promise when the answer takes time; also when an earlier ask for this key is still under way
   */
  fill(account: Account, want: Amounts, calls: number): Promise<void> | undefined {
    if (account.asking) return account.asking;
    const now = this.now();
    const hopeful = byDimension((dimension) => {
      const slice = account[dimension];
      return slice.isDry(now, slice.needOfOne(want[dimension], calls)) ? 0 : want[dimension];
    });
    if (isNothing(hopeful)) return undefined;
    const ask = account.ask(hopeful, calls);
    const answer = this.authority.ask(ask);
    if (!(answer instanceof Promise)) {
      this.receive(account, ask, answer);
      return undefined;
    }
    account.asking = answer.then((grant) => {
      account.asking = undefined;
      this.receive(account, ask, grant);
    });
    return account.asking;
  }

  private receive(account: Account, ask: Ask, grant: Grant): void {
    account.receive(ask, grant, this.now());
    // A limit that was lifted while the answer was on its way.
    const useless = byDimension((dimension) => (account[dimension].isLimited ? 0 : grant.granted[dimension]));
    this.giveBack(account.toReturn(useless));
    this.watch(account);
    if (this.onRoom && !isNothing(grant.granted)) setImmediate(() => this.onRoom?.(account.key, 'arrival'));
  }

  /** Slots and tokens that are free again stay here for the next call, unless they are owed or above a new limit. */
  freed(account: Account): void {
    const { parallel } = account;
    if (parallel.owed > 0 && parallel.isLimited) {
      this.giveBack(account.toReturn({ parallel: parallel.remove(parallel.owed) }));
      // Whoever waits here may queue for the next one.
      parallel.refresh();
    }
    if (account.exceeds) this.giveBack(account.trim());
    this.watch(account);
  }

  /** What a holder beneath hands back. */
  deposit(account: Account, back: Return): void {
    account.deposit(back);
    this.freed(account);
  }

  private giveBack(back: Return): void {
    if (!isNothing(back.amounts)) this.authority.giveBack(back);
  }

  recalled(recall: Recall): Return | Promise<Return> {
    const account = this.accounts.get(recall.key);
    if (account) account.parallel.owed += recall.owe;
    const gathering = this.gather?.(recall);
    return gathering ? gathering.then(() => this.surrender(recall)) : this.surrender(recall);
  }

  private surrender({ key, dimensions }: Recall): Return {
    const account = this.accounts.get(key);
    if (!account) return { key, window: -1, amounts: NOTHING };
    const now = this.now();
    account.turn(now);
    const amounts = byDimension((dimension) => {
      const slice = account[dimension];
      if (!dimensions.includes(dimension) || !slice.isLimited) return 0;
      slice.recalled(now);
      return slice.removeSpare(dimension === 'tokens');
    });
    this.watch(account);
    this.schedule(RECALLED_SWEEP_MS);
    return account.toReturn(amounts);
  }

  room(key: string): void {
    const account = this.accounts.get(key);
    if (account) for (const dimension of DIMENSIONS) account[dimension].refresh();
    this.onRoom?.(key, 'news');
  }

  degraded(isDegraded: boolean): void {
    this.onDegraded?.(isDegraded);
  }

  /** Somebody was denied, and is to be told when there may be room. */
  denied(account: Account, dimension: Dimension): void {
    account[dimension].isAwaited = true;
    this.watch(account);
    this.schedule(account.droughtMs(this.now()));
  }

  private watch(account: Account): void {
    if (account.isWatched) return;
    account.isWatched = true;
    this.watched.add(account);
    this.schedule(SWEEP_MS);
  }

  /** Hands back what nobody needed of late, and tells of droughts that are over. The timer calls it. */
  sweep(): void {
    this.timer = undefined;
    const now = this.now();
    let nextMs = this.accounts.size > 0 ? FORGET_EVERY_MS : Infinity;
    const withNews: string[] = [];
    for (const account of this.watched) {
      const periodMs = account.isRecalled(now) ? RECALLED_SWEEP_MS : SWEEP_MS;
      const dueMs = account.sweptAt + periodMs - now;
      const isDue = dueMs <= 0 || dueMs > periodMs;
      if (isDue) this.giveBack(account.sweep(now));
      if (account.endDroughts(now)) withNews.push(account.key);
      if (account.isBusy) nextMs = Math.min(nextMs, isDue ? periodMs : dueMs, account.droughtMs(now));
      else {
        account.isWatched = false;
        this.watched.delete(account);
      }
    }
    this.forget(now);
    this.schedule(nextMs);
    for (const key of withNews) this.onRoom?.(key, 'news');
  }

  private schedule(delayMs: number): void {
    if (this.isClosed || delayMs === Infinity) return;
    const at = performance.now() + delayMs;
    if (this.timer !== undefined && this.timerAt <= at) return;
    clearTimeout(this.timer);
    this.timerAt = at;
    this.timer = setTimeout(() => this.sweep(), Math.max(1, delayMs)).unref();
  }

  private forget(now: number): void {
    if (Math.abs(now - this.forgotAt) < FORGET_EVERY_MS) return;
    this.forgotAt = now;
    for (const account of this.accounts.values())
      if (account.isIdle && Math.abs(now - account.touchedAt) >= FORGET_MS) this.drop(account);
  }

  private drop(account: Account): void {
    this.accounts.delete(account.key);
    this.watched.delete(account);
    this.giveBack(account.empty());
  }

  /** Hands everything back that is not in use. */
  close(): void | Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    for (const account of this.accounts.values()) this.giveBack(account.empty());
    return this.authority.close();
  }
}
