// One key of a distributor: who holds how much of it, who waits, and who is next.
import type { Account } from './account.js';
import type { Amounts } from './authority.js';
import { DIMENSIONS, type Dimension } from './rule.js';
import { partOfOne } from './slice.js';
import { isAhead, WINDOW_MS } from './window.js';

/** A holder gets this part of what it may count on; so slices shrink with what is left. */
const SLICES_EACH = 4;
/** So long a slot is kept for a holder that has too few and asked for it. */
const KEEP_MS = 1_500;

/** What one holder has. */
export interface Holding {
  window: number;
  requests: number;
  tokens: number;
  parallel: number;
  /** Slots that it was told to hand back when they are released. */
  owed: number;
  askedAt: number;
}

/** The size of the slice to give when `want` is wanted: a stock while there is much, just that when there is little. */
export const sliceOf = (want: number, expected: number, holders: number): number =>
  Math.max(want, Math.floor(expected / (SLICES_EACH * Math.max(1, holders))));

export class Share {
  readonly holdings = new Map<string, Holding>();
  /** Holders that were denied, and what would do for one call of theirs; 0 where they lack nothing. */
  readonly denied = new Map<string, Amounts>();
  /** Holders with less than a fair part of the slots, in the order in which they asked, and until when each is kept one. */
  private readonly starving = new Map<string, number>();
  /** Dimensions of which nobody holds anything unused: a recall brought nothing, and nothing was given since. */
  private readonly spent = new Set<Dimension>();
  private spentWindow = -1;

  /** @param account the machine's own, to be set anew when the store gives another for the key */
  constructor(public account: Account) {}

  private holding(holder: string, now: number): Holding {
    let holding = this.holdings.get(holder);
    if (!holding) {
      holding = { window: -1, requests: 0, tokens: 0, parallel: 0, owed: 0, askedAt: now };
      this.holdings.set(holder, holding);
    }
    holding.askedAt = now;
    return holding;
  }

  /** Holders that have slots or asked within a minute. Forgets the others. */
  activeHolders(now: number): number {
    for (const [holder, { parallel, askedAt }] of this.holdings)
      if (parallel === 0 && Math.abs(now - askedAt) > WINDOW_MS) this.holdings.delete(holder);
    return this.holdings.size;
  }

  /** What is at hand for this holder: one that has too few slots, and asked first, is kept one. */
  available(dimension: Dimension, holder: string, now: number): number {
    const { free } = this.account[dimension];
    if (dimension !== 'parallel') return Math.max(0, free);
    const first = this.firstStarving(now);
    return Math.max(0, free - (first === undefined || first === holder ? 0 : 1));
  }

  private firstStarving(now: number): string | undefined {
    for (const [holder, until] of this.starving) {
      if (isAhead(until, now)) return holder;
      this.starving.delete(holder);
    }
    return undefined;
  }

  /** @returns the part of `want` that is not at hand */
  missing(want: Amounts, holder: string, now: number): Amounts {
    const short = (dimension: Dimension): number =>
      Math.max(0, want[dimension] - this.available(dimension, holder, now));
    return { requests: short('requests'), tokens: short('tokens'), parallel: short('parallel') };
  }

  /** Takes a slice in each dimension that is wanted; of tokens none that would not do for one of these calls. */
  draw(want: Amounts, calls: number, holder: string, now: number): Amounts {
    const holding = this.holding(holder, now);
    const holders = this.activeHolders(now);
    if (holding.window !== this.account.minute) {
      holding.window = this.account.minute;
      holding.requests = holding.tokens = 0;
    }
    const drawn = { requests: 0, tokens: 0, parallel: 0 };
    for (const dimension of DIMENSIONS) {
      const available = this.available(dimension, holder, now);
      if (want[dimension] === 0 || available === 0) continue;
      if (dimension === 'tokens' && available < partOfOne(want.tokens, calls)) continue;
      const { free, beyond } = this.account[dimension];
      drawn[dimension] = Math.min(available, sliceOf(want[dimension], free + beyond, holders));
      this.account.draw(dimension, drawn[dimension]);
      holding[dimension] += drawn[dimension];
      this.spent.delete(dimension);
    }
    if (drawn.parallel > 0) this.starving.delete(holder);
    return drawn;
  }

  takeBack(holder: string, window: number, amounts: Amounts): void {
    const holding = this.holdings.get(holder);
    if (!holding) return;
    holding.parallel -= amounts.parallel;
    holding.owed = Math.max(0, holding.owed - amounts.parallel);
    if (window === holding.window) {
      holding.requests -= amounts.requests;
      holding.tokens -= amounts.tokens;
    }
  }

  /** Dimensions of those given that may be lying unused with somebody. */
  recallable(dimensions: readonly Dimension[]): Dimension[] {
    if (this.spentWindow !== this.account.minute) {
      this.spentWindow = this.account.minute;
      this.spent.clear();
    }
    return dimensions.filter((dimension) => !this.spent.has(dimension));
  }

  /** A recall brought nothing. */
  exhausted(dimension: Dimension): void {
    this.spent.add(dimension);
  }

  /** Who holds, or may hold, something in one of these dimensions. */
  holdersOf(dimensions: readonly Dimension[], except?: string): string[] {
    const has = (holding: Holding): boolean =>
      dimensions.some(
        (dimension) => holding[dimension] > 0 && (dimension === 'parallel' || holding.window === this.account.minute),
      );
    return [...this.holdings].flatMap(([holder, holding]) => (holder !== except && has(holding) ? [holder] : []));
  }

  /** Denied holders for whom there may be room now. They are told once. */
  takeHopeful(now: number): string[] {
    const hopeful = [...this.denied].flatMap(([holder, lacking]) => {
      const enough = (dimension: Dimension): boolean =>
        lacking[dimension] > 0 && this.available(dimension, holder, now) >= lacking[dimension];
      return DIMENSIONS.some(enough) ? [holder] : [];
    });
    for (const holder of hopeful) this.denied.delete(holder);
    return hopeful;
  }

  /** A holder was denied a slot. One that has less than a fair part is kept the next. */
  starve(holder: string, now: number): void {
    const { free, taken } = this.account.parallel;
    const fair = Math.max(1, Math.floor((free + taken) / Math.max(1, this.activeHolders(now))));
    if ((this.holdings.get(holder)?.parallel ?? 0) < fair) this.starving.set(holder, now + KEEP_MS);
  }

  /** The holder that is to hand over its next slot, to one that has too few or to other machines; undefined: none. */
  debtor(now: number): string | undefined {
    const { free, owed } = this.account.parallel;
    const collected = [...this.holdings.values()].reduce((sum, holding) => sum + holding.owed, 0);
    const elsewhere = Math.max(0, owed - free);
    if (collected < elsewhere) return this.richest(0);
    const first = this.firstStarving(now);
    if (first === undefined || collected >= elsewhere + this.starving.size) return undefined;
    return this.richest(this.holdings.get(first)?.parallel ?? 0);
  }

  /** The holder with the most slots that it does not owe, if that is more than so many. */
  private richest(thanSlots: number): string | undefined {
    let most = thanSlots;
    let richest: string | undefined;
    for (const [holder, { parallel, owed }] of this.holdings) {
      if (parallel - owed <= most) continue;
      most = parallel - owed;
      richest = holder;
    }
    return richest;
  }

  gone(holder: string): Holding | undefined {
    const holding = this.holdings.get(holder);
    this.holdings.delete(holder);
    this.denied.delete(holder);
    this.starving.delete(holder);
    return holding;
  }

  /** Nobody holds or wants anything. */
  isIdle(now: number): boolean {
    return this.activeHolders(now) === 0;
  }
}
