// /global/*: what the whole installation spent and did, as LiteLLM tells it. Without days it is about the last 30.
import { Body, Controller, Query, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import { SpendDimension, type GetDailyActivityResponse, type SpendMetrics, type SpendRow } from '@turnpike/rpc';
import { bodyOf, inQuery, optional, readBody, readQuery } from './body.js';
import { toUsd } from './kinds.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';

const Route = managementRoutes('spend');

const DAYS = 30;
const DAY_MS = 86_400_000;

const daysQuery = z.object({
  start_date: inQuery.day('From this day on'),
  end_date: inQuery.day('To this day, and with it'),
});
const logsQuery = z.object({ api_key: inQuery.text('Of this key: its secret or hash') });
const limitQuery = z.object({ limit: inQuery.count('So many; 100 without it') });
const customersBody = bodyOf({ api_key: optional, startTime: optional, endTime: optional });

@Controller('global')
@UseGuards(LedgerGuard)
export class GlobalSpendController {
  @Route('GET', 'spend', { summary: 'What the installation spent, and may spend' })
  async spend(@Ledger() ledger: OnBehalf): Promise<JsonObject> {
    const { spendNanoUsd, maxNanoUsd } = await ledger.ask(ledger.services.spend.getGlobalSpend, {});
    return { spend: toUsd(spendNanoUsd), max_budget: maxNanoUsd === undefined ? null : toUsd(maxNanoUsd) };
  }

  @Route('GET', 'spend/logs', { summary: 'What was spent on each of the last 30 days', query: logsQuery })
  async logs(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject[]> {
    const { api_key: key } = readQuery(logsQuery, query);
    const { spend } = ledger.services;
    const { days } = key
      ? await ledger.ask(spend.summarizeSpend, { ...lastDays(), key })
      : await ledger.ask(spend.getGlobalSpend, { days: DAYS });
    return days.map(({ date, spendNanoUsd }) => ({ date, spend: toUsd(spendNanoUsd) }));
  }

  @Route('GET', 'spend/keys', { summary: 'Keys, the greatest spend first', query: limitQuery })
  async keys(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject[]> {
    const { limit } = readQuery(limitQuery, query);
    const rows = await spendBy(ledger, SpendDimension.KEY, { ...lastDays(), limit });
    return rows.map(({ id, alias, metrics }) => ({
      api_key: id,
      key_alias: alias || null,
      total_spend: usdOf(metrics),
    }));
  }

  @Route('GET', 'spend/models', { summary: 'Models, the greatest spend first', query: limitQuery })
  async models(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject[]> {
    const { limit } = readQuery(limitQuery, query);
    const rows = await spendBy(ledger, SpendDimension.MODEL, { ...lastDays(), limit });
    return rows.map(({ id, metrics }) => ({ model: id, total_spend: usdOf(metrics) }));
  }

  @Route('GET', 'spend/provider', { summary: 'Providers, the greatest spend first', query: daysQuery })
  async providers(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject[]> {
    const rows = await spendBy(ledger, SpendDimension.PROVIDER, daysOf(query));
    return rows.map(({ id, metrics }) => ({ provider: id.replace(/^provider\./, ''), spend: usdOf(metrics) }));
  }

  @Route('GET', 'spend/tags', { summary: 'Tags, the greatest spend first', query: daysQuery })
  async tags(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const rows = await spendBy(ledger, SpendDimension.TAG, daysOf(query));
    return {
      spend_per_tag: rows.map(({ id, metrics }) => ({
        name: id,
        spend: usdOf(metrics),
        log_count: metrics?.requests ?? 0,
      })),
    };
  }

  @Route('POST', 'spend/end_users', { summary: 'Customers, the greatest spend first', body: customersBody })
  async customers(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject[]> {
    const { api_key: key, startTime, endTime } = readBody(customersBody, body);
    const days =
      startTime && endTime ? { startDate: startTime.slice(0, 10), endDate: endTime.slice(0, 10) } : lastDays();
    const rows = await spendBy(ledger, SpendDimension.CUSTOMER, { ...days, key: key ?? '' });
    return rows.map(({ id, metrics }) => ({
      end_user: id,
      total_spend: usdOf(metrics),
      total_count: metrics?.requests ?? 0,
    }));
  }

  @Route('GET', 'spend/teams', { summary: 'What each team spent on each of the last 30 days' })
  async teams(@Ledger() ledger: OnBehalf): Promise<JsonObject> {
    const { days } = await activity(ledger, SpendDimension.TEAM, lastDays());
    const rows = await spendBy(ledger, SpendDimension.TEAM, lastDays());
    const named = new Map(rows.map(({ id, alias }) => [id, alias || id]));
    return {
      daily_spend: days.map(({ date, breakdown }) => ({
        date,
        ...Object.fromEntries(
          Object.entries(breakdown?.entities ?? {}).map(([id, { metrics }]) => [named.get(id) ?? id, usdOf(metrics)]),
        ),
      })),
      teams: [...named.values()],
      total_spend_per_team: rows.map(({ id, alias, metrics }) => ({
        team_id: id,
        team_alias: alias || null,
        total_spend: usdOf(metrics),
      })),
    };
  }

  @Route('GET', 'spend/all_tag_names', { summary: 'Tags that were ever used' })
  async tagNames(@Ledger() ledger: OnBehalf): Promise<JsonObject> {
    return { tag_names: await namesOf(ledger, SpendDimension.TAG) };
  }

  @Route('GET', 'all_end_users', { summary: 'Customers that were ever named' })
  async customerNames(@Ledger() ledger: OnBehalf): Promise<JsonObject[]> {
    return (await namesOf(ledger, SpendDimension.CUSTOMER)).map((end_user) => ({ end_user }));
  }

  @Route('POST', 'spend/reset', { summary: 'What keys and teams spent becomes nothing; the logs stay' })
  async reset(@Ledger() ledger: OnBehalf): Promise<JsonObject> {
    const { keys, teams } = await ledger.ask(ledger.services.spend.resetGlobalSpend, {});
    return { message: `Spend of ${keys} keys and ${teams} teams is reset.`, status: 'success' };
  }

  @Route('GET', 'activity', { summary: 'Calls and tokens of each day', query: daysQuery })
  async activity(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const { days, total } = await activity(ledger, SpendDimension.USER, daysOf(query));
    return {
      daily_data: days.map(({ date, metrics }) => ({ date, ...countsOf(metrics) })),
      ...sumsOf(total),
    };
  }

  @Route('GET', 'activity/model', { summary: 'Calls and tokens of each day, by model', query: daysQuery })
  async activityByModel(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject[]> {
    const { days } = await activity(ledger, SpendDimension.USER, daysOf(query));
    const ofModels = new Map<string, { date: string; metrics: SpendMetrics | undefined }[]>();
    for (const { date, breakdown } of days) {
      for (const [model, { metrics }] of Object.entries(breakdown?.modelGroups ?? {})) {
        const known = ofModels.get(model) ?? [];
        known.push({ date, metrics });
        ofModels.set(model, known);
      }
    }
    return [...ofModels].map(([model, daily]) => ({
      model,
      daily_data: daily.map(({ date, metrics }) => ({ date, ...countsOf(metrics) })),
      sum_api_requests: daily.reduce((sum, { metrics }) => sum + (metrics?.requests ?? 0), 0),
      sum_total_tokens: daily.reduce((sum, { metrics }) => sum + (metrics?.totalTokens ?? 0), 0),
    }));
  }
}

interface Days {
  startDate: string;
  endDate: string;
}

const lastDays = (): Days => {
  const now = Date.now();
  return { startDate: dayOf(now - (DAYS - 1) * DAY_MS), endDate: dayOf(now) };
};

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

const daysOf = (query: unknown): Days => {
  const { start_date: startDate, end_date: endDate } = readQuery(daysQuery, query);
  const usual = lastDays();
  return { startDate: startDate ?? usual.startDate, endDate: endDate ?? usual.endDate };
};

const spendBy = async (
  ledger: OnBehalf,
  dimension: SpendDimension,
  narrowed: Days & { limit?: number; key?: string },
): Promise<SpendRow[]> => {
  const { rows } = await ledger.ask(ledger.services.spend.getSpendBy, { dimension, ...narrowed });
  return rows;
};

const activity = (ledger: OnBehalf, entity: SpendDimension, days: Days): Promise<GetDailyActivityResponse> =>
  ledger.ask(ledger.services.spend.getDailyActivity, { entity, ...days, aggregated: true });

const namesOf = async (ledger: OnBehalf, dimension: SpendDimension): Promise<string[]> => {
  const { names } = await ledger.ask(ledger.services.spend.listDistinct, { dimension });
  return names;
};

const usdOf = (metrics: SpendMetrics | undefined): number => toUsd(metrics?.spendNanoUsd ?? 0);

const countsOf = (metrics: SpendMetrics | undefined): JsonObject => ({
  api_requests: metrics?.requests ?? 0,
  total_tokens: metrics?.totalTokens ?? 0,
});

const sumsOf = (metrics: SpendMetrics | undefined): JsonObject => ({
  sum_api_requests: metrics?.requests ?? 0,
  sum_total_tokens: metrics?.totalTokens ?? 0,
});
