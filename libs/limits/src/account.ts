// The slices that one process holds of one key.
import { byDimension, type Amounts, type Ask, type Grant, type Return } from './authority.js';
import { DIMENSIONS, type Dimension, type LimitRule } from './rule.js';
import { Slice } from './slice.js';
import { isAhead } from './window.js';

const limitOf = (limit: number | undefined): number =>
  limit === undefined || !Number.isFinite(limit) ? Infinity : Math.max(0, Math.floor(limit));

export class Account {
  readonly requests = new Slice();
  readonly tokens = new Slice();
  readonly parallel = new Slice();
  /** When it was last asked for, epoch ms. */
  touchedAt = 0;
  /** When it was last swept, epoch ms. */
  sweptAt = 0;
  /** It is among those that the sweep looks at. */
  isWatched = false;
  /** An ask under way. */
  asking: Promise<void> | undefined;
  /** Calls that wait for a slice. */
  waitingCalls = 0;
  private window = -1;
  private endsAt = 0;
  /** When this process came to have slices of this minute. */
  private enteredAt = 0;
  private rule: LimitRule;

  constructor(rule: LimitRule) {
    this.rule = rule;
    this.requests.limit = limitOf(rule.rpm);
    this.tokens.limit = limitOf(rule.tpm);
    this.parallel.limit = limitOf(rule.maxParallel);
  }

  get key(): string {
    return this.rule.key;
  }

  /** Whether the limits of the rule are those that the slices were had for. */
  fits(rule: LimitRule): boolean {
    const known = this.rule;
    if (rule === known) return true;
    if (rule.rpm !== known.rpm || rule.tpm !== known.tpm || rule.maxParallel !== known.maxParallel) return false;
    // The next look at the same object is quicker.
    this.rule = rule;
    return true;
  }

  /** Other limits from now on. @returns what was held for the former ones and is to go back */
  relimit(rule: LimitRule): Return {
    const { maxParallel } = rule;
    const endsParallelLimit = this.parallel.isLimited && limitOf(maxParallel) === Infinity;
    const back = this.toReturn({
      requests: this.removeLimited(this.requests),
      tokens: this.removeLimited(this.tokens),
      parallel: this.removeLimited(this.parallel) + (endsParallelLimit ? this.parallel.taken : 0),
    });
    // What is under way without a slot must have one before anything else gets any.
    if (!this.parallel.isLimited) this.parallel.free = -this.parallel.taken;
    this.rule = rule;
    this.requests.relimit(limitOf(rule.rpm));
    this.tokens.relimit(limitOf(rule.tpm));
    this.parallel.relimit(limitOf(maxParallel));
    return back;
  }

  private removeLimited(slice: Slice): number {
    if (slice.isLimited) return slice.remove();
    slice.free = 0;
    return 0;
  }

  /** Drops what was for a minute that is over. Tokens that were used beyond what was granted stay owed. */
  turn(now: number): void {
    if (this.endsAt === 0 || isAhead(this.endsAt, now)) return;
    this.endsAt = 0;
    this.requests.free = 0;
    this.tokens.free = Math.min(0, this.tokens.free);
  }

  /** Tokens to reserve for a call. More than the whole limit is never there, so the limit has to do. */
  reserved(tokens: number): number {
    return this.tokens.isLimited ? Math.max(1, Math.min(tokens, this.tokens.limit)) : tokens;
  }

  /** The first dimension in which there is no room for one more call; undefined when there is. */
  lacking(tokens: number): Dimension | undefined {
    if (this.requests.isLimited && this.requests.free < 1) return 'requests';
    if (this.tokens.isLimited && this.tokens.free < this.reserved(tokens)) return 'tokens';
    if (this.parallel.isLimited && this.parallel.free < 1) return 'parallel';
    return undefined;
  }

  /** The first dimension in which there is no room, nor any to be had by asking. */
  lackingForGood(tokens: number, now: number): Dimension | undefined {
    const { requests, tokens: stock, parallel } = this;
    if (requests.isLimited && requests.free < 1 && requests.isDry(now)) return 'requests';
    const reserved = this.reserved(tokens);
    if (stock.isLimited && stock.free < reserved && stock.isDry(now, reserved)) return 'tokens';
    if (parallel.isLimited && parallel.free < 1 && parallel.isDry(now)) return 'parallel';
    return undefined;
  }

  /** One call. There must be room. */
  take(tokens: number): void {
    this.requests.taken += 1;
    this.requests.free -= 1;
    this.requests.unneeded = 0;
    const reserved = this.reserved(tokens);
    this.tokens.taken += reserved;
    this.tokens.free -= reserved;
    this.tokens.unneeded = 0;
    this.drawSlots(1);
  }

  /** A call that was taken this very moment does not take place. */
  untake(tokens: number): void {
    const reserved = this.reserved(tokens);
    this.requests.taken -= 1;
    this.requests.free += 1;
    this.tokens.taken -= reserved;
    this.tokens.free += reserved;
    this.releaseSlot();
  }

  /** For a holder beneath. There must be so much. */
  draw(dimension: Dimension, amount: number): void {
    if (dimension === 'parallel') return this.drawSlots(amount);
    this[dimension].taken += amount;
    this[dimension].free -= amount;
    this[dimension].unneeded = 0;
  }

  private drawSlots(amount: number): void {
    this.parallel.taken += amount;
    this.parallel.free -= amount;
    if (this.parallel.free < this.parallel.unneeded) this.parallel.unneeded = Math.max(0, this.parallel.free);
  }

  releaseSlot(): void {
    this.parallel.taken -= 1;
    this.parallel.free += 1;
  }

  /**
   * The truth about a call for which tokens were reserved. Too many reserved: the rest is free again, in the same
   * minute. Too few: the excess counts now.
   */
  correct(tokens: number, actualTokens: number, takenAt: number): void {
    const excess = actualTokens - this.reserved(tokens);
    if (excess < 0 && (this.endsAt === 0 || takenAt < this.enteredAt)) return;
    this.tokens.taken += excess;
    this.tokens.free -= excess;
  }

  /** Calls that wait for slices, and what they want. It is kept for them when others want it too. */
  wait({ requests, tokens, parallel }: Amounts, calls: number): void {
    this.waitingCalls += calls;
    this.requests.waitedFor += requests;
    this.tokens.waitedFor += tokens;
    this.parallel.waitedFor += parallel;
  }

  unwait({ requests, tokens, parallel }: Amounts, calls: number): void {
    this.waitingCalls -= calls;
    this.requests.waitedFor -= requests;
    this.tokens.waitedFor -= tokens;
    this.parallel.waitedFor -= parallel;
  }

  /** What those who wait are short of. */
  shortage(): Amounts {
    return byDimension((dimension) => this[dimension].shortage);
  }

  ask(want: Amounts, calls: number): Ask {
    const { key, rpm, tpm, maxParallel } = this.rule;
    return { rule: { key, rpm, tpm, maxParallel }, want, calls };
  }

  /** Takes in what the authority granted in the dimensions that were wanted. */
  receive({ want, calls }: Ask, grant: Grant, now: number): void {
    const isCurrent = isAhead(grant.endsAt, now);
    if (isCurrent) this.enter(grant, now);
    for (const dimension of DIMENSIONS) {
      if (want[dimension] === 0) continue;
      const amount = isCurrent || dimension === 'parallel' ? grant.granted[dimension] : 0;
      this[dimension].granted(amount, grant.beyond[dimension], grant.dryUntil[dimension], want[dimension], calls);
    }
  }

  private enter({ window, endsAt }: Grant, now: number): void {
    if (window !== this.window) {
      this.requests.free = 0;
      this.tokens.free = Math.min(0, this.tokens.free);
      this.requests.taken = this.tokens.taken = 0;
      this.requests.unneeded = this.tokens.unneeded = 0;
      this.window = window;
      this.enteredAt = now;
    }
    this.endsAt = endsAt;
  }

  /** Unused amounts of a holder beneath; negative tokens are a charge. */
  deposit({ window, amounts }: Pick<Return, 'window' | 'amounts'>): void {
    this.parallel.cameBack(amounts.parallel);
    if (window !== this.window || this.endsAt === 0) return;
    this.requests.cameBack(amounts.requests);
    this.tokens.cameBack(amounts.tokens);
  }

  /** Words for giving back. */
  toReturn(amounts: Partial<Amounts>): Return {
    const { requests = 0, tokens = 0, parallel = 0 } = amounts;
    return { key: this.key, window: this.window, amounts: { requests, tokens, parallel } };
  }

  /** End of the minute that the slices are for, epoch ms; 0 when there is none. */
  get until(): number {
    return this.endsAt;
  }

  /** Number of that minute. */
  get minute(): number {
    return this.window;
  }

  /** Others asked for what is unused here. */
  isRecalled(now: number): boolean {
    return this.requests.isRecalled(now) || this.tokens.isRecalled(now) || this.parallel.isRecalled(now);
  }

  /** It holds something, or somebody waits for it, so that the sweep must look at it. */
  get isBusy(): boolean {
    return this.requests.isBusy || this.tokens.isBusy || this.parallel.isBusy;
  }

  /** Milliseconds until a drought ends for which somebody waits; Infinity without one. */
  droughtMs(now: number): number {
    return Math.min(this.requests.droughtMs(now), this.tokens.droughtMs(now), this.parallel.droughtMs(now));
  }

  /** @returns whether a drought is over for which somebody waited; told once */
  endDroughts(now: number): boolean {
    const requests = this.requests.endDrought(now);
    const tokens = this.tokens.endDrought(now);
    const parallel = this.parallel.endDrought(now);
    return requests || tokens || parallel;
  }

  /** Takes out what nobody needed since the last sweep, and what calls used beyond what was granted. */
  sweep(now: number): Return {
    this.sweptAt = now;
    this.turn(now);
    const { requests, tokens, parallel } = this;
    const amounts = {
      requests: requests.removeUnneeded(),
      // A charge needs a minute that it counts in.
      tokens: tokens.removeUnneeded() + (this.endsAt === 0 ? 0 : tokens.removeDebt()),
      parallel: parallel.removeUnneeded(),
    };
    return this.toReturn(amounts);
  }

  /** It holds more than the limits allow, because they were lowered. */
  get exceeds(): boolean {
    return this.requests.excess > 0 || this.tokens.excess > 0 || this.parallel.excess > 0;
  }

  /** Takes out what exceeds the limits. */
  trim(): Return {
    const { requests, tokens, parallel } = this;
    return this.toReturn({
      requests: requests.remove(requests.excess),
      tokens: tokens.remove(tokens.excess),
      parallel: parallel.remove(parallel.excess),
    });
  }

  /** Takes out all that is free. */
  empty(): Return {
    return this.toReturn({
      requests: this.removeLimited(this.requests),
      tokens: this.removeLimited(this.tokens),
      parallel: this.removeLimited(this.parallel),
    });
  }

  /** Nobody would miss it. */
  get isIdle(): boolean {
    return this.parallel.taken === 0 && this.waitingCalls === 0 && this.asking === undefined;
  }
}
