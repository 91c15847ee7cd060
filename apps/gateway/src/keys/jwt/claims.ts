// What a verified token says: whom it is for, and what it grants. Pure.
import type { JwtGrant, JwtRole, JwtSettings } from '@turnpike/config';
import { AllowedRoutes, isJsonObject, type JsonValue } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import type { JWTPayload } from 'jose';

/** What the issuer says of a user, to be kept. */
export interface SubjectSync {
  /** Empty: it stays. */
  readonly role: string;
  readonly teamIds: readonly string[];
  /** The token has a list of teams: those, and no others. */
  readonly setsTeams: boolean;
}

/** Whom a token is for. */
export interface TokenSubject {
  readonly isAdmin: boolean;
  /** The teams it may be for, in order; most name one. */
  readonly teams: readonly string[];
  readonly user: string | undefined;
  readonly email: string | undefined;
  readonly organization: string | undefined;
  /** The end user. */
  readonly customer: string | undefined;
  /** What becomes of what the ledger knows of the user; undefined: nothing. */
  readonly sync: SubjectSync | undefined;
  readonly routes: AllowedRoutes;
  /** Models beside what the team or the user may; each list holds. */
  readonly models: readonly (readonly string[])[];
}

/** More teams are not asked about. */
const MAX_TEAMS = 20;
const MAX_SYNCED = 200;
const MAX_NAME = 256;

/** @throws GW_PERMISSION_DENIED, GW_INVALID_KEY */
export const subjectOf = (payload: JWTPayload, settings: JwtSettings): TokenSubject => {
  const { claims } = settings;
  const scopes = scopesIn(payload);
  const asked = teamsIn(payload, settings);
  const named = { team: asked[0], user: textAt(payload, claims.user) };
  const roles = textsAt(payload, claims.roles);
  const role = roleOf(settings, scopes, named, roles, textsAt(payload, claims.userRoles));
  if (settings.enforceRbac && role === undefined)
    throw denied('The token has no role that this gateway knows (enforce_rbac).');
  const object = textAt(payload, claims.object);
  const teams = role === 'team' && object !== undefined ? [object] : asked;
  const user = role === 'internal_user' && object !== undefined ? object : named.user;
  const email = emailIn(payload, settings);
  const isAdmin = role === 'proxy_admin';
  if (!isAdmin) checkUser(payload, settings, email);
  if (!isAdmin && teams.length === 0 && user === undefined && email === undefined)
    throw denied('The token names neither a team nor a user. See litellm_jwtauth for the claims that are read.');
  if (!isAdmin && settings.enforceTeam && teams.length === 0)
    throw denied('The token names no team (enforce_team_based_model_access).');
  const grants = grantsOf(settings, scopes, role);
  const own = isAdmin ? settings.adminRoutes : settings.teamRoutes;
  return {
    isAdmin,
    teams,
    user,
    email,
    organization: textAt(payload, claims.organization),
    customer: textAt(payload, claims.customer),
    sync: isAdmin || (user === undefined && email === undefined) ? undefined : syncOf(payload, settings, roles),
    routes: new AllowedRoutes(grants.routes ?? own),
    models: grants.models,
  };
};

/** A list that is not there, or is longer than anybody's, says nothing. */
const syncOf = (
  payload: JWTPayload,
  { sync, claims }: JwtSettings,
  roles: readonly string[],
): SubjectSync | undefined => {
  if (!sync) return undefined;
  const role = sync.roles.find(({ pattern }) => roles.some((one) => fits(pattern, one)))?.role ?? '';
  const teamIds = [...new Set(textsAt(payload, claims.teams))].toSorted();
  const setsTeams = valueAt(payload, claims.teams) !== undefined && teamIds.length <= MAX_SYNCED;
  return { role, teamIds: setsTeams ? teamIds : [], setsTeams };
};

/** Between its stars each piece of a pattern is found from the left, so that no pattern takes long. */
const fits = (pattern: string, text: string): boolean => {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const piece of others) {
    const found = text.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return at + last.length <= text.length;
};

/** LiteLLM reads `scope`; some issuers write `scp`. */
const scopesIn = ({ scope, scp }: JWTPayload): string[] =>
  [scope, scp].flatMap((value) =>
    typeof value === 'string' ? value.split(/\s+/).filter((one) => one !== '') : textsOf(value as JsonValue),
  );

const teamsIn = (payload: JWTPayload, { claims, defaultTeam }: JwtSettings): string[] => {
  const [one] = textsAt(payload, claims.team);
  if (one !== undefined) return [one];
  const several = textsAt(payload, claims.teams).slice(0, MAX_TEAMS);
  return several.length === 0 && defaultTeam !== undefined ? [defaultTeam] : several;
};

const roleOf = (
  { adminScope, userRoles: allowed, roleMappings }: JwtSettings,
  scopes: readonly string[],
  named: { team: string | undefined; user: string | undefined },
  roles: readonly string[],
  userRoles: readonly string[],
): JwtRole | undefined => {
  if (scopes.includes(adminScope)) return 'proxy_admin';
  const mapped = roleMappings.find(({ role }) => roles.includes(role))?.internalRole;
  if (mapped) return mapped;
  if (named.team !== undefined) return 'team';
  if (named.user !== undefined || (allowed && userRoles.some((role) => allowed.includes(role)))) return 'internal_user';
  return undefined;
};

/** An address that the issuer says is not its own counts for nothing. */
const emailIn = (payload: JWTPayload, { claims }: JwtSettings): string | undefined =>
  payload['email_verified'] === false ? undefined : textAt(payload, claims.email);

const checkUser = (payload: JWTPayload, settings: JwtSettings, email: string | undefined): void => {
  const { emailDomain, userRoles, claims } = settings;
  if (emailDomain !== undefined && !email?.toLowerCase().endsWith(`@${emailDomain}`))
    throw denied(`Only users of ${emailDomain} may call.`);
  if (userRoles && !textsAt(payload, claims.userRoles).some((role) => userRoles.includes(role)))
    throw denied(`The token has none of the roles that may call: ${userRoles.join(', ')}.`);
};

/** All scopes together grant what each of them does; a role grants beside that. */
const grantsOf = (
  { enforceScopes, scopeMappings, rolePermissions }: JwtSettings,
  scopes: readonly string[],
  role: JwtRole | undefined,
): { models: readonly (readonly string[])[]; routes: readonly string[] | undefined } => {
  const models: (readonly string[])[] = [];
  let routes: readonly string[] | undefined;
  const ofRole = rolePermissions.find(({ name }) => name === role);
  if (ofRole?.models) models.push(ofRole.models);
  routes = ofRole?.routes;
  if (enforceScopes && role !== 'proxy_admin') {
    const granted = scopeMappings.filter(({ name }) => scopes.includes(name));
    if (granted.length === 0) throw denied('The token has no scope that grants anything (enforce_scope_based_access).');
    const ofScopes = unionOf(granted, 'models');
    if (ofScopes) models.push(ofScopes);
    routes = unionOf(granted, 'routes') ?? routes;
  }
  return { models, routes };
};

/** Undefined: one of them grants everything. */
const unionOf = (grants: readonly JwtGrant[], what: 'models' | 'routes'): readonly string[] | undefined =>
  grants.some((grant) => grant[what] === undefined) ? undefined : grants.flatMap((grant) => grant[what] ?? []);

/** @param path `realm.roles`; a claim whose own name has dots is found by it, too */
const valueAt = (payload: JWTPayload, path: string | undefined): JsonValue | undefined => {
  if (path === undefined) return undefined;
  if (Object.hasOwn(payload, path)) return payload[path] as JsonValue;
  let value = payload as JsonValue | undefined;
  for (const name of path.split('.'))
    value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
};

const textsAt = (payload: JWTPayload, path: string | undefined): string[] => textsOf(valueAt(payload, path));

const textAt = (payload: JWTPayload, path: string | undefined): string | undefined => textsAt(payload, path)[0];

/** One, or a list of them. What is longer than an id may be is no id. */
const textsOf = (value: JsonValue | undefined): string[] =>
  (Array.isArray(value) ? value : [value])
    .map((one) => (typeof one === 'number' ? String(one) : one))
    .filter((one): one is string => typeof one === 'string' && one !== '' && one.length <= MAX_NAME);

const denied = (message: string): GatewayError => new GatewayError('GW_PERMISSION_DENIED', message);
