// Who may do what with keys, teams, users and organisations. Pure: whom a caller stands for has been found before.
import { GatewayError } from '@turnpike/errors';
import { isAdmin, seesAll, type Caller } from './caller.js';

/** A caller, with what it has a say in. */
export interface Standing {
  readonly caller: Caller;
  /** Organisations that it administers. */
  readonly organizations: ReadonlySet<string>;
  /** Teams that it is a member of. */
  readonly teams: ReadonlyMap<string, TeamStanding>;
}

export interface TeamStanding {
  readonly isAdmin: boolean;
  /** Routes that members may use for the team. */
  readonly permissions: readonly string[];
}

/** Whom a key belongs to; empty: nobody. */
export interface KeyOwners {
  readonly token: string;
  readonly userId: string;
  readonly teamId: string;
  /** The key's own, or its team's. */
  readonly organizationId: string;
  readonly createdBy: string;
}

export interface TeamOwners {
  readonly teamId: string;
  readonly organizationId: string;
}

/** By the route that does it, as `team_member_permissions` names them. */
export const KEY_ACTIONS = {
  generate: '/key/generate',
  generateServiceAccount: '/key/service-account/generate',
  update: '/key/update',
  delete: '/key/delete',
  regenerate: '/key/regenerate',
  block: '/key/block',
  resetSpend: '/key/{key}/reset_spend',
  info: '/key/info',
  list: '/key/list',
} as const;
export type KeyAction = keyof typeof KEY_ACTIONS;

/** What a team may let its members do. */
export const MEMBER_PERMISSIONS: readonly string[] = [
  ...Object.values(KEY_ACTIONS),
  '/key/unblock',
  '/key/health',
  '/key/{key}/regenerate',
  '/key/bulk_update',
  '/key/aliases',
  '/team/daily/activity',
  '/spend/logs',
];

/** What owners may do with a key of their own that no team pays for. */
const OWN: ReadonlySet<KeyAction> = new Set(['generate', 'update', 'delete', 'regenerate', 'info', 'list']);

const isOrganizationAdmin = ({ organizations }: Standing, organizationId: string): boolean =>
  organizationId !== '' && organizations.has(organizationId);

const isTeamAdmin = ({ teams }: Standing, teamId: string): boolean =>
  teamId !== '' && teams.get(teamId)?.isAdmin === true;

/** Roles that change things of their own. */
const isActive = ({ caller: { role } }: Standing): boolean =>
  role === 'proxy_admin' || role === 'org_admin' || role === 'internal_user';

const isOwn = ({ caller }: Standing, key: KeyOwners): boolean =>
  (caller.userId !== undefined && caller.userId !== '' && caller.userId === key.userId) || caller.keyHash === key.token;

export const mayUseKey = (standing: Standing, action: KeyAction, key: KeyOwners): boolean => {
  const { caller } = standing;
  if (isAdmin(caller)) return true;
  const isReading = action === 'info' || action === 'list';
  if (isReading && (seesAll(caller) || isOwn(standing, key))) return true;
  if (isReading && caller.userId && key.createdBy === caller.userId) return true;
  if (caller.role === 'proxy_admin_viewer') return false;
  if (isOrganizationAdmin(standing, key.organizationId) || isTeamAdmin(standing, key.teamId)) return true;
  if (isReading) return mayInTeam(standing, action, key.teamId);
  if (!isActive(standing)) return false;
  const isOwner = caller.userId !== undefined && caller.userId !== '' && key.userId === caller.userId;
  if (key.teamId === '' || action === 'delete') return isOwner && OWN.has(action);
  const mustOwn = action !== 'generateServiceAccount';
  return (isOwner || !mustOwn) && mayInTeam(standing, action, key.teamId);
};

const mayInTeam = ({ teams }: Standing, action: KeyAction, teamId: string): boolean =>
  teams.get(teamId)?.permissions.includes(KEY_ACTIONS[action]) === true;

/** See a team with its members and keys. */
export const maySeeTeam = (standing: Standing, team: TeamOwners): boolean =>
  seesAll(standing.caller) ||
  standing.teams.has(team.teamId) ||
  (standing.caller.teamId === team.teamId && team.teamId !== '') ||
  isOrganizationAdmin(standing, team.organizationId);

/** Change its models, terms and members. Its budget and limits are for those who pay: see `mayOwnTeam`. */
export const mayManageTeam = (standing: Standing, team: TeamOwners): boolean =>
  isAdmin(standing.caller) ||
  isOrganizationAdmin(standing, team.organizationId) ||
  (standing.caller.role !== 'proxy_admin_viewer' && isTeamAdmin(standing, team.teamId));

/** Make it, delete it, block it, say what it may spend. */
export const mayOwnTeam = (standing: Standing, team: Pick<TeamOwners, 'organizationId'>): boolean =>
  isAdmin(standing.caller) || isOrganizationAdmin(standing, team.organizationId);

export const maySeeUser = (standing: Standing, user: { userId: string; organizationIds: readonly string[] }): boolean =>
  seesAll(standing.caller) ||
  (user.userId !== '' && user.userId === standing.caller.userId) ||
  user.organizationIds.some((id) => isOrganizationAdmin(standing, id));

export const mayManageUser = (standing: Standing, user: { organizationIds: readonly string[] }): boolean =>
  isAdmin(standing.caller) || user.organizationIds.some((id) => isOrganizationAdmin(standing, id));

export const mayManageOrganization = (standing: Standing, organizationId: string): boolean =>
  isAdmin(standing.caller) || isOrganizationAdmin(standing, organizationId);

/** What others may do, an error says: `what` as in "delete this key". */
export const denied = (standing: Standing, what: string, who: string): GatewayError =>
  new GatewayError(
    'GW_PERMISSION_DENIED',
    `You may not ${what}. Your role is ${standing.caller.role ?? 'none'}; it takes ${who}.`,
  );

export const assertAdmin = (caller: Caller, what: string): void => {
  if (isAdmin(caller)) return;
  throw new GatewayError(
    'GW_PERMISSION_DENIED',
    `Only proxy admin can ${what}. Your role is ${caller.role ?? 'none'}; use a key of a proxy admin, such as the master key.`,
  );
};

export const assertSeesAll = (caller: Caller, what: string): void => {
  if (seesAll(caller)) return;
  throw new GatewayError(
    'GW_PERMISSION_DENIED',
    `Only proxy admins and their viewers can ${what}. Your role is ${caller.role ?? 'none'}.`,
  );
};
