// What the log and the sums of days answer, on calls that are known one by one.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CallEntry } from '@turnpike/domain';
import { anEntry, bytesOf, DATABASES, NOON, World } from '../../test/settlement-world.js';
import { countActiveUsers } from './active-users.js';
import { balancesBy } from './balances-by.js';
import { readActivity, type ActivityEntity, type DayOfActivity } from './daily-activity.js';
import type { DailyFilter, Dimension } from './daily-filter.js';
import { DailySpend, type SumsBy } from './daily-spend.js';
import { countErrors } from './error-counts.js';
import type { SpendLogFilter } from './spend-log-filter.js';
import { SpendLogs } from './spend-logs.js';

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
    statusCode: index % 3 ? 200 : 408,
    error: index % 3 ? undefined : { code: 'GW_TIMEOUT', message: `It took 100% of ${index} s.` },
    cache: index % 6 === 1 ? 'hit' : 'miss',
    operation: index % 2 ? 'chat' : 'embeddings',
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
    ['a group by its name', { group: 'g1' }, ({ group }) => group === 'g1'],
    ['a group that is a model', { group: 'm1' }, () => false],
    ['a provider', { provider: 'provider.a' }, ({ attempts }) => attempts[0]!.provider === 'provider.a'],
    ['a provider that nobody asked', { provider: 'provider.z' }, () => false],
    ['a tag that nobody used', { tag: 'z' }, () => false],
    ['a deployment', { deployment: 'b/1' }, ({ attempts }) => attempts[0]!.deployment === 'b/1'],
    ['a part of an error', { errorMessage: 'TOOK 100% OF 3' }, ({ callId }) => callId === 'call-3'],
    ['a part of no error', { errorMessage: 'took 1_0' }, () => false],
    ['what cannot be stored', { keys: ['k\0'] }, () => false],
    ['a call by its id', { callId: ENTRIES[5]!.id.toUpperCase() }, (entry) => entry === ENTRIES[5]],
    ['a call by what the client was told', { callId: 'call-5' }, (entry) => entry === ENTRIES[5]],
    ['a call of a day that cannot be', { callId: 'ffffffff-ffff-7fff-8fff-ffffffffffff' }, () => false],
    [
      'a key or a team',
      { within: { keys: ['k0'], teams: ['t1'], users: ['nobody'] } },
      ({ key, team }) => key === 'k0' || team === 't1',
    ],
    ['nobody at all', { within: {} }, () => false],
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

  it('puts the most expensive or longest first or last, and pages of them join', async () => {
    const pages = async (order: 'cost' | 'totalTokens', ascending: boolean): Promise<number[]> => {
      const read = (skip: number) => logs.list({}, { size: 10, skip, order, ascending });
      const all = [...(await read(0)).logs, ...(await read(10)).logs, ...(await read(20)).logs];
      expect(new Set(all.map(({ id }) => id)).size).toBe(24);
      return all.map(({ cost }) => cost);
    };
    expect(await pages('cost', false)).toEqual(Array.from({ length: 24 }, (_, index) => 23 - index));
    expect(await pages('cost', true)).toEqual(Array.from({ length: 24 }, (_, index) => index));
    await pages('totalTokens', false);
    const oldest = await logs.list({}, { size: 5, ascending: true });
    const next = await logs.list({}, { size: 5, ascending: true, after: oldest.next });
    expect([...oldest.logs, ...next.logs].map(({ id }) => id)).toEqual(newestFirst(ENTRIES).reverse().slice(0, 10));
  });

  it.each([
    { size: 0 },
    { size: 1_001 },
    { size: 10, after: 'x' },
    { size: 10, after: 'ffffffff-ffff-7fff-8fff-ffffffffffff' },
    { size: 10, skip: 100_001 },
    { size: NaN },
  ])('refuses a page such as %j', async (page) => {
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
    expect(await logs.get('ffffffff-ffff-7fff-8fff-ffffffffffff')).toBeUndefined();
    expect(await logs.get(entry.id, { users: ['u0'] })).toBeDefined();
    expect(await logs.get(entry.id, { users: ['u1'], keys: ['k0'] })).toBeUndefined();
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
    ['operation', 'embeddings', ({ operation }) => operation === 'embeddings'],
    ['day', '2026-11-20', ({ endedAt }) => new Date(endedAt).getUTCDate() === 20],
  ])('sums up by %s: %s', async (dimension, name, test) => {
    const rows = await daily.sums([dimension], PERIOD);
    const row = rows.find((found) => found[dimension] === name);
    expect(row).toMatchObject({
      spend: sumOf(test),
      requests: ENTRIES.filter(test).length,
      failures: ENTRIES.filter((entry, index) => test(entry, index) && entry.status === 'failure').length,
      inputTokens: 10 * ENTRIES.filter(test).length,
      cacheHits: ENTRIES.filter((entry, index) => test(entry, index) && entry.cache === 'hit').length,
      cacheHitOutputTokens: 5 * ENTRIES.filter((entry, index) => test(entry, index) && entry.cache === 'hit').length,
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

  const activityOf = async (entity: ActivityEntity, filter: DailyFilter): Promise<DayOfActivity[]> => {
    const of = entity === 'customer' || entity === 'tag' ? entity : undefined;
    const days = await daily.sums(['day'], { ...filter, of });
    const latestFirst = days.map(({ day }) => day).reverse();
    return await readActivity(world.storage.dataSource, entity, filter, latestFirst);
  };

  it('tells the activity of days, with what each is made up of', async () => {
    const days = await activityOf('team', { ...PERIOD, teams: ['t1'] });
    expect(days.map(({ day }) => day)).toEqual(
      days
        .map(({ day }) => day)
        .sort()
        .reverse(),
    );
    const isThat = (entry: CallEntry): boolean => entry.team === 't1' && new Date(entry.endedAt).getUTCDate() === 19;
    const day = days.find((found) => found.day === '2026-11-19');
    const sums = expect.objectContaining({ spend: sumOf(isThat), requests: ENTRIES.filter(isThat).length });
    const part = (name: string) => new Map([[name, { sums, keys: new Map([['k1', sums]]) }]]);
    expect(day).toEqual({
      day: '2026-11-19',
      sums,
      models: part('m1'),
      groups: part('g1'),
      providers: part('provider.a'),
      operations: part('chat'),
      entities: part('t1'),
      keys: new Map([['k1', { sums, keys: new Map() }]]),
    });
  });

  it.each(['customer', 'tag', 'key', 'user', 'organization'] as const)('tells the activity by %s', async (entity) => {
    const days = await activityOf(entity, PERIOD);
    const expected = await daily.sums(['day', entity], PERIOD);
    const told = days.flatMap(({ day, entities }) =>
      [...entities].map(([name, { sums }]) => ({ ...sums, day, [entity]: name })),
    );
    expect(new Set(told)).toEqual(new Set(expected));
  });

  it('tells the ten keys of a part that took most, the greatest first', async () => {
    const endedAt = NOON - 30 * DAY_MS;
    const many = Array.from({ length: 12 }, (_, index) =>
      anEntry({ endedAt, key: `many-${index}`, group: 'many', cost: index }),
    );
    await world.ledger().settlement.settle(bytesOf(...many));
    const [day] = await activityOf('key', { from: '2026-10-22', to: '2026-10-22' });
    expect([...day!.groups.get('many')!.keys.keys()]).toEqual(
      Array.from({ length: 10 }, (_, index) => `many-${11 - index}`),
    );
    expect([day!.entities.size, day!.keys.size, day!.groups.get('many')!.sums.spend]).toEqual([12, 12, 66]);
  });

  it('leaves out whom it is told to', async () => {
    const except = { dimension: 'user', ids: ['u0', 'u1'] } as const;
    const days = await activityOf('user', { ...PERIOD, except });
    expect(days.flatMap(({ entities }) => [...entities.keys()])).toEqual(Array(days.length).fill('u2'));
  });

  it('tells what each day cost, by user and model', async () => {
    const days = await daily.days({ ...PERIOD, keys: ['k0'] });
    expect(days.map(({ day }) => day)).toEqual(days.map(({ day }) => day).sort());
    const sum = (test: (entry: CallEntry) => boolean): number =>
      sumOf((entry) => entry.key === 'k0' && new Date(entry.endedAt).getUTCDate() === 20 && test(entry));
    const day = days.find((found) => found.day === '2026-11-20');
    expect(day?.spend).toBe(sum(() => true));
    expect(day?.models).toEqual({ m2: sum(() => true) });
    expect(day?.users).toEqual(
      Object.fromEntries(Object.keys(day!.users).map((user) => [user, sum((entry) => entry.user === user)])),
    );
  });

  it('knows the names that were used, or a part of them', async () => {
    expect(await daily.names('tag', PERIOD, '', 10)).toEqual(['x', 'y']);
    expect(await daily.names('model', PERIOD, 'M2', 10)).toEqual(['m2']);
    expect(await daily.names('model', PERIOD, '%', 10)).toEqual([]);
    expect(await daily.names('group', PERIOD, '', 1)).toEqual(['g0']);
  });

  it('counts errors by day and deployment', async () => {
    const timeouts = ENTRIES.filter(({ error }) => error);
    const period = { from: PERIOD.from, to: PERIOD.to };
    const count = async (filter: object): Promise<number> =>
      (await countErrors(world.storage.dataSource, { ...period, ...filter })).reduce(
        (sum, { errors }) => sum + errors,
        0,
      );
    expect(await count({})).toBe(timeouts.length);
    expect(await count({ statusCode: 408, group: 'g0' })).toBe(timeouts.filter(({ group }) => group === 'g0').length);
    expect(await count({ statusCode: 429 })).toBe(0);
    const rows = await countErrors(world.storage.dataSource, { ...period, group: 'g1' });
    expect(new Set(rows.map(({ deployment }) => deployment))).toEqual(new Set(['a/1']));
  });

  it('counts the users of tags, each once in a stretch of days', async () => {
    const { dataSource } = world.storage;
    await dataSource.query(
      `INSERT INTO turnpike.virtual_keys (token, key_name, user_id) VALUES ($1, 'k', 'u0') ON CONFLICT DO NOTHING`,
      ['a'.repeat(64)],
    );
    const of = (key: string, days: number) =>
      anEntry({ key, tags: ['used'], endedAt: NOON - days * DAY_MS, cost: 1, customer: undefined });
    const [known, deleted] = ['a'.repeat(64), 'b'.repeat(64)];
    await dataSource.query(`INSERT INTO turnpike.deleted_keys (token, user_id, record) VALUES ($1, 'u1', '{}')`, [
      deleted,
    ]);
    await world
      .ledger()
      .settlement.settle(bytesOf(of(known, 0), of(known, 1), of(deleted, 1), of('nobody', 1), of(known, 3)));
    const period = { from: '2026-11-15', to: '2026-11-21' };
    const counted = (days: number, search?: string) =>
      countActiveUsers(dataSource, { ...period, tags: ['used'] }, days, search);
    expect(await counted(0)).toEqual([{ tag: 'used', from: '2026-11-15', to: '2026-11-21', users: 2 }]);
    expect(await counted(1)).toEqual([
      { tag: 'used', from: '2026-11-21', to: '2026-11-21', users: 1 },
      { tag: 'used', from: '2026-11-20', to: '2026-11-20', users: 2 },
      { tag: 'used', from: '2026-11-18', to: '2026-11-18', users: 1 },
    ]);
    expect(await counted(4)).toEqual([{ tag: 'used', from: '2026-11-18', to: '2026-11-21', users: 2 }]);
    expect(await counted(0, 'se')).toHaveLength(1);
    expect(await counted(0, 'other')).toEqual([]);
  });

  it('finds the greatest balances of a kind, without those of models and windows', async () => {
    await world.query(
      `INSERT INTO turnpike.balances (account, spent_nano, max_nano, reset_at) VALUES
        ('team:t2|model:m', 99, 100, NULL), ('team:over', 50, 60, to_timestamp($1)), ('teams:', 7, NULL, NULL)`,
      [NOON / 1_000 - 1],
    );
    const of = (ids?: string[]) => balancesBy(world.storage.dataSource.manager, 'team', { ids, now: NOON, most: 10 });
    const { rows, total } = await of();
    expect(rows).toEqual([
      { id: 't1', spent: sumOf(({ team }) => team === 't1'), max: undefined },
      { id: 'over', spent: 0, max: 60 },
    ]);
    expect(total).toBe(rows[0]!.spent);
    expect((await of(['over', 'x\0'])).rows).toHaveLength(1);
  });

  it.each<[readonly Dimension[], object]>([
    [['customer', 'tag'], PERIOD],
    [['tag'], { ...PERIOD, teams: ['t1'] }],
    [['day'], { from: '2026-02-30', to: '2026-03-01' }],
    [['day'], { from: 'yesterday', to: '2026-03-01' }],
  ])('refuses sums by %j of %j', async (by, filter) => {
    await expect(daily.sums(by, filter as never)).rejects.toMatchObject({ code: 'GW_INVALID_REQUEST' });
  });
});
