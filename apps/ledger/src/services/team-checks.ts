// What a team can be at all.
import { invalidRequest } from '@turnpike/errors';
import type { MemberTerms, Team } from '@turnpike/rpc';
import { MEMBER_PERMISSIONS } from './permissions.js';
import {
  assertAliases,
  assertBudget,
  assertId,
  assertJson,
  assertLimits,
  assertModelTerms,
  assertName,
  assertNames,
  assertWindows,
  readDuration,
} from './terms.js';

/** @throws GW_INVALID_REQUEST */
export const assertTeam = (team: Team): void => {
  assertId(team.teamId, 'team_id');
  // Accounts of members have it between their parts.
  if (team.teamId.includes(':')) throw invalidRequest("team_id must not contain ':'.", 'team_id');
  assertName(team.teamAlias, 'team_alias');
  assertId(team.organizationId, 'organization_id');
  assertBudget(team.budget);
  assertLimits(team.limits);
  assertModelTerms(team.modelTerms);
  assertWindows(team.budgetWindows);
  assertMemberTerms(team.defaultMemberTerms);
  readDuration(team.memberKeyDuration, 'team_member_key_duration');
  assertNames(team.models, 'models');
  assertAliases(team.modelAliases, 'model_aliases');
  assertNames(team.accessGroupIds, 'access_group_ids');
  assertNames(team.defaultMemberModels, 'default_team_member_models');
  assertNames(team.policies, 'policies');
  for (const name of ['objectPermission', 'routerSettings', 'metadata'] as const) assertJson(team[name], name);
  const unknown = team.memberPermissions.find((permission) => !MEMBER_PERMISSIONS.includes(permission));
  if (unknown !== undefined) {
    throw invalidRequest(
      `team_member_permissions: '${unknown}' is none of ${MEMBER_PERMISSIONS.join(', ')}.`,
      'team_member_permissions',
    );
  }
};

export const assertMemberTerms = (terms: MemberTerms | undefined): void => {
  assertBudget(terms?.budget, 'team_member_');
  assertLimits(terms?.limits, 'team_member_');
  assertNames(terms?.models ?? [], 'allowed_models');
};
