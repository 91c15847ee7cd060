// /global/activity/*: calls, tokens, cache hits and errors of each day, as LiteLLM tells them. Without days: the last 30.
import { Controller, Query, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import { SpendDimension, SpendMetrics, type ErrorCount, type GetDailyActivityResponse } from '@turnpike/rpc';
import { inQuery, readQuery } from './body.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import { daysIn, daysOf, daysQuery, daysShape, type Days } from './spend-days.js';
import { callTypeOf } from './spend.json.js';

const Route = managementRoutes('spend');

const MOST_MODELS = 10;
const RATE_LIMITED = 429;

const hitsQuery = z.object({
  ...daysShape,
  api_keys: inQuery.texts('With these keys: their secrets or hashes'),
  models: inQuery.texts('As upstreams call them'),
});
const errorsQuery = z.object({
  ...daysShape,
  model_group: z.string({ error: 'is missing: it must be the name of a model' }).describe('Of this model'),
});

@Controller('global/activity')
@UseGuards(LedgerGuard)
export class GlobalActivityController {
  @Route('GET', '', { summary: 'Calls and tokens of each day', query: daysQuery })
  async activity(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const { days, total } = await activity(ledger, daysOf(query));
    return {
      daily_data: days.map(({ date, metrics }) => ({ date, ...countsOf(metrics) })),
      sum_api_requests: total?.requests ?? 0,
      sum_total_tokens: total?.totalTokens ?? 0,
    };
  }

  @Route('GET', 'model', {
    summary: 'Calls and tokens of each day, by the ten models most asked for',
    query: daysQuery,
  })
  async activityByModel(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject[]> {
    const { days } = await activity(ledger, daysOf(query));
    const parts = days.flatMap(({ date, breakdown }) =>
      Object.entries(breakdown?.modelGroups ?? {}).map(([model, { metrics }]) => ({ model, date, metrics })),
    );
    return [...Map.groupBy(parts, ({ model }) => model)]
      .map(([model, daily]) => ({
        model,
        daily_data: daily.map(({ date, metrics }) => ({ date, ...countsOf(metrics) })),
        sum_api_requests: daily.reduce((sum, { metrics }) => sum + (metrics?.requests ?? 0), 0),
        sum_total_tokens: daily.reduce((sum, { metrics }) => sum + (metrics?.totalTokens ?? 0), 0),
      }))
      .sort((some, other) => other.sum_api_requests - some.sum_api_requests)
      .slice(0, MOST_MODELS);
  }

  @Route('GET', 'cache_hits', { summary: 'What caches answered, by key, kind of call and model', query: hitsQuery })
  async cacheHits(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject[]> {
    const asked = readQuery(hitsQuery, query);
    const { rows } = await ledger.ask(ledger.services.spend.reportSpend, {
      ...daysIn(asked),
      by: [SpendDimension.KEY, SpendDimension.OPERATION, SpendDimension.MODEL_GROUP],
      keys: asked.api_keys ?? [],
      models: asked.models ?? [],
    });
    return rows.map(({ keyHash, keyAlias, operation, modelGroup, metrics }) => {
      const sums = metrics ?? SpendMetrics.fromPartial({});
      return {
        api_key: keyAlias || keyHash,
        call_type: callTypeOf(operation),
        model: modelGroup,
        total_rows: sums.requests,
        cache_hit_true_rows: sums.cacheHits,
        failed_rows: sums.failedRequests,
        cached_completion_tokens: sums.cacheHitOutputTokens,
        generated_completion_tokens: sums.outputTokens - sums.cacheHitOutputTokens,
        cache_read_input_tokens: sums.cachedInputTokens,
        cache_creation_input_tokens: sums.cacheWriteTokens,
      };
    });
  }

  @Route('GET', 'exceptions', { summary: 'Calls of a model that were answered 429, by day', query: errorsQuery })
  async exceptions(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const rows = await rateLimited(ledger, query);
    return errorsByDay(rows);
  }

  @Route('GET', 'exceptions/deployment', {
    summary: 'Calls of a model that were answered 429, by deployment and day',
    query: errorsQuery,
  })
  async exceptionsByDeployment(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject[]> {
    const rows = await rateLimited(ledger, query);
    return [...Map.groupBy(rows, ({ deploymentId }) => deploymentId)]
      .map(([deployment, own]) => ({ api_base: deployment, ...errorsByDay(own) }))
      .sort((some, other) => other.sum_num_rate_limit_exceptions - some.sum_num_rate_limit_exceptions)
      .slice(0, MOST_MODELS);
  }
}

const activity = (ledger: OnBehalf, days: Days): Promise<GetDailyActivityResponse> =>
  ledger.ask(ledger.services.spend.getDailyActivity, { entity: SpendDimension.USER, ...days, aggregated: true });

const countsOf = (metrics: SpendMetrics | undefined): JsonObject => ({
  api_requests: metrics?.requests ?? 0,
  total_tokens: metrics?.totalTokens ?? 0,
});

const rateLimited = async (ledger: OnBehalf, query: unknown): Promise<ErrorCount[]> => {
  const asked = readQuery(errorsQuery, query);
  const { rows } = await ledger.ask(ledger.services.spend.countErrors, {
    ...daysIn(asked),
    modelGroup: asked.model_group,
    statusCode: RATE_LIMITED,
  });
  return rows;
};

/** @param rows days in order */
const errorsByDay = (rows: readonly ErrorCount[]) => {
  const sumOf = (some: readonly ErrorCount[]): number => some.reduce((sum, { errors }) => sum + errors, 0);
  return {
    daily_data: [...Map.groupBy(rows, ({ date }) => date)].map(([date, ofDay]) => ({
      date,
      num_rate_limit_exceptions: sumOf(ofDay),
    })),
    sum_num_rate_limit_exceptions: sumOf(rows),
  };
};
