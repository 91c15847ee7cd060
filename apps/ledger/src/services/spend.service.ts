// What was spent, from the sums of days and the balances: by whom, on what, and when.
import { Inject, Injectable } from '@nestjs/common';
import { invalidRequest } from '@turnpike/errors';
import {
  SpendDimension,
  type DaySpend,
  type GetDailyActivityRequest,
  type GetDailyActivityResponse,
  type GetGlobalSpendRequest,
  type GetGlobalSpendResponse,
  type GetSpendByRequest,
  type GetSpendByResponse,
  type ListDistinctRequest,
  type ListDistinctResponse,
  type SpendRow,
  type SummarizeSpendRequest,
  type SummarizeSpendResponse,
} from '@turnpike/rpc';
import { DataSource, type EntityManager } from 'typeorm';
import { balancesBy, type AccountKind } from '../spend/balances-by.js';
import { readActivity, type ActivityEntity, type DayOfActivity } from '../spend/daily-activity.js';
import type { DailyFilter, Dimension } from '../spend/daily-filter.js';
import { DailySpend, type DayOfSpend } from '../spend/daily-spend.js';
import { addTo, noSums, NOTHING } from '../spend/spend-sums.js';
import { assertStorable } from '../storage/storable.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { seesAllSpend, type Caller } from './caller.js';
import { accountOfKey } from './keys.js';
import { NOW, type Now } from './ledger-settings.js';
import { pageInfoOf } from './pages.js';
import { listed, SpendFilters, type AskedSpend } from './spend-filters.js';
import { SpendNames } from './spend-names.js';
import { dimensionOf, toDayActivity, toMetrics } from './spend.mapper.js';
import { storing } from './storing.js';
import { accountOfUser } from './users.js';

const DAY_MS = 86_400_000;
const USUAL_ROWS = 100;
const USUAL_NAMES = 1_000;
const USUAL_DAYS = 50;
const MOST_DAYS = 1_000;
const MOST_ROWS = 10_000;

const ACCOUNTS = ['key', 'user', 'team', 'organization', 'customer', 'tag'] as const satisfies AccountKind[];
const BY = [...ACCOUNTS, 'model', 'group', 'provider', 'operation'] as const;
const NAMED = ['customer', 'tag', 'model', 'group', 'provider', 'operation'] as const;

const isAccountKind = (dimension: Dimension): dimension is AccountKind =>
  (ACCOUNTS as readonly string[]).includes(dimension);

const dayAt = (at: number): string => new Date(at).toISOString().slice(0, 10);

@Injectable()
export class SpendService {
  private readonly daily: DailySpend;

  constructor(
    private readonly dataSource: DataSource,
    private readonly filters: SpendFilters,
    private readonly names: SpendNames,
    private readonly bounds: BoundsKeeper,
    @Inject(NOW) private readonly now: Now,
  ) {
    this.daily = new DailySpend(dataSource);
  }

  async summarize(caller: Caller, request: SummarizeSpendRequest): Promise<SummarizeSpendResponse> {
    return await this.read(request, async (manager) => {
      const filter = await this.filters.of(manager, caller, ownersIn(request), []);
      return { days: (await this.daily.days(filter)).map(toDaySpend) };
    });
  }

  async getBy(caller: Caller, request: GetSpendByRequest): Promise<GetSpendByResponse> {
    const dimension = dimensionOf(request.dimension, BY);
    const { startDate, endDate, key, userId, teamId, ids } = request;
    const most = limitOf(request.limit, USUAL_ROWS, MOST_ROWS, 'limit');
    return await this.read(request, async (manager) => {
      const isOfPeriod = ![startDate, endDate, key, userId, teamId].some((text) => text !== '');
      if (isOfPeriod && seesAllSpend(caller) && isAccountKind(dimension)) {
        return await this.byBalance(manager, dimension, ids, most);
      }
      const asked = withIds(ownersIn(request), dimension, ids);
      const filter = await this.filters.of(manager, caller, asked, [dimension]);
      const sums = await this.daily.sums([dimension], filter, most);
      const found = sums.map((row) => ({ id: row[dimension], metrics: toMetrics(row), max: undefined }));
      return {
        rows: await this.toRows(manager, dimension, found),
        total: toMetrics(await this.daily.total(filter)),
      };
    });
  }

  async getDailyActivity(caller: Caller, request: GetDailyActivityRequest): Promise<GetDailyActivityResponse> {
    const { entity: asked, entityIds, aggregated, startDate, endDate } = request;
    const entity = asked === SpendDimension.UNSPECIFIED ? 'user' : dimensionOf(asked, ACCOUNTS, 'entity');
    const size = limitOf(request.pageSize, USUAL_DAYS, MOST_DAYS, 'page_size');
    const page = Math.max(1, request.page);
    return await this.read(request, async (manager) => {
      const narrowed = withIds({ startDate, endDate, keys: listed(request.key) }, entity, entityIds);
      const filter: DailyFilter = {
        ...(await this.filters.of(manager, caller, narrowed, [entity])),
        anyModel: request.model || undefined,
        except: { dimension: entity, ids: request.excludeEntityIds },
      };
      const days = await this.daily.sums(['day'], filter);
      const latestFirst = days.map(({ day }) => day).reverse();
      const shown = aggregated ? latestFirst : latestFirst.slice((page - 1) * size, page * size);
      const activity = await readActivity(this.dataSource, entity, filter, shown);
      return {
        days: await this.toDays(manager, entity, activity),
        total: toMetrics(days.reduce(addTo, noSums())),
        page: pageInfoOf(aggregated ? { page: 1, size: Math.max(1, days.length) } : { page, size }, days.length),
      };
    });
  }

  /** Those who do not see all are told of their own. */
  async getGlobal(caller: Caller, request: GetGlobalSpendRequest): Promise<GetGlobalSpendResponse> {
    const days = limitOf(request.days, 0, MOST_DAYS, 'days');
    return await this.read(request, async (manager) => {
      const account = accountOfCaller(caller);
      const balance = (await this.bounds.read(manager, [account])).get(account);
      const now = this.now();
      const period = { startDate: dayAt(now - (days - 1) * DAY_MS), endDate: dayAt(now) };
      const filter = days > 0 ? await this.filters.of(manager, caller, period, []) : undefined;
      return {
        spendNanoUsd: balance?.spent ?? 0,
        maxNanoUsd: balance?.max,
        resetAt: balance?.resetAt === undefined ? undefined : new Date(balance.resetAt),
        days: filter ? (await this.daily.days(filter)).map(toDaySpend) : [],
      };
    });
  }

  async listDistinct(caller: Caller, request: ListDistinctRequest): Promise<ListDistinctResponse> {
    const dimension = dimensionOf(request.dimension, NAMED);
    const most = limitOf(request.limit, USUAL_NAMES, MOST_ROWS, 'limit');
    return await this.read(request, async (manager) => {
      const filter = await this.filters.of(manager, caller, {}, [dimension]);
      return { names: await this.daily.names(dimension, filter, request.search, most) };
    });
  }

  private async byBalance(
    manager: EntityManager,
    kind: AccountKind,
    ids: readonly string[],
    most: number,
  ): Promise<GetSpendByResponse> {
    const asked = { ids: ids.length > 0 ? ids : undefined, now: this.now(), most };
    const { rows, total } = await balancesBy(manager, kind, asked);
    const found = rows.map(({ id, spent, max }) => ({ id, max, metrics: toMetrics({ ...NOTHING, spend: spent }) }));
    return { rows: await this.toRows(manager, kind, found), total: toMetrics({ ...NOTHING, spend: total }) };
  }

  private async toRows(
    manager: EntityManager,
    dimension: Dimension,
    found: readonly { id: string; metrics: SpendRow['metrics']; max: number | undefined }[],
  ): Promise<SpendRow[]> {
    const names = await this.names.of(
      manager,
      dimension,
      found.map(({ id }) => id),
    );
    return found.map(({ id, metrics, max }) => {
      const { alias = '', teamId = '' } = names.get(id) ?? {};
      return { id, alias, metrics, maxNanoUsd: max, teamId };
    });
  }

  private async toDays(
    manager: EntityManager,
    entity: ActivityEntity,
    days: readonly DayOfActivity[],
  ): Promise<GetDailyActivityResponse['days']> {
    const idsOf = (part: 'entities' | 'keys'): string[] => days.flatMap((day) => [...day[part].keys()]);
    const entities = await this.names.of(manager, entity, idsOf('entities'));
    const keys = await this.names.of(manager, 'key', idsOf('keys'));
    return days.map((day) => toDayActivity(day, entities, keys));
  }

  private async read<T>(request: object, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    assertStorable(request);
    return await storing(() => work(this.dataSource.manager));
  }
}

/** What most requests name beside days. */
const ownersIn = ({ startDate, endDate, key, userId, teamId }: SummarizeSpendRequest): AskedSpend => ({
  startDate,
  endDate,
  keys: listed(key),
  users: listed(userId),
  teams: listed(teamId),
});

/** Where ids of a dimension narrow the sums. */
const MEMBERS = {
  key: 'keys',
  user: 'users',
  team: 'teams',
  organization: 'organizations',
  customer: 'customers',
  tag: 'tags',
  model: 'models',
  group: 'groups',
  provider: 'providers',
  operation: 'operations',
} as const satisfies Record<Exclude<Dimension, 'day'>, keyof AskedSpend>;

/** Of those that were named already, only what is in both. */
const withIds = (asked: AskedSpend, dimension: keyof typeof MEMBERS, ids: readonly string[]): AskedSpend => {
  if (ids.length === 0) return asked;
  const member = MEMBERS[dimension];
  const named = asked[member];
  return { ...asked, [member]: named ? ids.filter((id) => named.includes(id)) : ids };
};

const accountOfCaller = (caller: Caller): string => {
  if (seesAllSpend(caller)) return 'installation';
  return caller.userId ? accountOfUser(caller.userId) : accountOfKey(caller.keyHash ?? '');
};

/** @throws GW_INVALID_REQUEST */
const limitOf = (asked: number, usual: number, most: number, param: string): number => {
  if (asked < 0 || asked > most) throw invalidRequest(`${param} must be between 1 and ${most}.`, param);
  return asked === 0 ? usual : asked;
};

const toDaySpend = ({ day, spend, users, models }: DayOfSpend): DaySpend => ({
  date: day,
  spendNanoUsd: spend,
  users,
  models,
});
