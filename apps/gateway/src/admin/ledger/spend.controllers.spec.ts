import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SpendDimension } from '@turnpike/rpc';
import { aManagement, type Management } from '../../../test/management.js';

let management: Management;
beforeAll(async () => void (management = await aManagement()));
afterAll(() => management.close());
beforeEach(() => {
  management.asked.length = 0;
  management.answers = {};
});

const get = (url: string) => management.send('GET', url);
const requestOf = (method: string): unknown => management.asked.find((one) => one.method === method)?.request;

const METRICS = {
  spendNanoUsd: 1_500_000_000,
  inputTokens: 10,
  outputTokens: 5,
  totalTokens: 15,
  cachedInputTokens: 2,
  cacheWriteTokens: 1,
  requests: 4,
  successfulRequests: 3,
  failedRequests: 1,
};
const METRICS_JSON = {
  spend: 1.5,
  prompt_tokens: 10,
  completion_tokens: 5,
  total_tokens: 15,
  cache_read_input_tokens: 2,
  cache_creation_input_tokens: 1,
  api_requests: 4,
  successful_requests: 3,
  failed_requests: 1,
};
const DAY = { date: '2030-01-31', spendNanoUsd: 1_500_000_000, users: { ada: 1e9 }, models: { m: 5e8 } };

const LOG = {
  id: '0190',
  callId: 'call-1',
  startedAt: new Date(1_000),
  endedAt: new Date(3_500),
  keyHash: 'hash',
  keyAlias: 'mine',
  userId: 'ada',
  tags: ['ci'],
  operation: 'chat',
  modelGroup: 'g',
  model: 'gpt-4o',
  modelId: 'd1',
  provider: 'provider.openai',
  status: 'failure',
  statusCode: 429,
  cache: 'hit',
  costNanoUsd: 20_000_000,
  usage: { inputTokens: 3, outputTokens: 4, totalTokens: 7 },
  usageSource: 'estimated',
  attempts: [
    { deploymentId: 'd1', provider: 'provider.openai', costNanoUsd: 1, errorCode: 'GW_X', errorMessage: 'x' },
    {},
  ],
  errorCode: 'GW_X',
  errorMessage: 'It failed.',
  metadata: { order: 7 },
};
const LOG_JSON = {
  request_id: 'call-1',
  id: '0190',
  call_type: 'acompletion',
  api_key: 'hash',
  spend: 0.02,
  prompt_tokens: 3,
  completion_tokens: 4,
  total_tokens: 7,
  startTime: '1970-01-01T00:00:01.000Z',
  endTime: '1970-01-01T00:00:03.500Z',
  completionStartTime: null,
  request_duration_ms: 2_500,
  model: 'gpt-4o',
  model_id: 'd1',
  model_group: 'g',
  custom_llm_provider: 'openai',
  user: 'ada',
  cache_hit: 'True',
  request_tags: ['ci'],
  status: 'failure',
  messages: {},
  metadata: {
    user_api_key: 'hash',
    user_api_key_alias: 'mine',
    spend_logs_metadata: { order: 7 },
    is_usage_estimated: true,
    attempted_retries: 1,
    attempts: [{ model_id: 'd1', error: { code: 'GW_X' } }, { error: null }],
    error_information: { error_code: '429', error_class: 'GW_X', error_message: 'It failed.' },
  },
};

describe('the log', () => {
  it('is told call by call, by key, user or id', async () => {
    management.answers = { 'spend.listSpendLogs': () => ({ logs: [LOG] }) };
    const { status, body } = await get('/spend/logs?api_key=sk-mine&user_id=ada&request_id=call-1');
    expect([status, body]).toMatchObject([200, [LOG_JSON]]);
    expect(requestOf('spend.listSpendLogs')).toMatchObject({
      filter: { key: 'sk-mine', userId: 'ada', requestId: 'call-1' },
      size: 1_000,
      includeDetails: true,
    });
  });

  it('is summed up by days, where days are given', async () => {
    management.answers = { 'spend.summarizeSpend': () => ({ days: [DAY] }) };
    const { body } = await get('/spend/logs?start_date=2030-01-01&end_date=2030-01-31&user_id=ada');
    expect(body).toEqual([{ startTime: '2030-01-31', spend: 1.5, users: { ada: 1 }, models: { m: 0.5 } }]);
    expect(requestOf('spend.summarizeSpend')).toMatchObject({
      startDate: '2030-01-01',
      endDate: '2030-01-31',
      userId: 'ada',
    });
  });

  it('of days is told call by call where that is wanted, the last day with all of it', async () => {
    management.answers = { 'spend.listSpendLogs': () => ({ logs: [] }) };
    await get('/spend/logs?start_date=2030-01-01&end_date=2030-01-31&summarize=false');
    const filter = { startTime: new Date('2030-01-01'), endTime: new Date('2030-02-01') };
    expect(requestOf('spend.listSpendLogs')).toMatchObject({ filter });
  });

  it.each(['/spend/logs/v2', '/spend/logs/ui', '/spend/logs/session/ui'])('comes page by page at %s', async (path) => {
    management.answers = { 'spend.listSpendLogs': () => ({ logs: [LOG], totalCount: 21 }) };
    const { body } = await get(
      `${path}?page=3&page_size=10&min_spend=0.01&max_spend=2&model_group=g&team_id=red&session_id=s&status_filter=failure` +
        '&start_date=2030-01-01%2012:30:00&end_date=2030-01-02%2000:00:00&sort_by=spend&sort_order=asc',
    );
    expect(body).toMatchObject({ data: [LOG_JSON], total: 21, page: 3, page_size: 10, total_pages: 3 });
    expect(requestOf('spend.listSpendLogs')).toMatchObject({
      page: 2,
      size: 10,
      sortBy: 'cost',
      ascending: true,
      includeTotal: true,
      filter: {
        startTime: new Date('2030-01-01T12:30:00Z'),
        endTime: new Date('2030-01-02T00:00:00Z'),
        minCostNanoUsd: 10_000_000,
        maxCostNanoUsd: 2e9,
        modelGroup: 'g',
        teamId: 'red',
        sessionId: 's',
        status: 'failure',
      },
    });
  });

  it('is told of one call', async () => {
    management.answers = { 'spend.getSpendLog': () => ({ log: LOG }) };
    expect((await get('/spend/logs/ui/call-1')).body).toMatchObject(LOG_JSON);
    expect(requestOf('spend.getSpendLog')).toEqual({ id: 'call-1' });
  });
});

describe('spend by noun', () => {
  const page = { page: 1, totalPages: 1 };

  it.each<[string, string, object, object]>([
    [
      '/spend/keys',
      'keys.listKeys',
      { keys: [{ token: 'hash', spendNanoUsd: 1e9 }], page },
      { token: 'hash', spend: 1 },
    ],
    ['/spend/users?user_id=ada', 'users.listUsers', { users: [{ userId: 'ada' }], page }, { user_id: 'ada', spend: 0 }],
  ])('%s', async (url, method, answer, told) => {
    management.answers = { [method]: () => answer };
    expect((await get(url)).body).toMatchObject([told]);
    expect(requestOf(method)).toMatchObject({ page: { sortBy: 'spend', descending: true } });
  });

  const rows = [{ id: 'x', alias: 'X', metrics: METRICS }];

  it.each<[string, SpendDimension, unknown]>([
    [
      'GET /spend/tags?start_date=2030-01-01',
      SpendDimension.TAG,
      [{ individual_request_tag: 'x', log_count: 4, total_spend: 1.5 }],
    ],
    ['GET /global/spend/keys', SpendDimension.KEY, [{ api_key: 'x', key_alias: 'X', total_spend: 1.5 }]],
    ['GET /global/spend/models', SpendDimension.MODEL, [{ model: 'x', total_spend: 1.5 }]],
    ['GET /global/spend/provider', SpendDimension.PROVIDER, [{ provider: 'x', spend: 1.5 }]],
    ['GET /global/spend/tags', SpendDimension.TAG, { spend_per_tag: [{ name: 'x', spend: 1.5, log_count: 4 }] }],
    ['POST /global/spend/end_users', SpendDimension.CUSTOMER, [{ end_user: 'x', total_spend: 1.5, total_count: 4 }]],
  ])('%s', async (route, dimension, told) => {
    management.answers = { 'spend.getSpendBy': () => ({ rows }) };
    const [verb, url] = route.split(' ') as [string, string];
    expect((await management.send(verb, url)).body).toEqual(told);
    expect(requestOf('spend.getSpendBy')).toMatchObject({ dimension });
  });

  it('is of the last 30 days without any', async () => {
    management.answers = { 'spend.getSpendBy': () => ({ rows }) };
    await get('/global/spend/keys?limit=5');
    const { startDate, endDate, limit } = requestOf('spend.getSpendBy') as Record<string, string>;
    expect([Date.parse(endDate!) - Date.parse(startDate!), limit]).toEqual([29 * 86_400_000, 5]);
    expect(Date.now() - Date.parse(endDate!)).toBeLessThan(2 * 86_400_000);
  });
});

describe('the installation', () => {
  it.each([
    [
      { spendNanoUsd: 2e9, maxNanoUsd: 5e9 },
      { spend: 2, max_budget: 5 },
    ],
    [{ spendNanoUsd: 0 }, { spend: 0, max_budget: null }],
  ])('spent %j', async (answer, told) => {
    management.answers = { 'spend.getGlobalSpend': () => answer };
    expect((await get('/global/spend')).body).toEqual(told);
  });

  it('spent day by day, in all or with one key', async () => {
    management.answers = {
      'spend.getGlobalSpend': () => ({ days: [DAY] }),
      'spend.summarizeSpend': () => ({ days: [DAY] }),
    };
    const told = [{ date: '2030-01-31', spend: 1.5 }];
    expect((await get('/global/spend/logs')).body).toEqual(told);
    expect(requestOf('spend.getGlobalSpend')).toEqual({ days: 30 });
    expect((await get('/global/spend/logs?api_key=hash')).body).toEqual(told);
    expect(requestOf('spend.summarizeSpend')).toMatchObject({ key: 'hash' });
  });

  const days = [
    {
      date: '2030-01-31',
      metrics: METRICS,
      breakdown: { entities: { red: { metrics: METRICS } }, modelGroups: { g: { metrics: METRICS } } },
    },
  ];

  it('spent by team', async () => {
    management.answers = {
      'spend.getDailyActivity': () => ({ days }),
      'spend.getSpendBy': () => ({ rows: [{ id: 'red', alias: 'Red', metrics: METRICS }] }),
    };
    expect((await get('/global/spend/teams')).body).toEqual({
      daily_spend: [{ date: '2030-01-31', Red: 1.5 }],
      teams: ['Red'],
      total_spend_per_team: [{ team_id: 'red', team_alias: 'Red', total_spend: 1.5 }],
    });
  });

  it('was used, in all and by model', async () => {
    management.answers = { 'spend.getDailyActivity': () => ({ days, total: METRICS }) };
    const counts = {
      daily_data: [{ date: '2030-01-31', api_requests: 4, total_tokens: 15 }],
      sum_api_requests: 4,
      sum_total_tokens: 15,
    };
    expect((await get('/global/activity?start_date=2030-01-01&end_date=2030-01-31')).body).toEqual(counts);
    expect(requestOf('spend.getDailyActivity')).toMatchObject({
      startDate: '2030-01-01',
      endDate: '2030-01-31',
      aggregated: true,
    });
    expect((await get('/global/activity/model')).body).toEqual([{ model: 'g', ...counts }]);
  });

  it('knows the names that were used', async () => {
    management.answers = { 'spend.listDistinct': () => ({ names: ['x'] }) };
    expect((await get('/global/spend/all_tag_names')).body).toEqual({ tag_names: ['x'] });
    expect((await get('/global/all_end_users')).body).toEqual([{ end_user: 'x' }]);
    expect(management.asked.map(({ request }) => request['dimension'])).toEqual([
      SpendDimension.TAG,
      SpendDimension.CUSTOMER,
    ]);
  });

  it('is reset', async () => {
    management.answers = { 'spend.resetGlobalSpend': () => ({ keys: 2, teams: 1 }) };
    const { status, body } = await management.send('POST', '/global/spend/reset');
    expect([status, body.status]).toEqual([200, 'success']);
  });
});

describe('daily activity', () => {
  it.each<[string, object]>([
    ['/user/daily/activity?user_id=ada', { entity: SpendDimension.USER, entityIds: ['ada'], aggregated: false }],
    ['/user/daily/activity/aggregated?page=2', { entity: SpendDimension.USER, aggregated: true, page: 2 }],
    [
      '/team/daily/activity?team_ids=a,b&exclude_team_ids=c',
      { entity: SpendDimension.TEAM, entityIds: ['a', 'b'], excludeEntityIds: ['c'] },
    ],
    [
      '/organization/daily/activity?organization_ids=acme',
      { entity: SpendDimension.ORGANIZATION, entityIds: ['acme'] },
    ],
    ['/customer/daily/activity?end_user_ids=x', { entity: SpendDimension.CUSTOMER, entityIds: ['x'] }],
    ['/end_user/daily/activity?page_size=7', { entity: SpendDimension.CUSTOMER, entityIds: [], pageSize: 7 }],
    [
      '/tag/daily/activity?tags=ci&model=m&api_key=k',
      { entity: SpendDimension.TAG, entityIds: ['ci'], model: 'm', key: 'k' },
    ],
  ])('%s', async (url, request) => {
    management.answers = { 'spend.getDailyActivity': () => ({}) };
    const { status } = await get(`${url}${url.includes('?') ? '&' : '?'}start_date=2030-01-01&end_date=2030-01-31`);
    expect(status).toBe(200);
    expect(requestOf('spend.getDailyActivity')).toMatchObject({
      startDate: '2030-01-01',
      endDate: '2030-01-31',
      ...request,
    });
  });

  it('is told with what it was for, and its sums', async () => {
    const part = { metrics: METRICS, alias: 'X', teamId: 'red', keys: { hash: METRICS } };
    const partJson = {
      metrics: METRICS_JSON,
      metadata: { alias: 'X', team_id: 'red' },
      api_key_breakdown: { hash: { metrics: METRICS_JSON } },
    };
    const breakdown = {
      models: { m: part },
      modelGroups: { g: part },
      providers: { p: part },
      keys: { k: part },
      entities: { e: part },
      endpoints: { chat: part },
    };
    management.answers = {
      'spend.getDailyActivity': () => ({
        days: [{ date: '2030-01-31', metrics: METRICS, breakdown }],
        total: METRICS,
        page: { page: 1, totalPages: 2 },
      }),
    };
    expect((await get('/user/daily/activity?start_date=2030-01-01&end_date=2030-01-31')).body).toMatchObject({
      results: [
        {
          date: '2030-01-31',
          metrics: METRICS_JSON,
          breakdown: {
            models: { m: partJson },
            model_groups: { g: partJson },
            providers: { p: partJson },
            api_keys: { k: partJson },
            entities: { e: partJson },
            endpoints: { chat: partJson },
            mcp_servers: {},
          },
        },
      ],
      metadata: {
        total_spend: 1.5,
        total_prompt_tokens: 10,
        total_completion_tokens: 5,
        total_tokens: 15,
        total_api_requests: 4,
        total_successful_requests: 3,
        total_failed_requests: 1,
        total_cache_read_input_tokens: 2,
        total_cache_creation_input_tokens: 1,
        page: 1,
        total_pages: 2,
        has_more: true,
      },
    });
  });
});

it.each([
  ['/spend/logs?start_date=yesterday', 'start_date'],
  ['/spend/logs?start_date=2030-13-01', 'start_date'],
  ['/spend/logs/v2?start_date=2030-01-01%2099:00:00', 'start_date'],
  ['/spend/logs/v2?min_spend=much', 'min_spend'],
  ['/spend/logs/v2?sort_by=moon', 'sort_by'],
  ['/spend/logs/v2?page=-1', 'page'],
  ['/user/daily/activity?end_date=2030-01-01', 'start_date'],
  ['/global/activity?end_date=x', 'end_date'],
])('GET %s names %s, and nothing is asked', async (url, param) => {
  const { status, body } = await get(url);
  expect([status, body.error.param]).toEqual([400, param]);
  expect(management.asked).toEqual([]);
});
