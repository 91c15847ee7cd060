// What calls cost, asked over LiteLLM's routes of a gateway with its ledger: calls are made, settled, and compared.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { COST_NANO, PRICES, Provider } from '../chaos/world.js';
import { jsonOf, okJson, send, type Json } from './client.js';
import { eventually, MASTER_KEY, startGateway, type Gateway } from './harness.js';

jest.setTimeout(120_000);

const COST = COST_NANO / 1e9;
const DAY_MS = 86_400_000;
const dayAt = (at: number): string => new Date(at).toISOString().slice(0, 10);
/** Calls may be made around midnight. */
const DAYS = `start_date=${dayAt(Date.now() - DAY_MS)}&end_date=${dayAt(Date.now() + DAY_MS)}`;
const TIMES = DAYS.replace('&', '%2000:00:00&').concat('%2000:00:00');

let gateway: Gateway;
let provider: Provider;
/** By whose they are. */
const keys: Record<string, string> = {};
const hashes: Record<string, string> = {};

const post = (path: string, body: object, key?: string): Promise<Json> => okJson(send(gateway, path, { body, key }));
const get = (path: string, key?: string): Promise<Json> => okJson(send(gateway, path, { key }));
const withMethod = (method: string, path: string, body?: object, key?: string): Promise<Response> =>
  fetch(gateway.url + path, {
    method,
    headers: { authorization: `Bearer ${key ?? MASTER_KEY}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
const statusOf = async (path: string, key?: string, body?: object): Promise<number> => {
  const response = await send(gateway, path, { key, body });
  await response.text();
  return response.status;
};

const call = async (
  whose: string,
  callId: string,
  { headers = {}, ...body }: { headers?: Record<string, string> } & Record<string, unknown> = {},
): Promise<number> => {
  const response = await send(gateway, '/v1/chat/completions', {
    key: keys[whose],
    headers: { 'x-litellm-call-id': callId, ...headers },
    body: { model: 'paid', messages: [{ role: 'user', content: callId }], ...body },
  });
  await response.text();
  return response.status;
};

const aKey = async (name: string, wish: object): Promise<void> => {
  const { key, token } = await post('/key/generate', { key_alias: name, ...wish });
  keys[name] = key;
  hashes[name] = token;
};

beforeAll(async () => {
  provider = await Provider.start();
  const served = { model: 'openai/paid', api_base: provider.url, api_key: 'sk-upstream', ...PRICES };
  gateway = await startGateway({
    hasLedger: true,
    config: {
      model_list: [
        { model_name: 'paid', litellm_params: served, model_info: { access_groups: ['configured'] } },
        { model_name: 'broken', litellm_params: { ...served, api_base: 'http://127.0.0.1:9/v1' } },
      ],
      router_settings: { num_retries: 0 },
    },
  });
  // A new ledger makes its tables first.
  await eventually(
    () => statusOf('/key/list'),
    (status) => status === 200,
    30_000,
  );
  await post('/organization/new', { organization_id: 'acme', organization_alias: 'Acme' });
  for (const [user_id, user_role] of [
    ['ann', 'internal_user'],
    ['bob', 'internal_user'],
    ['tom', 'internal_user'],
    ['olga', 'internal_user'],
    ['vic', 'proxy_admin_viewer'],
  ])
    await post('/user/new', { user_id, user_role, auto_create_key: false });
  await post('/organization/member_add', { organization_id: 'acme', member: { user_id: 'olga', role: 'org_admin' } });
  await post('/team/new', {
    team_id: 'red',
    team_alias: 'Red',
    organization_id: 'acme',
    members_with_roles: [
      { user_id: 'tom', role: 'admin' },
      { user_id: 'ann', role: 'user' },
      { user_id: 'bob', role: 'user' },
    ],
  });
  for (const user_id of ['ann', 'tom', 'olga', 'vic']) await aKey(user_id, { user_id });
  await aKey('ann-red', { user_id: 'ann', team_id: 'red', tags: ['of-the-key'] });
  await aKey('bob-red', { user_id: 'bob', team_id: 'red' });
  await aKey('loner', {});

  expect(await call('ann', 'ann-1', { headers: { 'x-litellm-tags': 'ci,nightly' } })).toBe(200);
  expect(await call('ann', 'ann-2', { litellm_session_id: 'chat-7' })).toBe(200);
  expect(await call('ann-red', 'red-1', { user: 'shop', metadata: { tags: ['ci'] } })).toBe(200);
  expect(await call('bob-red', 'red-2', { user: 'shop' })).toBe(200);
  expect(await call('loner', 'loner-1')).toBe(200);
  expect(await call('bob-red', 'broken-1', { model: 'broken' })).toBeGreaterThanOrEqual(400);
  await eventually(
    () => get('/spend/logs/v2'),
    ({ total }) => total === 6,
    30_000,
  );
});
afterAll(async () => {
  await gateway.kill();
  provider.stop();
});

const idsOf = (rows: Json[]): string[] => rows.map(({ request_id: id }) => id).sort();
const ALL = ['ann-1', 'ann-2', 'broken-1', 'loner-1', 'red-1', 'red-2'];
const RED = ['broken-1', 'red-1', 'red-2'];

describe('the log of calls', () => {
  it('tells each call as it was sent', async () => {
    const [row, ...others] = await get('/spend/logs?request_id=red-1');
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      request_id: 'red-1',
      call_type: 'acompletion',
      api_key: hashes['ann-red'],
      spend: COST,
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
      model: 'paid',
      model_group: 'paid',
      custom_llm_provider: 'openai',
      user: 'ann',
      team_id: 'red',
      organization_id: 'acme',
      end_user: 'shop',
      request_tags: expect.arrayContaining(['ci', 'of-the-key']),
      cache_key: 'Cache OFF',
      status: 'success',
      metadata: { user_api_key_alias: 'ann-red', user_api_key_team_alias: 'Red', attempts: [{ status: 'success' }] },
    });
    expect(await get('/spend/logs/ui/red-1')).toEqual(row);
    expect(JSON.stringify(row)).not.toContain(keys['ann-red']);
  });

  it.each<[query: string, ids: string[]]>([
    ['user_id=ann', ['ann-1', 'ann-2', 'red-1']],
    ['team_id=red', RED],
    ['organization_id=acme', RED],
    ['end_user=shop', ['red-1', 'red-2']],
    ['key_alias=bob-red', ['broken-1', 'red-2']],
    ['session_id=chat-7', ['ann-2']],
    ['tag=ci', ['ann-1', 'red-1']],
    ['custom_llm_provider=openai', ALL],
    ['custom_llm_provider=azure', []],
    ['status_filter=failure', ['broken-1']],
    ['model=broken', ['broken-1']],
    ['model_group=paid&min_spend=0.00001', ALL.filter((id) => id !== 'broken-1')],
    ['max_spend=0', ['broken-1']],
    ['request_id=loner-1', ['loner-1']],
    [TIMES, ALL],
    ['end_date=2020-01-01', []],
    ["user_id=ann' OR 1=1 --", []],
  ])('is narrowed by %s', async (query, ids) => {
    const { data, total } = await get(`/spend/logs/v2?${query}`);
    expect([idsOf(data), total]).toEqual([ids, ids.length]);
  });

  it('tells the calls of a session', async () => {
    expect(idsOf((await get('/spend/logs/session/ui?session_id=chat-7')).data)).toEqual(['ann-2']);
    expect((await get('/spend/logs/session/ui?session_id=other')).data).toEqual([]);
  });

  it('comes in pages, in order', async () => {
    const first = await get('/spend/logs/ui?page_size=4&sort_by=spend&sort_order=asc');
    const second = await get('/spend/logs/ui?page_size=4&sort_by=spend&sort_order=asc&page=2');
    expect(first).toMatchObject({ total: 6, page: 1, page_size: 4, total_pages: 2 });
    expect(first.data[0].request_id).toBe('broken-1');
    expect(idsOf([...first.data, ...second.data])).toEqual(ALL);
  });

  it('is summed up by day', async () => {
    const days: Json[] = await get(`/spend/logs?${DAYS}`);
    const sum = (read: (day: Json) => number | undefined): number =>
      Math.round(days.reduce((total, day) => total + (read(day) ?? 0), 0) * 1e9);
    expect(sum(({ spend }) => spend)).toBe(5 * COST_NANO);
    expect(sum(({ users }) => users.ann)).toBe(3 * COST_NANO);
    expect(sum(({ models }) => models.paid)).toBe(5 * COST_NANO);
    expect(idsOf(await get(`/spend/logs?${DAYS}&summarize=false&user_id=bob`))).toEqual(['broken-1', 'red-2']);
  });

  it('says what is wrong with a question', async () => {
    for (const query of ['start_date=yesterday', 'page=x', 'min_spend=-1', 'sort_by=users', 'status_filter=done']) {
      const response = await send(gateway, `/spend/logs/v2?${query}`);
      expect([query, response.status, (await jsonOf(response)).error.param]).toEqual([query, 400, query.split('=')[0]]);
    }
  });
});

describe('who sees what', () => {
  it.each<[whose: string, ids: string[]]>([
    ['vic', ALL],
    ['ann', ['ann-1', 'ann-2', 'red-1']],
    ['tom', RED],
    ['olga', RED],
    ['loner', ['loner-1']],
  ])('%s sees what is theirs', async (whose, ids) => {
    const key = keys[whose];
    expect(idsOf((await get('/spend/logs/v2', key)).data)).toEqual(ids);
    expect(idsOf(await get('/spend/logs', key))).toEqual(ids);
    const { metadata } = await get(`/user/daily/activity?${DAYS}`, key);
    expect(metadata.total_api_requests).toBe(ids.length);
    const report: Json[] = await get(`/global/spend/report?${DAYS}&group_by=api_key`, key);
    const answered = ids.filter((id) => id !== 'broken-1').length;
    expect(Math.round(report.reduce((sum, row) => sum + row.total_cost, 0) * 1e9)).toBe(answered * COST_NANO);
  });

  it.each([
    '/spend/logs?user_id=bob',
    '/spend/logs/v2?team_id=red',
    '/spend/logs/v2?organization_id=acme',
    `/team/daily/activity?${DAYS}&team_ids=red`,
    `/user/daily/activity?${DAYS}&user_id=bob`,
    `/global/spend/report?${DAYS}&internal_user_id=bob`,
    '/tag/list',
    '/tag/summary?start_date=2030-01-01&end_date=2030-01-31',
    `/global/activity/exceptions?model_group=paid&${DAYS}`,
    '/audit',
    '/v1/access_group',
  ])('%s is refused to an internal user', async (path) => {
    const response = await send(gateway, path, { key: keys['ann'] });
    expect([response.status, (await jsonOf(response)).error.type]).toEqual([403, 'permission_error']);
  });

  it('a call of somebody else looks like none', async () => {
    expect(await statusOf('/spend/logs/ui/red-2', keys['ann'])).toBe(404);
    expect((await get('/spend/logs/v2?request_id=red-2', keys['ann'])).data).toEqual([]);
  });

  it('nobody sees anything without a key', async () => {
    for (const path of ['/spend/logs', '/global/spend', '/audit', '/tag/list']) {
      expect((await send(gateway, path, { key: null })).status).toBe(401);
    }
  });
});

describe('sums', () => {
  it('of the installation, its days and its kinds', async () => {
    const near = (count: number): unknown => expect.closeTo(count * COST, 12);
    expect(await get('/global/spend')).toEqual({ spend: near(5), max_budget: null });
    const days: Json[] = await get('/global/spend/logs');
    expect(days.reduce((sum, { spend }) => sum + spend, 0)).toBeCloseTo(5 * COST, 12);
    expect(await get('/global/spend/keys?limit=1')).toEqual([
      { api_key: hashes['ann'], key_alias: 'ann', total_spend: near(2) },
    ]);
    expect(await get('/global/spend/models')).toContainEqual({ model: 'paid', total_spend: near(5) });
    expect(await get(`/global/spend/provider?${DAYS}`)).toEqual([{ provider: 'openai', spend: near(5) }]);
    const tags = [
      { name: 'ci', spend: near(2), log_count: 2 },
      { name: 'nightly', spend: near(1), log_count: 1 },
      { name: 'of-the-key', spend: near(1), log_count: 1 },
    ];
    const { spend_per_tag: told } = await get(`/global/spend/tags?${DAYS}`);
    expect(told).toHaveLength(3);
    expect(told).toEqual(expect.arrayContaining(tags));
    expect(await get(`/spend/tags?${DAYS}`)).toContainEqual({
      individual_request_tag: 'ci',
      log_count: 2,
      total_spend: near(2),
    });
    expect((await get('/global/spend/all_tag_names')).tag_names).toEqual(['ci', 'nightly', 'of-the-key']);
    expect(await get('/global/all_end_users')).toEqual([{ end_user: 'shop' }]);
    expect(await post('/global/spend/end_users', {})).toEqual([
      { end_user: 'shop', total_spend: near(2), total_count: 2 },
    ]);
    expect(await get('/global/spend/teams')).toMatchObject({
      teams: expect.arrayContaining(['Red', 'Unassigned Team']),
      total_spend_per_team: expect.arrayContaining([{ team_id: 'red', team_alias: 'Red', total_spend: near(2) }]),
    });
    expect(await get('/spend/keys')).toContainEqual(expect.objectContaining({ key_alias: 'ann', spend: near(2) }));
    expect(await get('/spend/users?user_id=ann')).toMatchObject([{ user_id: 'ann', spend: near(3) }]);
  });

  it('of the caller alone, for those who do not see all', async () => {
    expect(await get('/global/spend', keys['ann'])).toMatchObject({ spend: expect.closeTo(3 * COST, 12) });
    expect((await get('/global/spend/all_tag_names', keys['loner'])).tag_names).toEqual([]);
  });

  it.each<[path: string, entity: string, requests: number]>([
    ['user', 'ann', 3],
    ['team', 'red', 3],
    ['organization', 'acme', 3],
    ['customer', 'shop', 2],
    ['end_user', 'shop', 2],
    ['tag', 'ci', 2],
    ['key', 'ann', 2],
  ])('of the days of a %s', async (path, entity, requests) => {
    const name = path === 'key' ? hashes[entity]! : entity;
    for (const form of ['', '/aggregated']) {
      const { results, metadata } = await get(`/${path}/daily/activity${form}?${DAYS}`);
      const sum = results.reduce(
        (total: number, { breakdown }: Json) => total + (breakdown.entities[name]?.metrics.api_requests ?? 0),
        0,
      );
      expect([sum, metadata.page, metadata.has_more]).toEqual([requests, 1, false]);
    }
  });

  it('of days, with what they were made up of', async () => {
    const { results, metadata } = await get(`/team/daily/activity?${DAYS}&team_ids=red`);
    expect(metadata).toMatchObject({
      total_spend: expect.closeTo(2 * COST, 12),
      total_api_requests: 3,
      total_successful_requests: 2,
      total_failed_requests: 1,
      total_tokens: 30,
    });
    const merged = Object.assign({}, ...results.map(({ breakdown }: Json) => breakdown.model_groups));
    expect(Object.keys(merged).sort()).toEqual(['broken', 'paid']);
    expect(results[0].breakdown).toMatchObject({
      endpoints: { chat: {} },
      entities: { red: { metadata: { alias: 'Red' } } },
    });
    expect(results[0].breakdown.model_groups.paid.api_key_breakdown).toHaveProperty(hashes['ann-red']!);
  });

  it('of activity, caches and errors', async () => {
    expect(await get(`/global/activity?${DAYS}`)).toMatchObject({ sum_api_requests: 6, sum_total_tokens: 75 });
    const models: Json[] = await get(`/global/activity/model?${DAYS}`);
    expect(models[0]).toMatchObject({ model: 'paid', sum_api_requests: 5 });
    const hits: Json[] = await get(`/global/activity/cache_hits?${DAYS}&api_keys=${hashes['bob-red']}`);
    expect(hits).toContainEqual(
      expect.objectContaining({
        api_key: 'bob-red',
        call_type: 'acompletion',
        model: 'paid',
        total_rows: 1,
        failed_rows: 0,
      }),
    );
    expect(await get(`/global/activity/exceptions?model_group=paid&${DAYS}`)).toEqual({
      daily_data: [],
      sum_num_rate_limit_exceptions: 0,
    });
    expect(await get(`/global/activity/exceptions/deployment?model_group=paid&${DAYS}`)).toEqual([]);
  });

  it('of reports by team, customer, user and key', async () => {
    const byTeam: Json[] = await get(`/global/spend/report?${DAYS}`);
    const red = byTeam.flatMap(({ teams }) => teams).filter(({ team_name: name }) => name === 'Red');
    expect(red.reduce((sum, { total_spend: spend }) => sum + spend, 0)).toBeCloseTo(2 * COST, 12);
    expect(red[0].metadata).toContainEqual(
      expect.objectContaining({ model: 'paid', api_key: hashes['ann-red'], total_tokens: 15 }),
    );
    const byCustomer: Json[] = await get(`/global/spend/report?${DAYS}&team_id=red&customer_id=shop`);
    expect(byCustomer[0].customers).toMatchObject([{ customer: 'shop' }]);
    expect(await get(`/global/spend/report?${DAYS}&internal_user_id=ann`)).toMatchObject([
      { api_key: hashes['ann'], total_input_tokens: 20, model_details: [{ model: 'paid', total_output_tokens: 10 }] },
      { api_key: hashes['ann-red'] },
    ]);
    expect(await statusOf(`/global/spend/report?${DAYS}&group_by=colour`)).toBe(400);
    expect(await statusOf('/global/spend/report')).toBe(400);
    const { predicted_spend: words } = await post('/global/predict/spend/logs', {
      data: [{ date: dayAt(Date.now()), spend: 2 }],
    });
    expect(words).toMatch(/^Current Spend = \$2, Predicted = \$\d+$/);
  });

  it('are set back with the master key', async () => {
    expect(await statusOf('/global/spend/reset', keys['vic'], {})).toBe(403);
    const { status } = await post('/global/spend/reset', {});
    expect(status).toBe('success');
    expect((await get(`/key/info?key=${hashes['ann']}`)).info.spend).toBe(0);
    expect((await get('/spend/logs/v2')).total).toBe(6);
  });
});

describe('what a call would cost', () => {
  const calculate = (body: object): Promise<Json> => post('/spend/calculate', body, keys['ann']);
  it('is told before it is made, and from its answer', async () => {
    const messages = [{ role: 'user', content: 'Hello there' }];
    const { cost } = await calculate({ model: 'paid', messages });
    expect(cost).toBeGreaterThan(0);
    expect(cost).toBeLessThan(COST);
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
    expect(await calculate({ completion_response: { model: 'paid', usage } })).toEqual({ cost: COST });
    const known = await calculate({
      completion_response: { model: 'gpt-4o', usage: { ...usage, prompt_tokens: 1e6 } },
    });
    expect(known.cost).toBeGreaterThan(0.1);
    expect(
      await post('/cost/estimate', { model: 'paid', input_tokens: 10, output_tokens: 5, num_requests_per_day: 3 }),
    ).toMatchObject({
      provider: 'openai',
      cost_per_request: COST,
      daily_cost: (3 * COST_NANO) / 1e9,
      monthly_cost: null,
    });
  });

  it('is not guessed', async () => {
    for (const body of [
      {},
      { model: 'paid' },
      { model: 'a-model-that-nobody-knows', messages: [] },
      { completion_response: { usage: {} } },
      { model: ['paid'], messages: 'x' },
    ])
      expect(await statusOf('/spend/calculate', keys['ann'], body)).toBe(400);
    expect(await statusOf('/cost/estimate', keys['ann'], { model: 'paid', input_tokens: -1, output_tokens: 1 })).toBe(
      400,
    );
    expect((await send(gateway, '/spend/calculate', { body: {}, key: null })).status).toBe(401);
  });
});

describe('tags', () => {
  it('are made, changed, listed with what they spent, and deleted', async () => {
    const made = await post('/tag/new', { name: 'ci', description: 'Pipelines', max_budget: 5, budget_duration: '1d' });
    expect(made).toMatchObject({ message: 'Tag ci created successfully', tag: { name: 'ci', max_budget: 5 } });
    expect(await statusOf('/tag/new', undefined, { name: 'ci' })).toBe(409);
    await post('/tag/update', { name: 'ci', max_budget: 7 });
    expect(await post('/tag/info', { names: ['ci', 'gone'] })).toMatchObject({
      ci: {
        description: 'Pipelines',
        max_budget: 7,
        spend: expect.closeTo(2 * COST, 12),
        budget_reset_at: expect.any(String),
      },
    });
    const names = (await get('/tag/list', keys['vic'])).map(({ name }: Json) => name);
    expect(names).toEqual(['ci', 'nightly', 'of-the-key']);
    await post('/tag/delete', { name: 'ci' });
    expect(await statusOf('/tag/info', undefined, { names: ['ci'] })).toBe(404);
    expect(await statusOf('/tag/new', keys['vic'], { name: 'x' })).toBe(403);
  });

  it('have users', async () => {
    expect(await get('/tag/distinct')).toEqual({
      results: [{ tag: 'ci' }, { tag: 'nightly' }, { tag: 'of-the-key' }],
    });
    const { results: days } = await get('/tag/dau?tag_filters=ci');
    expect(days).toMatchObject([{ tag: 'ci', active_users: 1, date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) }]);
    const { results: weeks } = await get('/tag/wau?tag_filter=NIGHT');
    expect(weeks).toMatchObject([
      { tag: 'nightly', active_users: 1, date: expect.stringMatching(/^Week 7 \(\w{3} \d+\)$/) },
    ]);
    expect((await get('/tag/mau?months=2')).results).toHaveLength(3);
    expect(await statusOf('/tag/mau?months=13')).toBe(400);
    expect((await get(`/tag/summary?${DAYS}&tag_filter=ci&custom_llm_provider=openai`)).results).toEqual([
      {
        tag: 'ci',
        unique_users: 1,
        total_requests: 2,
        successful_requests: 2,
        failed_requests: 0,
        total_tokens: 30,
        total_spend: expect.closeTo(2 * COST, 12),
      },
    ]);
  });
});

describe('access groups', () => {
  it('let keys call their models, and are changed and deleted', async () => {
    const response = await withMethod('POST', '/v1/access_group', {
      access_group_name: 'fast',
      access_model_names: ['paid'],
      assigned_team_ids: ['red'],
    });
    const group = await jsonOf(response);
    expect([response.status, group]).toMatchObject([
      201,
      { access_group_name: 'fast', access_model_names: ['paid'], assigned_team_ids: ['red'], access_agent_ids: [] },
    ]);
    const path = `/v1/access_group/${group.access_group_id}`;
    await aKey('by-name', { models: ['fast'] });
    await aKey('by-id', { access_group_ids: [group.access_group_id] });
    expect([await call('by-name', 'g-1'), await call('by-id', 'g-2')]).toEqual([200, 200]);
    expect(await call('by-id', 'g-3', { model: 'broken' })).toBe(403);

    const changed = await withMethod('PUT', path, { access_model_names: ['broken'], assigned_team_ids: null });
    expect(await jsonOf(changed)).toMatchObject({ access_model_names: ['broken'], assigned_team_ids: [] });
    await eventually(
      () => call('by-id', 'g-4'),
      (status) => status === 403,
      1_500,
    );
    expect(await get('/access_group/list')).toMatchObject({
      access_groups: [
        { access_group: 'fast', model_names: ['broken'], deployment_count: 1 },
        { access_group: 'configured', model_names: ['paid'], deployment_count: 1 },
      ],
    });
    expect((await withMethod('DELETE', path)).status).toBe(204);
    expect(await statusOf(path)).toBe(404);
  });

  it('have LiteLLM’s older routes, too', async () => {
    const body = { access_group: 'slow', model_names: ['paid'] };
    expect(await post('/access_group/new', body)).toEqual({ ...body, models_updated: 1 });
    expect(await statusOf('/access_group/new', undefined, body)).toBe(409);
    const answer = withMethod('PUT', '/access_group/slow/update', { model_names: ['paid', 'broken'] });
    expect(await okJson(answer)).toMatchObject({ model_names: ['paid', 'broken'], models_updated: 2 });
    expect(await get('/access_group/slow/info')).toMatchObject({ deployment_count: 2 });
    expect((await withMethod('DELETE', '/access_group/slow/delete')).status).toBe(200);
    expect(await statusOf('/access_group/slow/info')).toBe(404);
    expect((await withMethod('DELETE', '/access_group/x/delete', undefined, keys['vic'])).status).toBe(403);
  });
});

describe('the audit log', () => {
  it('tells who changed what, and for whom', async () => {
    const headers = { 'litellm-changed-by': 'grace@example.com' };
    await okJson(send(gateway, '/team/update', { body: { team_id: 'red', team_alias: 'Crimson' }, headers }));
    const page = await get('/audit?object_id=red&action=updated&page_size=5', keys['vic']);
    expect(page).toMatchObject({
      total: 1,
      page: 1,
      page_size: 5,
      total_pages: 1,
      audit_logs: [
        {
          changed_by: 'grace@example.com',
          changed_by_api_key: expect.stringMatching(/^[0-9a-f]{64}$/),
          table_name: 'LiteLLM_TeamTable',
          before_value: { team_alias: 'Red' },
          updated_values: { team_alias: 'Crimson' },
        },
      ],
    });
    expect(await get(`/audit/${page.audit_logs[0].id}`)).toEqual(page.audit_logs[0]);
    expect(await statusOf('/audit/none')).toBe(404);
    const { audit_logs: all } = await get('/audit?page_size=100');
    for (const secret of Object.values(keys)) expect(JSON.stringify(all)).not.toContain(secret);
  });
});
