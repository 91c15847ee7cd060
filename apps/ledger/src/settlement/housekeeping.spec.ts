// What is old goes, what is due turns, and what is needed tomorrow is there; the activity of keys on the side.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { anEntry, bytesOf, DATABASES, NOON, World } from '../../test/settlement-world.js';
import { Housekeeping } from './housekeeping.js';
import { KeyActivity } from './key-activity.js';

const DAY_MS = 86_400_000;

describe.each(DATABASES)('Housekeeping on %s', (kind) => {
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

  const keep = (days?: number): Housekeeping => {
    const { balances, desk, partitions } = world.ledger();
    const keepLogs = days === undefined ? undefined : ({ count: days, unit: 'd' } as const);
    return new Housekeeping({ dataSource: world.storage.dataSource, balances, leases: desk, partitions, keepLogs });
  };

  it('drops the logs of days that are older than what is kept, and no sums', async () => {
    const days = [0, 6, 7, 8, 9].map((age) => anEntry({ endedAt: NOON - age * DAY_MS }));
    await world.ledger().settlement.settle(bytesOf(...days));
    expect(await keep().run()).toMatchObject({ droppedDays: 0 });
    expect(await keep(7).run()).toMatchObject({ droppedDays: 2 });
    const [sums] = await world.query(
      `SELECT (SELECT count(*)::integer FROM turnpike.spend_logs) AS logs,
              (SELECT sum(requests)::integer FROM turnpike.daily_spend) AS requests`,
    );
    expect(sums).toEqual({ logs: 3, requests: 5 });
  });

  it('keeps two days at least, by which repeated entries are known', async () => {
    const entry = anEntry({ endedAt: NOON - 2 * DAY_MS });
    const { settlement } = world.ledger();
    await settlement.settle(bytesOf(entry));
    await keep(1).run();
    expect(await settlement.settle(bytesOf(entry))).toMatchObject({ repeated: 1 });
  });

  it('begins budgets anew whose period is over, and tells of it', async () => {
    const { settlement, balances } = world.ledger();
    const bounds = ['key:a', 'key:b'].map((account) => ({ account, max: 5_000, duration: '1d' }));
    await world.transaction((manager) => balances.setBounds(manager, bounds));
    await settlement.settle(bytesOf(anEntry({ key: 'a' }), anEntry({ key: 'b' })));
    world.now = NOON + DAY_MS;
    const runs = await Promise.all([keep().run(), keep().run()]);
    expect(runs.reduce((sum, { turnedAccounts }) => sum + turnedAccounts, 0)).toBeGreaterThanOrEqual(2);
    expect([...world.turned].sort()).toEqual(['key:a', 'key:b']);
    expect(await world.spent('key:a')).toEqual([0, 1_000]);
  });

  it('keeps the latest 10,000 entries that were set aside', async () => {
    await world.query(
      `INSERT INTO turnpike.refused_entries (digest, reason, entry)
       SELECT sha256(n::text::bytea), 'r', n::text FROM generate_series(1, 10020) AS n`,
    );
    expect(await keep().run()).toMatchObject({ droppedRefusals: 20 });
    const [left] = await world.query('SELECT count(*)::integer AS count FROM turnpike.refused_entries');
    expect(left).toEqual({ count: 10_000 });
  });

  it('makes the tables of the days to come', async () => {
    world.now = Date.UTC(2031, 0, 1);
    await keep().run();
    expect(await world.ledger().partitions.list()).toEqual(expect.arrayContaining(['2031-01-01', '2031-01-04']));
  });

  it('writes down when a key was used, once a minute', async () => {
    const key = 'a'.repeat(64);
    await world.query(`INSERT INTO turnpike.virtual_keys (token, key_name) VALUES ($1, 'sk-...')`, [key]);
    const activity = new KeyActivity(world.storage.dataSource);
    const lastActive = async (): Promise<unknown> =>
      (await world.query('SELECT last_active FROM turnpike.virtual_keys WHERE token = $1', [key]))[0]?.last_active;
    for (const [at, expected] of [
      [NOON, NOON],
      [NOON + 59_000, NOON],
      [NOON + 60_000, NOON + 60_000],
    ] as const) {
      activity.used(new Map([[key, at]]));
      await activity.idle();
      expect(await lastActive()).toEqual(new Date(expected));
    }
    await world.query('DELETE FROM turnpike.virtual_keys');
  });
});
