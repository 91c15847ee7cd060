// Budgets that reach a mark are told of once a period, to one of those who settled the calls.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { anEntry, bytesOf, DATABASES, NOON, World } from '../../test/settlement-world.js';
import type { Bound } from './balance-book.js';
import type { Settlement } from './settlement.js';

describe.each(DATABASES)('marks of budgets on %s', (kind) => {
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

  const bounded = (...bounds: Bound[]): Promise<void> =>
    world.transaction((manager) => world.ledger().balances.setBounds(manager, bounds));
  const settle = async (settlement: Settlement, ...costs: number[]): Promise<string[]> => {
    const entries = costs.map((cost) => anEntry({ key: 'k', team: 't', cost, endedAt: world.now - 1_000 }));
    const { crossings = [] } = await settlement.settle(bytesOf(...entries));
    return crossings.map(({ kind: mark, account, percent, spent }) => `${account} ${mark} ${percent ?? ''} ${spent}`);
  };

  it('are told when they are reached, and then not again in the period', async () => {
    await bounded({ account: 'key:k', max: 100, soft: 50 }, { account: 'team:t', max: undefined, soft: 60 });
    const { settlement } = world.ledger();
    expect(await settle(settlement, 20, 20)).toEqual([]);
    expect(await settle(settlement, 10)).toEqual(['key:k soft-budget  50']);
    expect((await settle(settlement, 36)).sort()).toEqual(['key:k threshold 85 86', 'team:t soft-budget  86']);
    expect(await settle(settlement, 5)).toEqual([]);
    expect(await settle(settlement, 30)).toEqual(['key:k max-budget  121']);
    expect(await settle(settlement, 30)).toEqual([]);
  });

  it('are told anew in the next period', async () => {
    await bounded({ account: 'key:k', max: 100, soft: 50, duration: '1d' });
    const { settlement } = world.ledger();
    expect(await settle(settlement, 60)).toEqual(['key:k soft-budget  60']);
    world.now = NOON + 86_400_000;
    expect(await settle(settlement, 60)).toEqual(['key:k soft-budget  60']);
    world.now = NOON;
  });

  it('are told to one of many who settle at once, in whatever ledger', async () => {
    await bounded({ account: 'key:k', max: 1_000, soft: 500 });
    const ledgers = [world.ledger().settlement, world.ledger().settlement];
    const told = await Promise.all(Array.from({ length: 40 }, (_, at) => settle(ledgers[at % 2]!, 25)));
    const marks = told.flat().map((one) => one.split(' ')[1]);
    expect(marks.filter((mark) => mark === 'soft-budget')).toHaveLength(1);
    expect(marks.filter((mark) => mark === 'max-budget')).toHaveLength(1);
  });

  it('are not told of entries that were seen before', async () => {
    await bounded({ account: 'key:k', max: 100, soft: 50 });
    const { settlement } = world.ledger();
    const entry = anEntry({ key: 'k', cost: 60 });
    expect((await settlement.settle(bytesOf(entry))).crossings).toHaveLength(1);
    expect(await settlement.settle(bytesOf(entry))).toEqual({ accepted: 0, repeated: 1, refused: 0 });
  });

  it('are those that hold now', async () => {
    await bounded({ account: 'key:k', max: 100, soft: 50 });
    await bounded({ account: 'key:k', max: 200, soft: undefined });
    expect(await settle(world.ledger().settlement, 100)).toEqual([]);
  });
});
