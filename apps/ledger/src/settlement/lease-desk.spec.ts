// Budgets hold exactly, however many gateways spend from leases and however many ledgers grant them.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { anEntry, bytesOf, DATABASES, NOON, World } from '../../test/settlement-world.js';
import { LEASE_MS, type LeaseDesk, type LeaseGrant } from './lease-desk.js';
import type { Settlement } from './settlement.js';

const KEY = 'key:k';

/** A gateway as it should be: pays calls from its lease, gives back what is idle when it asks or is recalled. */
class Gateway {
  private idle = 0;
  private asking: Promise<LeaseGrant> | undefined;

  constructor(
    private readonly holder: string,
    private readonly ledger: { desk: LeaseDesk; settlement: Settlement },
  ) {}

  /** @returns whether there was money for it */
  async call(cost: number): Promise<boolean> {
    while (this.idle < cost) {
      const { granted, retryAfterMs } = await (this.asking ??= this.ask(cost));
      if (granted > 0) continue;
      if (retryAfterMs === 0) return false;
      await sleep(1);
    }
    this.idle -= cost;
    await this.ledger.settlement.settle(bytesOf(anEntry({ key: 'k', holder: this.holder, cost })));
    return true;
  }

  async answerRecalls(): Promise<void> {
    const recalls = await this.ledger.desk.recallsFor([this.holder]);
    if (!recalls.has(this.holder) || this.asking) return;
    const returned = this.idle;
    this.idle = 0;
    await this.ledger.desk.lease(this.holder, [{ account: KEY, needed: 0, returned }]);
  }

  private async ask(needed: number): Promise<LeaseGrant> {
    const returned = this.idle;
    this.idle = 0;
    const [answer] = await this.ledger.desk.lease(this.holder, [{ account: KEY, needed, returned }]);
    this.idle += answer!.granted;
    this.asking = undefined;
    return answer!;
  }
}

describe.each(DATABASES)('LeaseDesk on %s', (kind) => {
  let world: World;
  beforeAll(async () => {
    world = await World.open(kind);
  }, 60_000);
  afterAll(async () => {
    await world.close();
  });
  beforeEach(async () => {
    await world.clear();
  });

  const bound = (max: number | undefined, duration?: string): Promise<void> =>
    world.transaction((manager) => world.ledger().balances.setBounds(manager, [{ account: KEY, max, duration }]));
  const ask = async (desk: LeaseDesk, holder: string, needed: number, returned = 0): Promise<LeaseGrant> =>
    (await desk.lease(holder, [{ account: KEY, needed, returned }]))[0]!;

  it.each([
    ['a whole number of calls', 100 * 7, 100],
    ['one call more than the money, that is begun with what is left', 100 * 7 + 3, 101],
  ])(
    'lets 4 gateways with 50 clients each spend %s, through 2 ledgers',
    async (_title, max, calls) => {
      await bound(max);
      const ledgers = [world.ledger(), world.ledger()];
      const gateways = [0, 1, 2, 3].map((at) => new Gateway(`gateway-${at}`, ledgers[at % 2]!));
      const watch = { isOver: false };
      const watching = (async () => {
        while (!watch.isOver) {
          for (const gateway of gateways) await gateway.answerRecalls();
          await sleep(2);
        }
      })();
      let paid = 0;
      const client = async (gateway: Gateway): Promise<void> => {
        while (await gateway.call(7)) paid += 1;
      };
      await Promise.all(gateways.flatMap((gateway) => Array.from({ length: 50 }, () => client(gateway))));
      watch.isOver = true;
      await watching;
      expect(paid).toBe(calls);
      expect(await world.spent(KEY)).toEqual([calls * 7, calls * 7]);
    },
    60_000,
  );

  it('says who is out of money: the bound, what was spent, and when it begins anew', async () => {
    await bound(1_000, '1d');
    const { desk, settlement } = world.ledger();
    await settlement.settle(bytesOf(anEntry({ key: 'k', cost: 1_000 })));
    expect(await ask(desk, 'a', 1)).toEqual({
      account: KEY,
      granted: 0,
      max: 1_000,
      spent: 1_000,
      resetAt: NOON + 12 * 3_600_000,
      retryAfterMs: 0,
      expiresAt: NOON + LEASE_MS,
    });
  });

  it('has money again when the period has turned', async () => {
    await bound(1_000, '1h');
    const { desk, settlement } = world.ledger();
    await settlement.settle(bytesOf(anEntry({ key: 'k', cost: 1_000 })));
    world.now = NOON + 3_600_000;
    expect(await ask(desk, 'a', 10)).toMatchObject({ granted: 125, spent: 0, resetAt: NOON + 7_200_000 });
    expect(world.turned).toEqual([KEY]);
  });

  it('recalls what others have, through any ledger, until they have given it back', async () => {
    await bound(100);
    const [one, other] = [world.ledger().desk, world.ledger().desk];
    await ask(one, 'a', 90);
    expect(await ask(other, 'b', 20)).toMatchObject({ granted: 0, retryAfterMs: 250 });
    expect(await other.recallsFor(['a', 'b'])).toEqual(new Map([['a', [KEY]]]));
    await ask(one, 'a', 0, 60);
    expect(await other.recallsFor(['a', 'b'])).toEqual(new Map());
    expect(await ask(other, 'b', 20)).toMatchObject({ granted: 20 });
  });

  it('counts a lease that was not renewed for nothing', async () => {
    await bound(100);
    const { desk } = world.ledger();
    await ask(desk, 'a', 90);
    world.now += LEASE_MS - 1;
    expect(await ask(desk, 'b', 20)).toMatchObject({ granted: 0 });
    world.now += 1;
    expect(await ask(desk, 'b', 20)).toMatchObject({ granted: 20 });
    expect(await desk.recallsFor(['a'])).toEqual(new Map());
    expect(await desk.sweep()).toBe(1);
  });

  it('keeps a lease that is renewed', async () => {
    await bound(100);
    const { desk } = world.ledger();
    await ask(desk, 'a', 90);
    for (let time = 0; time < 3; time += 1) {
      world.now += LEASE_MS - 1;
      await ask(desk, 'a', 0);
      expect(await ask(desk, 'b', 20)).toMatchObject({ granted: 0 });
      expect(await desk.sweep()).toBeLessThan(2);
    }
  });

  it('takes what is settled out of the lease it was paid from, and of no other', async () => {
    await bound(1_000);
    const { desk, settlement } = world.ledger();
    await ask(desk, 'a', 400);
    await ask(desk, 'b', 300);
    await settlement.settle(
      bytesOf(anEntry({ key: 'k', holder: 'a', cost: 150 }), anEntry({ key: 'k', holder: 'b', cost: 350 })),
    );
    const leases = await world.query('SELECT holder, outstanding_nano FROM turnpike.leases ORDER BY holder');
    expect(leases).toEqual([
      { holder: 'a', outstanding_nano: 250 },
      { holder: 'b', outstanding_nano: 0 },
    ]);
    expect(await ask(desk, 'c', 250)).toMatchObject({ granted: 250, spent: 500 });
  });

  it('grants what is needed where there is no bound, and keeps no lease of it', async () => {
    const { desk } = world.ledger();
    expect(await ask(desk, 'a', 5)).toMatchObject({ granted: 5, max: undefined });
    await bound(undefined);
    expect(await ask(desk, 'a', 5)).toMatchObject({ granted: 5, max: undefined });
    expect(await world.query('SELECT * FROM turnpike.leases')).toEqual([]);
  });

  it('recalls leases when the bound changes', async () => {
    await bound(1_000);
    const { desk } = world.ledger();
    await ask(desk, 'a', 500);
    await bound(100);
    expect(await desk.recallsFor(['a'])).toEqual(new Map([['a', [KEY]]]));
    expect(await ask(desk, 'b', 1)).toMatchObject({ granted: 0, retryAfterMs: 250 });
  });

  it('answers several asks of one account in their order, and each with its own', async () => {
    await bound(100);
    const { desk } = world.ledger();
    const answers = await Promise.all([ask(desk, 'a', 60), ask(desk, 'b', 60), ask(desk, 'c', 40)]);
    expect(answers.map(({ granted }) => granted)).toEqual([60, 0, 40]);
  });
});
