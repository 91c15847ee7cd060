// Money for a process's calls, from leases that it holds. Whoever keeps the accounts is asked when a lease runs out, and
// not for each call. All amounts are nano-dollars.

/** A lease that is smaller than this share of the last grant is filled up, before a call has to wait for it. */
const REFILL_SHARE = 1 / 2;
/** An account that nobody used for so long gives back what it has. */
const IDLE_MS = 20_000;
/** A lease in use is heard of this often, so that it does not lapse. */
const RENEW_MS = 20_000;
const TICK_MS = 5_000;
/** What was spent has reached the keeper by then. */
const SETTLED_MS = 3_000;
/** An account that had nothing left is not asked for again before this, nor is a keeper that did not answer. */
const DRY_MS = 1_000;
/** Money that others hold is waited for, in all. */
const MAX_WAIT_MS = 2_000;
const LEAST_WAIT_MS = 10;

export interface LeaseAsk {
  readonly account: string;
  /** For a call that waits; 0: a lease is filled up, or heard of. */
  readonly needed: number;
  readonly returned: number;
}

export interface LeaseGrant {
  readonly account: string;
  readonly granted: number;
  readonly max: number;
  readonly spent: number;
  /** Epoch milliseconds. */
  readonly resetAt?: number;
  /** Others hold money of this account, and it may come back within this time. 0: it is spent. */
  readonly retryAfterMs: number;
}

/** Who keeps the accounts. Rejects when it cannot be asked. */
export type LeaseSource = (asks: readonly LeaseAsk[]) => Promise<readonly LeaseGrant[]>;

export interface BudgetDenial {
  readonly account: string;
  /** Absent: nobody could be asked. */
  readonly grant?: LeaseGrant;
}

export interface Reservation {
  /** The call is over, and cost this. Once; further calls do nothing. */
  settle(cost: number): void;
}

export interface BudgetsOptions {
  readonly source: LeaseSource;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** [0, 1) */
  readonly random?: () => number;
  /** Calls go on, uncounted, while nobody can be asked. */
  readonly isOpenWhenAway?: boolean;
}

/** One budgeted account, as this process has it. */
export class BudgetAccount {
  /** Leased, and neither reserved nor spent. */
  available = 0;
  /** Reserved by calls under way. */
  reserved = 0;
  lastGrant = 0;
  usedAt = 0;
  askedAt = 0;
  /** Until then there is nothing to be had; why is in `denial`. */
  dryUntil = 0;
  denial: BudgetDenial | undefined;
  /** Until then it is not filled up beforehand: there was nothing to fill it with. */
  fullUntil = 0;
  /** Granted beyond the bound, for one call that nothing else stood against. What it does not use goes back. */
  beyond = 0;
  /** An ask was not answered: its keeper may count as leased what never came here. */
  isUncertain = false;
  /** The last answer of who keeps it. */
  told: LeaseGrant | undefined;
  /** What calls cost since then. */
  spentSince = 0;
  /** By the first of the calls that wait. */
  needed = 0;
  filling: Promise<void> | undefined;

  constructor(readonly name: string) {}
}

const NOTHING: Reservation = Object.freeze({ settle: () => undefined });

/**
 * What is asked for is on top of what there is. Whoever has nothing reserved gives back all of it, and asks for the whole:
 * then a last call may be let through that needs more than is left.
 */
const wishOf = (account: BudgetAccount): Pick<LeaseAsk, 'needed' | 'returned'> => {
  const { needed, available, reserved } = account;
  if (needed === 0 || available === 0) return { needed, returned: 0 };
  if (reserved > 0) return { needed: Math.max(1, needed - available), returned: 0 };
  account.available = 0;
  account.beyond = 0;
  return { needed, returned: available };
};

export const isBudgetDenial = (outcome: Reservation | BudgetDenial): outcome is BudgetDenial => 'account' in outcome;

export class Budgets {
  private readonly accounts = new Map<string, BudgetAccount>();
  private asks: { ask: LeaseAsk; done: (grant: LeaseGrant | undefined) => void }[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly options: BudgetsOptions) {
    this.timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  /** The same one for the same name, as long as it is in use. */
  account(name: string): BudgetAccount {
    let account = this.accounts.get(name);
    if (!account) this.accounts.set(name, (account = new BudgetAccount(name)));
    return account;
  }

  /**
   * Sets `estimate` aside in every account, or in none.
   * @returns a promise only when somebody must be asked; it never rejects
   */
  reserve(
    names: readonly string[],
    estimate: number,
  ): Reservation | BudgetDenial | Promise<Reservation | BudgetDenial> {
    if (names.length === 0) return NOTHING;
    const accounts = names.map((name) => this.account(name));
    const amount = Math.max(0, Math.ceil(estimate));
    return this.take(accounts, amount) ? this.takeLater(accounts, amount) : this.reservation(accounts, amount);
  }

  /** What calls of this process cost since the keeper of an account last said how it stands. */
  spentSince(name: string): number {
    return this.accounts.get(name)?.spentSince ?? 0;
  }

  /** Others need what is not used of these. */
  recall(names: readonly string[]): void {
    for (const name of names) {
      const account = this.accounts.get(name);
      if (account && account.available > 0) this.giveBack(account);
    }
  }

  /** A bound was changed, or a period began: whoever had nothing left may have now. */
  renewed(name: string): void {
    const account = this.accounts.get(name);
    if (account) account.dryUntil = 0;
  }

  /** Gives back what is not used. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    for (const account of this.accounts.values()) if (account.available > 0) this.giveBack(account);
    await this.send();
  }

  /** @returns the first account that has too little; then nothing was taken */
  private take(accounts: readonly BudgetAccount[], amount: number): BudgetAccount | undefined {
    for (let at = 0; at < accounts.length; at += 1) {
      const account = accounts[at]!;
      // Nobody calls for free: what costs nothing needs a lease that has something, too.
      if (account.available >= amount && account.available > 0) {
        account.available -= amount;
        account.reserved += amount;
        continue;
      }
      for (let taken = 0; taken < at; taken += 1) {
        accounts[taken]!.available += amount;
        accounts[taken]!.reserved -= amount;
      }
      return account;
    }
    return undefined;
  }

  private async takeLater(accounts: readonly BudgetAccount[], amount: number): Promise<Reservation | BudgetDenial> {
    const { now, random = Math.random, isOpenWhenAway = false } = this.options;
    const until = now() + MAX_WAIT_MS;
    const lacks = (account: BudgetAccount): boolean => account.available < amount || account.available === 0;
    for (;;) {
      const lacking = accounts.filter(lacks);
      const asked = now();
      // All at once: whoever asks for one after the other may get each while somebody else has the other.
      await Promise.all(lacking.filter(({ dryUntil }) => asked >= dryUntil).map((one) => this.fill(one, amount || 1)));
      if (!this.take(accounts, amount)) return this.reservation(accounts, amount);
      const denied = lacking.find((one) => lacks(one) && one.denial);
      const retryAfterMs = denied?.denial?.grant?.retryAfterMs ?? 0;
      if (now() >= until || (denied && retryAfterMs === 0)) {
        // Others were quicker each time, where none denied it.
        const short = lacking[0] ?? accounts[0]!;
        const denial = denied?.denial ?? { account: short.name, grant: short.told };
        return denial.grant === undefined && isOpenWhenAway ? NOTHING : denial;
      }
      if (!denied) continue;
      // Not all at the same moment: else the same two stand in each other's way again.
      await new Promise((resolve) => setTimeout(resolve, Math.max(LEAST_WAIT_MS, retryAfterMs) * (0.5 + random())));
      denied.dryUntil = 0;
    }
  }

  private reservation(accounts: readonly BudgetAccount[], amount: number): Reservation {
    const now = this.options.now();
    for (const account of accounts) {
      account.usedAt = now;
      if (account.available >= account.lastGrant * REFILL_SHARE || account.filling) continue;
      if (now >= account.dryUntil && now >= account.fullUntil) void this.fill(account, 0);
    }
    let isOver = false;
    return {
      settle: (cost) => {
        if (isOver) return;
        isOver = true;
        for (const account of accounts) {
          account.reserved -= amount;
          account.spentSince += cost;
          // What was spent beyond the lease is the keeper's to know: it counts what calls cost.
          account.available = Math.max(0, account.available + amount - cost);
          if (account.beyond > 0) this.giveBackBeyond(account);
        }
      },
    };
  }

  /**
   * Those who wait for one account at the same time ask for it once, with what the first of them needs: at the end of a
   * budget one call more may be made, not all of them.
   */
  private fill(account: BudgetAccount, needed: number): Promise<void> {
    account.needed ||= needed;
    account.filling ??= this.filled(account);
    return account.filling;
  }

  private async filled(account: BudgetAccount): Promise<void> {
    // The turn's other calls join in.
    await Promise.resolve();
    const { needed, returned } = wishOf(account);
    account.needed = 0;
    const grant = await this.ask({ account: account.name, needed, returned });
    account.filling = undefined;
    const now = this.options.now();
    if (!grant) {
      account.told = undefined;
      account.denial = { account: account.name };
      account.dryUntil = now + DRY_MS;
      return;
    }
    account.told = grant;
    account.spentSince = 0;
    account.available += grant.granted;
    account.beyond += Math.max(0, grant.granted - Math.max(0, grant.max - grant.spent));
    if (grant.granted > 0) account.lastGrant = grant.granted;
    // Nothing to fill it up with is no answer to a call that came to wait meanwhile: that asks for itself.
    if (needed === 0 && grant.granted === 0) account.fullUntil = now + DRY_MS;
    account.denial = grant.granted < needed ? { account: account.name, grant } : undefined;
    account.dryUntil = account.denial ? now + DRY_MS : 0;
  }

  private giveBack(account: BudgetAccount): void {
    const returned = account.available;
    account.available = 0;
    account.beyond = 0;
    account.lastGrant = 0;
    void this.ask({ account: account.name, needed: 0, returned });
  }

  /** Gives back all that its keeper may take for leased, whatever that is. */
  private startAfresh(account: BudgetAccount): void {
    account.isUncertain = false;
    account.available = 0;
    account.beyond = 0;
    account.lastGrant = 0;
    void this.ask({ account: account.name, needed: 0, returned: Number.MAX_SAFE_INTEGER });
  }

  private giveBackBeyond(account: BudgetAccount): void {
    const returned = Math.min(account.beyond, account.available);
    account.available -= returned;
    account.beyond -= returned;
    if (returned > 0) void this.ask({ account: account.name, needed: 0, returned });
    // The call that it was granted for is over.
    if (account.reserved === 0) account.beyond = 0;
  }

  /** Undefined: nobody could be asked. */
  private ask(ask: LeaseAsk): Promise<LeaseGrant | undefined> {
    const account = this.accounts.get(ask.account);
    if (account) account.askedAt = this.options.now();
    return new Promise((resolve) => {
      const done = (grant: LeaseGrant | undefined): void => {
        if (!grant && account) account.isUncertain = true;
        resolve(grant);
      };
      this.asks.push({ ask, done });
      // What is asked in one turn travels together.
      if (this.asks.length === 1) setImmediate(() => void this.send());
    });
  }

  private async send(): Promise<void> {
    const { asks } = this;
    if (asks.length === 0) return;
    this.asks = [];
    let grants: readonly LeaseGrant[] = [];
    try {
      grants = await this.options.source(asks.map(({ ask }) => ask));
    } catch {
      // Told to each of them.
    }
    for (const [at, { done }] of asks.entries()) done(grants[at]);
  }

  private tick(): void {
    const now = this.options.now();
    for (const [name, account] of this.accounts) {
      if (account.filling) continue;
      const isIdle = account.reserved === 0 && now - account.usedAt >= IDLE_MS;
      if (account.isUncertain && account.reserved === 0 && now - account.usedAt >= SETTLED_MS)
        this.startAfresh(account);
      else if (isIdle && account.available > 0) this.giveBack(account);
      else if (isIdle) this.accounts.delete(name);
      else if (now - account.askedAt >= RENEW_MS && now >= account.dryUntil) void this.fill(account, 0);
    }
  }
}
