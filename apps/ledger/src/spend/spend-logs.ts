// The log of calls, read: by who made them, what they asked for, and when; newest first.
import type { EntryAttempt, EntryError, JsonObject, NanoUsd, Usage, UsageSource } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import type { DataSource } from 'typeorm';
import type { SummedKind } from '../settlement/charges.js';
import { dayOfId } from '../settlement/read-entry.js';
import { Conditions, type SpendScope } from './conditions.js';
import { addModel, isLogId, logConditions, type SpendLogFilter } from './spend-log-filter.js';

export type SpendLogOrder = 'time' | 'cost' | 'totalTokens';

export interface SpendLogPage {
  /** 1 to 1,000. */
  readonly size: number;
  /** `next` of the page before; by time only. */
  readonly after?: string;
  /** Passed over, for callers who count pages: the keyset above costs the same however far one goes, this does not. */
  readonly skip?: number;
  /** By time, where nothing is said. */
  readonly order?: SpendLogOrder;
  /** The oldest or least first. */
  readonly ascending?: boolean;
}

export interface SpendLog {
  readonly id: string;
  /** UTC: `2026-11-21` */
  readonly day: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly cost: NanoUsd;
  readonly isCostUnknown: boolean;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly status: string;
  readonly statusCode: number | null;
  readonly cache: string | null;
  readonly operation: string | null;
  readonly isStream: boolean;
  readonly callId: string | null;
  readonly key: string | null;
  readonly keyAlias: string | null;
  readonly user: string | null;
  readonly team: string | null;
  readonly organization: string | null;
  readonly customer: string | null;
  readonly sessionId: string | null;
  readonly requestedModel: string | null;
  readonly model: string | null;
  readonly group: string | null;
  readonly provider: string | null;
  readonly deployment: string | null;
  readonly errorCode: string | null;
  readonly ip: string | null;
  readonly tags: readonly string[];
}

/** With all that is kept of it. */
export interface WholeSpendLog extends SpendLog {
  readonly detail: {
    readonly usage?: Usage;
    readonly usageSource?: UsageSource;
    readonly attempts: readonly EntryAttempt[];
    readonly error?: EntryError;
    readonly metadata?: JsonObject;
    readonly holder?: string;
    readonly accounts?: readonly string[];
  };
}

const COLUMNS: Readonly<Record<keyof SpendLog, string>> = {
  id: 'id',
  day: 'day::text',
  startedAt: 'started_at',
  endedAt: 'ended_at',
  cost: 'cost_nano',
  isCostUnknown: 'is_cost_unknown',
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
  totalTokens: 'total_tokens',
  cachedInputTokens: 'cached_input_tokens',
  cacheWriteTokens: 'cache_write_tokens',
  status: 'status',
  statusCode: 'status_code',
  cache: 'cache',
  operation: 'operation',
  isStream: 'is_stream',
  callId: 'call_id',
  key: 'key_hash',
  keyAlias: 'key_alias',
  user: 'user_id',
  team: 'team_id',
  organization: 'organization_id',
  customer: 'customer_id',
  sessionId: 'session_id',
  requestedModel: 'requested_model',
  model: 'model',
  group: 'model_group',
  provider: 'provider',
  deployment: 'deployment_id',
  errorCode: 'error_code',
  ip: 'ip',
  tags: 'tags',
};
const SELECTED = Object.entries(COLUMNS)
  .map(([name, column]) => `${column} AS "${name}"`)
  .join(', ');

const LARGEST_PAGE = 1_000;
/** Pages that are counted: one passed over costs as much as one that is told. */
const MOST_SKIPPED = 100_000;
/** A count that is shown beside a list; whoever needs sums asks the sums of days. */
const COUNTED_AT_MOST = 10_000;

/** The day and the id at last, so that rows alike in the rest keep their places. */
const ORDERS: Readonly<Record<SpendLogOrder, readonly string[]>> = {
  time: ['spend_logs.day', 'spend_logs.id'],
  cost: ['spend_logs.cost_nano', 'spend_logs.day', 'spend_logs.id'],
  totalTokens: ['spend_logs.total_tokens', 'spend_logs.day', 'spend_logs.id'],
};

export class SpendLogs {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Newest first, unless the page says otherwise.
   * @throws GatewayError GW_INVALID_REQUEST for a page that cannot be
   */
  async list(filter: SpendLogFilter, page: SpendLogPage): Promise<{ logs: SpendLog[]; next?: string }> {
    return await this.read(filter, page, SELECTED);
  }

  /** With all that is kept of each. @throws as `list` */
  async listWhole(filter: SpendLogFilter, page: SpendLogPage): Promise<{ logs: WholeSpendLog[]; next?: string }> {
    return (await this.read(filter, page, `${SELECTED}, detail`)) as { logs: WholeSpendLog[]; next?: string };
  }

  private async read(
    filter: SpendLogFilter,
    page: SpendLogPage,
    selected: string,
  ): Promise<{ logs: SpendLog[]; next?: string }> {
    const { size, after, skip = 0, order = 'time', ascending = false } = page;
    if (!(size >= 1 && size <= LARGEST_PAGE))
      throw invalidRequest(`A page has 1 to ${LARGEST_PAGE} rows.`, 'page_size');
    if (!(skip >= 0 && skip <= MOST_SKIPPED))
      throw invalidRequest(`Pages are counted up to row ${MOST_SKIPPED}; narrow the list, or use its cursor.`, 'page');
    const conditions = await this.conditionsOf(filter);
    if (after !== undefined) {
      if (!isLogId(after) || order !== 'time') throw invalidRequest('It is not the end of a page.', 'cursor');
      const [day, id] = [conditions.parameter(dayOfId(after), 'date'), conditions.parameter(after, 'uuid')];
      conditions.add(`(spend_logs.day, spend_logs.id) ${ascending ? '>' : '<'} (${day}, ${id})`);
    }
    const direction = ascending ? 'ASC' : 'DESC';
    const logs = await this.dataSource.query<SpendLog[]>(
      `SELECT ${selected} FROM turnpike.spend_logs ${conditions.where()}
        ORDER BY ${ORDERS[order].map((column) => `${column} ${direction}`).join(', ')}
        LIMIT ${Math.trunc(size)} OFFSET ${Math.trunc(skip)}`,
      conditions.parameters,
    );
    return { logs, next: order !== 'time' || logs.length < size ? undefined : logs.at(-1)?.id };
  }

  /** How many there are; `isMore`: at least so many. */
  async count(filter: SpendLogFilter): Promise<{ count: number; isMore: boolean }> {
    const conditions = await this.conditionsOf(filter);
    const [row] = await this.dataSource.query<{ count: number }[]>(
      `SELECT count(*)::integer AS count FROM
         (SELECT FROM turnpike.spend_logs ${conditions.where()} LIMIT ${COUNTED_AT_MOST + 1}) AS found`,
      conditions.parameters,
    );
    const count = row?.count ?? 0;
    return { count: Math.min(count, COUNTED_AT_MOST), isMore: count > COUNTED_AT_MOST };
  }

  /**
   * By its id, or by the id that the client was told. Undefined: there is none, or it was dropped.
   * @param within only what is of one of these
   */
  async get(id: string, within?: SpendScope): Promise<WholeSpendLog | undefined> {
    const lower = id.toLowerCase();
    if (isLogId(lower)) {
      const conditions = new Conditions();
      conditions.equal('spend_logs.day', dayOfId(lower), 'date');
      conditions.equal('spend_logs.id', lower, 'uuid');
      const found = await this.first(conditions, within);
      if (found) return found;
    }
    const byCall = new Conditions();
    byCall.equal('call_id', id);
    return await this.first(byCall, within);
  }

  /** No index knows models, providers and tags; the sums of days tell on which of them they were asked for. */
  private async conditionsOf(filter: SpendLogFilter): Promise<Conditions> {
    const conditions = logConditions(filter);
    const { model, group, provider, tag } = filter;
    if (model !== undefined || group !== undefined || provider !== undefined)
      conditions.among('spend_logs.day', await this.daysOf('', { model, group, provider }), 'date');
    if (tag !== undefined) conditions.among('spend_logs.day', await this.daysOf('tag', { tag }), 'date');
    return conditions;
  }

  private async daysOf(
    kind: SummedKind,
    { model, group, provider, tag }: Pick<SpendLogFilter, 'model' | 'group' | 'provider' | 'tag'>,
  ): Promise<string[]> {
    const conditions = new Conditions();
    conditions.equal('kind', kind);
    conditions.equal('id', tag);
    addModel(conditions, model);
    conditions.equal('model_group', group);
    conditions.equal('provider', provider);
    const days = await this.dataSource.query<{ day: string }[]>(
      `SELECT DISTINCT day::text AS day FROM turnpike.daily_spend ${conditions.where()}`,
      conditions.parameters,
    );
    return days.map(({ day }) => day);
  }

  private async first(conditions: Conditions, within?: SpendScope): Promise<WholeSpendLog | undefined> {
    if (within) conditions.within(within);
    const [log] = await this.dataSource.query<WholeSpendLog[]>(
      `SELECT ${SELECTED}, detail FROM turnpike.spend_logs ${conditions.where()}
        ORDER BY spend_logs.day DESC, spend_logs.id DESC LIMIT 1`,
      conditions.parameters,
    );
    return log;
  }
}
