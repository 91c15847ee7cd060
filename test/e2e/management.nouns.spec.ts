// What operators script against teams, users, budgets, customers and organizations: a gateway with its ledger.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { jsonOf, chat, okJson, send, type Json } from './client.js';
import { eventually, MASTER_KEY, startGateway, type Gateway } from './harness.js';
import { everyModelOf } from './upstreams.js';

jest.setTimeout(120_000);

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ hasLedger: true, config: { model_list: everyModelOf('openai') } });
  // A new ledger makes its tables first.
  await eventually(
    () => statusOf(send(gateway, '/team/list')),
    (status) => status === 200,
    30_000,
  );
});
afterAll(() => gateway.kill());

const statusOf = async (answer: Promise<Response>): Promise<number> => {
  const response = await answer;
  await response.text();
  return response.status;
};
const post = (path: string, body: object, key?: string): Promise<Json> => okJson(send(gateway, path, { body, key }));
const get = (path: string, key?: string): Promise<Json> => okJson(send(gateway, path, { key }));
const other = (method: string, path: string, body: object): Promise<Json> =>
  okJson(
    fetch(gateway.url + path, {
      method,
      headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  );
const call = (key: string, body: object = {}): Promise<number> =>
  statusOf(chat(gateway, { model: 'openai/gpt-4o', ...body }, { key }));
const isAnswered = (wanted: number, key: string, body?: object): Promise<number> =>
  eventually(
    () => call(key, body),
    (status) => status === wanted,
  );

it('a team is made, gets a member with a bound, is blocked and deleted', async () => {
  const made = await post('/team/new', { team_alias: 'red', max_budget: 20, models: ['openai/*'], tags: ['t'] });
  const { team_id: team } = made;
  expect(made).toMatchObject({ team_alias: 'red', max_budget: 20, spend: 0, tags: ['t'], metadata: { tags: ['t'] } });

  const member = { role: 'user', user_id: 'bob', user_email: 'bob@example.com' };
  const added = await post('/team/member_add', { team_id: team, member, max_budget_in_team: 2.5 });
  expect(added.updated_team_memberships).toMatchObject([{ user_id: 'bob', litellm_budget_table: { max_budget: 2.5 } }]);
  await post('/team/member_update', { team_id: team, user_id: 'bob', max_budget_in_team: 3 });

  const { key } = await post('/key/generate', { team_id: team, user_id: 'bob' });
  expect(await call(key)).toBe(200);
  const info = await get(`/team/info?team_id=${team}`);
  expect(info).toMatchObject({ team_id: team, team_info: { team_alias: 'red' }, keys: [{ user_id: 'bob' }] });
  const membership = info.team_memberships.find(({ user_id: id }: Json) => id === 'bob');
  expect(membership.litellm_budget_table.max_budget).toBe(3);

  expect(await post('/team/update', { team_id: team, max_budget: null })).toMatchObject({ data: { max_budget: null } });
  await post('/team/block', { team_id: team });
  await isAnswered(401, key);
  await post('/team/unblock', { team_id: team });
  await isAnswered(200, key);

  expect(await get('/v2/team/list?team_alias=red')).toMatchObject({ total: 1, teams: [{ team_id: team }] });
  await post('/team/delete', { team_ids: [team] });
  await isAnswered(401, key);
  expect(await statusOf(send(gateway, `/team/info?team_id=${team}`))).toBe(404);
});

it('a user is made with a key, found, changed and deleted', async () => {
  const made = await post('/user/new', { user_email: 'ada@example.com', user_role: 'internal_user', max_budget: 4 });
  const { user_id: user, key } = made;
  expect(made).toMatchObject({ key: expect.stringMatching(/^sk-/), user_email: 'ada@example.com', max_budget: 4 });
  expect(await call(key)).toBe(200);
  expect(await get('/user/info', key)).toMatchObject({
    user_id: user,
    user_info: { max_budget: 4 },
    keys: [{ user_id: user }],
  });
  await post('/user/update', { user_email: 'ada@example.com', max_budget: 5 });
  expect(await get(`/v2/user/info?user_id=${user}`)).toMatchObject({ max_budget: 5 });
  expect(await get('/user/list?user_email=ada@')).toMatchObject({ users: [{ user_id: user, key_count: 1 }], total: 1 });
  await post('/user/delete', { user_ids: [user] });
  await isAnswered(401, key);
});

it('a budget is shared by those who name it', async () => {
  await post('/budget/new', { budget_id: 'tight', max_budget: 0 });
  const { key } = await post('/key/generate', { budget_id: 'tight' });
  await isAnswered(429, key);
  await post('/budget/update', { budget_id: 'tight', max_budget: 10 });
  await isAnswered(200, key);
  expect(await post('/budget/info', { budgets: ['tight'] })).toMatchObject([{ budget_id: 'tight', max_budget: 10 }]);
  expect(await get('/budget/list')).toContainEqual(expect.objectContaining({ budget_id: 'tight' }));
  await post('/budget/delete', { id: 'tight' });
  expect(await post('/budget/info', { budgets: ['tight'] })).toEqual([]);
});

it('a customer is made, found under both names, and deleted', async () => {
  await post('/customer/new', { user_id: 'shop-1', alias: 'Shop', max_budget: 0.5 });
  const told = { user_id: 'shop-1', alias: 'Shop', max_budget: 0.5, blocked: false };
  expect(await get('/end_user/info?end_user_id=shop-1')).toMatchObject(told);
  expect((await post('/customer/block', { user_ids: ['shop-1'] })).blocked_users).toMatchObject([
    { user_id: 'shop-1' },
  ]);
  expect(await get('/customer/list')).toMatchObject([{ user_id: 'shop-1', blocked: true }]);
  expect(await post('/customer/delete', { user_ids: ['shop-1'] })).toMatchObject({ deleted_customers: 1 });
  expect(await statusOf(send(gateway, '/customer/info?end_user_id=shop-1'))).toBe(404);
});

it('an organization is made, gets a member, holds teams, and is deleted with them', async () => {
  const { organization_id: id } = await post('/organization/new', { organization_alias: 'Acme', max_budget: 100 });
  const member = { role: 'org_admin', user_id: 'grace' };
  const added = await post('/organization/member_add', { organization_id: id, member });
  expect(added.updated_organization_memberships).toMatchObject([{ user_id: 'grace', user_role: 'org_admin' }]);
  const { team_id: team } = await post('/team/new', { organization_id: id });
  expect(await other('PATCH', '/organization/update', { organization_id: id, max_budget: 50 })).toMatchObject({
    litellm_budget_table: { max_budget: 50 },
  });
  expect(await get(`/organization/info?organization_id=${id}`)).toMatchObject({
    organization_alias: 'Acme',
    members: [{ user_id: 'grace' }],
    teams: [{ team_id: team }],
  });
  expect(await other('DELETE', '/organization/delete', { organization_ids: [id] })).toMatchObject([
    { organization_id: id },
  ]);
  expect(await get('/organization/list')).toEqual([]);
  expect(await statusOf(send(gateway, `/team/info?team_id=${team}`))).toBe(404);
});

describe('a gateway without a ledger', () => {
  it('says so', async () => {
    const alone = await startGateway({ config: { model_list: everyModelOf('openai') } });
    const response = await send(alone, '/key/generate', { body: {} });
    expect([response.status, (await jsonOf(response)).error.type]).toEqual([400, 'no_db_connection']);
    await alone.kill();
  });
});
