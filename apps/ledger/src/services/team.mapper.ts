// Teams and their members: from messages to rows and back.
import type { Team, TeamMembership } from '@turnpike/rpc';
import type { TeamMembershipEntity } from '../schema/entities/team-membership.entity.js';
import type { TeamEntity } from '../schema/entities/team.entity.js';
import type { Spent } from './bounds-keeper.js';
import {
  authorshipOf,
  columnOf,
  fromBudgetColumns,
  fromLimitColumns,
  fromStoredMemberTerms,
  fromStoredModelTerms,
  fromStoredWindows,
  textOf,
  toBoundColumns,
  toStoredMemberTerms,
  toStoredModelTerms,
  toStoredWindows,
} from './stored-terms.js';

export type TeamColumns = Omit<TeamEntity, 'teamId' | 'createdAt' | 'createdBy' | 'updatedAt' | 'updatedBy'>;

export const toTeamColumns = (team: Team): TeamColumns => ({
  ...toBoundColumns(team.budget, team.limits),
  teamAlias: columnOf(team.teamAlias),
  organizationId: columnOf(team.organizationId),
  modelTerms: toStoredModelTerms(team.modelTerms),
  budgetWindows: toStoredWindows(team.budgetWindows),
  defaultMemberTerms: toStoredMemberTerms(team.defaultMemberTerms),
  memberKeyDuration: columnOf(team.memberKeyDuration),
  models: team.models,
  modelAliases: team.modelAliases,
  accessGroupIds: team.accessGroupIds,
  defaultMemberModels: team.defaultMemberModels,
  memberPermissions: team.memberPermissions,
  objectPermission: team.objectPermission ?? null,
  routerSettings: team.routerSettings ?? {},
  policies: team.policies,
  allowGuardrailConfig: team.allowGuardrailConfig,
  metadata: team.metadata ?? {},
  blocked: team.blocked,
});

/** @param emails of members, by id */
export const fromTeamEntity = (
  team: TeamEntity,
  members: readonly TeamMembershipEntity[],
  emails: ReadonlyMap<string, string>,
  spent?: Spent,
): Team => ({
  teamId: team.teamId,
  teamAlias: textOf(team.teamAlias),
  organizationId: textOf(team.organizationId),
  budget: fromBudgetColumns(team, spent?.resetAt),
  limits: fromLimitColumns(team),
  modelTerms: fromStoredModelTerms(team.modelTerms),
  budgetWindows: fromStoredWindows(team.budgetWindows),
  spendNanoUsd: spent?.nanoUsd ?? 0,
  modelSpendNanoUsd: spent?.byModel ?? {},
  defaultMemberTerms: fromStoredMemberTerms(team.defaultMemberTerms),
  memberKeyDuration: textOf(team.memberKeyDuration),
  models: team.models,
  modelAliases: team.modelAliases,
  accessGroupIds: team.accessGroupIds,
  defaultMemberModels: team.defaultMemberModels,
  memberPermissions: team.memberPermissions,
  objectPermission: team.objectPermission ?? undefined,
  routerSettings: team.routerSettings,
  policies: team.policies,
  allowGuardrailConfig: team.allowGuardrailConfig,
  metadata: team.metadata,
  blocked: team.blocked,
  members: members.map(({ userId, role }) => ({ userId, userEmail: emails.get(userId) ?? '', role })),
  authorship: authorshipOf(team),
});

export const fromMembership = (
  membership: TeamMembershipEntity,
  spent?: { nanoUsd: number; totalNanoUsd: number; resetAt: Date | undefined },
): TeamMembership => ({
  teamId: membership.teamId,
  userId: membership.userId,
  budgetId: textOf(membership.budgetId),
  terms: {
    budget: fromBudgetColumns(membership, spent?.resetAt),
    limits: fromLimitColumns(membership),
    models: membership.models,
  },
  spendNanoUsd: spent?.nanoUsd ?? 0,
  totalSpendNanoUsd: spent?.totalNanoUsd ?? 0,
  joinedAt: membership.createdAt,
});
