import type { JwtSettings } from '@turnpike/config';
import type { JWTPayload } from 'jose';
import { describe, expect, it } from '@jest/globals';
import { someJwtSettings } from '../../../test/doubles.js';
import { subjectOf } from './claims.js';

type Changes = Parameters<typeof someJwtSettings>[0];
const read = (payload: JWTPayload, changes: Changes = {}) => subjectOf(payload, someJwtSettings(changes));
const denied = (message: string | RegExp): unknown =>
  expect.objectContaining({ code: 'GW_PERMISSION_DENIED', message: expect.stringMatching(message) });

const CLAIMS = {
  team: 'team',
  teams: 'groups',
  user: 'sub',
  email: 'email',
  organization: 'org',
  customer: 'realm.end',
};

describe('a token', () => {
  it('is for whom its claims name', () => {
    const payload = { sub: 'ada', team: 'red', email: 'ada@example.com', org: 'acme', realm: { end: 'bob' } };
    expect(read(payload, { claims: CLAIMS })).toMatchObject({
      isAdmin: false,
      teams: ['red'],
      user: 'ada',
      email: 'ada@example.com',
      organization: 'acme',
      customer: 'bob',
      models: [],
    });
  });

  it.each<[string, JWTPayload, Changes, string[]]>([
    ['of one team', { team: 'red', groups: ['blue'] }, {}, ['red']],
    ['of the first of a list, where one is meant', { team: ['red', 'blue'] }, {}, ['red']],
    ['of several', { groups: ['red', 'blue'] }, {}, ['red', 'blue']],
    ['of several, one of which is a text', { groups: 'red' }, {}, ['red']],
    ['of the default team', { sub: 'ada' }, { defaultTeam: 'all' }, ['all']],
    ['of none', { sub: 'ada' }, {}, []],
    ['of no team that is no text', { sub: 'ada', groups: [{}, null, '', 7] }, {}, ['7']],
    [
      'of 20 teams at most',
      { groups: Array.from({ length: 30 }, (_, at) => `t${at}`) },
      {},
      Array.from({ length: 20 }, (_, at) => `t${at}`),
    ],
  ])('may be %s', (_what, payload, changes, teams) =>
    expect(read(payload, { claims: CLAIMS, ...changes }).teams).toEqual(teams),
  );

  const sync = {
    roles: [
      { pattern: 'ADMIN_*', role: 'proxy_admin' },
      { pattern: 'USER', role: 'internal_user' },
    ],
  } as const;
  const claims = { ...CLAIMS, roles: 'roles' };

  it.each<[string, JWTPayload, object | undefined]>([
    [
      'role and teams',
      { roles: ['USER'], groups: ['red', 'blue'] },
      { role: 'internal_user', teamIds: ['blue', 'red'], setsTeams: true },
    ],
    [
      'the role of the first entry',
      { roles: ['USER', 'ADMIN_READ'] },
      { role: 'proxy_admin', teamIds: [], setsTeams: false },
    ],
    ['no role that nothing is said of', { roles: ['ADMIN'] }, { role: '', teamIds: [], setsTeams: false }],
    ['an empty list of teams', { groups: [] }, { role: '', teamIds: [], setsTeams: true }],
    [
      'no list that is longer than anybody’s',
      { groups: Array.from({ length: 201 }, (_, at) => `t${at}`) },
      { role: '', teamIds: [], setsTeams: false },
    ],
  ])('tells of its user, to be kept: %s', (_what, payload, expected) => {
    expect(read({ sub: 'ada', ...payload }, { claims, sync }).sync).toEqual(expected);
    expect(read({ sub: 'ada', ...payload }, { claims }).sync).toBeUndefined();
  });

  it.each<[string, string, boolean]>([
    ['*', 'anything', true],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'acb', false],
    ['a*a', 'a', false],
    ['*.reader', 'x.reader', true],
    ['a.b', 'axb', false],
    ['*a'.repeat(500), 'a'.repeat(256), false],
  ])('the pattern %# fits a role or not', (pattern, role, isFit) => {
    const changes = { claims, sync: { roles: [{ pattern, role: 'internal_user' }] } as const };
    expect(read({ sub: 'ada', roles: role }, changes).sync?.role).toBe(isFit ? 'internal_user' : '');
  });

  it('of a team alone, or of an admin, has no user to tell of', () => {
    expect(read({ team: 'red' }, { claims, sync }).sync).toBeUndefined();
    expect(read({ sub: 'root', scope: 'litellm_proxy_admin' }, { claims, sync }).sync).toBeUndefined();
  });

  it('names claims by paths, and by names with dots in them', () => {
    const claims = { user: 'https://example.com/id', teams: 'resource_access.gateway.roles' };
    const payload = { 'https://example.com/id': 'ada', resource_access: { gateway: { roles: ['red'] } } };
    expect(read(payload, { claims })).toMatchObject({ user: 'ada', teams: ['red'] });
  });

  it.each([['constructor'], ['__proto__.polluted'], ['toString.name']])('has nothing at %s', (user) => {
    expect(() => read({ sub: 'x' }, { claims: { user } })).toThrow(denied('neither a team nor a user'));
  });

  it('that names nobody is refused', () => {
    expect(() => read({ sub: 'ada' })).toThrow(denied('neither a team nor a user'));
    expect(() => read({ sub: 'x'.repeat(257) }, { claims: CLAIMS })).toThrow(denied('neither a team nor a user'));
  });

  it('has no address that its issuer says is not checked', () => {
    const payload = { sub: 'ada', email: 'root@example.com', email_verified: false };
    expect(read(payload, { claims: CLAIMS }).email).toBeUndefined();
  });
});

describe('an admin', () => {
  it.each<[string, JWTPayload]>([
    ['a scope', { scope: 'openid litellm_proxy_admin' }],
    ['one of a list of scopes', { scope: ['litellm_proxy_admin'] }],
    ['a scope as some issuers write it', { scp: 'litellm_proxy_admin' }],
  ])('is told by %s', (_what, payload) => {
    const { isAdmin, routes } = read(payload);
    expect([isAdmin, routes.allows('/key/generate'), routes.allows('/v1/chat/completions')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('is told by a role that is mapped to it', () => {
    const changes = {
      claims: { roles: 'roles' },
      roleMappings: [{ role: 'boss', internalRole: 'proxy_admin' as const }],
    };
    expect(read({ roles: ['boss'] }, changes).isAdmin).toBe(true);
  });

  it('is not told by a scope that only begins so', () => {
    expect(() => read({ scope: 'litellm_proxy_admin_x' })).toThrow(denied('neither'));
  });
});

describe('who may call', () => {
  const claims = { ...CLAIMS, roles: 'roles', userRoles: 'roles', object: 'oid' };

  it.each<[string, JWTPayload, Partial<JwtSettings>, RegExp]>([
    [
      'of another domain',
      { sub: 'a', email: 'a@evil.com' },
      { emailDomain: 'example.com' },
      /Only users of example.com/,
    ],
    [
      'of a domain that ends alike',
      { sub: 'a', email: 'a@badexample.com' },
      { emailDomain: 'example.com' },
      /Only users/,
    ],
    ['without an address', { sub: 'a' }, { emailDomain: 'example.com' }, /Only users of example.com/],
    ['without a role', { sub: 'a', roles: ['guest'] }, { userRoles: ['basic'] }, /none of the roles/],
    ['whom no role is known of', { team: undefined, roles: ['x'] }, { enforceRbac: true }, /enforce_rbac/],
    ['without a team', { sub: 'a' }, { enforceTeam: true }, /enforce_team_based_model_access/],
    ['without a scope', { sub: 'a', scope: 'x' }, { enforceScopes: true, scopeMappings: [] }, /enforce_scope_based/],
  ])('is not one %s', (_what, payload, changes, message) => {
    expect(() => read(payload, { ...changes, claims })).toThrow(denied(message));
  });

  it('is one of the domain, whatever its case', () => {
    expect(read({ sub: 'a', email: 'A@Example.COM' }, { claims, emailDomain: 'example.com' }).user).toBe('a');
  });

  it('is a team or a user by its role', () => {
    const roleMappings = [
      { role: 'svc', internalRole: 'team' as const },
      { role: 'person', internalRole: 'internal_user' as const },
    ];
    const settings = { claims: { roles: 'roles', object: 'oid' }, roleMappings, enforceRbac: true };
    expect(read({ roles: ['svc'], oid: 'o' }, settings)).toMatchObject({ teams: ['o'], user: undefined });
    expect(read({ roles: ['person'], oid: 'o' }, settings)).toMatchObject({ teams: [], user: 'o' });
  });
});

describe('what a token grants', () => {
  const claims = { user: 'sub', team: 'team' };

  it('is calling models and looking around, unless the operator says otherwise', () => {
    const { routes } = read({ sub: 'a' }, { claims });
    expect(['/v1/chat/completions', '/v1/models', '/key/generate'].map((path) => routes.allows(path))).toEqual([
      true,
      true,
      false,
    ]);
    expect(read({ sub: 'a' }, { claims, teamRoutes: ['/v1/models'] }).routes.allows('/v1/chat/completions')).toBe(
      false,
    );
  });

  it('is what its scopes grant together', () => {
    const scopeMappings = [
      { name: 'a', models: ['m1'], routes: ['/v1/models'] },
      { name: 'b', models: ['m2'], routes: ['/v1/embeddings'] },
      { name: 'c', models: undefined, routes: undefined },
    ];
    const settings = { claims, enforceScopes: true, scopeMappings };
    const both = read({ sub: 'x', scope: 'a b z' }, settings);
    expect(both.models).toEqual([['m1', 'm2']]);
    expect([both.routes.allows('/v1/embeddings'), both.routes.allows('/v1/chat/completions')]).toEqual([true, false]);
    const all = read({ sub: 'x', scope: 'a c' }, settings);
    expect([all.models, all.routes.allows('/v1/chat/completions')]).toEqual([[], true]);
  });

  it('is what its role grants', () => {
    const rolePermissions = [{ name: 'team', models: ['m'], routes: ['/v1/models'] }];
    const { models, routes } = read({ team: 'red' }, { claims, rolePermissions });
    expect([models, routes.allows('/v1/models'), routes.allows('/v1/embeddings')]).toEqual([[['m']], true, false]);
    expect(read({ sub: 'a' }, { claims, rolePermissions }).models).toEqual([]);
  });
});
