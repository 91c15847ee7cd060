// Callers with tokens of an issuer: a real server that publishes its keys, a gateway of two workers, and a ledger.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { Issuer, type TokenOptions } from '../../apps/gateway/test/issuer.js';
import { COST_NANO, PRICES, Provider } from '../chaos/world.js';
import { jsonOf, okJson, send, type Json } from './client.js';
import { eventually, startGateway, withGateway, type Gateway } from './harness.js';

jest.setTimeout(120_000);

const issuer = await Issuer.with('RS256', 'ES256', 'EdDSA');
let isAway = false;
let keyServer: Server;
let provider: Provider;
let gateway: Gateway;

beforeAll(async () => {
  keyServer = createServer((request, response) => {
    if (isAway) response.writeHead(503).end();
    else if (request.url === '/jwks')
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(issuer.set));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => keyServer.listen(0, '127.0.0.1', resolve));
  provider = await Provider.start();
  gateway = await startGateway({
    hasLedger: true,
    config: {
      model_list: ['paid', 'other'].map((model_name) => ({
        model_name,
        litellm_params: { model: `openai/${model_name}`, api_base: provider.url, api_key: 'sk-upstream', ...PRICES },
      })),
      general_settings: {
        enable_jwt_auth: true,
        litellm_jwtauth: {
          team_ids_jwt_field: 'groups',
          user_id_jwt_field: 'sub',
          user_email_jwt_field: 'email',
          end_user_id_jwt_field: 'realm.customer',
          user_id_upsert: true,
          sync_user_role_and_teams: true,
          roles_jwt_field: 'roles',
          jwt_litellm_role_map: [
            { jwt_role: 'MAKER_*', litellm_role: 'internal_user' },
            { jwt_role: '*', litellm_role: 'internal_user_viewer' },
          ],
          public_key_ttl: 2,
        },
      },
    },
    env: {
      JWT_PUBLIC_KEY_URL: `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/jwks`,
      JWT_AUDIENCE: 'gateway',
      TURNPIKE_GRPC_ADDRESS: 'off',
    },
    args: ['--num_workers', '2'],
  });
  await eventually(
    () => send(gateway, '/team/list').then(({ status }) => status),
    (status) => status === 200,
    30_000,
  );
});
afterAll(async () => {
  await gateway.kill();
  provider.stop();
  keyServer.closeAllConnections();
  keyServer.close();
});

const token = (claims: object, options?: TokenOptions): Promise<string> =>
  issuer.token({ aud: 'gateway', ...claims }, options);
const post = (path: string, body: object): Promise<Json> => okJson(send(gateway, path, { body }));
const call = (key: string, model = 'paid', headers: Record<string, string> = {}): Promise<Response> =>
  send(gateway, '/v1/chat/completions', {
    key,
    headers,
    body: { model, messages: [{ role: 'user', content: 'x' }] },
  });
const statusOf = async (key: string, model?: string, headers?: Record<string, string>): Promise<number> => {
  const response = await call(key, model, headers);
  await response.text();
  return response.status;
};

describe('a token', () => {
  it.each(['key-1', 'key-2', 'key-3'])('signed with %s calls through the official SDK', async (kid) => {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: await token({ sub: 'ada' }, { kid }) });
    const { choices } = await client.chat.completions.create({
      model: 'paid',
      messages: [{ role: 'user', content: 'x' }],
    });
    expect(choices[0]?.message.content).toBe('Paid.');
  });

  it('is charged to its team, its user and its end user, and to no key', async () => {
    await post('/team/new', { team_id: 'red', team_alias: 'Red' });
    await post('/customer/new', { user_id: 'bob', max_budget: 1 });
    const response = await call(await token({ sub: 'eve', groups: ['red'], realm: { customer: 'bob' } }));
    expect(response.status).toBe(200);
    const callId = response.headers.get('x-litellm-call-id');
    await eventually(
      async () => (await okJson(send(gateway, '/team/info?team_id=red'))).team_info.spend,
      (spend) => Math.round(spend * 1e9) === COST_NANO,
    );
    await eventually(
      async () => (await okJson(send(gateway, '/customer/info?end_user_id=bob'))).spend,
      (spend) => Math.round(spend * 1e9) === COST_NANO,
    );
    expect(callId).toBeTruthy();
    // The user was not known before.
    expect(await okJson(send(gateway, '/v2/user/info?user_id=eve'))).toMatchObject({ user_role: 'internal_user' });
  });

  it('of several teams is for the first that may call the model', async () => {
    await post('/team/new', { team_id: 'only-paid', models: ['paid'] });
    await post('/team/new', { team_id: 'only-other', models: ['other'] });
    const key = await token({ sub: 'zoe', groups: ['unknown', 'only-paid', 'only-other'] });
    expect(await statusOf(key, 'paid')).toBe(200);
    expect(await statusOf(key, 'other')).toBe(200);
    expect(await statusOf(key, 'other', { 'x-litellm-team-id': 'only-paid' })).toBe(403);
    await eventually(
      async () => (await okJson(send(gateway, '/team/info?team_id=only-other'))).team_info.spend,
      (spend) => Math.round(spend * 1e9) === COST_NANO,
    );
  });

  it('keeps the role and the teams of its user as the issuer says', async () => {
    await post('/team/new', { team_id: 'first' });
    await post('/team/new', { team_id: 'second' });
    const userOf = async (): Promise<[string, string[]]> => {
      const { user_info } = await okJson(send(gateway, '/user/info?user_id=moving'));
      return [user_info.user_role, [...user_info.teams].sort()];
    };
    expect(await statusOf(await token({ sub: 'moving', groups: ['first'], roles: ['MAKER_1'] }))).toBe(200);
    expect(await userOf()).toEqual(['internal_user', ['first']]);
    expect(await statusOf(await token({ sub: 'moving', groups: ['second', 'first'], roles: ['READER'] }))).toBe(200);
    expect(await userOf()).toEqual(['internal_user_viewer', ['first', 'second']]);
    expect(await statusOf(await token({ sub: 'moving', groups: ['second'] }))).toBe(200);
    expect(await userOf()).toEqual(['internal_user_viewer', ['second']]);
  });

  it('hears of what becomes of its team within a second', async () => {
    await post('/team/new', { team_id: 'blue' });
    const key = await token({ groups: ['blue'] });
    expect(await statusOf(key)).toBe(200);
    await post('/team/block', { team_id: 'blue' });
    await eventually(
      () => Promise.all(Array.from({ length: 6 }, () => statusOf(key, 'paid', { connection: 'close' }))),
      (all) => all.every((status) => status === 401),
      3_000,
    );
  });

  it('spends the budget of its team', async () => {
    await post('/team/new', { team_id: 'poor', max_budget: 0 });
    const { error } = await jsonOf(await call(await token({ groups: ['poor'] })));
    expect(error.type).toBe('budget_exceeded');
  });

  it('sees the models that it may call, and manages nothing', async () => {
    const key = await token({ groups: ['only-paid'] });
    const { data } = await okJson(send(gateway, '/v1/models', { key }));
    expect(data.map(({ id }: Json) => id)).toEqual(['paid']);
    const managed = await send(gateway, '/key/generate', { key, body: {} });
    expect([managed.status, (await jsonOf(managed)).error.message]).toEqual([
      403,
      expect.stringContaining('/key/generate'),
    ]);
  });

  it('of an admin manages, and calls no models', async () => {
    const key = await token({ sub: 'root', scope: 'openid litellm_proxy_admin' });
    expect(await okJson(send(gateway, '/key/generate', { key, body: {} }))).toMatchObject({
      key: expect.stringMatching(/^sk-/),
    });
    expect(await statusOf(key)).toBe(403);
  });
});

describe('a token is refused', () => {
  it.each<[string, () => Promise<string>, number]>([
    ['that has expired', () => token({ sub: 'ada' }, { expiresIn: -1 }), 401],
    ['for another audience', () => token({ sub: 'ada', aud: 'other' }), 401],
    ['of another issuer’s key', async () => (await Issuer.with('RS256')).token({ sub: 'ada', aud: 'gateway' }), 401],
    ['that names nobody', () => token({}), 403],
    [
      'that is not signed',
      async () => {
        const [, body] = (await token({ sub: 'ada' })).split('.');
        return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`;
      },
      401,
    ],
  ])('%s', async (_what, made, status) => {
    const bad = await made();
    const response = await call(bad);
    const text = await response.text();
    expect(response.status).toBe(status);
    expect(text + gateway.output()).not.toContain(bad.split('.')[2] || bad);
  });

  it('without any, as the gateway is not open', async () => {
    expect((await send(gateway, '/v1/models', { key: null })).status).toBe(401);
  });
});

it('a token that only its issuer can read calls as whom the issuer says', async () => {
  const seen: (string | undefined)[] = [];
  const userInfo = createServer((request, response) => {
    seen.push(request.headers.authorization);
    const isKnown = request.headers.authorization === 'Bearer opaque-token-of-ada-0123';
    response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isKnown ? { sub: 'ada-of-the-issuer', email: 'ada@example.com' } : {}));
  });
  await new Promise<void>((resolve) => userInfo.listen(0, '127.0.0.1', resolve));
  const config = {
    model_list: [
      { model_name: 'paid', litellm_params: { model: 'openai/paid', api_base: provider.url, api_key: 'sk-upstream' } },
    ],
    general_settings: {
      enable_jwt_auth: true,
      litellm_jwtauth: {
        user_id_jwt_field: 'sub',
        user_email_jwt_field: 'email',
        user_id_upsert: true,
        oidc_userinfo_enabled: true,
        oidc_userinfo_endpoint: `http://127.0.0.1:${(userInfo.address() as AddressInfo).port}/userinfo`,
      },
    },
  };
  await withGateway({ hasLedger: true, config, env: { TURNPIKE_GRPC_ADDRESS: 'off' } }, async (asking) => {
    const body = { model: 'paid', messages: [{ role: 'user', content: 'x' }] };
    const as = (key: string) => send(asking, '/v1/chat/completions', { key, body });
    for (let times = 0; times < 3; times += 1) expect((await as('opaque-token-of-ada-0123')).status).toBe(200);
    expect(seen).toHaveLength(1);
    const { user_email } = await okJson(send(asking, '/v2/user/info?user_id=ada-of-the-issuer'));
    expect(user_email).toBe('ada@example.com');
    const refused = await as('opaque-token-of-nobody-1');
    expect([refused.status, await refused.text()]).toEqual([401, expect.stringContaining('its issuer knows')]);
    expect(asking.output()).not.toContain('opaque-token');
  });
  userInfo.close();
});

describe('keys', () => {
  it('that are new are found', async () => {
    const kid = await issuer.addKey('ES256');
    const key = await token({ sub: 'ada' }, { kid });
    await eventually(
      () => statusOf(key),
      (status) => status === 200,
      20_000,
    );
  });

  it('that are taken back are no longer good, also for tokens that were', async () => {
    const key = await token({ sub: 'ada' }, { kid: 'key-3' });
    expect(await statusOf(key)).toBe(200);
    issuer.published.delete('key-3');
    await eventually(
      () => Promise.all(Array.from({ length: 6 }, () => statusOf(key, 'paid', { connection: 'close' }))),
      (all) => all.every((status) => status === 401),
      20_000,
    );
  });

  it('that are known go on while their issuer is away, and readiness says so', async () => {
    /** Of either worker, by connections of their own. */
    const isDegraded = async (): Promise<boolean> => {
      const key = await token({ sub: 'ada' }, { kid: 'key-1' });
      const headers = { connection: 'close' };
      const calls = Array.from({ length: 4 }, () => statusOf(key, 'paid', headers));
      expect(await Promise.all(calls)).toEqual([200, 200, 200, 200]);
      const told = Array.from({ length: 4 }, () => okJson(send(gateway, '/health/readiness', { headers })));
      return (await Promise.all(told)).some(({ degraded }) => String(degraded).includes('jwt_keys_away'));
    };
    isAway = true;
    await eventually(isDegraded, (is) => is, 20_000);
    isAway = false;
    await eventually(isDegraded, (is) => !is, 20_000);
  });
});
