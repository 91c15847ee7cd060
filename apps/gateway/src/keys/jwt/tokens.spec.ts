import { EMPTY_MODEL_CATALOG } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { Principal as ToldPrincipal } from '@turnpike/rpc';
import { createLocalJWKSet, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { describe, expect, it, jest } from '@jest/globals';
import { hash } from 'node:crypto';
import { someJwtSettings } from '../../../test/doubles.js';
import { Issuer, type TokenOptions } from '../../../test/issuer.js';
import type { Principal } from '../../pipeline/exchange.js';
import { principalOf } from '../terms.js';
import { isToken } from './is-token.js';
import type { KeySets } from './key-sets.js';
import { UserInfo, type UserInfoAnswer } from './user-info.js';
import { Tokens, type ResolveSubject, type TokensOptions } from './tokens.js';

const issuer = await Issuer.with('RS256', 'ES256', 'EdDSA');
const CLAIMS = { team: 'team', teams: 'groups', user: 'sub', customer: 'end' };
const MASTER: Principal = {
  isAdmin: true,
  keyHash: 'master',
  keyAlias: 'master',
  teamId: '',
  userId: 'default_user_id',
};

const told = (changes: Parameters<typeof ToldPrincipal.fromPartial>[0]): Principal =>
  principalOf(ToldPrincipal.fromPartial(changes), { catalog: EMPTY_MODEL_CATALOG });

const someTokens = (
  changes: Parameters<typeof someJwtSettings>[0] = {},
  knows: (name: Parameters<ResolveSubject>[0]) => Principal | undefined = ({ teamId, userId }) =>
    told({ teamId, userId }),
  options: Partial<TokensOptions> = {},
) => {
  const clock = { ahead: 0 };
  const keyFor = jest.fn<KeySets['keyFor']>(createLocalJWKSet(issuer.set));
  const remembered = new Map<string, Principal | undefined>();
  const resolve = jest.fn<ResolveSubject>((name) => {
    const id = JSON.stringify(name);
    if (remembered.has(id)) return remembered.get(id);
    remembered.set(id, knows(name));
    return Promise.resolve(remembered.get(id));
  });
  const tokens = new Tokens({
    settings: someJwtSettings({ claims: CLAIMS, ...changes }),
    keys: { keyFor },
    resolve,
    admin: MASTER,
    now: () => Date.now() + clock.ahead,
    ...options,
  });
  const call = async (token: string, headers: Record<string, string> = {}): Promise<Principal> =>
    tokens.authenticate(token, hash('sha256', token), headers);
  const callAs = async (claims: JWTPayload, options?: TokenOptions, headers?: Record<string, string>) =>
    call(await issuer.token(claims, options), headers);
  return { tokens, call, callAs, keyFor, resolve, clock, remembered };
};

const refused = (code: string, message = ''): object => ({ code, message: expect.stringContaining(message) });

describe('with the issuer’s word', () => {
  const OPAQUE = 'opaque-token-0123456789';
  const asking = (answer: (token: string) => UserInfoAnswer, changes: Parameters<typeof someJwtSettings>[0] = {}) => {
    const asked = jest.fn(async (_url: string, token: string) => answer(token));
    const clock = { now: 1_000_000 };
    const userInfo = new UserInfo({ url: 'http://idp/userinfo', fetch: asked, now: () => clock.now });
    const settings = { userInfo: { url: 'http://idp/userinfo', ttlMs: 60_000 }, ...changes };
    return { ...someTokens(settings, undefined, { userInfo }), asked, issuer: clock };
  };
  const says = (document: unknown, status = 200) => ({ status, document });

  it('a token that nobody else can read is for whom the issuer says, and is asked about once in its time', async () => {
    const { call, asked, clock, tokens } = asking(() => says({ sub: 'ada', team: 'red' }));
    expect(tokens.takes(OPAQUE)).toBe(true);
    expect(await call(OPAQUE)).toMatchObject({ isToken: true, userId: 'ada', teamId: 'red' });
    await call(OPAQUE);
    expect(asked.mock.calls).toEqual([['http://idp/userinfo', OPAQUE]]);
    clock.ahead = 60_000;
    await call(OPAQUE);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it('a token that can be read has its own claims, and newer ones of the issuer, until it ends', async () => {
    const { callAs, call, clock } = asking(() => says({ sub: 'ada', team: 'blue', exp: 9_999_999_999 }));
    expect(await callAs({ sub: 'ada', team: 'red', end: 'bob' })).toMatchObject({ teamId: 'blue', customer: 'bob' });
    const token = await issuer.token({ sub: 'ada' }, { expiresIn: 5 });
    await call(token);
    clock.ahead = 6_000;
    await expect(call(token)).rejects.toMatchObject(refused('GW_KEY_EXPIRED'));
    await expect(callAs({ sub: 'eve' })).rejects.toMatchObject(refused('GW_INVALID_KEY', 'another user’s'));
  });

  it('a token that is not signed by a known key is not asked about', async () => {
    const { call, asked } = asking(() => says({ sub: 'ada' }));
    const forged = await (await Issuer.with('RS256')).token({ sub: 'ada' }, {});
    await expect(call(forged)).rejects.toMatchObject(refused('GW_INVALID_KEY'));
    expect(asked).not.toHaveBeenCalled();
  });

  it('what it does not know is refused, and not asked about again for a while', async () => {
    const { call, asked, issuer: clock } = asking(() => says(undefined, 401));
    for (let times = 0; times < 3; times += 1)
      await expect(call(OPAQUE)).rejects.toMatchObject(refused('GW_INVALID_KEY', 'not one that its issuer knows'));
    expect(asked).toHaveBeenCalledTimes(1);
    clock.now += 10_000;
    await expect(call(OPAQUE)).rejects.toMatchObject(refused('GW_INVALID_KEY'));
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it.each<[string, () => UserInfoAnswer]>([
    [
      'is away',
      () => {
        throw new Error('ECONNREFUSED');
      },
    ],
    ['fails', () => says(undefined, 500)],
    ['says nothing that can be read', () => says(['ada'])],
  ])('where it %s the token cannot be checked, and may be sent again', async (_why, answer) => {
    const { call, asked } = asking(answer);
    const unavailable = {
      ...refused('GW_AUTH_PROVIDER_UNAVAILABLE', 'idp'),
      facts: expect.objectContaining({ retryAfterMs: 1_000 }),
    };
    await expect(call(OPAQUE)).rejects.toMatchObject(unavailable);
    await expect(call(OPAQUE)).rejects.toMatchObject(unavailable);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it('it is asked about so many at a time, and no more', async () => {
    let answer!: (said: UserInfoAnswer) => void;
    const { tokens } = asking(() => says({}));
    const waiting = new Promise<UserInfoAnswer>((resolve) => (answer = resolve));
    const userInfo = new UserInfo({ url: 'http://idp/userinfo', fetch: () => waiting, now: () => 0 });
    const all = Array.from({ length: 51 }, (_, index) => userInfo.of('t', String(index)));
    await expect(all[50]).rejects.toMatchObject(refused('GW_AUTH_PROVIDER_UNAVAILABLE', 'too much'));
    answer(says({ sub: 'ada' }));
    expect(await all[0]).toEqual({ sub: 'ada' });
    expect(tokens.takes('sk-0123456789abcdef')).toBe(false);
    expect(tokens.takes('short')).toBe(false);
    expect(someTokens().tokens.takes(OPAQUE)).toBe(false);
  });
});

describe('a token', () => {
  it.each(['key-1', 'key-2', 'key-3'])('that is signed with %s is for whom it names', async (kid) => {
    const { callAs } = someTokens();
    expect(await callAs({ sub: 'ada', team: 'red', end: 'bob' }, { kid })).toMatchObject({
      isToken: true,
      isAdmin: false,
      teamId: 'red',
      userId: 'ada',
      customer: 'bob',
      keyHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('is checked once, and then known at once', async () => {
    const { tokens, call, keyFor } = someTokens();
    const token = await issuer.token({ team: 'red' });
    const [first, second] = await Promise.all([call(token), call(token)]);
    expect(first).toBe(second);
    expect(tokens.authenticate(token, hash('sha256', token), {})).toBe(first);
    expect(keyFor).toHaveBeenCalledTimes(1);
  });

  it('says what may be called beside what its team may', async () => {
    const scopeMappings = [{ name: 's', models: ['a'], routes: undefined }];
    const knows = (): Principal => told({ teamId: 'red', modelAccess: [{ owner: 'team', models: ['a', 'b'] }] });
    const { callAs } = someTokens({ enforceScopes: true, scopeMappings }, knows);
    const { terms, routes } = await callAs({ team: 'red', scope: 's' });
    expect(['a', 'b', 'c'].map((model) => terms!.models.allows(model))).toEqual([true, false, false]);
    expect(routes!.allows('/key/generate')).toBe(false);
  });

  it('of an admin stands for the master key', async () => {
    const { callAs, resolve } = someTokens();
    expect(await callAs({ sub: 'root', scope: 'litellm_proxy_admin' })).toMatchObject({
      isAdmin: true,
      keyHash: 'master',
      userId: 'root',
    });
    expect(resolve).not.toHaveBeenCalled();
  });

  it('of a team that nobody knows is refused', async () => {
    const { callAs } = someTokens({}, () => undefined);
    await expect(callAs({ team: 'blue' })).rejects.toMatchObject(refused('GW_PERMISSION_DENIED', 'is not known here'));
  });

  it('follows what the ledger says of its team', async () => {
    const { call, remembered } = someTokens();
    const token = await issuer.token({ team: 'red' });
    await call(token);
    for (const [id] of remembered) remembered.set(id, told({ teamId: 'red', teamAlias: 'Red' }));
    expect(await call(token)).toMatchObject({ teamAlias: 'Red', isToken: true });
  });

  it('needs a ledger, unless it is an admin’s', async () => {
    const tokens = new Tokens({
      settings: someJwtSettings({ claims: CLAIMS }),
      keys: { keyFor: createLocalJWKSet(issuer.set) },
      resolve: undefined,
      admin: MASTER,
      now: Date.now,
    });
    const call = async (claims: JWTPayload): Promise<Principal> =>
      tokens.authenticate(await issuer.token(claims), JSON.stringify(claims), {});
    await expect(call({ team: 'red' })).rejects.toMatchObject(refused('GW_PERMISSION_DENIED', 'need a ledger'));
    expect(await call({ scope: 'litellm_proxy_admin' })).toMatchObject({ isAdmin: true });
  });
});

describe('of several teams', () => {
  const groups = ['gone', 'blocked', 'red', 'blue'];
  const knows = ({ teamId }: { teamId: string }): Principal | undefined =>
    teamId === 'gone' ? undefined : told({ teamId, refusal: teamId === 'blocked' ? 'blocked' : '' });

  it('those that are known and not blocked are meant', async () => {
    const { callAs } = someTokens({}, knows);
    const { teamId, alternatives } = await callAs({ groups });
    expect([teamId, alternatives?.map((one) => one.teamId)]).toEqual(['red', ['red', 'blue']]);
  });

  it('one is refused as blocked where there is no other', async () => {
    const { callAs } = someTokens({}, knows);
    const { teamId, alternatives, terms } = await callAs({ groups: ['gone', 'blocked'] });
    expect([teamId, alternatives, terms?.refusal]).toEqual(['blocked', undefined, 'blocked']);
  });

  it('the request may name one of its own', async () => {
    const { callAs } = someTokens({}, knows);
    const asked = await callAs({ groups }, {}, { 'x-litellm-team-id': 'blue' });
    expect([asked.teamId, asked.alternatives]).toEqual(['blue', undefined]);
    await expect(callAs({ groups }, {}, { 'x-litellm-team-id': 'green' })).rejects.toMatchObject(
      refused('GW_PERMISSION_DENIED', 'names no team of the token'),
    );
  });
});

describe('a token is not good', () => {
  const aud = 'gateway';

  it.each<[string, JWTPayload, TokenOptions, Parameters<typeof someJwtSettings>[0], object]>([
    ['when it has expired', { team: 'r' }, { expiresIn: -5 }, {}, refused('GW_KEY_EXPIRED')],
    ['before its time', { team: 'r', nbf: 9_999_999_999 }, {}, {}, refused('GW_INVALID_KEY')],
    ['for another audience', { team: 'r', aud: 'other' }, {}, { audience: [aud] }, refused('GW_INVALID_KEY', '"aud"')],
    ['for no audience', { team: 'r' }, {}, { audience: [aud] }, refused('GW_INVALID_KEY', '"aud"')],
    ['of another issuer', { team: 'r', iss: 'evil' }, {}, { issuer: ['idp'] }, refused('GW_INVALID_KEY', '"iss"')],
    ['without an end', { team: 'r', exp: undefined }, {}, {}, refused('GW_INVALID_KEY', '"exp"')],
  ])('%s', async (_what, claims, options, settings, expected) => {
    await expect(someTokens(settings).callAs(claims, options)).rejects.toMatchObject(expected);
  });

  it('when it is changed, unsigned, or signed with what everybody knows', async () => {
    const { call, tokens } = someTokens();
    const good = await issuer.token({ team: 'red' });
    const [head = '', , signature = ''] = good.split('.');
    const body = Buffer.from(JSON.stringify({ team: 'admin', exp: 9_999_999_999 })).toString('base64url');
    const publicKey = Buffer.from(JSON.stringify(issuer.set.keys[0]));
    const symmetric = await new SignJWT({ team: 'red', exp: 9_999_999_999 })
      .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
      .sign(publicKey);
    const foreign = await (await Issuer.with('EdDSA')).token({ team: 'red' });
    const none = new UnsecuredJWT({ team: 'red', exp: 9_999_999_999 }).encode();
    const wrongKind = `${Buffer.from('{"alg":"RS256","kid":"key-2"}').toString('base64url')}.${body}.${signature}`;
    for (const bad of [`${head}.${body}.${signature}`, none, symmetric, foreign, wrongKind, `${head}.${body}.`])
      await expect(call(bad)).rejects.toMatchObject(refused('GW_INVALID_KEY', 'Authentication Error'));
    expect(tokens.size).toBe(0);
  });

  it('a moment after its end, and is a moment longer where clocks differ', async () => {
    const { call, clock } = someTokens({ leewayMs: 30_000 });
    const token = await issuer.token({ team: 'red' }, { expiresIn: 60 });
    await call(token);
    clock.ahead = 80_000;
    await call(token);
    clock.ahead = 95_000;
    await expect(call(token)).rejects.toMatchObject(refused('GW_KEY_EXPIRED'));
  });

  it('once its key was taken back and its time is over, though it was checked before', async () => {
    const { call, clock, keyFor } = someTokens();
    const token = await issuer.token({ team: 'red' }, { expiresIn: 3_600 });
    await call(token);
    keyFor.mockImplementation(() => Promise.reject(new GatewayError('GW_INVALID_KEY', 'no key')));
    await call(token);
    clock.ahead = 600_001;
    await expect(call(token)).rejects.toMatchObject(refused('GW_INVALID_KEY'));
  });

  it('and cannot be said to be while the keys are away', async () => {
    const { callAs, keyFor } = someTokens();
    keyFor.mockImplementation(() => Promise.reject(new GatewayError('GW_AUTH_PROVIDER_UNAVAILABLE', 'away')));
    await expect(callAs({ team: 'red' })).rejects.toMatchObject({ code: 'GW_AUTH_PROVIDER_UNAVAILABLE' });
  });
});

it('of many tokens the newest are remembered', async () => {
  const { tokens, keyFor } = someTokens({}, undefined, { maxTokens: 3 });
  const token = await issuer.token({ team: 'red' });
  for (const digest of ['a', 'b', 'c', 'd']) await tokens.authenticate(token, digest, {});
  expect(tokens.size).toBe(3);
  keyFor.mockClear();
  await tokens.authenticate(token, 'd', {});
  expect(keyFor).not.toHaveBeenCalled();
  await tokens.authenticate(token, 'a', {});
  expect(keyFor).toHaveBeenCalledTimes(1);
});

it.each<[string, boolean]>([
  ['eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln', true],
  ['eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.', true],
  ['sk-1234.abc.def', false],
  ['eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0', false],
  ['eyJ.a.b c', false],
  [`ey${'a'.repeat(20_000)}.a.b`, false],
])('%.60s is a token: %s', (text, expected) => expect(isToken(text)).toBe(expected));
