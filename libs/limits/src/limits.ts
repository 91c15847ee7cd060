// Takes requests, tokens and slots for a process's calls, from slices that it holds. Nothing is asked of anybody until
// a slice runs out.
import type { Account } from './account.js';
import type { Authority } from './authority.js';
import { isUnlimited, type Denial, type LimitRule, type Permit } from './rule.js';
import { SlicedStore } from './sliced-store.js';
import { limitIn, WholeAuthority } from './whole-authority.js';

/** Nobody knows when a slot comes back; a client may as well try again after this. */
const SLOT_RETRY_MS = 1_000;
/** Rounds of asking before a call is denied because others were always quicker. */
const MAX_ROUNDS = 16;
const OUTRUN_RETRY_MS = 100;

const FREE: Permit = Object.freeze({ release: () => undefined });

export interface LimitsOptions {
  /** Whom slices are had from. Absent: this process is alone and counts for itself, exactly. */
  readonly authority?: Authority;
  /** Epoch ms. */
  readonly now?: () => number;
  /** Keys that are kept at most. */
  readonly maxKeys?: number;
}

/** What this process knows of a key. */
export interface KeyUsage {
  /** Let through in this minute by this process. */
  readonly requests: number;
  /** Reserved or, where it is known, used in this minute by this process. */
  readonly tokens: number;
  readonly inFlight: number;
}

export class Limits {
  private readonly authority: Authority;
  private readonly store: SlicedStore;
  private readonly now: () => number;
  private readonly roomListeners = new Set<(key: string) => void>();
  private readonly degradedListeners = new Set<(isDegraded: boolean) => void>();

  constructor({ authority, now = Date.now, maxKeys }: LimitsOptions = {}) {
    this.now = now;
    this.authority = authority ?? new WholeAuthority({ now });
    this.store = new SlicedStore({ authority: this.authority, now, maxKeys });
    this.store.onRoom = (key) => this.tellRoom(key);
    this.store.onDegraded = (isDegraded) => {
      for (const listener of this.degradedListeners) listener(isDegraded);
    };
  }

  /** Limits that should hold across machines hold on each one alone, since Redis is away. */
  get isDegraded(): boolean {
    return this.authority.isDegraded;
  }

  onDegraded(listener: (isDegraded: boolean) => void): void {
    this.degradedListeners.add(listener);
  }

  /** Told the key of a rule when it may have room again. The listener must not throw; it may take. */
  onRoom(listener: (key: string) => void): void {
    this.roomListeners.add(listener);
  }

  /**
   * Whether a call is worth trying: 0 when there is room or nobody knows better, else milliseconds until there may be.
   * Asks nobody and takes nothing.
   */
  waitMs(rule: LimitRule, tokens: number): number {
    if (isUnlimited(rule)) return 0;
    const account = this.store.peek(rule.key);
    if (!account?.fits(rule)) return 0;
    const now = this.now();
    account.turn(now);
    const { requests, tokens: stock, parallel } = account;
    const reserved = account.reserved(tokens);
    return Math.max(
      requests.isLimited && requests.free < 1 ? requests.dryForMs(now) : 0,
      stock.isLimited && stock.free < reserved ? stock.dryForMs(now, reserved) : 0,
      parallel.isLimited && parallel.free < 1 ? parallel.dryForMs(now) : 0,
    );
  }

  /**
   * Takes one request, `tokens` and a slot of every rule, or nothing of any.
   *
   * @param rules kept until the release: neither it nor its rules may be changed
   * @param tokens estimate of what the call will use
   * @returns a promise only when an authority must be asked; it never rejects
   */
  take(rules: readonly LimitRule[], tokens: number): Permit | Denial | Promise<Permit | Denial> {
    const estimate = wholeTokens(tokens);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const outcome = this.attempt(rules, estimate);
      if (outcome !== undefined) return outcome;
      const waiting = this.replenish(rules, estimate);
      if (waiting !== undefined) return this.takeAfter(waiting, rules, estimate);
    }
    return this.outrun(rules, estimate);
  }

  private async takeAfter(
    waiting: Promise<void>,
    rules: readonly LimitRule[],
    tokens: number,
  ): Promise<Permit | Denial> {
    await waiting;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const outcome = this.attempt(rules, tokens);
      if (outcome !== undefined) return outcome;
      await this.replenish(rules, tokens);
    }
    return this.outrun(rules, tokens);
  }

  /** @returns undefined when it depends on what an authority says */
  private attempt(rules: readonly LimitRule[], tokens: number): Permit | Denial | undefined {
    let now = -1;
    for (let index = 0; index < rules.length; index += 1) {
      const rule = rules[index]!;
      if (isUnlimited(rule)) continue;
      if (now === -1) now = this.now();
      const account = this.store.account(rule, now);
      const dimension = account.lacking(tokens);
      if (dimension === undefined) {
        account.take(tokens);
        continue;
      }
      for (let taken = 0; taken < index; taken += 1) this.untake(rules[taken]!, tokens);
      return this.denial(rules, tokens, now);
    }
    return now === -1 ? FREE : new SlotPermit(this, rules, tokens, now);
  }

  private untake(rule: LimitRule, tokens: number): void {
    if (isUnlimited(rule)) return;
    const account = this.store.peek(rule.key)!;
    account.untake(tokens);
    this.store.freed(account);
  }

  /** Denies when any rule is known to have no more. */
  private denial(rules: readonly LimitRule[], tokens: number, now: number): Denial | undefined {
    for (const rule of rules) {
      if (isUnlimited(rule)) continue;
      const account = this.store.account(rule, now);
      const dimension = account.lackingForGood(tokens, now);
      if (dimension === undefined) continue;
      this.store.denied(account, dimension);
      // Others may hand something back sooner; who waits for that is told of it, and need not try again and again.
      const retryAfterMs =
        dimension === 'parallel'
          ? SLOT_RETRY_MS
          : Math.ceil(Math.max(account[dimension].dryForMs(now), account.until - now));
      return { rule, dimension, limit: limitIn(rule, dimension)!, retryAfterMs };
    }
    return undefined;
  }

  /** Asks for what is lacking. @returns a promise when that takes time */
  private replenish(rules: readonly LimitRule[], tokens: number): Promise<void> | undefined {
    const now = this.now();
    const lacking: Account[] = [];
    for (const rule of rules) {
      if (isUnlimited(rule)) continue;
      const account = this.store.account(rule, now);
      if (account.lacking(tokens) !== undefined) lacking.push(account);
    }
    const want = { requests: 1, tokens: Math.max(1, tokens), parallel: 1 };
    for (const account of lacking) account.wait(want, 1);
    const answers = lacking.flatMap((account) => {
      const answer = this.store.fill(account, account.shortage(), account.waitingCalls);
      return answer ? [answer] : [];
    });
    const unwait = (): void => {
      for (const account of lacking) account.unwait(want, 1);
    };
    if (answers.length > 0) return Promise.all(answers).then(unwait);
    unwait();
    return undefined;
  }

  private outrun(rules: readonly LimitRule[], tokens: number): Denial {
    const now = this.now();
    const rule = rules.find((one) => !isUnlimited(one) && this.store.account(one, now).lacking(tokens)) ?? rules[0]!;
    const dimension = this.store.account(rule, now).lacking(tokens) ?? 'requests';
    return { rule, dimension, limit: limitIn(rule, dimension) ?? 0, retryAfterMs: OUTRUN_RETRY_MS };
  }

  /** For the permits that this object gave. */
  release(rules: readonly LimitRule[], tokens: number, takenAt: number, actualTokens: number | undefined): void {
    const now = this.now();
    for (const rule of rules) {
      if (isUnlimited(rule)) continue;
      const account = this.store.peek(rule.key)!;
      account.turn(now);
      account.releaseSlot();
      if (actualTokens !== undefined) account.correct(tokens, wholeTokens(actualTokens), takenAt);
      this.store.freed(account);
    }
    if (this.roomListeners.size > 0) for (const rule of rules) if (!isUnlimited(rule)) this.tellRoom(rule.key);
  }

  usage(key: string): KeyUsage {
    const account = this.store.peek(key);
    if (!account) return { requests: 0, tokens: 0, inFlight: 0 };
    account.turn(this.now());
    const isCurrent = account.until !== 0;
    return {
      requests: isCurrent ? account.requests.taken : 0,
      tokens: isCurrent ? account.tokens.taken : 0,
      inFlight: account.parallel.taken,
    };
  }

  /** How many keys are kept. */
  get keys(): number {
    return this.store.size;
  }

  private tellRoom(key: string): void {
    for (const listener of this.roomListeners) listener(key);
  }

  /** Hands back what is held and stops timers. Permits may still be released. */
  async close(): Promise<void> {
    await this.store.close();
  }
}

/** What a call holds until it is over. */
class SlotPermit implements Permit {
  private isReleased = false;

  constructor(
    private readonly limits: Limits,
    private readonly rules: readonly LimitRule[],
    private readonly tokens: number,
    private readonly takenAt: number,
  ) {}

  release(actualTokens?: number): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.limits.release(this.rules, this.tokens, this.takenAt, actualTokens);
  }
}

/** Whole and not negative; nonsense is 0. */
const wholeTokens = (tokens: number): number => (tokens > 0 && tokens !== Infinity ? Math.ceil(tokens) : 0);
