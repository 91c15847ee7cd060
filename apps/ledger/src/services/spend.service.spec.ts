// Who is told what of spend: one small company, its calls known one by one.
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { CallEntry } from '@turnpike/domain';
import {
  AddOrganizationMembersRequest,
  CountActiveUsersRequest,
  CountErrorsRequest,
  CreateOrganizationRequest,
  CreateTeamRequest,
  CreateUserRequest,
  GenerateKeyRequest,
  GetDailyActivityRequest,
  GetGlobalSpendRequest,
  GetSpendByRequest,
  ListDistinctRequest,
  ListSpendLogsRequest,
  ReportSpendRequest,
  SpendDimension,
  SummarizeSpendRequest,
  type PartialOf,
} from '@turnpike/rpc';
import { describeOnEachDatabase } from '../../test/databases.js';
import { ADMIN, aCaller, aLedger, clear } from '../../test/services.js';
import { anEntry, bytesOf, NOON } from '../../test/settlement-world.js';
import { Changes } from '../repositories/changes.js';
import { BalanceBook } from '../settlement/balance-book.js';
import { Settlement } from '../settlement/settlement.js';
import type { Caller } from './caller.js';
import { hashSecret } from './key-secret.js';
import { KeyService } from './key.service.js';
import { OrganizationMemberService } from './organization-member.service.js';
import { OrganizationService } from './organization.service.js';
import { SpendLogService } from './spend-log.service.js';
import { SpendReportService } from './spend-report.service.js';
import { SpendService } from './spend.service.js';
import { TeamService } from './team.service.js';
import { UserService } from './user.service.js';

const DENIED = { code: 'GW_PERMISSION_DENIED' };
const INVALID = { code: 'GW_INVALID_REQUEST' };
const NOT_FOUND = { code: 'GW_NOT_FOUND' };
const DAY_MS = 86_400_000;
const DAYS = { startDate: '2026-11-01', endDate: '2026-11-30' };

const secretOf = (name: string): string => `sk-the-key-of-${name}`;
const keyOf = (name: string): string => hashSecret(secretOf(name));

/** Each costs another power of two, so that every sum says which calls are in it. */
const CALLS: readonly Partial<CallEntry>[] = [
  { key: keyOf('ann'), user: 'ann', tags: ['ci'] },
  { key: keyOf('ann-red'), user: 'ann', team: 'red', organization: 'acme', tags: ['ci', 'nightly'], customer: 'shop' },
  { key: keyOf('bob-red'), user: 'bob', team: 'red', organization: 'acme', tags: ['ci'] },
  { key: keyOf('eve'), user: 'eve', tags: ['eve'], customer: 'shop' },
  { key: keyOf('service'), team: 'red', organization: 'acme' },
  { key: keyOf('loner') },
];
const ENTRIES = CALLS.map((call, index) =>
  anEntry({
    ...call,
    cost: 2 ** index,
    alias: `alias ${index}`,
    callId: `call-${index}`,
    model: 'asked',
    group: 'chat',
    operation: 'chat',
    endedAt: NOON - (index % 3) * DAY_MS - 1_000,
    ...(index === 3 && {
      status: 'failure',
      statusCode: 429,
      error: { code: 'GW_RATE_LIMITED', message: 'Slow down.' },
    }),
  }),
);
/** Of these calls. */
const sumOf = (...indexes: number[]): number => indexes.reduce((sum, index) => sum + 2 ** index, 0);
const EVERYTHING = sumOf(0, 1, 2, 3, 4, 5);

const CALLERS: Readonly<Record<string, Caller>> = {
  admin: ADMIN,
  viewer: aCaller('proxy_admin_viewer', 'vic'),
  'key that may see spend': aCaller('internal_user', 'zoe', { seesAllSpend: true }),
  ann: aCaller('internal_user', 'ann', { keyHash: keyOf('ann') }),
  'team admin': aCaller('internal_user', 'tom'),
  'organization admin': aCaller('internal_user', 'olga'),
  'key of nobody': aCaller('customer', undefined, { keyHash: keyOf('loner') }),
  'key of a team': aCaller('team', undefined, { keyHash: keyOf('service'), teamId: 'red' }),
  stranger: aCaller('internal_user_viewer', 'stranger'),
};

/** What each may see without naming anything. */
const VISIBLE: readonly [caller: string, spend: number][] = [
  ['admin', EVERYTHING],
  ['viewer', EVERYTHING],
  ['key that may see spend', EVERYTHING],
  ['ann', sumOf(0, 1)],
  ['team admin', sumOf(1, 2, 4)],
  ['organization admin', sumOf(1, 2, 4)],
  ['key of nobody', sumOf(5)],
  ['key of a team', sumOf(4)],
  ['stranger', 0],
];

describeOnEachDatabase('spend', (database) => {
  let ledger: Awaited<ReturnType<typeof aLedger>>;
  let logs: SpendLogService;
  let spend: SpendService;
  let reports: SpendReportService;

  beforeAll(async () => {
    await clear(database().storage);
    ledger = await aLedger(database().storage, { now: () => NOON });
    [logs, spend, reports] = [ledger.get(SpendLogService), ledger.get(SpendService), ledger.get(SpendReportService)];
    for (const [userId, userAlias] of [
      ['ann', 'Ann'],
      ['bob', ''],
      ['eve', ''],
    ])
      await ledger.get(UserService).create(ADMIN, CreateUserRequest.fromPartial({ user: { userId, userAlias } }));
    const organization = { organizationId: 'acme', organizationAlias: 'Acme' };
    await ledger.get(OrganizationService).create(ADMIN, CreateOrganizationRequest.fromPartial({ organization }));
    await ledger.get(OrganizationMemberService).add(
      ADMIN,
      AddOrganizationMembersRequest.fromPartial({
        organizationId: 'acme',
        members: [{ userId: 'olga', role: 'org_admin' }],
      }),
    );
    const members = [{ userId: 'tom', role: 'admin' }, { userId: 'ann' }, { userId: 'bob' }];
    const team = { teamId: 'red', teamAlias: 'Red', organizationId: 'acme', members };
    await ledger.get(TeamService).create(ADMIN, CreateTeamRequest.fromPartial({ team }));
    const keys: Record<string, PartialOf<typeof GenerateKeyRequest>['key']> = {
      ann: { userId: 'ann', keyAlias: 'Ann’s' },
      'ann-red': { userId: 'ann', teamId: 'red' },
      'bob-red': { userId: 'bob', teamId: 'red', keyAlias: 'Bob’s' },
      eve: { userId: 'eve' },
      service: { teamId: 'red', budget: { maxNanoUsd: 1_000 } },
      loner: {},
    };
    for (const [name, key] of Object.entries(keys)) {
      const request = GenerateKeyRequest.fromPartial({ key, secret: secretOf(name) });
      await ledger.get(KeyService).generate(ADMIN, request);
    }
    await ledger.get(Settlement).settle(bytesOf(...ENTRIES));
  }, 60_000);

  const list = async (caller: string, request: PartialOf<typeof ListSpendLogsRequest> = {}) =>
    await logs.list(CALLERS[caller]!, ListSpendLogsRequest.fromPartial(request));
  const listed = async (caller: string, filter: PartialOf<typeof ListSpendLogsRequest>['filter'] = {}) =>
    (await list(caller, { filter })).logs.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0);
  const by = async (caller: string, dimension: SpendDimension, request: PartialOf<typeof GetSpendByRequest> = {}) =>
    await spend.getBy(CALLERS[caller]!, GetSpendByRequest.fromPartial({ dimension, ...request }));
  const byId = async (...asked: Parameters<typeof by>) =>
    Object.fromEntries((await by(...asked)).rows.map(({ id, metrics }) => [id, metrics?.spendNanoUsd]));
  const activity = async (caller: string, request: PartialOf<typeof GetDailyActivityRequest> = {}) =>
    await spend.getDailyActivity(CALLERS[caller]!, GetDailyActivityRequest.fromPartial({ ...DAYS, ...request }));
  const summarized = async (caller: string, request: PartialOf<typeof SummarizeSpendRequest> = {}) =>
    (await spend.summarize(CALLERS[caller]!, SummarizeSpendRequest.fromPartial({ ...DAYS, ...request }))).days;
  const report = async (caller: string, request: PartialOf<typeof ReportSpendRequest>) =>
    (await reports.report(CALLERS[caller]!, ReportSpendRequest.fromPartial({ ...DAYS, ...request }))).rows;
  const total = (days: readonly { spendNanoUsd: number }[]): number =>
    days.reduce((sum, { spendNanoUsd }) => sum + spendNanoUsd, 0);

  describe('is told to everyone as far as it is theirs', () => {
    it.each(VISIBLE)('%s: %d', async (caller, expected) => {
      expect(await listed(caller)).toBe(expected);
      expect(total(await summarized(caller))).toBe(expected);
      expect((await activity(caller)).total?.spendNanoUsd).toBe(expected);
      expect((await by(caller, SpendDimension.MODEL, DAYS)).total?.spendNanoUsd).toBe(expected);
      expect((await by(caller, SpendDimension.KEY)).total?.spendNanoUsd).toBe(expected);
      const rows = await report(caller, { by: [SpendDimension.DAY, SpendDimension.KEY] });
      expect(rows.reduce((sum, { metrics }) => sum + metrics!.spendNanoUsd, 0)).toBe(expected);
    });

    it.each<[caller: string, expected: Record<string, number>]>([
      ['admin', { ci: sumOf(0, 1, 2), nightly: sumOf(1), eve: sumOf(3) }],
      ['ann', { ci: sumOf(0, 1), nightly: sumOf(1) }],
      ['team admin', { ci: sumOf(1, 2), nightly: sumOf(1) }],
      ['key of nobody', {}],
    ])('of tags to %s', async (caller, expected) => {
      expect(await byId(caller, SpendDimension.TAG, DAYS)).toEqual(expected);
      expect(await byId(caller, SpendDimension.TAG)).toEqual(expected);
      const { days } = await activity(caller, { entity: SpendDimension.TAG, aggregated: true });
      const told = days.flatMap(({ breakdown }) => Object.entries(breakdown!.entities));
      const sums = Map.groupBy(told, ([tag]) => tag);
      expect(new Set(sums.keys())).toEqual(new Set(Object.keys(expected)));
      const distinct = { dimension: SpendDimension.TAG };
      const { names } = await spend.listDistinct(CALLERS[caller]!, ListDistinctRequest.fromPartial(distinct));
      expect(names).toEqual(Object.keys(expected).sort());
    });

    it('of customers by key and by user', async () => {
      expect(await byId('admin', SpendDimension.CUSTOMER, DAYS)).toEqual({ shop: sumOf(1, 3) });
      expect(await byId('admin', SpendDimension.CUSTOMER, { ...DAYS, key: secretOf('eve') })).toEqual({
        shop: sumOf(3),
      });
      expect(await byId('admin', SpendDimension.CUSTOMER, { ...DAYS, userId: 'ann', teamId: 'red' })).toEqual({
        shop: sumOf(1),
      });
      expect(await byId('ann', SpendDimension.CUSTOMER)).toEqual({ shop: sumOf(1) });
    });
  });

  describe('that is asked for by name', () => {
    it.each<[caller: string, filter: PartialOf<typeof ListSpendLogsRequest>['filter'], expected: number]>([
      ['admin', { userId: 'ann' }, sumOf(0, 1)],
      ['admin', { key: secretOf('eve') }, sumOf(3)],
      ['admin', { keyAlias: 'Bob’s' }, sumOf(2)],
      ['admin', { keyAlias: 'gone' }, 0],
      ['admin', { requestId: 'call-4' }, sumOf(4)],
      ['admin', { requestId: ENTRIES[4]!.id }, sumOf(4)],
      ['admin', { errorMessage: 'slow' }, sumOf(3)],
      ['admin', { startTime: new Date(NOON - DAY_MS), endTime: new Date(NOON) }, sumOf(0, 3)],
      ['ann', { userId: 'ann' }, sumOf(0, 1)],
      ['ann', { key: keyOf('ann-red') }, sumOf(1)],
      ['ann', { requestId: 'call-3' }, 0],
      ['ann', { keyAlias: 'Bob’s' }, 0],
      ['team admin', { teamId: 'red' }, sumOf(1, 2, 4)],
      ['team admin', { userId: 'bob' }, sumOf(2)],
      ['team admin', { userId: 'eve' }, 0],
      ['team admin', { key: keyOf('bob-red') }, sumOf(2)],
      ['organization admin', { organizationId: 'acme' }, sumOf(1, 2, 4)],
      ['organization admin', { teamId: 'red' }, sumOf(1, 2, 4)],
      ['key of a team', { key: keyOf('service') }, sumOf(4)],
    ])('%s, %j: %d', async (caller, filter, expected) => {
      expect(await listed(caller, filter)).toBe(expected);
    });

    it.each<[caller: string, filter: PartialOf<typeof ListSpendLogsRequest>['filter']]>([
      ['ann', { userId: 'bob' }],
      ['ann', { teamId: 'red' }],
      ['ann', { key: keyOf('bob-red') }],
      ['ann', { organizationId: 'acme' }],
      ['team admin', { teamId: 'blue' }],
      ['team admin', { key: keyOf('eve') }],
      ['organization admin', { organizationId: 'other' }],
      ['key of a team', { teamId: 'red' }],
      ['key of nobody', { userId: 'ann' }],
      ['stranger', { userId: 'ann' }],
    ])('is refused to %s: %j', async (caller, filter) => {
      await expect(list(caller, { filter })).rejects.toMatchObject(DENIED);
    });

    it('is refused by day, too', async () => {
      await expect(summarized('ann', { userId: 'bob' })).rejects.toMatchObject(DENIED);
      await expect(activity('ann', { entity: SpendDimension.TEAM, entityIds: ['red'] })).rejects.toMatchObject(DENIED);
      await expect(activity('ann', { entityIds: ['ann', 'bob'] })).rejects.toMatchObject(DENIED);
      await expect(by('ann', SpendDimension.USER, { ids: ['bob'] })).rejects.toMatchObject(DENIED);
      await expect(report('ann', { by: [SpendDimension.DAY], teamId: 'red' })).rejects.toMatchObject(DENIED);
      expect(await byId('ann', SpendDimension.USER, { ids: ['ann'] })).toEqual({ ann: sumOf(0, 1) });
    });

    it('is told to members where the team lets them', async () => {
      const teams = ledger.get(TeamService);
      await teams.setPermissions(ADMIN, { teamId: 'red', memberPermissions: ['/spend/logs', '/team/daily/activity'] });
      expect(await listed('ann', { teamId: 'red' })).toBe(sumOf(1, 2, 4));
      const { total: told } = await activity('ann', { entity: SpendDimension.TEAM, entityIds: ['red'] });
      expect(told?.spendNanoUsd).toBe(sumOf(1, 2, 4));
      await teams.setPermissions(ADMIN, { teamId: 'red', memberPermissions: [] });
    });
  });

  it('of one call is told with its attempts, to those who may see it', async () => {
    const { log } = await logs.get(CALLERS['ann']!, { id: 'call-1' });
    expect(log).toMatchObject({
      callId: 'call-1',
      keyHash: keyOf('ann-red'),
      keyAlias: 'alias 1',
      userId: 'ann',
      teamId: 'red',
      teamAlias: 'Red',
      customerId: 'shop',
      tags: ['ci', 'nightly'],
      modelGroup: 'chat',
      model: 'gpt-4o',
      costNanoUsd: 2,
      usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15 },
      attempts: [{ deploymentId: 'd1', provider: 'provider.openai', durationMs: 900 }],
    });
    await expect(logs.get(CALLERS['ann']!, { id: ENTRIES[3]!.id })).rejects.toMatchObject(NOT_FOUND);
    await expect(logs.get(ADMIN, { id: "x' OR 1=1 --" })).rejects.toMatchObject(NOT_FOUND);
    await expect(logs.get(ADMIN, { id: 'a\0' })).rejects.toMatchObject(NOT_FOUND);
  });

  it('comes in pages that join, by cursor and by number', async () => {
    const ids: string[] = [];
    for (let cursor = ''; ;) {
      const { logs: page, nextCursor } = await list('admin', { size: 2, cursor });
      ids.push(...page.map(({ id }) => id));
      if (!nextCursor) break;
      cursor = nextCursor;
    }
    expect(ids).toEqual(
      ENTRIES.map(({ id }) => id)
        .sort()
        .reverse(),
    );
    const second = await list('admin', { size: 4, page: 1, includeTotal: true, sortBy: 'cost' });
    expect([second.logs.map(({ costNanoUsd }) => costNanoUsd), second.totalCount]).toEqual([[2, 1], 6]);
    expect(second.logs[0]?.attempts).toEqual([]);
  });

  it('stands by key, team and user with their names, budgets and days', async () => {
    const { rows } = await by('admin', SpendDimension.KEY);
    expect(rows[0]).toMatchObject({ id: keyOf('loner'), alias: '', metrics: { spendNanoUsd: 32 } });
    expect(rows[1]).toMatchObject({ id: keyOf('service'), maxNanoUsd: 1_000, teamId: 'red' });
    expect(rows.find(({ id }) => id === keyOf('ann'))?.alias).toBe('Ann’s');
    expect((await by('admin', SpendDimension.TEAM, DAYS)).rows).toMatchObject([
      { id: '', metrics: { spendNanoUsd: sumOf(0, 3, 5), requests: 3, failedRequests: 1 } },
      { id: 'red', alias: 'Red', metrics: { spendNanoUsd: sumOf(1, 2, 4), totalTokens: 45 } },
    ]);
    expect((await by('admin', SpendDimension.USER, { limit: 1 })).rows).toHaveLength(1);
    expect((await by('admin', SpendDimension.ORGANIZATION)).rows).toMatchObject([{ id: 'acme', alias: 'Acme' }]);
    expect(await byId('admin', SpendDimension.OPERATION)).toEqual({ chat: EVERYTHING });
  });

  it('is told by day with what it was made up of, page by page', async () => {
    const first = await activity('admin', { entity: SpendDimension.TEAM, pageSize: 2 });
    expect(first.days.map(({ date }) => date)).toEqual(['2026-11-21', '2026-11-20']);
    expect(first.page).toMatchObject({ totalCount: 3, totalPages: 2, page: 1 });
    expect(first.total).toMatchObject({ spendNanoUsd: EVERYTHING, requests: 6 });
    const { days } = await activity('admin', { entity: SpendDimension.TEAM, pageSize: 2, page: 2 });
    expect(days).toMatchObject([{ date: '2026-11-19', metrics: { spendNanoUsd: sumOf(2, 5) } }]);
    expect(days[0]?.breakdown).toMatchObject({
      entities: { red: { alias: 'Red', metrics: { spendNanoUsd: sumOf(2) } } },
      keys: { [keyOf('bob-red')]: { alias: 'Bob’s', teamId: 'red' } },
      modelGroups: { chat: { keys: { [keyOf('loner')]: { spendNanoUsd: 32 } } } },
      endpoints: { chat: { metrics: { requests: 2 } } },
    });
    const without = await activity('admin', { excludeEntityIds: ['ann', ''], aggregated: true });
    expect(without.total?.spendNanoUsd).toBe(sumOf(2, 3));
    expect((await activity('admin', { model: 'chat', key: secretOf('eve') })).total?.requests).toBe(1);
    expect((await activity('admin', { model: 'none' })).days).toEqual([]);
  });

  it('is summarized by day, user and model', async () => {
    expect(await summarized('admin')).toEqual([
      { date: '2026-11-19', spendNanoUsd: sumOf(2, 5), users: { bob: 4, '': 32 }, models: { 'gpt-4o': 36 } },
      { date: '2026-11-20', spendNanoUsd: sumOf(1, 4), users: { ann: 2, '': 16 }, models: { 'gpt-4o': 18 } },
      { date: '2026-11-21', spendNanoUsd: sumOf(0, 3), users: { ann: 1, eve: 8 }, models: { 'gpt-4o': 9 } },
    ]);
  });

  it('of the installation is told to administrators, and to others their own', async () => {
    const global = (caller: string, days = 0) =>
      spend.getGlobal(CALLERS[caller]!, GetGlobalSpendRequest.fromPartial({ days }));
    expect(await global('viewer', 2)).toMatchObject({
      spendNanoUsd: EVERYTHING,
      days: [{ date: '2026-11-20' }, { date: '2026-11-21' }],
    });
    expect(await global('ann', 30)).toMatchObject({
      spendNanoUsd: sumOf(0, 1),
      days: [{ spendNanoUsd: 2 }, { spendNanoUsd: 1 }],
    });
    expect(await global('key of nobody')).toMatchObject({ spendNanoUsd: 32, days: [] });
  });

  it('is reported by several things together', async () => {
    const rows = await report('admin', {
      by: [SpendDimension.TEAM, SpendDimension.KEY, SpendDimension.MODEL],
      teamId: 'red',
    });
    expect(
      rows.map(({ teamAlias, keyHash, model, metrics }) => [teamAlias, keyHash, model, metrics?.spendNanoUsd]),
    ).toEqual([
      ['Red', keyOf('service'), 'gpt-4o', 16],
      ['Red', keyOf('bob-red'), 'gpt-4o', 4],
      ['Red', keyOf('ann-red'), 'gpt-4o', 2],
    ]);
    expect(await report('admin', { by: [SpendDimension.DAY], limit: 1 })).toHaveLength(1);
    await expect(report('admin', { by: [] })).rejects.toMatchObject(INVALID);
    await expect(report('admin', { by: [SpendDimension.CUSTOMER, SpendDimension.TAG] })).rejects.toMatchObject(INVALID);
  });

  it('has users and errors, which administrators count', async () => {
    const asked = CountActiveUsersRequest.fromPartial({ ...DAYS, tags: ['ci'] });
    expect((await reports.countActiveUsers(ADMIN, asked)).rows).toEqual([{ tag: 'ci', ...DAYS, users: 2 }]);
    const errors = CountErrorsRequest.fromPartial({ ...DAYS, modelGroup: 'chat', statusCode: 429 });
    expect((await reports.countErrors(ADMIN, errors)).rows).toEqual([
      { date: '2026-11-21', deploymentId: 'd1', errors: 1 },
    ]);
    await expect(reports.countActiveUsers(CALLERS['ann']!, asked)).rejects.toMatchObject(DENIED);
    await expect(reports.countErrors(CALLERS['ann']!, errors)).rejects.toMatchObject(DENIED);
    await expect(reports.countErrors(ADMIN, { ...errors, startDate: "1' --" })).rejects.toMatchObject(INVALID);
  });

  it.each<[string, PartialOf<typeof ListSpendLogsRequest>]>([
    ['a page that is too large', { size: 1_001 }],
    ['a negative page', { page: -1 }],
    ['a page beyond all', { page: 2_000_000_000, size: 1_000 }],
    ['an order that there is not', { sortBy: 'constructor' }],
    ['a cursor of its own making', { cursor: "'; DROP TABLE turnpike.spend_logs" }],
    ['a key that is none', { filter: { key: 'no key' } }],
    ['a status that there is not', { filter: { status: 'done' } }],
    ['a negative price', { filter: { minCostNanoUsd: -1 } }],
    ['a NUL', { filter: { userId: 'a\0' } }],
    ['no time', { filter: { startTime: new Date(NaN) } }],
  ])('refuses %s', async (_title, request) => {
    await expect(logs.list(ADMIN, ListSpendLogsRequest.fromPartial(request))).rejects.toMatchObject(INVALID);
  });

  it('takes hostile texts for what they are', async () => {
    const hostile = "'; DROP TABLE turnpike.spend_logs; --";
    for (const name of ['userId', 'teamId', 'customerId', 'tag', 'model', 'provider', 'errorMessage', 'requestId']) {
      expect(await listed('admin', { [name]: hostile })).toBe(0);
    }
    const asked = ListDistinctRequest.fromPartial({ dimension: SpendDimension.TAG, search: hostile });
    expect((await spend.listDistinct(ADMIN, asked)).names).toEqual([]);
    await expect(spend.listDistinct(ADMIN, { ...asked, search: 'a\0' })).rejects.toMatchObject(INVALID);
    await expect(by('admin', SpendDimension.UNSPECIFIED)).rejects.toMatchObject(INVALID);
    await expect(by('admin', SpendDimension.KEY, { limit: -1 })).rejects.toMatchObject(INVALID);
    await expect(activity('admin', { startDate: '2026-02-30' })).rejects.toMatchObject(INVALID);
  });

  it('is set back with the master key alone, and stays in the log', async () => {
    await expect(reports.resetGlobal(CALLERS['viewer']!)).rejects.toMatchObject(DENIED);
    await expect(reports.resetGlobal(aCaller('proxy_admin', 'boss'))).rejects.toMatchObject(DENIED);
    const since = await ledger.get(Changes).latest(database().manager);
    expect(await reports.resetGlobal(ADMIN)).toEqual({ keys: 6, teams: 1 });
    const accounts = ['team:red', `key:${keyOf('service')}`, 'user:ann'];
    const balances = await ledger.get(BalanceBook).read(database().manager, accounts);
    expect(accounts.map((account) => balances.get(account)?.spent)).toEqual([0, 0, sumOf(0, 1)]);
    expect(await listed('admin')).toBe(EVERYTHING);
    expect((await ledger.get(Changes).since(database().manager, since)).changes).toEqual([
      { kind: 'account', id: `key:${keyOf('service')}` },
    ]);
  });
});
