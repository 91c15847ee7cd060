// `enable_jwt_auth` and `litellm_jwtauth`: which tokens of other issuers are taken, and what their claims mean.
import { isJsonObject, isRole, ROLES, type JsonObject, type JsonValue, type Role } from '@turnpike/domain';
import {
  JWT_ROLES,
  type JwtClaims,
  type JwtGrant,
  type JwtRole,
  type JwtSettings,
  type JwtUserRole,
} from './canonical.js';
import type { SettingsSource } from './gateway-settings.js';
import { readValue, wrongType, type TypeName, type ValueTypes } from './value-types.js';

const KEYS = {
  admin_jwt_scope: 'text',
  admin_allowed_routes: 'texts',
  team_id_jwt_field: 'text',
  team_ids_jwt_field: 'text',
  team_allowed_routes: 'texts',
  team_id_default: 'text',
  team_id_upsert: 'switch',
  org_id_jwt_field: 'text',
  user_id_jwt_field: 'text',
  user_email_jwt_field: 'text',
  user_allowed_email_domain: 'text',
  user_roles_jwt_field: 'text',
  user_allowed_roles: 'texts',
  user_id_upsert: 'switch',
  end_user_id_jwt_field: 'text',
  roles_jwt_field: 'text',
  object_id_jwt_field: 'text',
  role_mappings: 'list',
  scope_mappings: 'list',
  role_permissions: 'list',
  sync_user_role_and_teams: 'switch',
  jwt_litellm_role_map: 'list',
  enforce_rbac: 'switch',
  enforce_scope_based_access: 'switch',
  enforce_team_based_model_access: 'switch',
  public_key_ttl: 'seconds',
  public_key_stale_ttl: 'seconds',
  leeway: 'seconds',
  oidc_userinfo_enabled: 'switch',
  oidc_userinfo_endpoint: 'text',
  oidc_userinfo_cache_ttl: 'seconds',
} as const satisfies Record<string, TypeName>;

type Name = keyof typeof KEYS;

/** LiteLLM's keys that have no effect here. Those that would refuse tokens are not among them: without them, more may in. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'public_allowed_routes',
  'team_jwt_scope',
  'upsert_sso_user_to_team',
  'virtual_key_mapping_cache_ttl',
]);

/** Those that people miss, with what to do instead. */
const REFUSED: Readonly<Record<string, string>> = {
  custom_validate:
    'it names a Python function, and no code is run from here. Say what it checks with user_allowed_roles, user_allowed_email_domain, scope_mappings or role_permissions.',
  virtual_key_claim_field:
    'a token is for a team and a user, whose models, limits and budgets hold for it. Give those to the team or the user.',
  team_alias_jwt_field: 'an alias is not unique. Name the claim with the id of the team in team_id_jwt_field.',
  org_alias_jwt_field: 'an alias is not unique. Name the claim with the id of the organization in org_id_jwt_field.',
};

/** Absent: no tokens are taken. */
export const readJwt = (source: SettingsSource): JwtSettings | undefined => {
  const { settings, diagnostics } = source;
  if (!settings.get('enable_jwt_auth')) return undefined;
  const where = settings.where('litellm_jwtauth');
  const given = new Given(settings.get('litellm_jwtauth') ?? {}, where, source);
  const keyUrls = (settings.get('jwt_public_key_url') ?? []).flatMap(split);
  const userInfo = userInfoOf(given);
  if (keyUrls.length === 0 && !userInfo)
    diagnostics.doubt(
      'security',
      'enable_jwt_auth needs the address of the keys that tokens are signed with: set JWT_PUBLIC_KEY_URL. Without it no token is taken.',
    );
  for (const url of keyUrls) {
    if (!/^https?:\/\/[^/]/.test(url)) diagnostics.fail(`JWT_PUBLIC_KEY_URL: '${url}' is no http address.`);
  }
  const audience = (settings.get('jwt_audience') ?? []).flatMap(split);
  const issuer = (settings.get('jwt_issuer') ?? []).flatMap(split);
  if (audience.length === 0 || userInfo)
    diagnostics.warn(
      'security',
      audience.length === 0
        ? 'JWT_AUDIENCE is not set: a token that was made for another service of the same issuer is taken, too.'
        : 'oidc_userinfo_enabled: of tokens that only the issuer can read, one that was made for another of its services is taken, too.',
    );
  return {
    keyUrls,
    audience,
    issuer,
    leewayMs: (given.get('leeway') ?? 0) * 1_000,
    keyTtlMs: (given.get('public_key_ttl') ?? 600) * 1_000,
    keyStaleTtlMs: (given.get('public_key_stale_ttl') ?? 3_600) * 1_000,
    claims: claimsOf(given),
    userInfo,
    adminScope: given.get('admin_jwt_scope') ?? 'litellm_proxy_admin',
    adminRoutes: given.get('admin_allowed_routes') ?? [
      'management_routes',
      'spend_tracking_routes',
      'global_spend_tracking_routes',
      'info_routes',
    ],
    teamRoutes: given.get('team_allowed_routes') ?? ['openai_routes', 'info_routes'],
    defaultTeam: given.get('team_id_default'),
    emailDomain: given.get('user_allowed_email_domain')?.toLowerCase().replace(/^@/, ''),
    userRoles: given.get('user_allowed_roles'),
    sync: given.get('sync_user_role_and_teams')
      ? { roles: given.entries('jwt_litellm_role_map').flatMap((entry) => userRoleOf(entry, given)) }
      : undefined,
    upsertUser: given.get('user_id_upsert') ?? false,
    upsertTeam: given.get('team_id_upsert') ?? false,
    enforceRbac: given.get('enforce_rbac') ?? false,
    enforceTeam: given.get('enforce_team_based_model_access') ?? false,
    enforceScopes: given.get('enforce_scope_based_access') ?? false,
    roleMappings: given.entries('role_mappings').flatMap((entry) => mappingOf(entry, given)),
    scopeMappings: given.entries('scope_mappings').flatMap((entry) => grantOf(entry, 'scope', given)),
    rolePermissions: [...given.entries('role_permissions'), ...entriesOf(settings.get('role_permissions'))].flatMap(
      (entry) => grantOf(entry, 'role', given),
    ),
  };
};

const claimsOf = (given: Given): JwtClaims => {
  const claims = {
    team: given.get('team_id_jwt_field'),
    teams: given.get('team_ids_jwt_field'),
    user: given.get('user_id_jwt_field'),
    email: given.get('user_email_jwt_field'),
    organization: given.get('org_id_jwt_field'),
    customer: given.get('end_user_id_jwt_field'),
    roles: given.get('roles_jwt_field'),
    userRoles: given.get('user_roles_jwt_field'),
    object: given.get('object_id_jwt_field'),
  };
  if ((claims.userRoles === undefined) !== (given.get('user_allowed_roles') === undefined))
    given.fail('user_roles_jwt_field and user_allowed_roles belong together.');
  if (claims.object !== undefined && (claims.roles === undefined || given.entries('role_mappings').length === 0))
    given.fail(
      'object_id_jwt_field needs roles_jwt_field and role_mappings, which tell whether it is a team or a user.',
    );
  return claims;
};

const userInfoOf = (given: Given): JwtSettings['userInfo'] => {
  if (!given.get('oidc_userinfo_enabled')) return undefined;
  const url = given.get('oidc_userinfo_endpoint') ?? '';
  if (!/^https?:\/\/[^/]/.test(url))
    given.fail('oidc_userinfo_enabled needs oidc_userinfo_endpoint, an http address of the issuer.');
  return { url, ttlMs: (given.get('oidc_userinfo_cache_ttl') ?? 300) * 1_000 };
};

/** The map as written, read key by key. */
class Given {
  private readonly values: JsonObject = {};

  constructor(
    written: JsonObject,
    private readonly where: string | undefined,
    private readonly source: SettingsSource,
  ) {
    for (const [name, value] of Object.entries(written)) if (value !== undefined) this.read(name, value);
  }

  get<N extends Name>(name: N): ValueTypes[(typeof KEYS)[N]] | undefined {
    return this.values[name] as ValueTypes[(typeof KEYS)[N]] | undefined;
  }

  entries(name: 'jwt_litellm_role_map' | 'role_mappings' | 'scope_mappings' | 'role_permissions'): JsonObject[] {
    return entriesOf(this.get(name));
  }

  fail(problem: string): void {
    this.source.diagnostics.fail(`litellm_jwtauth: ${problem}`, this.where);
  }

  private read(name: string, value: JsonValue): void {
    if (value === null) return;
    if (WITHOUT_EFFECT.has(name)) {
      this.source.diagnostics.warn('value', `litellm_jwtauth.${name} has no effect here.`, this.where);
    } else if (Object.hasOwn(REFUSED, name)) {
      this.fail(`${name} is not supported: ${REFUSED[name]}`);
    } else if (!Object.hasOwn(KEYS, name)) {
      this.fail(`${name} is not supported. What is: ${Object.keys(KEYS).sort().join(', ')}.`);
    } else {
      const type = KEYS[name as Name];
      const read = readValue(type, value);
      if (read === undefined) this.fail(`${name} ${wrongType(type, value, false)}`);
      else this.values[name] = read;
    }
  }
}

const entriesOf = (list: JsonValue[] | undefined): JsonObject[] =>
  (list ?? []).map((entry) => (isJsonObject(entry) ? entry : {}));

const mappingOf = (
  { role, internal_role: internal }: JsonObject,
  given: Given,
): JwtSettings['roleMappings'][number][] => {
  const internalRole = JWT_ROLES.find((one): one is JwtRole => one === internal);
  if (typeof role === 'string' && internalRole) return [{ role, internalRole }];
  given.fail(`an entry of role_mappings needs role, and internal_role: one of ${JWT_ROLES.join(', ')}.`);
  return [];
};

/** As LiteLLM's documentation also writes them. */
const OTHER_ROLES: Readonly<Record<string, Role>> = {
  internal_user_view_only: 'internal_user_viewer',
  proxy_admin_view_only: 'proxy_admin_viewer',
};

const userRoleOf = ({ jwt_role: pattern, litellm_role: written }: JsonObject, given: Given): JwtUserRole[] => {
  const name = String(written);
  const role = OTHER_ROLES[name] ?? name;
  if (typeof pattern === 'string' && pattern !== '' && isRole(role)) return [{ pattern, role }];
  given.fail(`an entry of jwt_litellm_role_map needs jwt_role, and litellm_role: one of ${ROLES.join(', ')}.`);
  return [];
};

const grantOf = (entry: JsonObject, key: 'scope' | 'role', given: Given): JwtGrant[] => {
  const { [key]: name, models, routes, ...others } = entry;
  const [ofModels, ofRoutes] = [listOf(models), listOf(routes)];
  if (typeof name === 'string' && ofModels !== null && ofRoutes !== null && Object.keys(others).length === 0)
    return [{ name, models: ofModels, routes: ofRoutes }];
  given.fail(`an entry of ${key === 'scope' ? 'scope_mappings' : 'role_permissions'} has ${key}, models and routes.`);
  return [];
};

/** Undefined: there is none. Null: it cannot be read. */
const listOf = (value: JsonValue | undefined): string[] | undefined | null =>
  value === undefined || value === null ? undefined : (readValue('texts', value) ?? null);

const split = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
