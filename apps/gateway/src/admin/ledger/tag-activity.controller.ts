// /tag/distinct, /tag/dau, /tag/wau, /tag/mau and /tag/summary: which tags are used, and by how many users.
import { Controller, Query, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { z } from '@turnpike/plugin-sdk';
import { SpendDimension, type ActiveUsers } from '@turnpike/rpc';
import { inQuery, readQuery } from './body.js';
import { toUsd } from './kinds.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import { daysShape, lastDays, type Days } from './spend-days.js';

const Route = managementRoutes('tags');

const MOST_TAGS = 250;
const USUAL_DAYS = 7;
const WEEKS = 7;
const USUAL_MONTHS = 7;
const MOST_MONTHS = 12;
const DAYS_OF_WEEK = 7;
/** LiteLLM's months have all the same length. */
const DAYS_OF_MONTH = 30;

const filters = {
  tag_filter: inQuery.text('Tags that contain this'),
  tag_filters: inQuery.texts('These tags'),
  custom_llm_provider: inQuery.text('Calls that this provider answered, such as `openai`'),
};
const usersQuery = z.object(filters);
const dailyQuery = z.object({ ...filters, ...daysShape });
const monthlyQuery = z.object({ ...filters, months: inQuery.count(`1 to ${MOST_MONTHS}; ${USUAL_MONTHS} without it`) });
const summaryQuery = z.object({
  ...filters,
  start_date: daysShape.start_date.unwrap().describe('From this day on: YYYY-MM-DD, UTC'),
  end_date: daysShape.end_date.unwrap().describe('To this day, and with it: YYYY-MM-DD, UTC'),
});

@Controller('tag')
@UseGuards(LedgerGuard)
export class TagActivityController {
  @Route('GET', 'distinct', { summary: `Tags that were ever used, ${MOST_TAGS} at most` })
  async distinct(@Ledger() ledger: OnBehalf): Promise<JsonObject> {
    const request = { dimension: SpendDimension.TAG, limit: MOST_TAGS };
    const { names } = await ledger.ask(ledger.services.spend.listDistinct, request);
    return { results: names.map((tag) => ({ tag })) };
  }

  @Route('GET', 'dau', {
    summary: 'How many users each tag had on each day, the last seven without days',
    query: dailyQuery,
  })
  async daily(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const asked = readQuery(dailyQuery, query);
    const end = asked.end_date ? Date.parse(asked.end_date) : Date.now();
    const { startDate, endDate } = lastDays(USUAL_DAYS, end);
    const rows = await count(ledger, asked, { startDate: asked.start_date ?? startDate, endDate }, 1);
    return { results: rows.map((row) => ({ tag: row.tag, active_users: row.users, date: row.startDate })) };
  }

  @Route('GET', 'wau', { summary: 'How many users each tag had in each of the last seven weeks', query: usersQuery })
  async weekly(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const rows = await count(ledger, readQuery(usersQuery, query), lastDays(WEEKS * DAYS_OF_WEEK), DAYS_OF_WEEK);
    const weekOf = numbered(rows, WEEKS, DAYS_OF_WEEK);
    return { results: rows.map((row) => told(row, `Week ${weekOf(row)} (${written(row, { day: 'numeric' })})`)) };
  }

  @Route('GET', 'mau', { summary: 'How many users each tag had in each of the last months', query: monthlyQuery })
  async monthly(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const asked = readQuery(monthlyQuery, query);
    const months = asked.months ?? USUAL_MONTHS;
    if (months < 1 || months > MOST_MONTHS)
      throw invalidRequest(`'months' must be between 1 and ${MOST_MONTHS}.`, 'months');
    const rows = await count(ledger, asked, lastDays(months * DAYS_OF_MONTH), DAYS_OF_MONTH);
    return { results: rows.map((row) => told(row, written(row, { year: 'numeric' }))) };
  }

  @Route('GET', 'summary', { summary: 'Users, calls, tokens and money of each tag', query: summaryQuery })
  async summary(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const asked = readQuery(summaryQuery, query);
    const days = { startDate: asked.start_date, endDate: asked.end_date };
    const users = new Map((await count(ledger, asked, days, 0)).map((row) => [row.tag, row.users]));
    const { rows } = await ledger.ask(ledger.services.spend.reportSpend, {
      ...days,
      by: [SpendDimension.TAG, SpendDimension.PROVIDER],
      tags: asked.tag_filters ?? [],
    });
    const provider = providerIn(asked);
    const wanted = rows.filter(
      (row) =>
        (!provider || row.provider === provider) &&
        row.tag.toLowerCase().includes(asked.tag_filters ? '' : (asked.tag_filter ?? '').toLowerCase()),
    );
    return {
      results: [...Map.groupBy(wanted, ({ tag }) => tag)].map(([tag, own]) => {
        const sum = (of: 'requests' | 'successfulRequests' | 'failedRequests' | 'totalTokens' | 'spendNanoUsd') =>
          own.reduce((total, { metrics }) => total + (metrics?.[of] ?? 0), 0);
        return {
          tag,
          unique_users: users.get(tag) ?? 0,
          total_requests: sum('requests'),
          successful_requests: sum('successfulRequests'),
          failed_requests: sum('failedRequests'),
          total_tokens: sum('totalTokens'),
          total_spend: toUsd(sum('spendNanoUsd')),
        };
      }),
    };
  }
}

type Filters = z.output<typeof usersQuery>;

const providerIn = ({ custom_llm_provider: name }: Filters): string => (name ? `provider.${name}` : '');

/** @param stretch days of one; 0: all at once */
const count = async (ledger: OnBehalf, asked: Filters, days: Days, stretch: number): Promise<ActiveUsers[]> => {
  const { rows } = await ledger.ask(ledger.services.spend.countActiveUsers, {
    ...days,
    days: stretch,
    tags: asked.tag_filters ?? [],
    search: asked.tag_filters ? '' : (asked.tag_filter ?? ''),
    provider: providerIn(asked),
  });
  return rows;
};

const told = ({ tag, users, startDate, endDate }: ActiveUsers, date: string): JsonObject => ({
  tag,
  active_users: users,
  date,
  period_start: startDate,
  period_end: endDate,
});

/** `Jan 5`, or `Jan 2030`. */
const written = ({ startDate }: ActiveUsers, more: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat('en-US', { month: 'short', timeZone: 'UTC', ...more }).format(new Date(startDate));

const DAY_MS = 86_400_000;

/** The last stretch has the greatest number. */
const numbered = (rows: readonly ActiveUsers[], stretches: number, days: number) => {
  const { endDate } = lastDays(1);
  return (row: (typeof rows)[number]): number =>
    stretches - Math.round((Date.parse(endDate) - Date.parse(row.endDate)) / DAY_MS / days);
};
