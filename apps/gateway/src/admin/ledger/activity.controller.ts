// /user/daily/activity and its like: calls, tokens and money of each day, with what they were for, as LiteLLM tells it.
import { Controller, Query, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import { SpendDimension } from '@turnpike/rpc';
import { inQuery, readQuery } from './body.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import { fromActivityTotal, fromDayActivity } from './spend.json.js';

const Route = managementRoutes('spend');

/** LiteLLM wants both days to be named. */
const day = (meaning: string) => inQuery.day(meaning).unwrap().describe(`${meaning}: YYYY-MM-DD, UTC`);

const query = z.object({
  start_date: day('From this day on'),
  end_date: day('To this day, and with it'),
  model: inQuery.text('Of this model'),
  api_key: inQuery.text('Of this key: its secret or hash'),
  page: inQuery.count('Of days, from 1'),
  page_size: inQuery.count('Days a page: 1 to 1000; 50 without it'),
});

const usersQuery = query.extend({ user_id: inQuery.texts('Of these users') });
const teamsQuery = query.extend({
  team_ids: inQuery.texts('Of these teams'),
  exclude_team_ids: inQuery.texts('Not of these teams'),
});
const organizationsQuery = query.extend({
  organization_ids: inQuery.texts('Of these organizations'),
  exclude_organization_ids: inQuery.texts('Not of these organizations'),
});
const customersQuery = query.extend({
  end_user_ids: inQuery.texts('Of these customers'),
  exclude_end_user_ids: inQuery.texts('Not of these customers'),
});
const tagsQuery = query.extend({ tags: inQuery.texts('Of these tags') });

const SUMMARY = 'Calls, tokens and money of each day, with what they were for';

@Controller()
@UseGuards(LedgerGuard)
export class ActivityController {
  @Route('GET', 'user/daily/activity', { summary: SUMMARY, query: usersQuery })
  async users(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    const asked = readQuery(usersQuery, sent);
    return tell(ledger, asked, { entity: SpendDimension.USER, entityIds: asked.user_id });
  }

  @Route('GET', 'user/daily/activity/aggregated', { summary: `${SUMMARY}; all days at once`, query: usersQuery })
  async usersAtOnce(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    const asked = readQuery(usersQuery, sent);
    return tell(ledger, asked, { entity: SpendDimension.USER, entityIds: asked.user_id, aggregated: true });
  }

  @Route('GET', 'team/daily/activity', { summary: SUMMARY, query: teamsQuery })
  async teams(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    const asked = readQuery(teamsQuery, sent);
    const { team_ids: entityIds, exclude_team_ids: excludeEntityIds } = asked;
    return tell(ledger, asked, { entity: SpendDimension.TEAM, entityIds, excludeEntityIds });
  }

  @Route('GET', 'organization/daily/activity', { summary: SUMMARY, query: organizationsQuery })
  async organizations(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    const asked = readQuery(organizationsQuery, sent);
    const { organization_ids: entityIds, exclude_organization_ids: excludeEntityIds } = asked;
    return tell(ledger, asked, { entity: SpendDimension.ORGANIZATION, entityIds, excludeEntityIds });
  }

  @Route('GET', ['customer/daily/activity', 'end_user/daily/activity'], { summary: SUMMARY, query: customersQuery })
  async customers(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    const asked = readQuery(customersQuery, sent);
    const { end_user_ids: entityIds, exclude_end_user_ids: excludeEntityIds } = asked;
    return tell(ledger, asked, { entity: SpendDimension.CUSTOMER, entityIds, excludeEntityIds });
  }

  @Route('GET', 'tag/daily/activity', { summary: SUMMARY, query: tagsQuery })
  async tags(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    const asked = readQuery(tagsQuery, sent);
    return tell(ledger, asked, { entity: SpendDimension.TAG, entityIds: asked.tags });
  }
}

interface Whose {
  entity: SpendDimension;
  entityIds?: string[];
  excludeEntityIds?: string[];
  aggregated?: boolean;
}

const tell = async (ledger: OnBehalf, asked: z.output<typeof query>, whose: Whose): Promise<JsonObject> => {
  const { days, total, page } = await ledger.ask(ledger.services.spend.getDailyActivity, {
    ...whose,
    startDate: asked.start_date,
    endDate: asked.end_date,
    model: asked.model,
    key: asked.api_key,
    page: asked.page,
    pageSize: asked.page_size,
  });
  return { results: days.map(fromDayActivity), metadata: fromActivityTotal(total, page) };
};
