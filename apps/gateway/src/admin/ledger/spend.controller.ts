// /spend/*: what was spent, call by call and day by day, as LiteLLM tells it.
import { Controller, Param, Query, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import { SpendDimension } from '@turnpike/rpc';
import { inQuery, isDay, readQuery, toMoment } from './body.js';
import { fromKey } from './key.json.js';
import { toNano, toUsd } from './kinds.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import { allPages } from './page.js';
import { fromDaySpend, fromSpendLog } from './spend.json.js';
import { fromUser } from './user.json.js';

const Route = managementRoutes('spend');

const MOST_ROWS = 1_000;
const USUAL_ROWS = 50;
const DAY_MS = 86_400_000;

const logsQuery = z.object({
  api_key: inQuery.text('Calls with this key: its secret or hash'),
  user_id: inQuery.text('Calls of this user'),
  request_id: inQuery.text('The call with this id'),
  start_date: inQuery.day('From this day on'),
  end_date: inQuery.day('To this day, and with it'),
  summarize: inQuery.flag('With days: their sums, unless it is false'),
});

const pagedQuery = z.object({
  start_date: inQuery.moment('From then on'),
  end_date: inQuery.moment('Until then; a day is meant with all of it'),
  page: inQuery.count('From 1'),
  page_size: inQuery.count('1 to 1000; 50 without it'),
  sort_by: z
    .enum(['startTime', 'spend', 'total_tokens'], { error: 'must be startTime, spend or total_tokens' })
    .optional()
    .describe('`startTime`, `spend` or `total_tokens`'),
  sort_order: z
    .enum(['asc', 'desc'], { error: 'must be asc or desc' })
    .optional()
    .describe('`asc`, or `desc`, which is usual'),
  api_key: inQuery.text('Calls with this key: its secret or hash'),
  key_alias: inQuery.text('Calls with the key of this alias'),
  user_id: inQuery.text('Calls of this user'),
  team_id: inQuery.text('Calls of this team'),
  organization_id: inQuery.text('Calls of this organization'),
  end_user: inQuery.text('Calls for this customer'),
  tag: inQuery.text('Calls with this tag'),
  session_id: inQuery.text('Calls of this session'),
  request_id: inQuery.text('The call with this id'),
  model: inQuery.text('Calls that this model answered, or a deployment of it'),
  custom_llm_provider: inQuery.text('Calls that this provider answered, such as `openai`'),
  model_id: inQuery.text('Calls that this deployment answered'),
  model_group: inQuery.text('Calls that asked for this model'),
  status_filter: inQuery.text('`success` or `failure`'),
  error_code: inQuery.text('Calls that ended with this error'),
  error_message: inQuery.text("A part of the error's message"),
  min_spend: inQuery.amount('Calls that cost at least this'),
  max_spend: inQuery.amount('Calls that cost at most this'),
});

const tagsQuery = z.object({
  start_date: inQuery.day('From this day on'),
  end_date: inQuery.day('To this day, and with it'),
});

const usersQuery = z.object({ user_id: inQuery.text('This user alone') });

const SORTS = { startTime: '', spend: 'cost', total_tokens: 'total_tokens' } as const;

@Controller('spend')
@UseGuards(LedgerGuard)
export class SpendController {
  @Route('GET', 'logs', {
    summary: 'Calls by key, user or id; or the sums of days. At most 1,000 calls, the newest',
    query: logsQuery,
  })
  async logs(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject[]> {
    const { start_date: startDate, end_date: endDate, ...asked } = readQuery(logsQuery, query);
    const { api_key: key, user_id: userId, request_id: requestId } = asked;
    const { spend } = ledger.services;
    if (startDate && endDate && asked.summarize !== false && !requestId) {
      const { days } = await ledger.ask(spend.summarizeSpend, { startDate, endDate, key, userId });
      return days.map(fromDaySpend);
    }
    const times = { startTime: startDate && toMoment(startDate), endTime: endDate && afterEnd(endDate) };
    const filter = {
      key,
      userId,
      requestId,
      startTime: times.startTime || undefined,
      endTime: times.endTime || undefined,
    };
    const { logs } = await ledger.ask(spend.listSpendLogs, { filter, size: MOST_ROWS, includeDetails: true });
    return logs.map(fromSpendLog);
  }

  @Route('GET', ['logs/v2', 'logs/ui'], { summary: 'Calls, page by page, the newest first', query: pagedQuery })
  async page(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const asked = readQuery(pagedQuery, query);
    const page = Math.max(1, asked.page ?? 1);
    const size = asked.page_size ?? USUAL_ROWS;
    const { logs, totalCount = 0 } = await ledger.ask(ledger.services.spend.listSpendLogs, {
      filter: filterOf(asked),
      size,
      page: page - 1,
      sortBy: SORTS[asked.sort_by ?? 'startTime'],
      ascending: asked.sort_order === 'asc',
      includeTotal: true,
      includeDetails: true,
    });
    const totalPages = Math.ceil(totalCount / size);
    return { data: logs.map(fromSpendLog), total: totalCount, page, page_size: size, total_pages: totalPages };
  }

  @Route('GET', 'logs/session/ui', { summary: 'Calls of a session, page by page', query: pagedQuery })
  async session(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    return this.page(ledger, query);
  }

  @Route('GET', 'logs/ui/:request_id', { summary: 'A call' })
  async one(@Ledger() ledger: OnBehalf, @Param('request_id') id: string): Promise<JsonObject> {
    const { log } = await ledger.ask(ledger.services.spend.getSpendLog, { id });
    return fromSpendLog(log!);
  }

  @Route('GET', 'keys', { summary: 'Keys, the greatest spend first' })
  async keys(@Ledger() ledger: OnBehalf): Promise<JsonObject[]> {
    return allPages(async (page) => {
      const answer = await ledger.ask(ledger.services.keys.listKeys, { page: { ...page, sortBy: 'spend' } });
      return { rows: answer.keys.map(fromKey), page: answer.page };
    });
  }

  @Route('GET', 'users', { summary: 'Users, the greatest spend first', query: usersQuery })
  async users(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject[]> {
    const { user_id: userId } = readQuery(usersQuery, query);
    return allPages(async (page) => {
      const request = { page: { ...page, sortBy: 'spend' }, userIds: userId ? [userId] : [] };
      const answer = await ledger.ask(ledger.services.users.listUsers, request);
      return { rows: answer.users.map(fromUser), page: answer.page };
    });
  }

  @Route('GET', 'tags', { summary: 'Tags, the greatest spend first', query: tagsQuery })
  async tags(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject[]> {
    const { start_date: startDate, end_date: endDate } = readQuery(tagsQuery, query);
    const request = { dimension: SpendDimension.TAG, startDate, endDate };
    const { rows } = await ledger.ask(ledger.services.spend.getSpendBy, request);
    return rows.map(({ id, metrics }) => ({
      individual_request_tag: id,
      log_count: metrics?.requests ?? 0,
      total_spend: toUsd(metrics?.spendNanoUsd ?? 0),
    }));
  }
}

const filterOf = (asked: z.output<typeof pagedQuery>) => ({
  startTime: asked.start_date ? toMoment(asked.start_date) : undefined,
  endTime: asked.end_date ? afterEnd(asked.end_date) : undefined,
  key: asked.api_key,
  keyAlias: asked.key_alias,
  userId: asked.user_id,
  teamId: asked.team_id,
  organizationId: asked.organization_id,
  customerId: asked.end_user,
  tag: asked.tag,
  sessionId: asked.session_id,
  requestId: asked.request_id,
  model: asked.model,
  provider: asked.custom_llm_provider ? `provider.${asked.custom_llm_provider}` : undefined,
  modelId: asked.model_id,
  modelGroup: asked.model_group,
  status: asked.status_filter,
  errorCode: asked.error_code,
  errorMessage: asked.error_message,
  minCostNanoUsd: asked.min_spend === undefined ? undefined : toNano(asked.min_spend),
  maxCostNanoUsd: asked.max_spend === undefined ? undefined : toNano(asked.max_spend),
});

/** The ledger's end is exclusive; a day is meant with all of it. */
const afterEnd = (text: string): Date => new Date(toMoment(text).getTime() + (isDay(text) ? DAY_MS : 0));
