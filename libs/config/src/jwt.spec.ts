import { afterEach, describe, expect, it } from '@jest/globals';
import { loadYaml, problemOf, removeFolders, warningsOf } from '../test/workspace.js';

afterEach(removeFolders);

const KEYS = { JWT_PUBLIC_KEY_URL: 'https://idp.example.com/jwks', JWT_AUDIENCE: 'gateway' };
const load = (jwtauth: object, env: Record<string, string> = KEYS, rest: object = {}) =>
  loadYaml(JSON.stringify({ general_settings: { enable_jwt_auth: true, litellm_jwtauth: jwtauth, ...rest } }), { env });

describe('tokens of other issuers', () => {
  it('are not taken unless that is wanted', () => {
    expect(loadYaml('general_settings: {litellm_jwtauth: {user_id_jwt_field: sub}}\n').auth.jwt).toBeUndefined();
  });

  it('are for whom LiteLLM’s defaults say', () => {
    expect(load({}).auth.jwt).toEqual({
      keyUrls: ['https://idp.example.com/jwks'],
      audience: ['gateway'],
      issuer: [],
      leewayMs: 0,
      keyTtlMs: 600_000,
      keyStaleTtlMs: 3_600_000,
      claims: {},
      adminScope: 'litellm_proxy_admin',
      adminRoutes: ['management_routes', 'spend_tracking_routes', 'global_spend_tracking_routes', 'info_routes'],
      teamRoutes: ['openai_routes', 'info_routes'],
      upsertUser: false,
      upsertTeam: false,
      enforceRbac: false,
      enforceTeam: false,
      enforceScopes: false,
      roleMappings: [],
      scopeMappings: [],
      rolePermissions: [],
    });
  });

  it('are read as the file says', () => {
    const env = {
      ...KEYS,
      JWT_PUBLIC_KEY_URL: 'https://a/jwks, http://b/.well-known/openid-configuration',
      JWT_ISSUER: 'i',
    };
    const { jwt } = load(
      {
        admin_jwt_scope: 'root',
        user_id_jwt_field: 'sub',
        team_ids_jwt_field: 'realm.groups',
        user_email_jwt_field: 'email',
        user_allowed_email_domain: '@Example.com',
        user_roles_jwt_field: 'roles',
        user_allowed_roles: ['basic'],
        user_id_upsert: true,
        roles_jwt_field: 'roles',
        object_id_jwt_field: 'oid',
        role_mappings: [{ role: 'svc', internal_role: 'team' }],
        enforce_scope_based_access: true,
        scope_mappings: [{ scope: 'chat', models: ['gpt-4o'], routes: ['/v1/chat/completions'] }],
        public_key_ttl: '1m',
        leeway: 30,
      },
      env,
      { role_permissions: [{ role: 'team', models: ['a'] }] },
    ).auth;
    expect(jwt).toMatchObject({
      keyUrls: ['https://a/jwks', 'http://b/.well-known/openid-configuration'],
      issuer: ['i'],
      claims: { user: 'sub', teams: 'realm.groups', email: 'email', userRoles: 'roles', roles: 'roles', object: 'oid' },
      adminScope: 'root',
      emailDomain: 'example.com',
      userRoles: ['basic'],
      upsertUser: true,
      roleMappings: [{ role: 'svc', internalRole: 'team' }],
      scopeMappings: [{ name: 'chat', models: ['gpt-4o'], routes: ['/v1/chat/completions'] }],
      rolePermissions: [{ name: 'team', models: ['a'] }],
      keyTtlMs: 60_000,
      leewayMs: 30_000,
    });
  });

  it('keep the gateway from being open, also without a master key', () => {
    const config = load({});
    expect(config.auth.isOpen).toBe(false);
    expect(warningsOf(config, 'security')).toEqual([]);
  });

  it('are not for another service of the same issuer, where the audience is told; a warning says so', () => {
    const { JWT_AUDIENCE: _, ...env } = KEYS;
    expect(warningsOf(load({}, env), 'security')).toEqual([expect.stringContaining('JWT_AUDIENCE is not set')]);
  });

  it('are none without keys to check them by', () => {
    const config = load({}, { JWT_AUDIENCE: 'a' });
    expect(config.auth.jwt?.keyUrls).toEqual([]);
    expect(warningsOf(config, 'security')).toEqual([expect.stringContaining('set JWT_PUBLIC_KEY_URL')]);
  });

  it.each<[object, string]>([
    [{ custom_validate: 'module.function' }, 'custom_validate is not supported: it names a Python function'],
    [
      { virtual_key_claim_field: 'email' },
      'virtual_key_claim_field is not supported: a token is for a team and a user',
    ],
    [{ team_alias_jwt_field: 'team' }, 'team_id_jwt_field'],
    [{ oidc_userinfo_enabled: true }, 'oidc_userinfo_enabled needs oidc_userinfo_endpoint'],
    [{ oidc_userinfo_enabled: true, oidc_userinfo_endpoint: 'file:///x' }, 'oidc_userinfo_endpoint, an http address'],
    [{ user_id_jwtfield: 'sub' }, 'user_id_jwtfield is not supported. What is: admin_allowed_routes'],
    [{ user_id_upsert: 'perhaps' }, 'user_id_upsert must be true or false'],
    [{ user_roles_jwt_field: 'roles' }, 'user_roles_jwt_field and user_allowed_roles belong together'],
    [{ object_id_jwt_field: 'oid' }, 'object_id_jwt_field needs roles_jwt_field'],
    [
      { role_mappings: [{ role: 'a', internal_role: 'boss' }] },
      'internal_role: one of proxy_admin, team, internal_user',
    ],
    [{ scope_mappings: [{ scope: 'a', models: {} }] }, 'an entry of scope_mappings has scope, models and routes'],
    [{ scope_mappings: [{ scope: 'a', model: ['b'] }] }, 'an entry of scope_mappings has scope, models and routes'],
    [{ role_permissions: ['team'] }, 'an entry of role_permissions has role, models and routes'],
  ])('are not read by %j: what would refuse some must not be passed over', (jwtauth, problem) => {
    expect(problemOf(() => load(jwtauth))).toContain(problem);
  });

  it('may be told by the issuer alone, and then need no keys', () => {
    const userinfo = { oidc_userinfo_enabled: true, oidc_userinfo_endpoint: 'https://idp.example.com/userinfo' };
    const config = load(userinfo, { JWT_AUDIENCE: 'a' });
    expect(config.auth.jwt).toMatchObject({
      keyUrls: [],
      userInfo: { url: userinfo.oidc_userinfo_endpoint, ttlMs: 300_000 },
    });
    expect(warningsOf(config, 'security')).toEqual([
      expect.stringContaining('of tokens that only the issuer can read'),
    ]);
    expect(load({ ...userinfo, oidc_userinfo_cache_ttl: 5 }).auth.jwt?.userInfo?.ttlMs).toBe(5_000);
    expect(load({ oidc_userinfo_endpoint: 'https://idp.example.com/userinfo' }).auth.jwt?.userInfo).toBeUndefined();
  });

  it('tell what becomes of the roles of users', () => {
    const map = [
      { jwt_role: 'ADMIN_*', litellm_role: 'proxy_admin' },
      { jwt_role: 'VIEWER', litellm_role: 'internal_user_view_only' },
    ];
    const { jwt } = load({ sync_user_role_and_teams: true, jwt_litellm_role_map: map }).auth;
    expect(jwt?.sync?.roles).toEqual([
      { pattern: 'ADMIN_*', role: 'proxy_admin' },
      { pattern: 'VIEWER', role: 'internal_user_viewer' },
    ]);
    expect(load({ jwt_litellm_role_map: map }).auth.jwt?.sync).toBeUndefined();
    const wrong = { sync_user_role_and_teams: true, jwt_litellm_role_map: [{ jwt_role: 'A', litellm_role: 'boss' }] };
    expect(problemOf(() => load(wrong))).toContain(
      'jwt_litellm_role_map needs jwt_role, and litellm_role: one of proxy_admin',
    );
  });

  it('warn of what has no effect', () => {
    const warnings = warningsOf(load({ public_allowed_routes: ['public_routes'] }), 'value');
    expect(warnings).toEqual([expect.stringContaining('litellm_jwtauth.public_allowed_routes has no effect')]);
  });

  it('are checked at an http address', () => {
    expect(problemOf(() => load({}, { ...KEYS, JWT_PUBLIC_KEY_URL: 'file:///etc/keys' }))).toContain(
      'is no http address',
    );
  });
});
