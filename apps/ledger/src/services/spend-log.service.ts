// Looks at the log of calls: one, or a page of them.
import { Injectable } from '@nestjs/common';
import { invalidRequest } from '@turnpike/errors';
import {
  SpendLogFilter as FilterMessage,
  type GetSpendLogRequest,
  type GetSpendLogResponse,
  type ListSpendLogsRequest,
  type ListSpendLogsResponse,
} from '@turnpike/rpc';
import { DataSource, type EntityManager } from 'typeorm';
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';
import type { SpendLogFilter } from '../spend/spend-log-filter.js';
import { SpendLogs, type SpendLog, type SpendLogOrder } from '../spend/spend-logs.js';
import { assertStorable } from '../storage/storable.js';
import type { Caller } from './caller.js';
import { tokenOf } from './key-secret.js';
import { SpendNames } from './spend-names.js';
import { SpendScopes } from './spend-scopes.js';
import { toSpendLog } from './spend.mapper.js';
import { notFound, storing } from './storing.js';
import { assertMoney } from './terms.js';

const USUAL_SIZE = 50;
const STATUSES = ['success', 'failure', 'client_closed'];
const ORDERS: Readonly<Record<string, SpendLogOrder>> = {
  '': 'time',
  start_time: 'time',
  cost: 'cost',
  total_tokens: 'totalTokens',
};

@Injectable()
export class SpendLogService {
  private readonly logs: SpendLogs;

  constructor(
    private readonly dataSource: DataSource,
    private readonly virtualKeys: VirtualKeyRepository,
    private readonly scopes: SpendScopes,
    private readonly names: SpendNames,
  ) {
    this.logs = new SpendLogs(dataSource);
  }

  async list(caller: Caller, request: ListSpendLogsRequest): Promise<ListSpendLogsResponse> {
    const { size, cursor, page, sortBy, ascending, includeDetails } = request;
    const order = Object.hasOwn(ORDERS, sortBy) ? ORDERS[sortBy] : undefined;
    if (!order) throw invalidRequest('sort_by must be start_time, cost or total_tokens.', 'sort_by');
    if (page < 0) throw invalidRequest('page must be 0 or more.', 'page');
    const rows = size === 0 ? USUAL_SIZE : size;
    const asked = {
      size: rows,
      order,
      ascending,
      ...(cursor ? { after: cursor } : { skip: page * rows }),
    };
    return await storing(async () => {
      const { manager } = this.dataSource;
      const filter = await this.filterOf(manager, caller, request.filter ?? FilterMessage.fromPartial({}));
      const { logs, next } = includeDetails
        ? await this.logs.listWhole(filter, asked)
        : await this.logs.list(filter, asked);
      const teams = await this.names.of(manager, 'team', teamsOf(logs));
      return {
        logs: logs.map((log) => toSpendLog(log, teams)),
        nextCursor: next ?? '',
        totalCount: request.includeTotal ? (await this.logs.count(filter)).count : undefined,
      };
    });
  }

  /** To those who may not see it, a call looks like one that does not exist. */
  async get(caller: Caller, { id }: GetSpendLogRequest): Promise<GetSpendLogResponse> {
    return await storing(async () => {
      const { manager } = this.dataSource;
      const scope = await this.scopes.of(manager, caller, {}, '/spend/logs');
      const log = await this.logs.get(id, scope);
      if (!log) throw notFound(`The call '${id.slice(0, 256)}'`, 'request_id');
      return { log: toSpendLog(log, await this.names.of(manager, 'team', teamsOf([log]))) };
    });
  }

  private async filterOf(manager: EntityManager, caller: Caller, asked: FilterMessage): Promise<SpendLogFilter> {
    assertStorable(asked, 'filter');
    const key = asked.key ? tokenOf(asked.key, 'api_key') : undefined;
    const filter = toFilter(asked);
    const { users, teams, organizations } = filter;
    const named = { keys: key === undefined ? undefined : [key], users, teams, organizations };
    const within = await this.scopes.of(manager, caller, named, '/spend/logs');
    return {
      ...filter,
      keys: await this.keysOf(manager, key, asked.keyAlias),
      within,
    };
  }

  /** Undefined: of all keys. */
  private async keysOf(manager: EntityManager, key: string | undefined, alias: string): Promise<string[] | undefined> {
    const named = key === undefined ? undefined : [key];
    if (!alias) return named;
    const tokens = await this.virtualKeys.tokensOfAlias(manager, alias);
    return named ? tokens.filter((token) => named.includes(token)) : tokens;
  }
}

const teamsOf = (logs: readonly SpendLog[]): string[] => logs.flatMap(({ team }) => (team === null ? [] : [team]));

const given = (text: string): string | undefined => text || undefined;
const listed = (text: string): string[] | undefined => (text ? [text] : undefined);

/** @throws GW_INVALID_REQUEST */
const toFilter = (asked: FilterMessage): SpendLogFilter => {
  assertMoney(asked.minCostNanoUsd, 'min_spend');
  assertMoney(asked.maxCostNanoUsd, 'max_spend');
  if (asked.status && !STATUSES.includes(asked.status)) {
    throw invalidRequest(`status must be one of ${STATUSES.join(', ')}.`, 'status_filter');
  }
  return {
    users: listed(asked.userId),
    teams: listed(asked.teamId),
    organizations: listed(asked.organizationId),
    customers: listed(asked.customerId),
    tag: given(asked.tag),
    model: given(asked.model),
    group: given(asked.modelGroup),
    provider: given(asked.provider),
    deployment: given(asked.modelId),
    status: given(asked.status),
    errorCode: given(asked.errorCode),
    errorMessage: given(asked.errorMessage),
    sessionId: given(asked.sessionId),
    callId: given(asked.requestId),
    from: timeOf(asked.startTime, 'start_date'),
    to: timeOf(asked.endTime, 'end_date'),
    minCost: asked.minCostNanoUsd,
    maxCost: asked.maxCostNanoUsd,
  };
};

const timeOf = (time: Date | undefined, param: string): number | undefined => {
  if (!time) return undefined;
  if (Number.isNaN(time.getTime())) throw invalidRequest(`${param} is not a time.`, param);
  return time.getTime();
};
