// /global/spend/report and /global/predict/spend/logs: what was spent, told apart for those who bill it, and foreseen.
import { Body, Controller, Query, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import { SpendDimension, type ReportSpendRequest, type ReportSpendRow } from '@turnpike/rpc';
import { bodyOf, inQuery, must, readBody, readQuery } from './body.js';
import { toUsd } from './kinds.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import { foresee } from './spend-forecast.js';
import { UNASSIGNED } from './spend.json.js';

const Route = managementRoutes('spend');

/** By `group_by`: what is told apart within a day, the list's name, and how each is named in it. */
const GROUPS = {
  team: [SpendDimension.TEAM, 'teams', ({ teamAlias, teamId }) => ({ team_name: teamAlias || teamId || UNASSIGNED })],
  customer: [SpendDimension.CUSTOMER, 'customers', ({ customerId }) => ({ customer: customerId })],
  internal_user: [SpendDimension.USER, 'users', ({ userId }) => ({ user_id: userId })],
  organization: [SpendDimension.ORGANIZATION, 'organizations', ({ organizationId: id }) => ({ organization_id: id })],
  tag: [SpendDimension.TAG, 'tags', ({ tag }) => ({ tag })],
} as const satisfies Record<string, readonly [SpendDimension, string, (row: ReportSpendRow) => JsonObject]>;

const GROUP_NAMES = [...(Object.keys(GROUPS) as (keyof typeof GROUPS)[]), 'api_key'] as const;

/** LiteLLM wants both days to be named. */
const day = (meaning: string) => inQuery.day(meaning).unwrap().describe(`${meaning}: YYYY-MM-DD, UTC`);

const reportQuery = z.object({
  start_date: day('From this day on'),
  end_date: day('To this day, and with it'),
  group_by: z
    .enum(GROUP_NAMES, { error: `must be one of ${GROUP_NAMES.join(', ')}` })
    .optional()
    .describe(`${GROUP_NAMES.map((name) => `\`${name}\``).join(', ')}; \`team\` without it`),
  api_key: inQuery.text('Of this key: its secret or hash'),
  internal_user_id: inQuery.text('Of this user'),
  team_id: inQuery.text('Of this team'),
  customer_id: inQuery.text('Of this customer; with `team_id`, of its calls in this team'),
});

const spentDay = z.looseObject(
  { date: z.string({ error: must('be a day') }), spend: z.number({ error: must('be an amount') }).min(0) },
  { error: must("be an object such as {'date': '2030-01-31', 'spend': 1.5}") },
);
const forecastBody = bodyOf({ data: z.array(spentDay, { error: must('be a list of days') }).max(1_000) });

@Controller('global')
@UseGuards(LedgerGuard)
export class SpendReportController {
  @Route('GET', 'spend/report', {
    summary: 'What was spent by team, customer, key …, by day and model',
    query: reportQuery,
  })
  async report(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject[]> {
    const asked = readQuery(reportQuery, query);
    const read = async (request: Partial<ReportSpendRequest> & Pick<ReportSpendRequest, 'by'>) => {
      const days = { startDate: asked.start_date, endDate: asked.end_date };
      return (await ledger.ask(ledger.services.spend.reportSpend, { ...days, ...request })).rows;
    };
    const { api_key: key, internal_user_id: userId, team_id: teamId, customer_id: customerId } = asked;
    if (key || userId || asked.group_by === 'api_key') {
      const by = [SpendDimension.KEY, SpendDimension.MODEL];
      return byKey(await read({ by, key, userId, teamId }));
    }
    const group = asked.group_by ?? (customerId ? 'customer' : 'team');
    const [dimension, list, nameOf] = GROUPS[group];
    const by = [SpendDimension.DAY, dimension, SpendDimension.MODEL, SpendDimension.KEY];
    return byDay(await read({ by, teamId, customerId }), list, nameOf);
  }

  @Route('POST', 'predict/spend/logs', { summary: 'What this month will cost if it goes on so', body: forecastBody })
  predict(@Body() body: unknown): JsonObject {
    return foresee(readBody(forecastBody, body).data, Date.now());
  }
}

const spendOf = (rows: readonly ReportSpendRow[]): number =>
  toUsd(rows.reduce((sum, { metrics }) => sum + (metrics?.spendNanoUsd ?? 0), 0));

/** @param rows days in order */
const byDay = (
  rows: readonly ReportSpendRow[],
  list: string,
  nameOf: (row: ReportSpendRow) => JsonObject,
): JsonObject[] =>
  [...Map.groupBy(rows, ({ date }) => date)].map(([date, ofDay]) => ({
    group_by_day: date,
    [list]: [...Map.groupBy(ofDay, (row) => JSON.stringify(nameOf(row))).values()].map((own) => ({
      ...nameOf(own[0]!),
      total_spend: spendOf(own),
      metadata: own.map(({ model, keyHash, metrics }) => ({
        model,
        api_key: keyHash,
        spend: toUsd(metrics?.spendNanoUsd ?? 0),
        total_tokens: metrics?.totalTokens ?? 0,
      })),
    })),
  }));

const byKey = (rows: readonly ReportSpendRow[]): JsonObject[] =>
  [...Map.groupBy(rows, ({ keyHash }) => keyHash)].map(([hash, own]) => ({
    api_key: hash,
    key_alias: own[0]?.keyAlias || null,
    total_cost: spendOf(own),
    total_input_tokens: own.reduce((sum, { metrics }) => sum + (metrics?.inputTokens ?? 0), 0),
    total_output_tokens: own.reduce((sum, { metrics }) => sum + (metrics?.outputTokens ?? 0), 0),
    model_details: own.map(({ model, metrics }) => ({
      model,
      total_cost: toUsd(metrics?.spendNanoUsd ?? 0),
      total_input_tokens: metrics?.inputTokens ?? 0,
      total_output_tokens: metrics?.outputTokens ?? 0,
    })),
  }));
