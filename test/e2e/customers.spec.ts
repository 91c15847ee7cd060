// End users and tags, as requests name them, are counted and bounded: two workers, a ledger, a provider that is paid.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { COST_NANO, PRICES, Provider } from '../chaos/world.js';
import { PostgresServer } from '../services/postgres.js';
import { jsonOf, okJson, send, type Json } from './client.js';
import { eventually, startGateway, type Gateway } from './harness.js';

jest.setTimeout(120_000);

const COST_USD = COST_NANO / 1e9;

let postgres: PostgresServer;
let database: Client;
let provider: Provider;
let gateway: Gateway;
beforeAll(async () => {
  postgres = await PostgresServer.start();
  const url = await postgres.createDatabase();
  provider = await Provider.start();
  const paid = { api_base: provider.url, api_key: 'sk-upstream', ...PRICES };
  gateway = await startGateway({
    hasLedger: true,
    config: {
      model_list: [
        { model_name: 'paid', litellm_params: { model: 'openai/paid', ...paid } },
        { model_name: 'paid-eu', litellm_params: { model: 'openai/paid-eu', region_name: 'eu-west-1', ...paid } },
      ],
      general_settings: { user_header_mappings: [{ header_name: 'X-Client', litellm_user_role: 'customer' }] },
    },
    env: { DATABASE_URL: url, TURNPIKE_GRPC_ADDRESS: 'off' },
    args: ['--num_workers', '2'],
  });
  database = new Client({ connectionString: url });
  await database.connect();
  await eventually(
    () => send(gateway, '/customer/list').then(({ status }) => status),
    (status) => status === 200,
    30_000,
  );
});
afterAll(async () => {
  await gateway.kill();
  await database.end();
  provider.stop();
  await postgres.remove();
});

const post = (path: string, body: object): Promise<Json> => okJson(send(gateway, path, { body }));
const call = (body: object, headers: Record<string, string> = {}): Promise<Response> =>
  send(gateway, '/v1/chat/completions', {
    headers,
    body: { model: 'paid', messages: [{ role: 'user', content: 'x' }], ...body },
  });
const statusOf = async (body: object, headers?: Record<string, string>): Promise<number> => {
  const response = await call(body, headers);
  await response.text();
  return response.status;
};
/** By every worker: calls of connections of their own go to either. */
const isAnswered = (status: number, body: object): Promise<unknown> =>
  eventually(
    () => Promise.all(Array.from({ length: 8 }, () => statusOf(body, { connection: 'close' }))),
    (all) => all.every((one) => one === status),
    5_000,
  );
const rows = async (sql: string, ...values: unknown[]): Promise<Json[]> => (await database.query(sql, values)).rows;
const spentOf = async (account: string): Promise<number> =>
  Number((await rows('SELECT spent_nano FROM turnpike.balances WHERE account = $1', account))[0]?.spent_nano ?? 0);

describe('an end user', () => {
  it('that is blocked is refused by every worker within a second, and let in again', async () => {
    expect(await statusOf({ user: 'mallory' })).toBe(200);
    await post('/customer/block', { user_ids: ['mallory'] });
    const from = Date.now();
    await isAnswered(400, { user: 'mallory' });
    expect(Date.now() - from).toBeLessThan(2_000);
    const { error } = await jsonOf(await call({ user: 'mallory' }));
    expect(error).toMatchObject({ code: 'customer_blocked', message: expect.stringContaining('User=mallory') });
    expect(await statusOf({}, { 'x-litellm-customer-id': 'mallory' })).toBe(400);
    expect(await statusOf({}, { 'x-client': 'mallory' })).toBe(400);
    expect(await statusOf({ user: 'somebody else' })).toBe(200);
    await post('/customer/unblock', { user_ids: ['mallory'] });
    await isAnswered(200, { user: 'mallory' });
  });

  it('spends its budget to the last call, whoever calls for it', async () => {
    await post('/customer/new', { user_id: 'auth0|ada', max_budget: 5 * COST_USD });
    let made = 0;
    const refused = await eventually(
      async () => {
        const response = await call({ user: 'auth0|ada' });
        if (response.status === 200) made += 1;
        return await response.text();
      },
      (text) => text.includes('Budget has been exceeded'),
      60_000,
    );
    expect([made, JSON.parse(refused).error.type]).toEqual([5, 'budget_exceeded']);
    await eventually(
      () => spentOf('customer:auth0%7Cada'),
      (spent) => spent === 5 * COST_NANO,
    );
    expect(await statusOf({ user: 'bob' })).toBe(200);
  });

  it('has limits of its own', async () => {
    await post('/customer/new', { user_id: 'slow', rpm_limit: 2 });
    if (Date.now() % 60_000 > 55_000) await new Promise((resolve) => setTimeout(resolve, 5_500));
    await eventually(
      async () => {
        const response = await call({ user: 'slow' });
        return { status: response.status, text: await response.text() };
      },
      ({ status, text }) => status === 429 && text.includes('This customer may make 2 requests a minute'),
    );
  });

  it('keeps to its region: by its default model where the one asked for is not there', async () => {
    await post('/customer/new', { user_id: 'eva', allowed_model_region: 'eu', default_model: 'paid-eu' });
    await eventually(
      async () => (await jsonOf(await call({ user: 'eva' }))).model,
      (model) => model === 'paid-eu',
    );
  });
});

describe('tags', () => {
  /** A tag as the ledger keeps it, and gateways hear of. */
  const aTag = async (name: string, columns: Record<string, unknown>): Promise<void> => {
    const names = Object.keys(columns);
    const places = names.map((_, at) => `, $${at + 2}`).join('');
    await rows(
      `INSERT INTO turnpike.tags (tag_name${names.map((one) => `, ${one}`).join('')}) VALUES ($1${places})`,
      name,
      ...Object.values(columns),
    );
    await rows(
      `WITH clock AS (UPDATE turnpike.change_clock SET sequence = sequence + 1 RETURNING sequence)
       INSERT INTO turnpike.changes (sequence, kind, id, at) SELECT sequence, 'tag', $1, now() FROM clock`,
      name,
    );
  };

  it('with a budget bind every call that has them, wherever they stand', async () => {
    await aTag('red', { max_budget_nano: 0 });
    await isAnswered(429, { metadata: { tags: ['blue', 'red'] } });
    expect(await statusOf({ tags: ['red'] })).toBe(429);
    expect(await statusOf({}, { 'x-litellm-tags': 'red' })).toBe(429);
    expect(await statusOf({ tags: ['blue'] })).toBe(200);
    const { key } = await post('/key/generate', { tags: ['red'] });
    const ofKey = await send(gateway, '/v1/chat/completions', { key, body: { model: 'paid', messages: [] } });
    expect((await jsonOf(ofKey)).error.type).toBe('budget_exceeded');
  });

  it('of models are charged where they bind', async () => {
    await aTag('green', { model_terms: JSON.stringify({ paid: { maxBudgetNano: 3 * COST_NANO } }) });
    let made = 0;
    await eventually(
      async () => {
        const status = await statusOf({ tags: ['green'] });
        if (status === 200) made += 1;
        return status === 429 && (await spentOf('tag:green|model:paid')) === 3 * COST_NANO;
      },
      (isSpent) => isSpent,
      30_000,
    );
    expect(made).toBe(3);
    expect(await statusOf({ tags: ['green'], model: 'paid-eu' })).toBe(200);
  });

  it('are in the record of the call, those of its key first', async () => {
    const { key } = await post('/key/generate', { tags: ['own'] });
    const response = await send(gateway, '/v1/chat/completions', {
      key,
      body: { model: 'paid', messages: [{ role: 'user', content: 'x' }], tags: ['b'], metadata: { tags: ['c'] } },
    });
    const id = response.headers.get('x-litellm-call-id');
    const [logged] = await eventually(
      () => rows('SELECT tags FROM turnpike.spend_logs WHERE call_id = $1', id),
      (found) => found.length === 1,
    );
    expect(logged.tags).toEqual(['own', 'b', 'c']);
  });
});

describe('where the configuration bounds all end users', () => {
  it('one that nobody knows has that budget', async () => {
    const url = await postgres.createDatabase();
    const bounded = await startGateway({
      hasLedger: true,
      config: {
        model_list: [
          {
            model_name: 'paid',
            litellm_params: { model: 'openai/paid', api_base: provider.url, api_key: 'sk-upstream', ...PRICES },
          },
        ],
        general_settings: { enforce_user_param: true },
        litellm_settings: { max_end_user_budget: 0 },
      },
      env: { DATABASE_URL: url, TURNPIKE_GRPC_ADDRESS: 'off' },
    });
    const typeOf = async (body: object): Promise<string> => {
      const response = await send(bounded, '/v1/chat/completions', {
        body: { model: 'paid', messages: [{ role: 'user', content: 'x' }], ...body },
      });
      return (await jsonOf(response)).error?.type;
    };
    await eventually(
      () => typeOf({ user: 'stranger' }),
      (type) => type === 'budget_exceeded',
      30_000,
    );
    expect(await typeOf({})).toBe('invalid_request_error');
    await bounded.kill();
  });
});
