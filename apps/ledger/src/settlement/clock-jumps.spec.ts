// Clocks that are set forward and back, by hand or by a machine that was asleep: budgets hold all the same.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { anEntry, bytesOf, DATABASES, NOON, World } from '../../test/settlement-world.js';
import { LEASE_MS, type LeaseGrant } from './lease-desk.js';

const KEY = 'key:k';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe.each(DATABASES)('a clock that jumps, on %s', (kind) => {
  let world: World;
  beforeAll(async () => {
    world = await World.open(kind);
  }, 60_000);
  afterAll(() => world.close());
  beforeEach(async () => {
    await world.clear();
    await world.transaction((manager) =>
      world.ledger().balances.setBounds(manager, [{ account: KEY, max: 10_000, duration: '1d' }]),
    );
  });

  const spend = (cost: number): Promise<unknown> =>
    world.ledger().settlement.settle(bytesOf(anEntry({ key: 'k', cost, endedAt: world.now - 100 })));
  const lease = async (holder: string, needed: number): Promise<LeaseGrant> =>
    (await world.ledger().desk.lease(holder, [{ account: KEY, needed, returned: 0 }]))[0]!;

  it('forward and back: what is spent afterwards is counted, and the budget ends where it should', async () => {
    await spend(1_000);
    world.now = NOON + 2 * DAY;
    await world.ledger().balances.turnOver(world.storage.dataSource.manager, 10);
    world.now = NOON + HOUR;
    await spend(4_000);
    expect(await world.spent(KEY)).toEqual([4_000, 5_000]);
    await spend(6_000);
    expect((await lease('w', 1)).granted).toBe(0);
    // When the time has come that it jumped to, the period goes on, and ends once.
    world.now = NOON + 2 * DAY + HOUR;
    expect(await world.spent(KEY)).toEqual([10_000, 11_000]);
    world.now = NOON + 3 * DAY;
    expect((await lease('w', 1)).granted).toBeGreaterThan(0);
  });

  it('back: the period does not begin again, and a call that is sent again is not counted again', async () => {
    const entry = bytesOf(anEntry({ key: 'k', cost: 3_000, endedAt: NOON - 100 }));
    await world.ledger().settlement.settle(entry);
    world.now = NOON - 3 * DAY;
    expect(await world.ledger().settlement.settle(entry)).toMatchObject({ accepted: 0, repeated: 1 });
    await spend(1_000);
    expect(await world.spent(KEY)).toEqual([4_000, 4_000]);
    expect(world.turned).toEqual([]);
  });

  it('back: what a gateway held that is gone does not stay with it until the clock is there again', async () => {
    world.now = NOON + 2 * HOUR;
    expect((await lease('dead', 10_000)).granted).toBe(10_000);
    world.now = NOON;
    expect((await lease('alive', 1_000)).granted).toBe(0);
    await world.ledger().desk.sweep();
    world.now = NOON + LEASE_MS;
    expect((await lease('alive', 1_000)).granted).toBeGreaterThanOrEqual(1_000);
  });

  it('far forward: many periods that passed unseen are one turn, and calls of before are of none of them', async () => {
    await spend(9_000);
    world.now = NOON + 400 * DAY;
    await world.ledger().settlement.settle(bytesOf(anEntry({ key: 'k', cost: 2_000, endedAt: NOON })));
    expect(await world.spent(KEY)).toEqual([0, 11_000]);
    expect(world.turned).toEqual([KEY]);
    expect((await lease('w', 10_000)).granted).toBe(10_000);
  });
});
