import type { AuthSettings } from '@turnpike/config';
import { AllowedRoutes, EMPTY_MODEL_CATALOG } from '@turnpike/domain';
import { Principal as ToldPrincipal } from '@turnpike/rpc';
import { describe, expect, it, jest } from '@jest/globals';
import { createHash } from 'node:crypto';
import { isToken } from '../keys/jwt/is-token.js';
import { principalOf } from '../keys/terms.js';
import type { Principal } from '../pipeline/exchange.js';
import { Keys, type KeyResolver } from './keys.js';

const MASTER = 'sk-master-0123456789';
const ROUTE = '/v1/chat/completions';
const VIRTUAL = 'sk-virtual-0123456789';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const NO_ROUTES: AuthSettings['routes'] = { allowed: [], adminOnly: [], public: [] };
const auth = (changes: Partial<AuthSettings> = {}): AuthSettings =>
  ({
    isOpen: false,
    keyHeaderName: undefined,
    allowedIps: [],
    useForwardedFor: false,
    trustedProxies: [],
    routes: NO_ROUTES,
    ...changes,
  }) as unknown as AuthSettings;

const someone: Principal = { isAdmin: false, keyHash: sha256(VIRTUAL), keyAlias: 'a', teamId: 't', userId: 'u' };
const knows: KeyResolver = { resolve: (hash) => (hash === someone.keyHash ? someone : undefined) };
const asks: KeyResolver = { resolve: async (hash) => knows.resolve(hash) };
const fault = (code: string, message = ''): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe('where a key may stand', () => {
  it.each<[Record<string, string>]>([
    [{ authorization: `Bearer ${MASTER}` }],
    [{ authorization: `bearer   ${MASTER}` }],
    [{ authorization: MASTER }],
    [{ 'x-litellm-api-key': MASTER }],
    [{ 'x-litellm-api-key': `Bearer ${MASTER}` }],
    [{ 'api-key': MASTER }],
    [{ 'x-api-key': MASTER }],
    [{ 'x-goog-api-key': MASTER }],
    [{ 'ocp-apim-subscription-key': MASTER }],
    [{ authorization: 'Bearer', 'api-key': MASTER }],
    [{ authorization: 'Bearer ', 'api-key': ' ', 'x-api-key': MASTER }],
  ])('%j', (headers) => expect(new Keys(MASTER).authenticate(headers, auth(), ROUTE)).toMatchObject({ isAdmin: true }));

  it('is also a header of its own, which counts first', () => {
    const keys = new Keys(MASTER);
    const settings = auth({ keyHeaderName: 'x-my-key' });
    expect(
      keys.authenticate({ 'x-my-key': `Bearer ${MASTER}`, authorization: 'Bearer other' }, settings, ROUTE),
    ).toMatchObject({
      isAdmin: true,
    });
    expect(keys.authenticate({ 'x-my-key': '', authorization: MASTER }, settings, ROUTE)).toMatchObject({
      isAdmin: true,
    });
    expect(() => keys.authenticate({ 'x-my-key': MASTER }, auth(), ROUTE)).toThrow(fault('GW_NO_KEY'));
  });
});

describe('a request without a key', () => {
  it.each<[Record<string, string>]>([
    [{}],
    [{ authorization: '' }],
    [{ authorization: 'Bearer' }],
    [{ 'api-key': 'Bearer ' }],
  ])('%j is told to send one', (headers) =>
    expect(() => new Keys(MASTER).authenticate(headers, auth(), ROUTE)).toThrow(fault('GW_NO_KEY', 'No api key')),
  );

  it('is anybody where the data plane is open', () => {
    expect(new Keys(MASTER).authenticate({}, auth({ isOpen: true }), ROUTE)).toEqual({
      isAdmin: false,
      keyHash: '',
      keyAlias: '',
      teamId: '',
      userId: '',
    });
  });
});

describe('a key', () => {
  it('of the master is known without asking anybody', () => {
    const nobody: KeyResolver = {
      resolve: () => {
        throw new Error('asked');
      },
    };
    expect(new Keys(MASTER, nobody).authenticate({ authorization: MASTER }, auth(), ROUTE)).toMatchObject({
      isAdmin: true,
      keyHash: sha256(MASTER),
    });
  });

  it('is not taken for the key that the same connection sent before', () => {
    const keys = new Keys(MASTER, knows);
    const connection = {};
    const whoSends = (key: string) => keys.authenticate({ authorization: key }, auth(), ROUTE, connection);
    expect(whoSends(MASTER)).toMatchObject({ isAdmin: true });
    expect(whoSends(VIRTUAL)).toBe(someone);
    expect(whoSends(VIRTUAL)).toBe(someone);
    expect(whoSends(MASTER)).toMatchObject({ isAdmin: true });
    expect(() => whoSends('sk-unknown')).toThrow(fault('GW_INVALID_KEY'));
  });

  it('of somebody is known at once, or when the answer comes', async () => {
    expect(new Keys(MASTER, knows).authenticate({ authorization: VIRTUAL }, auth(), ROUTE)).toBe(someone);
    await expect(new Keys(MASTER, asks).authenticate({ authorization: VIRTUAL }, auth(), ROUTE)).resolves.toBe(someone);
  });

  it('that nobody knows is refused with little more than its hash', async () => {
    const key = 'sk-unknown-secret-part-wxyz';
    const refusal = fault('GW_INVALID_KEY', `sk-...wxyz, Key Hash (Token) = ${sha256(key)}`);
    expect(() => new Keys(MASTER, knows).authenticate({ authorization: key }, auth(), ROUTE)).toThrow(refusal);
    await expect(new Keys(MASTER, asks).authenticate({ authorization: key }, auth(), ROUTE)).rejects.toEqual(refusal);
    expect(() => new Keys(MASTER).authenticate({ authorization: key }, auth(), ROUTE)).toThrow(/^(?!.*secret)/);
  });

  it('that is too short to show a part of is not shown', () => {
    expect(() => new Keys(MASTER).authenticate({ authorization: 'sk-short' }, auth(), ROUTE)).toThrow(
      fault('GW_INVALID_KEY', '***'),
    );
  });

  it("that is another service's is recognised as such", () => {
    expect(() => new Keys(MASTER).authenticate({ authorization: 'xyz-0123456789' }, auth(), ROUTE)).toThrow(
      fault('GW_INVALID_KEY', "start with 'sk-'"),
    );
  });

  it('that nobody knows is anybody where the data plane is open', async () => {
    const open = auth({ isOpen: true });
    expect(new Keys(MASTER, knows).authenticate({ authorization: 'sk-other' }, open, ROUTE)).toMatchObject({
      keyHash: '',
    });
    await expect(
      new Keys(MASTER, asks).authenticate({ authorization: 'sk-other' }, open, ROUTE),
    ).resolves.toMatchObject({
      isAdmin: false,
    });
  });

  it('cannot be checked when the resolver is away: its error is told', async () => {
    const away: KeyResolver = { resolve: () => Promise.reject(new Error('away')) };
    await expect(new Keys(MASTER, away).authenticate({ authorization: VIRTUAL }, auth(), ROUTE)).rejects.toThrow(
      'away',
    );
  });
});

describe('a management route', () => {
  const keys = new Keys(MASTER, knows);

  it('takes the master key', async () => {
    await expect(keys.authenticateAdmin({ authorization: MASTER }, auth(), ROUTE)).resolves.toMatchObject({
      isAdmin: true,
    });
  });

  it.each<[string, Record<string, string>, string]>([
    ['a virtual key', { authorization: VIRTUAL }, 'GW_PERMISSION_DENIED'],
    ['an unknown key', { authorization: 'sk-other' }, 'GW_INVALID_KEY'],
    ['no key', {}, 'GW_NO_KEY'],
  ])('takes %s for none, even where the data plane is open', async (_title, headers, code) => {
    await expect(keys.authenticateAdmin(headers, auth({ isOpen: true }), ROUTE)).rejects.toEqual(fault(code));
  });
});

describe('a virtual key', () => {
  const NOW = Date.UTC(2026, 0, 1);
  const withTerms = (told: Partial<ToldPrincipal>): Keys => {
    const principal = principalOf(ToldPrincipal.fromPartial({ ...told, keyHash: sha256(VIRTUAL) }), {
      catalog: EMPTY_MODEL_CATALOG,
    });
    return new Keys(MASTER, { resolve: () => principal });
  };
  const call = (keys: Keys, route = ROUTE): unknown => keys.authenticate({ authorization: VIRTUAL }, auth(), route);

  it('that is blocked is refused with the reason', () =>
    expect(() => call(withTerms({ refusal: 'The team is blocked.' }))).toThrow(
      fault('GW_KEY_BLOCKED', 'The team is blocked.'),
    ));

  it('is good until its end, and not at it', () => {
    jest.useFakeTimers({ now: NOW });
    const keys = withTerms({ expires: new Date(NOW + 1) });
    expect(call(keys)).toMatchObject({ keyHash: sha256(VIRTUAL) });
    jest.setSystemTime(NOW + 1);
    expect(() => call(keys)).toThrow(fault('GW_KEY_EXPIRED', '2026-01-01'));
    jest.useRealTimers();
  });

  it.each([-20, 20])('ends when the ledger says, where our clock is %d minutes wrong', (minutes) => {
    const expires = new Date(Date.now() - minutes * 60_000 + 1_000);
    let ledgers = expires.getTime() - 1;
    const told = ToldPrincipal.fromPartial({ keyHash: sha256(VIRTUAL), expires });
    const keys = new Keys(
      MASTER,
      { resolve: () => principalOf(told, { catalog: EMPTY_MODEL_CATALOG }) },
      () => ledgers,
    );
    expect(call(keys)).toMatchObject({ keyHash: sha256(VIRTUAL) });
    ledgers += 1;
    expect(() => call(keys)).toThrow(fault('GW_KEY_EXPIRED'));
  });

  it('may call the routes that it is allowed, by name or by group', () => {
    expect(call(withTerms({ allowedRoutes: [ROUTE] }))).toBeDefined();
    expect(call(withTerms({ allowedRoutes: ['llm_api_routes'] }))).toBeDefined();
    expect(() => call(withTerms({ allowedRoutes: ['/v1/models'] }))).toThrow(fault('GW_PERMISSION_DENIED', ROUTE));
  });
});

describe('a token of another issuer', () => {
  const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln';
  const tokenCaller: Principal = { ...someone, isToken: true, routes: new AllowedRoutes(['/v1/models']) };

  it('is a caller where tokens are taken, and may call what it says', async () => {
    const keys = new Keys(MASTER, knows);
    keys.tokens = { authenticate: () => tokenCaller, takes: isToken };
    const call = (route: string): unknown => keys.authenticate({ authorization: `Bearer ${TOKEN}` }, auth(), route);
    expect(call('/v1/models')).toBe(tokenCaller);
    expect(() => call(ROUTE)).toThrow(fault('GW_PERMISSION_DENIED', ROUTE));
    keys.tokens = { authenticate: async () => tokenCaller, takes: isToken };
    await expect(call(ROUTE)).rejects.toEqual(fault('GW_PERMISSION_DENIED', ROUTE));
  });

  it('is an unknown key where they are not, and keys are keys where they are', () => {
    const keys = new Keys(MASTER, knows);
    expect(() => keys.authenticate({ authorization: TOKEN }, auth(), ROUTE)).toThrow(fault('GW_INVALID_KEY'));
    keys.tokens = {
      authenticate: () => {
        throw new Error('asked');
      },
      takes: (key) => !key.startsWith('sk-'),
    };
    const odd = new Keys('a-master-key-of-any-form');
    odd.tokens = keys.tokens;
    const asMaster = { authorization: 'a-master-key-of-any-form' };
    expect(odd.authenticate(asMaster, auth(), ROUTE)).toMatchObject({ isAdmin: true });
    expect(keys.authenticate({ authorization: VIRTUAL }, auth(), ROUTE)).toBe(someone);
  });
});

describe('what operators say of all callers', () => {
  const bearer = (key: string): { authorization: string } => ({ authorization: `Bearer ${key}` });
  const from = (remoteAddress: string): { remoteAddress: string } => ({ remoteAddress });
  const call = (settings: AuthSettings, route = ROUTE, key = VIRTUAL, connection = from('10.0.0.1')): unknown =>
    new Keys(MASTER, knows).authenticate(bearer(key), settings, route, connection);
  const routes = (changes: Partial<AuthSettings['routes']>): AuthSettings =>
    auth({ routes: { ...NO_ROUTES, ...changes } });

  it('may be where they come from: before the key is looked at', () => {
    const settings = auth({ allowedIps: ['10.0.0.0/8'] });
    expect(call(settings)).toBe(someone);
    expect(() => call(settings, ROUTE, 'sk-unknown', from('203.0.113.5'))).toThrow(
      fault('GW_PERMISSION_DENIED', 'Access forbidden: IP address not allowed. It is 203.0.113.5.'),
    );
    expect(() => new Keys(MASTER).authenticate(bearer(MASTER), settings, ROUTE)).toThrow(fault('GW_PERMISSION_DENIED'));
  });

  it('may be which routes there are, with the version or without', () => {
    const settings = routes({ allowed: ['/chat/completions'] });
    expect(call(settings)).toBe(someone);
    expect(() => call(settings, '/v1/embeddings')).toThrow(fault('GW_PERMISSION_DENIED', '/v1/embeddings'));
    expect(call(routes({ allowed: ['openai_routes'] }), '/v1/embeddings')).toBe(someone);
  });

  it('may be which routes are for admins', async () => {
    const settings = routes({ adminOnly: [ROUTE] });
    expect(() => call(settings)).toThrow(fault('GW_PERMISSION_DENIED', 'for admins only'));
    expect(call(settings, ROUTE, MASTER)).toMatchObject({ isAdmin: true });
    expect(call(settings, '/v1/models')).toBe(someone);
    const later = new Keys(MASTER, asks).authenticate(bearer(VIRTUAL), settings, ROUTE, null);
    await expect(later).rejects.toEqual(fault('GW_PERMISSION_DENIED', 'for admins only'));
  });

  it('may be which routes are for everybody, but for no management route', async () => {
    const settings = routes({ public: ['/v1/models', '/key/generate'] });
    const keys = new Keys(MASTER, knows);
    expect(keys.authenticate({}, settings, '/v1/models')).toMatchObject({ keyHash: '', isAdmin: false });
    expect(() => keys.authenticate({}, settings, ROUTE)).toThrow(fault('GW_NO_KEY'));
    await expect(keys.authenticateKey({}, settings, '/key/generate')).rejects.toEqual(fault('GW_NO_KEY'));
    await expect(keys.authenticateAdmin({}, settings, '/key/generate')).rejects.toEqual(fault('GW_NO_KEY'));
  });

  it('may change with a reload', () => {
    const keys = new Keys(MASTER, knows);
    expect(keys.authenticate(bearer(VIRTUAL), auth(), ROUTE, null)).toBe(someone);
    const stricter = routes({ allowed: ['/v1/models'] });
    expect(() => keys.authenticate(bearer(VIRTUAL), stricter, ROUTE, null)).toThrow(fault('GW_PERMISSION_DENIED'));
  });
});
