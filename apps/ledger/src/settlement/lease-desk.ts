// Hands out what is left in accounts, so that gateways admit calls without asking for each.
import type { NanoUsd } from '@turnpike/domain';
import type { DataSource, EntityManager } from 'typeorm';
import { inTransaction } from '../storage/in-transaction.js';
import type { Balance, BalanceBook } from './balance-book.js';
import { Coalescer } from './coalescer.js';
import { flags, numbers, texts } from './columns.js';
import { unavailable } from './database-faults.js';
import { grant, type Lease } from './grant.js';

export interface LeaseAsk {
  readonly account: string;
  /** On top of what the holder has, for a call that waits; 0: nobody waits, the lease is renewed. */
  readonly needed: NanoUsd;
  /** Given back. Who has nothing reserved gives back all that it has, and asks for the whole of what it needs. */
  readonly returned: NanoUsd;
}

export interface LeaseGrant {
  readonly account: string;
  /** 0: nothing, but what the holder had is renewed. */
  readonly granted: NanoUsd;
  /** Undefined: the account is not bounded, and what was needed is granted. */
  readonly max: NanoUsd | undefined;
  readonly spent: NanoUsd;
  /** Epoch milliseconds. */
  readonly resetAt: number | undefined;
  /** When to ask again, where others hold what is left. 0: it is spent, or it was granted. */
  readonly retryAfterMs: number;
  /** Epoch milliseconds: a lease that is not renewed by then counts as nothing. */
  readonly expiresAt: number;
}

interface Order {
  readonly holder: string;
  readonly asks: readonly LeaseAsk[];
}

/** Who does not ask for so long has gone. */
export const LEASE_MS = 60_000;
/** Time for holders to hear that they are recalled, and to give back. */
const RECALL_MS = 250;
/** Asks of one transaction. */
const MOST = 500;

interface LeaseRow {
  account: string;
  holder: string;
  outstanding_nano: number | string;
  expires_at: Date;
  recalled: boolean;
}

/** The leases of one account while they are changed. */
interface Drawer {
  readonly balance: Balance;
  readonly leases: Map<string, Lease>;
  /** Who asked: their leases are renewed. */
  readonly renewed: Set<string>;
}

export class LeaseDesk {
  private readonly coalescer: Coalescer<Order, LeaseGrant[]>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly balances: BalanceBook,
  ) {
    this.coalescer = new Coalescer(
      (orders) => this.run(orders),
      MOST,
      ({ asks }) => asks.length,
    );
  }

  /**
   * Exact, however many ledgers grant at once: what was spent and what is leased never exceed the bound together, but for
   * the excess of one last call.
   * @returns in the order of the asks
   * @throws GatewayError GW_LEDGER_UNAVAILABLE
   */
  lease(holder: string, asks: readonly LeaseAsk[]): Promise<LeaseGrant[]> {
    return asks.length === 0 ? Promise.resolve([]) : this.coalescer.ask({ holder, asks });
  }

  /** Accounts whose leases somebody else waits for, by holder. */
  async recallsFor(holders: readonly string[]): Promise<Map<string, string[]>> {
    const recalls = new Map<string, string[]>();
    if (holders.length === 0) return recalls;
    const rows = await this.dataSource.query<{ holder: string; account: string }[]>(
      `SELECT holder, account FROM turnpike.leases
        WHERE recalled AND outstanding_nano > 0 AND expires_at > $2 AND holder = ANY($1::text[])
        ORDER BY account`,
      [texts(holders), new Date(this.balances.now())],
    );
    for (const { holder, account } of rows) {
      const accounts = recalls.get(holder);
      if (accounts) accounts.push(account);
      else recalls.set(holder, [account]);
    }
    return recalls;
  }

  /** Forgets leases that have expired. @returns how many */
  async sweep(): Promise<number> {
    const now = this.balances.now();
    const latest = new Date(now + LEASE_MS);
    // Nobody gives them out for longer: the clock was set back, and those of the dead would hold the money until it gets there.
    await this.dataSource.query(
      `UPDATE turnpike.leases SET expires_at = $1 WHERE (account, holder) IN (
         SELECT account, holder FROM turnpike.leases WHERE expires_at > $1 ORDER BY account, holder
            FOR UPDATE SKIP LOCKED)`,
      [latest],
    );
    const [, count] = await this.dataSource.query<[unknown, number]>(
      `DELETE FROM turnpike.leases WHERE (account, holder) IN (
         SELECT account, holder FROM turnpike.leases WHERE expires_at <= $1 ORDER BY account, holder
            FOR UPDATE SKIP LOCKED)`,
      [new Date(now)],
    );
    return count;
  }

  private async run(orders: Order[]): Promise<LeaseGrant[][]> {
    try {
      return await inTransaction(this.dataSource, (manager) => this.serve(manager, orders));
    } catch (error) {
      throw unavailable(error);
    }
  }

  private async serve(manager: EntityManager, orders: readonly Order[]): Promise<LeaseGrant[][]> {
    const accounts = [...new Set(orders.flatMap(({ asks }) => asks.map(({ account }) => account)))];
    const balances = await this.balances.lock(manager, accounts);
    const now = this.balances.now();
    const drawers = await this.open(manager, balances, now);
    const answers = orders.map(({ holder, asks }) =>
      asks.map((ask) => this.answer(drawers.get(ask.account), holder, ask, now)),
    );
    await this.write(manager, drawers, now);
    return answers;
  }

  private async open(
    manager: EntityManager,
    balances: ReadonlyMap<string, Balance>,
    now: number,
  ): Promise<Map<string, Drawer>> {
    const drawers = new Map<string, Drawer>();
    for (const [account, balance] of balances) {
      if (balance.max !== undefined) drawers.set(account, { balance, leases: new Map(), renewed: new Set() });
    }
    if (drawers.size === 0) return drawers;
    const rows = await manager.query<LeaseRow[]>(
      `SELECT account, holder, outstanding_nano, expires_at, recalled FROM turnpike.leases
        WHERE account = ANY($1::text[]) AND expires_at > $2`,
      [texts([...drawers.keys()]), new Date(now)],
    );
    for (const { account, holder, outstanding_nano: outstanding, recalled } of rows) {
      drawers.get(account)?.leases.set(holder, { outstanding: Number(outstanding), isRecalled: recalled });
    }
    return drawers;
  }

  private answer(drawer: Drawer | undefined, holder: string, ask: LeaseAsk, now: number): LeaseGrant {
    const { account, needed } = ask;
    const expiresAt = now + LEASE_MS;
    if (!drawer) {
      return { account, granted: needed, max: undefined, spent: 0, resetAt: undefined, retryAfterMs: 0, expiresAt };
    }
    const { balance, leases, renewed } = drawer;
    const { max = 0, spent, resetAt } = balance;
    const { granted, refusal } = grant(max - spent, leases, holder, ask);
    renewed.add(holder);
    const retryAfterMs = refusal === 'held' ? RECALL_MS : 0;
    return { account, granted, max, spent, resetAt, retryAfterMs, expiresAt };
  }

  private async write(manager: EntityManager, drawers: ReadonlyMap<string, Drawer>, now: number): Promise<void> {
    const renewed: [string, string, Lease][] = [];
    const recalled: [string, string][] = [];
    for (const [account, drawer] of drawers) {
      for (const [holder, lease] of drawer.leases) {
        if (drawer.renewed.has(holder)) renewed.push([account, holder, lease]);
        else if (lease.isRecalled) recalled.push([account, holder]);
      }
    }
    if (renewed.length > 0) {
      await manager.query(
        `INSERT INTO turnpike.leases (account, holder, outstanding_nano, recalled, expires_at)
         SELECT account, holder, outstanding, recalled, $5::timestamptz
           FROM unnest($1::text[], $2::text[], $3::bigint[], $4::boolean[]) AS n(account, holder, outstanding, recalled)
         ON CONFLICT (account, holder) DO UPDATE SET outstanding_nano = excluded.outstanding_nano,
           recalled = excluded.recalled, expires_at = excluded.expires_at`,
        [
          texts(renewed.map(([account]) => account)),
          texts(renewed.map(([, holder]) => holder)),
          numbers(renewed.map(([, , { outstanding }]) => outstanding)),
          flags(renewed.map(([, , { isRecalled }]) => isRecalled)),
          new Date(now + LEASE_MS),
        ],
      );
    }
    if (recalled.length > 0) {
      await manager.query(
        `UPDATE turnpike.leases l SET recalled = true FROM unnest($1::text[], $2::text[]) AS r(account, holder)
          WHERE l.account = r.account COLLATE "C" AND l.holder = r.holder COLLATE "C"`,
        [texts(recalled.map(([account]) => account)), texts(recalled.map(([, holder]) => holder))],
      );
    }
  }
}
