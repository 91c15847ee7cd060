// What one process holds of one key in one dimension.
import { isAhead } from './window.js';

/** How long a holder hands back more readily after a recall. */
const RECALLED_MS = 5_000;

/** The part of one of so many calls. */
export const partOfOne = (amount: number, calls: number): number => Math.ceil(amount / Math.max(1, calls));

export class Slice {
  /** Infinity: none. */
  limit = Infinity;
  /** May be taken without asking. Below 0 for tokens when calls used more than they had reserved. */
  free = 0;
  /** Taken in this minute; of slots: in use now. */
  taken = 0;
  /** So much of `free` that nobody needed it since the last sweep. */
  unneeded = 0;
  /** See Grant.beyond. */
  beyond = 0;
  /** Wanted by calls that wait. */
  waitedFor = 0;
  /** Slots that go back when they are released. */
  owed = 0;
  /** Someone was denied, and waits for the end of the drought. */
  isAwaited = false;
  private dryUntil = 0;
  /** The drought concerns calls that need at least so much. */
  private dryNeed = 0;
  private recalledUntil = 0;

  get isLimited(): boolean {
    return this.limit !== Infinity;
  }

  /** The authority said that there is no more, at least for a call that needs so much. */
  isDry(now: number, need = Infinity): boolean {
    return need >= this.dryNeed && isAhead(this.dryUntil, now);
  }

  /** Milliseconds until asking for more may be of use. */
  dryForMs(now: number, need = Infinity): number {
    return this.isDry(now, need) ? this.dryUntil - now : 0;
  }

  /** There may be more again. */
  refresh(): void {
    this.dryUntil = 0;
  }

  relimit(limit: number): void {
    this.limit = limit;
    this.dryUntil = 0;
    this.owed = 0;
  }

  /** See Account.isBusy. */
  get isBusy(): boolean {
    return this.limit !== Infinity && (this.free !== 0 || this.isAwaited);
  }

  /** Milliseconds until a drought ends for which somebody waits; Infinity without one. */
  droughtMs(now: number): number {
    return this.isAwaited ? this.dryForMs(now) : Infinity;
  }

  /** @returns whether a drought is over for which somebody waited; told once */
  endDrought(now: number): boolean {
    if (!this.isAwaited || this.isDry(now)) return false;
    this.isAwaited = false;
    return true;
  }

  isRecalled(now: number): boolean {
    return isAhead(this.recalledUntil, now);
  }

  /** @param want what was asked for, for so many calls */
  granted(amount: number, beyond: number, dryUntil: number, want: number, calls: number): void {
    this.dryNeed = this.needOfOne(want, calls);
    this.dryUntil = dryUntil;
    this.free += amount;
    this.beyond = beyond;
  }

  /** What one of so many calls needs, when this much is wanted besides what is free. */
  needOfOne(want: number, calls: number): number {
    return Math.max(0, this.free) + partOfOne(want, calls);
  }

  /** Unused by those it was given to. */
  cameBack(amount: number): void {
    this.free += amount;
    this.taken -= amount;
    if (amount > 0) this.unneeded += amount;
  }

  recalled(now: number): void {
    this.recalledUntil = now + RECALLED_MS;
  }

  /** What would serve those who wait. More than the limit is never there. */
  private get needed(): number {
    return Math.min(this.waitedFor, Math.max(1, this.limit));
  }

  /** What those who wait are short of. */
  get shortage(): number {
    return this.isLimited ? Math.max(0, this.needed - this.free) : 0;
  }

  /** Takes out what is free and does not serve those who wait. `isWhole`: a part of what they wait for is no use. */
  removeSpare(isWhole: boolean): number {
    const isUseless = isWhole && this.free < this.needed;
    return this.remove(isUseless ? Infinity : this.free - this.needed);
  }

  /** Takes out all that is free, or so much of it. It pays debts. */
  remove(atMost = Infinity): number {
    const amount = Math.max(0, Math.min(this.free, atMost));
    this.free -= amount;
    this.owed = Math.max(0, this.owed - amount);
    return amount;
  }

  /** So much more than the limit is here that it can go back. */
  get excess(): number {
    return Math.min(this.free, this.free + this.taken - this.limit);
  }

  /** Takes out what was free all the time since this was last asked. */
  removeUnneeded(): number {
    if (!this.isLimited) return 0;
    const amount = this.remove(this.unneeded);
    this.unneeded = Math.max(0, this.free);
    // What went up can be had again.
    if (amount > 0) this.refresh();
    return amount;
  }

  /** Tokens used beyond what was granted, taken off the slice to be charged to the authority. At most 0. */
  removeDebt(): number {
    if (!this.isLimited || this.free >= 0) return 0;
    const debt = this.free;
    this.free = 0;
    return debt;
  }
}
