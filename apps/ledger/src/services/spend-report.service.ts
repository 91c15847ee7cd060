// What administrators ask of spend: reports, users, errors; and setting back what was spent.
import { Inject, Injectable } from '@nestjs/common';
import { GatewayError, invalidRequest } from '@turnpike/errors';
import type {
  CountActiveUsersRequest,
  CountActiveUsersResponse,
  CountErrorsRequest,
  CountErrorsResponse,
  ReportSpendRequest,
  ReportSpendResponse,
  ResetGlobalSpendResponse,
} from '@turnpike/rpc';
import { DataSource } from 'typeorm';
import { countActiveUsers } from '../spend/active-users.js';
import { assertDays, type Dimension } from '../spend/daily-filter.js';
import { DailySpend } from '../spend/daily-spend.js';
import { countErrors } from '../spend/error-counts.js';
import { inTransaction } from '../storage/in-transaction.js';
import { assertStorable } from '../storage/storable.js';
import { BoundsKeeper } from './bounds-keeper.js';
import type { Caller } from './caller.js';
import { MASTER_KEY_HASH } from './ledger-settings.js';
import { assertSeesAll } from './permissions.js';
import { Recorder } from './recorder.js';
import { listed, listOf, SpendFilters } from './spend-filters.js';
import { SpendNames } from './spend-names.js';
import { dimensionOf, toMetrics } from './spend.mapper.js';
import { storing } from './storing.js';

const BY = [
  'day',
  'key',
  'user',
  'team',
  'organization',
  'customer',
  'tag',
  'model',
  'group',
  'provider',
  'operation',
] as const satisfies Dimension[];

const MOST_ROWS = 10_000;
const MOST_STATUS = 599;

@Injectable()
export class SpendReportService {
  private readonly daily: DailySpend;

  constructor(
    private readonly dataSource: DataSource,
    private readonly filters: SpendFilters,
    private readonly names: SpendNames,
    private readonly bounds: BoundsKeeper,
    private readonly recorder: Recorder,
    @Inject(MASTER_KEY_HASH) private readonly masterKeyHash: string,
  ) {
    this.daily = new DailySpend(dataSource);
  }

  async report(caller: Caller, request: ReportSpendRequest): Promise<ReportSpendResponse> {
    assertStorable(request);
    const by = [...new Set(request.by.map((dimension) => dimensionOf(dimension, BY, 'by')))];
    if (by.length === 0) throw invalidRequest('Say by what the report is: by is empty.', 'by');
    const { key, keys, limit } = request;
    if (limit < 0 || limit > MOST_ROWS) throw invalidRequest(`limit must be between 1 and ${MOST_ROWS}.`, 'limit');
    const asked = {
      startDate: request.startDate,
      endDate: request.endDate,
      keys: listOf(key ? [key, ...keys] : keys),
      users: listed(request.userId),
      teams: listed(request.teamId),
      organizations: listed(request.organizationId),
      customers: listed(request.customerId),
      tags: listOf(request.tags),
      models: listOf(request.models),
    };
    return await storing(async () => {
      const { manager } = this.dataSource;
      const filter = await this.filters.of(manager, caller, asked, by);
      const sums: readonly (Partial<Record<Dimension, string>> & Parameters<typeof toMetrics>[0])[] =
        await this.daily.sums<Dimension>(by, filter, limit || MOST_ROWS);
      const ofKeys = await this.names.of(manager, 'key', idsIn(sums, 'key'));
      const ofTeams = await this.names.of(manager, 'team', idsIn(sums, 'team'));
      const rows = sums.map(({ day = '', key = '', user = '', team = '', organization = '', ...row }) => ({
        date: day,
        keyHash: key,
        keyAlias: ofKeys.get(key)?.alias ?? '',
        userId: user,
        teamId: team,
        teamAlias: ofTeams.get(team)?.alias ?? '',
        organizationId: organization,
        customerId: row.customer ?? '',
        tag: row.tag ?? '',
        model: row.model ?? '',
        modelGroup: row.group ?? '',
        provider: row.provider ?? '',
        operation: row.operation ?? '',
        metrics: toMetrics(row),
      }));
      return { rows };
    });
  }

  async countActiveUsers(caller: Caller, request: CountActiveUsersRequest): Promise<CountActiveUsersResponse> {
    assertSeesAll(caller, 'count users');
    assertStorable(request);
    const { startDate, endDate, days, tags, search, provider } = request;
    if (days < 0) throw invalidRequest('days must be 0 or more.', 'days');
    assertDays(startDate, endDate);
    return await storing(async () => {
      const filter = { from: startDate, to: endDate, tags: listOf(tags), providers: listed(provider) };
      const rows = await countActiveUsers(this.dataSource, filter, days, search);
      return { rows: rows.map(({ tag, from, to, users }) => ({ tag, startDate: from, endDate: to, users })) };
    });
  }

  async countErrors(caller: Caller, request: CountErrorsRequest): Promise<CountErrorsResponse> {
    assertSeesAll(caller, 'count errors');
    assertStorable(request);
    const { startDate: from, endDate: to, modelGroup, statusCode } = request;
    assertDays(from, to);
    if (statusCode < 0 || statusCode > MOST_STATUS) throw invalidRequest('status_code is none.', 'status_code');
    return await storing(async () => {
      const filter = { from, to, group: modelGroup || undefined, statusCode: statusCode || undefined };
      const rows = await countErrors(this.dataSource, filter);
      return { rows: rows.map(({ day, deployment, errors }) => ({ date: day, deploymentId: deployment, errors })) };
    });
  }

  /** The logs and the sums of days stay. */
  async resetGlobal(caller: Caller): Promise<ResetGlobalSpendResponse> {
    if (caller.keyHash !== this.masterKeyHash) {
      throw new GatewayError('GW_PERMISSION_DENIED', 'Only the master key can set back what all keys and teams spent.');
    }
    return await storing(() =>
      inTransaction(this.dataSource, async (manager) => {
        const { keys, teams, bounded } = await this.bounds.forgetSpent(manager);
        await this.recorder.record(manager, caller, {
          deeds: [
            { action: 'spend_reset', table: 'key', id: '*', after: { keys, spend_nano_usd: 0 } },
            { action: 'spend_reset', table: 'team', id: '*', after: { teams, spend_nano_usd: 0 } },
          ],
          changes: bounded.map((id) => ({ kind: 'account', id })),
        });
        return { keys, teams };
      }),
    );
  }
}

const idsIn = (rows: readonly Partial<Record<Dimension, string>>[], dimension: Dimension): string[] =>
  rows.map((row) => row[dimension] ?? '');
