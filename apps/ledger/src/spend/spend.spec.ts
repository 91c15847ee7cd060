// What the log and the sums of days answer, on calls that are known one by one.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CallEntry } from '@turnpike/domain';
import { anEntry, bytesOf, DATABASES, NOON, World } from '../../test/settlement-world.js';
import { DailySpend, type Dimension, type SumsBy } from './daily-spend.js';
import { SpendLogs, type SpendLogFilter } from './spend-logs.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const attemptAt = (provider: string, model: string): CallEntry['attempts'] => [
  {
    deployment: `${provider}/1`,
    provider: `provider.${provider}`,
    model,
    status: 'success',
    startedMs: 0,
    durationMs: 1,
  },
];

/** Four days of six hours each; of every third call the upstream failed. */
const ENTRIES = Array.from({ length: 24 }, (_, index) =>
  anEntry({
    endedAt: NOON - 3 * DAY_MS + (index % 4) * DAY_MS - index * HOUR_MS * 0.25,
    callId: `call-${index}`,
    key: `k${index % 2}`,
    user: `u${index % 3}`,
    team: index % 2 ? 't1' : undefined,
    customer: index < 2 ? 'c1' : undefined,
    tags: index % 4 === 0 ? ['x', 'y'] : ['x'],
    model: 'asked',
    group: index % 2 ? 'g1' : 'g0',
    sessionId: index > 20 ? 's' : undefined,
    status: index % 3 ? 'success' : 'failure',
    error: index % 3 ? undefined : { code: 'GW_TIMEOUT', message: 'm' },
    cost: index,
    attempts: index % 2 ? attemptAt('a', 'm1') : attemptAt('b', 'm2'),
  }),
);
const sumOf = (test: (entry: CallEntry, index: number) => boolean): number =>
  ENTRIES.filter(test).reduce((sum, { cost }) => sum + cost, 0);
const PERIOD = { from: '2026-11-01', to: '2026-11-30' };

describe.each(DATABASES)('spend on %s', (kind) => {
  let world: World;
  let logs: SpendLogs;
  let daily: DailySpend;
  beforeAll(async () => {
    world = await World.open(kind);
    await world.ledger().settlement.settle(bytesOf(...ENTRIES));
    logs = new SpendLogs(world.storage.dataSource);
    daily = new DailySpend(world.storage.dataSource);
  }, 60_000);
  afterAll(async () => {
    await world.close();
  });

  const newestFirst = (entries: readonly CallEntry[]): string[] =>
    entries
      .map(({ id }) => id)
      .sort()
      .reverse();

  it.each<[string, SpendLogFilter, (entry: CallEntry) => boolean]>([
    ['everything', {}, () => true],
    ['a key', { keys: ['k1'] }, ({ key }) => key === 'k1'],
    ['several users', { users: ['u1', 'u2'] }, ({ user }) => user !== 'u0'],
    ['nobody', { users: [] }, () => false],
    ['a team', { teams: ['t1'] }, ({ team }) => team === 't1'],
    ['a customer', { customers: ['c1'] }, ({ customer }) => customer === 'c1'],
    ['a tag', { tag: 'y' }, ({ tags }) => tags!.includes('y')],
    ['a model that nobody answered for', { model: 'asked' }, () => false],
    ['a model as the upstream calls it', { model: 'm1' }, ({ attempts }) => attempts[0]!.model === 'm1'],
    ['a group', { model: 'g0' }, ({ group }) => group === 'g0'],
    ['a status', { status: 'failure' }, ({ status }) => status === 'failure'],
    ['an error', { errorCode: 'GW_TIMEOUT' }, ({ error }) => error !== undefined],
    ['a session', { sessionId: 's' }, ({ sessionId }) => sessionId === 's'],
    ['a price', { minCost: 3, maxCost: 5 }, ({ cost }) => cost >= 3 && cost <= 5],
    ['a time', { from: NOON - DAY_MS, to: NOON }, ({ endedAt }) => endedAt >= NOON - DAY_MS && endedAt < NOON],
    ['several of these', { keys: ['k1'], from: NOON - DAY_MS }, (e) => e.key === 'k1' && e.endedAt >= NOON - DAY_MS],
  ])('lists and counts the calls of %s, newest first', async (_title, filter, test) => {
    const expected = newestFirst(ENTRIES.filter(test));
    const { logs: found } = await logs.list(filter, { size: 100 });
    expect(found.map(({ id }) => id)).toEqual(expected);
    expect(await logs.count(filter)).toEqual({ count: expected.length, isMore: false });
  });

  it('gives pages that join without gap or repetition, by key or by count', async () => {
    const filter = { users: ['u0', 'u1'] };
    const expected = newestFirst(ENTRIES.filter(({ user }) => user !== 'u2'));
    const joined: string[] = [];
    for (let after: string | undefined; ;) {
      const page = await logs.list(filter, { size: 5, after });
      joined.push(...page.logs.map(({ id }) => id));
      after = page.next;
      if (!after) break;
    }
    expect(joined).toEqual(expected);
    const third = await logs.list(filter, { size: 5, skip: 10 });
    expect(third.logs.map(({ id }) => id)).toEqual(expected.slice(10, 15));
  });

  it.each([{ size: 0 }, { size: 1_001 }, { size: 10, after: 'x' }])('refuses a page such as %j', async (page) => {
    await expect(logs.list({}, page)).rejects.toMatchObject({ code: 'GW_INVALID_REQUEST' });
  });

  it('finds a call by its id and by what the client was told, with its attempts', async () => {
    const entry = ENTRIES[3]!;
    const found = await logs.get(entry.id.toUpperCase());
    expect(found).toMatchObject({ id: entry.id, user: 'u0', errorCode: 'GW_TIMEOUT', tags: ['x'], cost: 3 });
    expect(found?.detail).toMatchObject({ attempts: [{ model: 'm1' }], error: { code: 'GW_TIMEOUT' } });
    expect((await logs.get('call-3'))?.id).toBe(entry.id);
    expect(await logs.get('call-99')).toBeUndefined();
    expect(await logs.get('00000000-0000-7000-8000-000000000000')).toBeUndefined();
  });

  it.each<[Dimension, string, (entry: CallEntry, index: number) => boolean]>([
    ['key', 'k1', ({ key }) => key === 'k1'],
    ['user', 'u2', ({ user }) => user === 'u2'],
    ['team', 't1', ({ team }) => team === 't1'],
    ['team', '', ({ team }) => team === undefined],
    ['customer', 'c1', ({ customer }) => customer === 'c1'],
    ['tag', 'x', () => true],
    ['tag', 'y', (_entry, index) => index % 4 === 0],
    ['model', 'm2', ({ attempts }) => attempts[0]!.model === 'm2'],
    ['group', 'g1', ({ group }) => group === 'g1'],
    ['provider', 'provider.a', ({ attempts }) => attempts[0]!.provider === 'provider.a'],
    ['day', '2026-11-20', ({ endedAt }) => new Date(endedAt).getUTCDate() === 20],
  ])('sums up by %s: %s', async (dimension, name, test) => {
    const rows = await daily.sums([dimension], PERIOD);
    const row = rows.find((found) => found[dimension] === name);
    expect(row).toMatchObject({
      spend: sumOf(test),
      requests: ENTRIES.filter(test).length,
      failures: ENTRIES.filter((entry, index) => test(entry, index) && entry.status === 'failure').length,
      inputTokens: 10 * ENTRIES.filter(test).length,
    });
  });

  it('puts the most expensive first, and days in order', async () => {
    const spends = (rows: SumsBy<never>[]): number[] => rows.map(({ spend }) => spend);
    const byUser = await daily.sums(['user'], PERIOD);
    expect(spends(byUser)).toEqual([...spends(byUser)].sort((some, other) => other - some));
    const byDay = await daily.sums(['day', 'key'], PERIOD);
    expect(byDay.map(({ day }) => day)).toEqual(byDay.map(({ day }) => day).sort());
    expect(await daily.sums(['user'], PERIOD, 1)).toHaveLength(1);
  });

  it('sums up what the filter lets through', async () => {
    const day = { from: '2026-11-20', to: '2026-11-20' };
    const isOn20th = ({ endedAt }: CallEntry): boolean => new Date(endedAt).getUTCDate() === 20;
    expect((await daily.total(PERIOD)).spend).toBe(sumOf(() => true));
    expect((await daily.total(day)).spend).toBe(sumOf(isOn20th));
    expect((await daily.total({ ...PERIOD, keys: ['k1'], models: ['m1'] })).spend).toBe(sumOf((e) => e.key === 'k1'));
    expect((await daily.total({ ...PERIOD, tags: ['y'] })).spend).toBe(sumOf((_entry, index) => index % 4 === 0));
    expect((await daily.total({ ...PERIOD, from: '2000-01-01', customers: ['c1'] })).spend).toBe(1);
    expect((await daily.total({ from: '2027-01-01', to: '2027-01-02' })).requests).toBe(0);
  });

  it('tells the activity of days, with what each is made up of', async () => {
    const days = await daily.activity('team', { ...PERIOD, teams: ['t1'] });
    expect(days.map(({ day }) => day)).toEqual(
      days
        .map(({ day }) => day)
        .sort()
        .reverse(),
    );
    const isThat = (entry: CallEntry): boolean => entry.team === 't1' && new Date(entry.endedAt).getUTCDate() === 19;
    const day = days.find((found) => found.day === '2026-11-19');
    const sums = expect.objectContaining({ spend: sumOf(isThat), requests: ENTRIES.filter(isThat).length });
    expect(day).toEqual({
      day: '2026-11-19',
      sums,
      models: { m1: sums },
      groups: { g1: sums },
      providers: { 'provider.a': sums },
      keys: { k1: sums },
      entities: { t1: sums },
    });
  });

  it.each<[readonly Dimension[], object]>([
    [['customer', 'tag'], PERIOD],
    [['tag'], { ...PERIOD, teams: ['t1'] }],
    [['day'], { from: '2026-02-30', to: '2026-03-01' }],
    [['day'], { from: 'yesterday', to: '2026-03-01' }],
  ])('refuses sums by %j of %j', async (by, filter) => {
    await expect(daily.sums(by, filter as never)).rejects.toMatchObject({ code: 'GW_INVALID_REQUEST' });
  });

  it('knows what everything cost', async () => {
    expect(await daily.installation()).toEqual({ spend: sumOf(() => true), total: sumOf(() => true), max: undefined });
  });
});
