// What keys and teams say of their calls, each on the road of a call: windows, models, tools, what the router is asked.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { COST_NANO, PRICES, Provider } from '../chaos/world.js';
import { PostgresServer } from '../services/postgres.js';
import { jsonOf, okJson, send, type Json } from './client.js';
import { eventually, startGateway, type Gateway } from './harness.js';

jest.setTimeout(120_000);

const COST_USD = COST_NANO / 1e9;

let postgres: PostgresServer;
let provider: Provider;
let gateway: Gateway;
beforeAll(async () => {
  postgres = await PostgresServer.start();
  provider = await Provider.start();
  const paid = { model: 'openai/paid', api_base: provider.url, api_key: 'sk-upstream', ...PRICES };
  gateway = await startGateway({
    hasLedger: true,
    config: {
      model_list: [
        { model_name: 'paid', litellm_params: paid },
        { model_name: 'other', litellm_params: paid },
        { model_name: 'broken', litellm_params: { ...paid, api_base: 'http://127.0.0.1:9' } },
      ],
      router_settings: { num_retries: 0, disable_cooldowns: true },
      general_settings: { service_account_settings: { enforced_params: ['metadata.job'] } },
    },
    env: { DATABASE_URL: await postgres.createDatabase(), TURNPIKE_GRPC_ADDRESS: 'off' },
  });
  await eventually(
    () => send(gateway, '/key/list').then(({ status }) => status),
    (status) => status === 200,
    30_000,
  );
});
afterAll(async () => {
  await gateway.kill();
  provider.stop();
  await postgres.remove();
});

const keyOf = async (body: object): Promise<string> =>
  (await okJson(send(gateway, '/key/generate', { body }))).key as string;
const call = (key: string, body: object = {}): Promise<Response> =>
  send(gateway, '/v1/chat/completions', {
    key,
    body: { model: 'paid', messages: [{ role: 'user', content: 'x' }], ...body },
  });
const answerOf = async (key: string, body?: object): Promise<{ status: number; error: Json }> => {
  const response = await call(key, body);
  const { error } = await jsonOf(response);
  return { status: response.status, error };
};
/** @returns how many calls were answered before one was not, and why that one was not */
const untilRefused = async (key: string, body?: object): Promise<{ made: number; error: Json }> => {
  let made = 0;
  const { error } = await eventually(
    async () => {
      const answer = await answerOf(key, body);
      if (answer.status === 200) made += 1;
      return answer;
    },
    // A budget that was only just reserved is no end yet: the reservation comes back.
    (answer) => answer.status === 429 && String(answer.error.message).includes('Budget has been exceeded'),
    60_000,
  );
  return { made, error };
};

describe('budgets', () => {
  it('of a window hold beside that of the key', async () => {
    const key = await keyOf({
      max_budget: 100,
      budget_limits: [
        { budget_duration: '1d', max_budget: 3 * COST_USD },
        { budget_duration: '30d', max_budget: 50 },
      ],
    });
    expect(await untilRefused(key)).toMatchObject({ made: 3, error: { type: 'budget_exceeded' } });
  });

  it('of a model hold for that model alone', async () => {
    const key = await keyOf({
      model_max_budget: { paid: { budget_limit: 2 * COST_USD, time_period: '1d' } },
    });
    expect((await untilRefused(key)).made).toBe(2);
    expect((await answerOf(key, { model: 'other' })).status).toBe(200);
  });

  it('of a member of a team hold for that member alone', async () => {
    const { team_id } = await okJson(send(gateway, '/team/new', { body: { team_alias: 'crew' } }));
    const add = (user_id: string, max_budget_in_team?: number): Promise<Json> =>
      okJson(
        send(gateway, '/team/member_add', {
          body: { team_id, member: { role: 'user', user_id }, max_budget_in_team },
        }),
      );
    await add('ann', 2 * COST_USD);
    await add('bea');
    expect((await untilRefused(await keyOf({ team_id, user_id: 'ann' }))).made).toBe(2);
    expect((await answerOf(await keyOf({ team_id, user_id: 'bea' }))).status).toBe(200);
  });
});

it('requests a minute of a model hold for that model alone', async () => {
  const key = await keyOf({ model_rpm_limit: { paid: 1 } });
  const { error } = await eventually(
    () => answerOf(key),
    ({ status }) => status === 429,
  );
  expect(error.message).toContain('paid');
  expect((await answerOf(key, { model: 'other' })).status).toBe(200);
});

describe('what the router is asked', () => {
  const settings = { fallbacks: [{ broken: ['paid'] }] };

  it('is what the key says where the request does not', async () => {
    const key = await keyOf({ router_settings: settings });
    const response = await call(key, { model: 'broken' });
    expect([response.status, response.headers.get('x-litellm-attempted-fallbacks')]).toEqual([200, '1']);
    expect((await answerOf(await keyOf({}), { model: 'broken' })).status).toBeGreaterThanOrEqual(500);
    expect((await answerOf(key, { model: 'broken', disable_fallbacks: true })).status).toBeGreaterThanOrEqual(500);
  });

  it('is what its team says where the key does not', async () => {
    const { team_id } = await okJson(send(gateway, '/team/new', { body: { router_settings: settings } }));
    expect((await answerOf(await keyOf({ team_id }), { model: 'broken' })).status).toBe(200);
    const without = await keyOf({ team_id, metadata: { disable_fallbacks: true } });
    expect((await answerOf(without, { model: 'broken' })).status).toBeGreaterThanOrEqual(500);
  });

  it('is by names of its own', async () => {
    const key = await keyOf({ router_settings: { model_group_alias: { mine: 'paid' } } });
    expect((await answerOf(key, { model: 'mine' })).status).toBe(200);
  });
});

describe('requests', () => {
  it('offer no tools but those that the key allows', async () => {
    const key = await keyOf({ metadata: { allowed_tools: ['search'] } });
    const tools = (name: string): object => ({ tools: [{ type: 'function', function: { name, parameters: {} } }] });
    expect((await answerOf(key, tools('search'))).status).toBe(200);
    expect(await answerOf(key, tools('shell'))).toMatchObject({ status: 403, error: { type: 'tool_access_denied' } });
  });

  it('offer no tools that the key has blocked', async () => {
    const key = await keyOf({ object_permission: { blocked_tools: ['shell'] } });
    const tools = (name: string): object => ({ tools: [{ type: 'function', function: { name, parameters: {} } }] });
    expect((await answerOf(key, tools('search'))).status).toBe(200);
    expect(await answerOf(key, tools('shell'))).toMatchObject({ status: 403, error: { type: 'tool_access_denied' } });
  });

  it('say what the key enforces', async () => {
    const key = await keyOf({ enforced_params: ['seed'] });
    expect(await answerOf(key)).toMatchObject({ status: 400, error: { param: 'seed' } });
    expect((await answerOf(key, { seed: 1 })).status).toBe(200);
  });

  it('of service accounts say what the file asks of those', async () => {
    const { team_id } = await okJson(send(gateway, '/team/new', { body: {} }));
    const made = send(gateway, '/key/service-account/generate', {
      body: { team_id, metadata: { service_account_id: 'robot' } },
    });
    const { key } = await okJson(made);
    expect(await answerOf(key)).toMatchObject({ status: 400, error: { param: 'metadata.job' } });
    expect((await answerOf(key, { metadata: { job: 'nightly' } })).status).toBe(200);
  });
});
