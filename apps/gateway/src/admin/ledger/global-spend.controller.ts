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
import { daysOf, daysQuery, LAST_DAYS, lastDays, type Days } from './spend-days.js';
import { UNASSIGNED } from './spend.json.js';

const Route = managementRoutes('spend');

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
      : await ledger.ask(spend.getGlobalSpend, { days: LAST_DAYS });
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
    const named = new Map(rows.map(({ id, alias }) => [id, alias || id || UNASSIGNED]));
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
}

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
