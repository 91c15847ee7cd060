// The log of calls, read: by who made them, what they asked for, and when; newest first.
import type { EntryAttempt, EntryError, JsonObject, NanoUsd, Usage, UsageSource } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import type { DataSource } from 'typeorm';
import { dayOfId } from '../settlement/read-entry.js';
import { Conditions } from './conditions.js';

/** Each narrows what is found; absent: it does not. */
export interface SpendLogFilter {
  readonly keys?: readonly string[];
  readonly users?: readonly string[];
  readonly teams?: readonly string[];
  readonly organizations?: readonly string[];
  readonly customers?: readonly string[];
  readonly tag?: string;
  /** The group, or as the upstream calls it. */
  readonly model?: string;
  readonly deployment?: string;
  readonly status?: string;
  readonly errorCode?: string;
  readonly sessionId?: string;
  readonly callId?: string;
  /** Epoch milliseconds: calls that were on record from then on. */
  readonly from?: number;
  /** Epoch milliseconds, not included. */
  readonly to?: number;
  readonly minCost?: NanoUsd;
  readonly maxCost?: NanoUsd;
}

export interface SpendLogPage {
  /** 1 to 1,000. */
  readonly size: number;
  /** `next` of the page before. */
  readonly after?: string;
  /** Passed over, for callers who count pages: the keyset above costs the same however far one goes, this does not. */
  readonly skip?: number;
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
/** A count that is shown beside a list; whoever needs sums asks the sums of days. */
const COUNTED_AT_MOST = 10_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export class SpendLogs {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Newest first.
   * @throws GatewayError GW_INVALID_REQUEST for a page that cannot be
   */
  async list(filter: SpendLogFilter, page: SpendLogPage): Promise<{ logs: SpendLog[]; next?: string }> {
    const { size, after, skip = 0 } = page;
    if (!(size >= 1 && size <= LARGEST_PAGE))
      throw invalidRequest(`A page has 1 to ${LARGEST_PAGE} rows.`, 'page_size');
    const conditions = await this.conditionsOf(filter);
    if (after !== undefined) {
      if (!UUID.test(after)) throw invalidRequest('It is not the end of a page.', 'after');
      const [day, id] = [conditions.parameter(dayOfId(after), 'date'), conditions.parameter(after, 'uuid')];
      conditions.add(`(spend_logs.day, spend_logs.id) < (${day}, ${id})`);
    }
    const logs = await this.dataSource.query<SpendLog[]>(
      `SELECT ${SELECTED} FROM turnpike.spend_logs ${conditions.where()}
        ORDER BY spend_logs.day DESC, spend_logs.id DESC LIMIT ${Math.trunc(size)} OFFSET ${Math.max(0, Math.trunc(skip))}`,
      conditions.parameters,
    );
    return { logs, next: logs.length < size ? undefined : logs.at(-1)?.id };
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

  /** By its id, or by the id that the client was told. Undefined: there is none, or it was dropped. */
  async get(id: string): Promise<WholeSpendLog | undefined> {
    const lower = id.toLowerCase();
    const conditions = new Conditions();
    if (UUID.test(lower)) {
      conditions.equal('day', dayOfId(lower), 'date');
      conditions.equal('id', lower, 'uuid');
      const found = await this.first(conditions);
      if (found) return found;
    }
    const byCall = new Conditions();
    byCall.equal('call_id', id);
    return await this.first(byCall);
  }

  /** No index knows models; the sums of days tell on which of them they were asked for. */
  private async conditionsOf(filter: SpendLogFilter): Promise<Conditions> {
    const conditions = conditionsOf(filter);
    if (filter.model === undefined) return conditions;
    const days = await this.dataSource.query<{ day: string }[]>(
      `SELECT DISTINCT day::text AS day FROM turnpike.daily_spend WHERE kind = '' AND (model = $1 OR model_group = $1)`,
      [filter.model],
    );
    conditions.among(
      'spend_logs.day',
      days.map(({ day }) => day),
      'date',
    );
    const model = conditions.parameter(filter.model, 'text');
    conditions.add(`(model = ${model} OR model_group = ${model})`);
    return conditions;
  }

  private async first(conditions: Conditions): Promise<WholeSpendLog | undefined> {
    const [log] = await this.dataSource.query<WholeSpendLog[]>(
      `SELECT ${SELECTED}, detail FROM turnpike.spend_logs ${conditions.where()} ORDER BY spend_logs.day DESC, spend_logs.id DESC LIMIT 1`,
      conditions.parameters,
    );
    return log;
  }
}

const conditionsOf = (filter: SpendLogFilter): Conditions => {
  const conditions = new Conditions();
  conditions.among('key_hash', filter.keys);
  conditions.among('user_id', filter.users);
  conditions.among('team_id', filter.teams);
  conditions.among('organization_id', filter.organizations);
  conditions.among('customer_id', filter.customers);
  conditions.equal('deployment_id', filter.deployment);
  conditions.equal('status', filter.status);
  conditions.equal('error_code', filter.errorCode);
  conditions.equal('session_id', filter.sessionId);
  conditions.equal('call_id', filter.callId);
  if (filter.tag !== undefined) conditions.add(`${conditions.parameter(filter.tag, 'text')} = ANY(tags)`);
  conditions.atLeast('cost_nano', filter.minCost);
  conditions.atMost('cost_nano', filter.maxCost);
  // Ids begin with their time, so that a time of day, too, is found by the index.
  if (filter.from !== undefined) {
    conditions.add(`day >= ${conditions.parameter(dayOfId(firstId(filter.from)), 'date')}`);
    conditions.add(`id >= ${conditions.parameter(firstId(filter.from), 'uuid')}`);
  }
  if (filter.to !== undefined) {
    conditions.add(`day <= ${conditions.parameter(dayOfId(firstId(filter.to)), 'date')}`);
    conditions.add(`id < ${conditions.parameter(firstId(filter.to), 'uuid')}`);
  }
  return conditions;
};

const LAST_MOMENT = Date.UTC(2100, 0, 1);

/** The least id of a millisecond. */
const firstId = (time: number): string => {
  const hex = Math.trunc(Math.min(Math.max(time, 0), LAST_MOMENT))
    .toString(16)
    .padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
};
