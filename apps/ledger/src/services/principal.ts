// Who calls with a key, and all that holds for the call: put together from the key and whom it belongs to.
import { accountName, ALL_TEAM_MODELS, resolveModelList } from '@turnpike/domain';
import type { Account, ModelAccess, Principal } from '@turnpike/rpc';
import type { BudgetEntity } from '../schema/entities/budget.entity.js';
import type { JsonObject } from '../schema/entities/columns.js';
import type { OrganizationEntity } from '../schema/entities/organization.entity.js';
import type { TeamMembershipEntity } from '../schema/entities/team-membership.entity.js';
import type { TeamEntity } from '../schema/entities/team.entity.js';
import type { UserEntity } from '../schema/entities/user.entity.js';
import type { VirtualKeyEntity } from '../schema/entities/virtual-key.entity.js';
import {
  boundsOf,
  effectiveTerms,
  limitsOf,
  temporaryIncrease,
  type ScopedBound,
  type Terms,
} from './effective-terms.js';
import { textOf, toBoundColumns } from './stored-terms.js';

/** A key with whom it belongs to. Null: there is none, or it is gone. */
export interface KeyHolder {
  key: VirtualKeyEntity;
  user: UserEntity | null;
  team: TeamEntity | null;
  membership: TeamMembershipEntity | null;
  organization: OrganizationEntity | null;
  /** Those that the key, the membership and the organisation refer to. */
  budgets: ReadonlyMap<string, BudgetEntity>;
  /** Models by id of access group: those that the key and the team refer to. */
  accessGroups: ReadonlyMap<string, readonly string[]>;
  /** Models by name of access group: those that stand in a list of models. */
  namedGroups: ReadonlyMap<string, readonly string[]>;
}

/** Terms under an account's name. */
interface Owned {
  account: string;
  terms: Terms;
  metadata: JsonObject;
}

/** A user's own money pays only where no team does. */
export const termsOfHolder = (holder: KeyHolder): Owned[] => {
  const { key, user, team, membership, organization, budgets } = holder;
  const shared = (budgetId: string | null): BudgetEntity | undefined => budgets.get(textOf(budgetId));
  const owned: Owned[] = [
    {
      account: accountName('key', key.token),
      terms: effectiveTerms(key, shared(key.budgetId)),
      metadata: key.metadata,
    },
  ];
  if (team)
    owned.push({ account: accountName('team', team.teamId), terms: effectiveTerms(team), metadata: team.metadata });
  if (team && membership) {
    const account = accountName('member', membership.teamId, membership.userId);
    owned.push({ account, terms: memberTerms(membership, team, shared(membership.budgetId)), metadata: {} });
  }
  if (user && !key.teamId) {
    owned.push({ account: accountName('user', user.userId), terms: effectiveTerms(user), metadata: user.metadata });
  }
  if (organization) {
    const account = accountName('organization', organization.organizationId);
    const terms = effectiveTerms(organization, shared(organization.budgetId));
    owned.push({ account, terms, metadata: organization.metadata });
  }
  return owned;
};

/** A member's own terms, else those of the budget they share, else the team's for all of its members. */
export const memberTerms = (
  membership: TeamMembershipEntity,
  team: Pick<TeamEntity, 'defaultMemberTerms'>,
  shared?: BudgetEntity,
): Terms => {
  const defaults = { ...toBoundColumns(undefined, undefined), ...team.defaultMemberTerms };
  return effectiveTerms(membership, effectiveTerms(shared ?? defaults, defaults));
};

/** The accounts that calls of this key are bounded by. */
export const boundsOfHolder = (holder: KeyHolder, now: number): ScopedBound[] =>
  termsOfHolder(holder).flatMap(({ account, terms, metadata }) =>
    boundsOf(account, terms, account.startsWith('key:') ? temporaryIncrease(metadata, now) : 0),
  );

/**
 * @param accounts of `boundsOfHolder`, as they stand
 * @param now epoch milliseconds
 */
export const composePrincipal = (holder: KeyHolder, accounts: Account[], now: number): Principal => {
  const { key, user, team, organization } = holder;
  return {
    keyHash: key.token,
    keyAlias: textOf(key.keyAlias),
    keyName: key.keyName,
    userId: textOf(key.userId),
    userEmail: textOf(user?.userEmail),
    role: roleOf(key, user),
    teamId: textOf(key.teamId),
    teamAlias: textOf(team?.teamAlias),
    organizationId: textOf(organization?.organizationId ?? organizationIdOf(key, team, user)),
    projectId: textOf(key.projectId),
    refusal: refusalOf(holder, now),
    expires: key.expires ?? undefined,
    modelAccess: modelAccessOf(holder),
    aliases: { ...team?.modelAliases, ...key.aliases },
    allowedRoutes: key.allowedRoutes,
    allowedCacheControls: key.allowedCacheControls,
    blockedTools: [...blockedToolsOf(key), ...blockedToolsOf(team)],
    limits: termsOfHolder(holder).flatMap(({ account, terms, metadata }) => limitsOf(account, terms, metadata)),
    accounts,
    metadata: key.metadata,
    teamMetadata: team?.metadata,
    permissions: key.permissions,
    routerSettings: { ...team?.routerSettings, ...key.routerSettings },
  };
};

/** `object_permission` names more, of things that there are not. */
const blockedToolsOf = (holder: Pick<VirtualKeyEntity, 'objectPermission'> | null): string[] => {
  const tools = holder?.objectPermission?.['blocked_tools'];
  return Array.isArray(tools) ? tools.filter((tool): tool is string => typeof tool === 'string') : [];
};

/** The key's own, else its team's, else its user's. */
export const organizationIdOf = (
  key: Pick<VirtualKeyEntity, 'organizationId'>,
  team: Pick<TeamEntity, 'organizationId'> | null,
  user: Pick<UserEntity, 'organizationId'> | null,
): string | null => key.organizationId ?? team?.organizationId ?? (team ? null : (user?.organizationId ?? null));

/** Who has no role may call models and look at what is their own. */
export const roleOf = (key: VirtualKeyEntity, user: UserEntity | null): string => {
  if (user) return user.userRole ?? 'internal_user_viewer';
  if (key.userId) return 'internal_user_viewer';
  return key.teamId ? 'team' : 'customer';
};

const refusalOf = ({ key, user, team }: KeyHolder, now: number): string => {
  if (key.blocked) return 'Key is blocked. An admin can unblock it with /key/unblock.';
  if (key.expires && key.expires.getTime() <= now) {
    return `Expired Key. It expired at ${key.expires.toISOString()}.`;
  }
  if (key.teamId && !team) return `The team ${key.teamId} of this key does not exist any more.`;
  if (team?.blocked) return `Team=${team.teamId} is blocked. An admin can unblock it with /team/unblock.`;
  if (user?.metadata['scim_active'] === false) return `The user ${user.userId} of this key is deactivated.`;
  return '';
};

const modelAccessOf = (holder: KeyHolder): ModelAccess[] => {
  const { key, user, team, membership, organization, budgets, accessGroups, namedGroups } = holder;
  const access: ModelAccess[] = [];
  const add = (owner: string, models: readonly string[] | undefined, withTeamModels?: true): void => {
    const meant = models?.flatMap((name) => [name, ...(namedGroups.get(name) ?? [])]);
    if (meant) access.push({ owner, models: [...new Set(meant)], withTeamModels });
  };
  const ofGroups = (ids: readonly string[]): string[] => ids.flatMap((id) => accessGroups.get(id) ?? []);
  /** The names that a team calls its models by are meant when the models are. */
  const aliased = team ? Object.entries(team.modelAliases).flat() : [];
  const withGroups = (models: readonly string[], ids: readonly string[]): readonly string[] => {
    if (ids.length === 0) return models;
    return models.length === 0 ? ['no-default-models', ...ofGroups(ids)] : [...models, ...ofGroups(ids)];
  };
  const ofTeam = team ? withGroups(team.models, team.accessGroupIds) : undefined;
  const ofKey = resolveModelList(withGroups(key.models, key.accessGroupIds), ofTeam);
  add('key', ofKey && [...ofKey, ...aliased], key.models.includes(ALL_TEAM_MODELS) || undefined);
  if (team && ofTeam) {
    const resolved = resolveModelList(ofTeam);
    add('team', resolved && [...resolved, ...aliased], true);
  }
  if (team && membership) {
    const shared = budgets.get(textOf(membership.budgetId))?.allowedModels ?? [];
    const lists = [membership.models, shared, team.defaultMemberTerms?.models ?? [], team.defaultMemberModels];
    const own = lists.find((models) => models.length > 0);
    if (own) add('member', resolveModelList(own, ofTeam), own.includes(ALL_TEAM_MODELS) || undefined);
  }
  if (user && !key.teamId) add('user', resolveModelList(user.models));
  if (organization) add('org', resolveModelList(organization.models));
  return access;
};
