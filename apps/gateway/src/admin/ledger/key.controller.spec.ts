import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LedgerError } from '@turnpike/rpc';
import { aManagement, type Management } from '../../../test/management.js';

let management: Management;
beforeAll(async () => void (management = await aManagement()));
afterAll(() => management.close());
beforeEach(() => {
  management.asked.length = 0;
  management.answers = {};
});

const TOKEN = 'a'.repeat(64);
const KEY = {
  token: TOKEN,
  keyName: 'sk-...wxyz',
  budget: { maxNanoUsd: 5e9 },
  spendNanoUsd: 1_500_000_000,
  models: ['m'],
};
const LATE = new Date('2030-01-31T00:00:00.000Z');

const post = (url: string, body?: unknown) => management.send('POST', url, body);
const get = (url: string) => management.send('GET', url);
const requestOf = (method: string): unknown => management.asked.find((one) => one.method === method)?.request;

describe('making a key', () => {
  beforeEach(() => {
    management.answers = { 'keys.generateKey': () => ({ secret: 'sk-secret', key: { ...KEY, expires: LATE } }) };
  });

  it('asks on behalf of the caller, and tells the secret', async () => {
    const { status, body } = await post('/key/generate', { models: ['m'], max_budget: 5, duration: '30d', unknown: 1 });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      key: 'sk-secret',
      token: TOKEN,
      token_id: TOKEN,
      key_name: 'sk-...wxyz',
      expires: LATE.toISOString(),
      max_budget: 5,
      spend: 1.5,
      models: ['m'],
      tags: null,
    });
    expect(management.asked[0]?.metadata).toEqual({ 'x-turnpike-caller': 'hash of sk-admin' });
    expect(requestOf('keys.generateKey')).toMatchObject({
      duration: '30d',
      isServiceAccount: false,
      key: { models: ['m'], budget: { maxNanoUsd: 5e9 } },
    });
  });

  it('needs nothing in the body, nor a body', async () => {
    expect((await post('/key/generate')).status).toBe(200);
    expect((await post('/key/generate', {})).status).toBe(200);
  });

  it('lets the caller choose the secret', async () => {
    await post('/key/generate', { key: 'sk-chosen-by-caller' });
    expect(requestOf('keys.generateKey')).toMatchObject({ secret: 'sk-chosen-by-caller' });
  });

  it.each([
    ['llm_api', ['llm_api_routes']],
    ['management', ['management_routes']],
    ['read_only', ['info_routes']],
    ['default', []],
  ])('knows the kind %s', async (kind, allowedRoutes) => {
    await post('/key/generate', { key_type: kind });
    expect(requestOf('keys.generateKey')).toMatchObject({ key: { allowedRoutes } });
  });

  it('makes keys of service accounts', async () => {
    const { body } = await post('/key/service-account/generate', { team_id: 'red' });
    expect(body.key).toBe('sk-secret');
    expect(requestOf('keys.generateKey')).toMatchObject({ isServiceAccount: true, key: { teamId: 'red' } });
  });
});

describe('what cannot be meant', () => {
  it.each<[string, object, string]>([
    ['/key/generate', { max_budget: 'ten' }, 'max_budget'],
    ['/key/generate', { max_budget: [] }, 'max_budget'],
    ['/key/generate', { max_budget: 1e300 }, 'max_budget'],
    ['/key/generate', { rpm_limit: 1.5 }, 'rpm_limit'],
    ['/key/generate', { models: 'gpt-4o' }, 'models'],
    ['/key/generate', { models: [1] }, 'models[0]'],
    ['/key/generate', { aliases: { a: 1 } }, 'aliases.a'],
    ['/key/generate', { metadata: 'x' }, 'metadata'],
    ['/key/generate', { blocked: 'yes' }, 'blocked'],
    ['/key/generate', { key_type: 'other' }, 'key_type'],
    ['/key/generate', { budget_limits: [{ max_budget: 1 }] }, 'budget_limits[0].budget_duration'],
    ['/key/generate', { model_max_budget: { m: [] } }, 'model_max_budget.m'],
    ['/key/generate', { model_rpm_limit: { m: 'x' } }, 'model_rpm_limit.m'],
    ['/key/generate', { temp_budget_increase: 5 }, 'temp_budget_expiry'],
    ['/key/update', { temp_budget_expiry: '2030-01-31', key: 'sk-x' }, 'temp_budget_increase'],
    ['/key/update', { max_budget: 5 }, 'key'],
    ['/key/update', { key: '' }, 'key'],
    ['/key/delete', { keys: 'sk-x' }, 'keys'],
    ['/key/block', {}, 'key'],
    ['/key/regenerate', { new_master_key: 'sk-x' }, 'new_master_key'],
    ['/key/sk-x/reset_spend', {}, 'reset_to'],
    ['/key/bulk_update', { keys: [{}] }, 'keys[0].key'],
    ['/v2/key/info', {}, 'keys'],
  ])('POST %s %j names %s, and nothing is asked', async (url, sent, param) => {
    const { status, body } = await post(url, sent);
    expect([status, body.error.param, body.error.type]).toEqual([400, param, 'invalid_request_error']);
    expect(body.error.message).toMatch(/must|missing|not known/);
    expect(body.error.message).not.toContain('sk-x');
    expect(management.asked).toEqual([]);
  });

  it.each(['page=0x', 'size=-1', 'return_full_object=maybe', 'sort_order=up'])('GET /key/list?%s', async (query) => {
    const { status, body } = await get(`/key/list?${query}`);
    expect([status, body.error.param]).toEqual([400, query.split('=')[0]]);
  });

  it('is a body that is no object', async () => {
    expect((await post('/key/generate', [])).body.error.message).toBe('The body must be a JSON object.');
  });
});

describe('changing a key', () => {
  beforeEach(() => {
    management.answers = {
      'keys.updateKey': () => ({ key: KEY }),
      'keys.resetKeySpend': () => ({ key: KEY }),
    };
  });

  it('means what is given, and null clears', async () => {
    const { status, body } = await post('/key/update', {
      key: 'sk-mine',
      max_budget: null,
      models: ['m'],
      tags: ['t'],
    });
    expect([status, body.key, body.token]).toEqual([200, 'sk-mine', TOKEN]);
    expect(requestOf('keys.updateKey')).toMatchObject({
      key: 'sk-mine',
      changes: { models: ['m'], budget: undefined, metadata: { tags: ['t'] } },
      updateMask: ['budget.max_nano_usd', 'models', 'metadata.tags'],
      duration: '',
    });
  });

  it.each([
    [{ duration: '30d' }, '30d'],
    [{ duration: '-1' }, '-1'],
    [{ duration: null }, '-1'],
    [{}, ''],
  ])('%j: it lives for %p', async (sent, duration) => {
    await post('/key/update', { key: 'sk-mine', ...sent });
    expect(requestOf('keys.updateKey')).toMatchObject({ duration, updateMask: [] });
  });

  it('sets what is spent before all else', async () => {
    await post('/key/update', { key: 'sk-mine', spend: 0, models: [] });
    expect(management.asked.map(({ method }) => method)).toEqual(['keys.resetKeySpend', 'keys.updateKey']);
  });

  it('of several tells what became of each', async () => {
    management.answers = {
      'keys.updateKey': ({ key }: { key: string }) => {
        if (key === 'sk-b') throw new LedgerError('NOT_FOUND', 'No such key.', { errorCode: 'GW_NOT_FOUND' });
        return { key: KEY };
      },
    };
    const keys = [{ key: 'sk-a', max_budget: 1 }, { key: 'sk-b' }, { key: 'sk-c', tags: 5 }];
    const { body } = await post('/key/bulk_update', { keys });
    expect(body).toMatchObject({
      total_requested: 3,
      successful_updates: [{ key: 'sk-a', key_info: { token: TOKEN } }],
      failed_updates: [
        { key: 'sk-b', failed_reason: 'No such key.' },
        { key: 'sk-c', failed_reason: "'tags' must be a list of texts." },
      ],
    });
  });
});

describe('deleting keys', () => {
  it.each([
    [{ keys: ['sk-a'] }, { keys: ['sk-a'], keyAliases: [] }],
    [{ key_aliases: ['mine'] }, { keys: [], keyAliases: ['mine'] }],
  ])('%j', async (sent, request) => {
    management.answers = { 'keys.deleteKeys': () => ({ deletedKeys: ['x'] }) };
    expect(await post('/key/delete', sent)).toMatchObject({ status: 200, body: { deleted_keys: ['x'] } });
    expect(requestOf('keys.deleteKeys')).toEqual(request);
  });
});

describe('looking at keys', () => {
  it.each([
    ['/key/info?key=sk-mine', 'sk-mine', 'sk-mine'],
    ['/key/info', '', TOKEN],
  ])('GET %s tells the row without the token', async (url, asked, told) => {
    management.answers = { 'keys.getKey': () => ({ key: KEY }) };
    const { status, body } = await get(url);
    expect([status, body.key, requestOf('keys.getKey')]).toEqual([200, told, { key: asked }]);
    expect(body.info).toMatchObject({ key_name: 'sk-...wxyz', spend: 1.5 });
    expect(body.info).not.toHaveProperty('token');
  });

  it('leaves out those of several that are not known, unless all are', async () => {
    management.answers = {
      'keys.getKey': ({ key }: { key: string }) => {
        if (key === 'b') throw new LedgerError('NOT_FOUND', 'No such key.', { errorCode: 'GW_NOT_FOUND' });
        return { key: KEY };
      },
    };
    const { body } = await post('/v2/key/info', { keys: ['a', 'b'] });
    expect([body.key, body.info.length]).toEqual([['a', 'b'], 1]);
    expect((await post('/v2/key/info', { keys: ['b'] })).status).toBe(404);
  });

  const page = { page: 2, size: 3, totalCount: 7, totalPages: 3 };
  const pages = { total_count: 7, current_page: 2, total_pages: 3 };

  it('tells hashes page by page', async () => {
    management.answers = { 'keys.listKeys': () => ({ keys: [KEY], page }) };
    const { body } = await get(
      '/key/list?page=2&size=3&team_id=red&include_team_keys=True&sort_by=spend&sort_order=asc',
    );
    expect(body).toEqual({ keys: [TOKEN], ...pages });
    expect(requestOf('keys.listKeys')).toMatchObject({
      page: { page: 2, size: 3, sortBy: 'spend', descending: false },
      teamId: 'red',
      includeTeamKeys: true,
      includeCreatedByKeys: false,
    });
  });

  it('tells rows, and their users, where that is asked for', async () => {
    management.answers = {
      'keys.listKeys': () => ({ keys: [{ ...KEY, userId: 'ada' }, KEY], page }),
      'users.listUsers': () => ({ users: [{ userId: 'ada', userEmail: 'ada@example.com' }] }),
    };
    expect((await get('/key/list?return_full_object=true')).body.keys[0]).toMatchObject({
      token: TOKEN,
      user_id: 'ada',
    });
    const { body } = await get('/key/list?expand=user');
    expect(body.keys).toMatchObject([{ user: { user_email: 'ada@example.com' } }, { user: null }]);
    expect(requestOf('users.listUsers')).toMatchObject({ userIds: ['ada'] });
  });

  it('lists 10 keys and 50 aliases a page, the newest first', async () => {
    management.answers = {
      'keys.listKeys': () => ({}),
      'keys.listKeyAliases': () => ({ aliases: ['a'], page }),
    };
    expect((await get('/key/list')).body).toEqual({ keys: [], total_count: 0, current_page: 1, total_pages: 0 });
    expect(requestOf('keys.listKeys')).toMatchObject({ page: { page: 1, size: 10, sortBy: '', descending: true } });
    expect((await get('/key/aliases?search=x')).body).toEqual({ aliases: ['a'], ...pages, size: 3 });
    expect(requestOf('keys.listKeyAliases')).toMatchObject({ page: { size: 50, descending: false }, search: 'x' });
  });
});

describe('blocking, regenerating and resetting', () => {
  it.each([
    ['block', true],
    ['unblock', false],
  ])('/key/%s', async (path, blocked) => {
    management.answers = { 'keys.blockKey': () => ({ key: { ...KEY, blocked } }) };
    expect(await post(`/key/${path}`, { key: 'sk-mine' })).toMatchObject({
      status: 200,
      body: { token: TOKEN, blocked },
    });
    expect(requestOf('keys.blockKey')).toEqual({ key: 'sk-mine', blocked });
  });

  it.each<[string, object | undefined, string]>([
    ['/key/regenerate', { key: 'sk-mine' }, 'sk-mine'],
    ['/key/sk-mine/regenerate', undefined, 'sk-mine'],
    ['/key/sk-mine/regenerate', { key: 'sk-other' }, 'sk-mine'],
    ['/key/regenerate', {}, ''],
  ])('POST %s %j', async (url, sent, key) => {
    management.answers = { 'keys.regenerateKey': () => ({ secret: 'sk-new', key: KEY }) };
    const { status, body } = await post(url, sent);
    expect([status, body.key, body.token_id]).toEqual([200, 'sk-new', TOKEN]);
    expect(requestOf('keys.regenerateKey')).toMatchObject({ key, updateMask: [], newSecret: '', gracePeriod: '' });
  });

  it('regenerates with changes, a secret and a grace period', async () => {
    management.answers = { 'keys.regenerateKey': () => ({ secret: 'sk-new', key: KEY }) };
    await post('/key/regenerate', { key: 'sk-mine', new_key: 'sk-wanted', grace_period: '24h', max_budget: 1 });
    expect(requestOf('keys.regenerateKey')).toMatchObject({
      newSecret: 'sk-wanted',
      gracePeriod: '24h',
      updateMask: ['budget.max_nano_usd'],
      changes: { budget: { maxNanoUsd: 1e9 } },
    });
  });

  it('tells what was spent before it was set', async () => {
    management.answers = {
      'keys.getKey': () => ({ key: KEY }),
      'keys.resetKeySpend': () => ({ key: { ...KEY, spendNanoUsd: 250_000_000 } }),
    };
    const { body } = await post(`/key/${TOKEN}/reset_spend`, { reset_to: 0.25 });
    expect(body).toEqual({ key_hash: TOKEN, spend: 0.25, previous_spend: 1.5, max_budget: 5, budget_reset_at: null });
    expect(requestOf('keys.resetKeySpend')).toEqual({ key: TOKEN, resetToNanoUsd: 250_000_000 });
  });
});

describe('what the ledger refuses', () => {
  it('is told to the caller', async () => {
    const message = 'You may not update this key.';
    management.answers = {
      'keys.updateKey': () => {
        throw new LedgerError('PERMISSION_DENIED', message, { errorCode: 'GW_PERMISSION_DENIED', param: 'team_id' });
      },
    };
    const { status, body } = await post('/key/update', { key: 'sk-mine' });
    expect(status).toBe(403);
    expect(body).toEqual({ error: { message, type: 'permission_error', param: 'team_id', code: '403' } });
  });

  it('is asked for again later while the ledger is away', async () => {
    management.answers = {
      'keys.getKey': () => {
        throw new LedgerError('UNAVAILABLE', 'connect ECONNREFUSED');
      },
    };
    const { status, headers } = await get('/key/info');
    expect([status, headers['retry-after']]).toEqual([503, '1']);
  });
});

describe('who asks', () => {
  it('must say so, whatever the settings', async () => {
    expect((await management.send('GET', '/key/info', undefined, '')).status).toBe(401);
    expect(management.asked).toEqual([]);
  });

  it('is told when there is no ledger', async () => {
    const alone = await aManagement({ hasLedger: false });
    const { status, body } = await alone.send('GET', '/key/info');
    await alone.close();
    expect([status, body.error.type, body.error.code]).toEqual([400, 'no_db_connection', '400']);
    expect(body.error.message).toContain('ledger_address');
  });
});
