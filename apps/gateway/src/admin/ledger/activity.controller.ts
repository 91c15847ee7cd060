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
const keysQuery = query.extend({ key_hash: inQuery.texts('Of these keys: their secrets or hashes') });
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
const AT_ONCE = `${SUMMARY}; all days at once`;

@Controller()
@UseGuards(LedgerGuard)
export class ActivityController {
  @Route('GET', 'user/daily/activity', { summary: SUMMARY, query: usersQuery })
  async users(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    return tell(ledger, sent, ofUsers);
  }

  @Route('GET', 'user/daily/activity/aggregated', { summary: AT_ONCE, query: usersQuery })
  async usersAtOnce(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    return tell(ledger, sent, ofUsers, true);
  }

  @Route('GET', 'key/daily/activity', { summary: SUMMARY, query: keysQuery })
  async keys(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    return tell(ledger, sent, ofKeys);
  }

  @Route('GET', 'key/daily/activity/aggregated', { summary: AT_ONCE, query: keysQuery })
  async keysAtOnce(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    return tell(ledger, sent, ofKeys, true);
  }

  @Route('GET', 'team/daily/activity', { summary: SUMMARY, query: teamsQuery })
  async teams(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    return tell(ledger, sent, ofTeams);
  }

  @Route('GET', 'team/daily/activity/aggregated', { summary: AT_ONCE, query: teamsQuery })
  async teamsAtOnce(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    return tell(ledger, sent, ofTeams, true);
  }

  @Route('GET', 'organization/daily/activity', { summary: SUMMARY, query: organizationsQuery })
  async organizations(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    return tell(ledger, sent, ofOrganizations);
  }

  @Route('GET', 'organization/daily/activity/aggregated', { summary: AT_ONCE, query: organizationsQuery })
  async organizationsAtOnce(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    return tell(ledger, sent, ofOrganizations, true);
  }

  @Route('GET', ['customer/daily/activity', 'end_user/daily/activity'], { summary: SUMMARY, query: customersQuery })
  async customers(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    return tell(ledger, sent, ofCustomers);
  }

  @Route('GET', ['customer/daily/activity/aggregated', 'end_user/daily/activity/aggregated'], {
    summary: AT_ONCE,
    query: customersQuery,
  })
  async customersAtOnce(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    return tell(ledger, sent, ofCustomers, true);
  }

  @Route('GET', 'tag/daily/activity', { summary: SUMMARY, query: tagsQuery })
  async tags(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    return tell(ledger, sent, ofTags);
  }

  @Route('GET', 'tag/daily/activity/aggregated', { summary: AT_ONCE, query: tagsQuery })
  async tagsAtOnce(@Ledger() ledger: OnBehalf, @Query() sent: unknown): Promise<JsonObject> {
    return tell(ledger, sent, ofTags, true);
  }
}

interface Whose {
  entity: SpendDimension;
  entityIds?: string[];
  excludeEntityIds?: string[];
}

type Asked = z.output<typeof query>;
/** A query, checked, and whose activity it asks for. */
type Reader = (sent: unknown) => { asked: Asked; whose: Whose };

const reader =
  <S extends z.ZodType<Asked>>(schema: S, whoseOf: (asked: z.output<S>) => Whose): Reader =>
  (sent) => {
    const asked = readQuery(schema, sent);
    return { asked, whose: whoseOf(asked) };
  };

const ofUsers = reader(usersQuery, ({ user_id: entityIds }) => ({ entity: SpendDimension.USER, entityIds }));
const ofKeys = reader(keysQuery, ({ key_hash: entityIds }) => ({ entity: SpendDimension.KEY, entityIds }));
const ofTags = reader(tagsQuery, ({ tags: entityIds }) => ({ entity: SpendDimension.TAG, entityIds }));
const ofTeams = reader(teamsQuery, ({ team_ids: entityIds, exclude_team_ids: excludeEntityIds }) => ({
  entity: SpendDimension.TEAM,
  entityIds,
  excludeEntityIds,
}));
const ofOrganizations = reader(
  organizationsQuery,
  ({ organization_ids: entityIds, exclude_organization_ids: excludeEntityIds }) => ({
    entity: SpendDimension.ORGANIZATION,
    entityIds,
    excludeEntityIds,
  }),
);
const ofCustomers = reader(customersQuery, ({ end_user_ids: entityIds, exclude_end_user_ids: excludeEntityIds }) => ({
  entity: SpendDimension.CUSTOMER,
  entityIds,
  excludeEntityIds,
}));

const tell = async (ledger: OnBehalf, sent: unknown, read: Reader, aggregated = false): Promise<JsonObject> => {
  const { asked, whose } = read(sent);
  const { days, total, page } = await ledger.ask(ledger.services.spend.getDailyActivity, {
    ...whose,
    aggregated,
    startDate: asked.start_date,
    endDate: asked.end_date,
    model: asked.model,
    key: asked.api_key,
    page: asked.page,
    pageSize: asked.page_size,
  });
  return { results: days.map(fromDayActivity), metadata: fromActivityTotal(total, page) };
};
