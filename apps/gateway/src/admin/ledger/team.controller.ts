// /team/*: teams and their members, as LiteLLM manages them.
import { Body, Controller, Param, Query, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import type { Team, TeamMembership, VirtualKey } from '@turnpike/rpc';
import { inQuery, readBody, readQuery } from './body.js';
import { fromKey } from './key.json.js';
import { toNano, toUsd } from './kinds.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import { allPages, pageQuery, toPage } from './page.js';
import {
  fromChangedMember,
  fromMember,
  fromMembership,
  fromNewTeam,
  fromTeam,
  memberAddBody,
  memberDeleteBody,
  membersAddBody,
  memberUpdateBody,
  newTeamBody,
  teamAnswer,
  teamChangesBody,
  teamIdBody,
  teamIdsBody,
  teamModelsBody,
  teamPermissionsBody,
  teamResetSpendBody,
  toAddedMembers,
  toMemberChanges,
  toNewTeam,
  toTeamChanges,
} from './team.json.js';

const Route = managementRoutes('teams');

const USUAL_TEAMS = 10;

const teamIdQuery = z.object({ team_id: z.string({ error: 'is missing: it must be the id of a team' }) });

const listQuery = z.object({
  user_id: inQuery.text('Teams of this user'),
  organization_id: inQuery.text('Teams of this organization'),
});

const pagedQuery = z.object({
  ...pageQuery,
  page_size: inQuery.count('1 to 100; 10 without it'),
  user_id: inQuery.text('Teams of this user'),
  organization_id: inQuery.text('Teams of this organization'),
  team_id: inQuery.text('The team with this id'),
  team_alias: inQuery.text('A part of the alias'),
});

@Controller()
@UseGuards(LedgerGuard)
export class TeamController {
  @Route('POST', 'team/new', { summary: 'Makes a team', body: newTeamBody, answer: teamAnswer })
  async create(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { team } = await ledger.ask(ledger.services.teams.createTeam, toNewTeam(readBody(newTeamBody, body)));
    return fromNewTeam(team!);
  }

  @Route('POST', 'team/update', {
    summary: 'Changes the fields that are given; null clears one',
    body: teamChangesBody,
    answer: z.object({ team_id: z.string(), data: teamAnswer }),
  })
  async update(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { team } = await ledger.ask(ledger.services.teams.updateTeam, toTeamChanges(readBody(teamChangesBody, body)));
    return { team_id: team!.teamId, data: fromTeam(team!) };
  }

  @Route('POST', 'team/delete', { summary: 'Deletes teams with their keys and memberships', body: teamIdsBody })
  async delete(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { team_ids: teamIds } = readBody(teamIdsBody, body);
    const { deletedTeamIds } = await ledger.ask(ledger.services.teams.deleteTeams, { teamIds });
    return { deleted_teams: deletedTeamIds };
  }

  @Route('GET', 'team/info', { summary: 'A team with its keys and members', query: teamIdQuery })
  async info(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const { team_id: teamId } = readQuery(teamIdQuery, query);
    const { team, keys, memberships } = await ledger.ask(ledger.services.teams.getTeam, { teamId });
    return {
      team_id: team!.teamId,
      team_info: fromTeam(team!),
      keys: keys.map(fromKey),
      team_memberships: memberships.map(fromMembership),
    };
  }

  @Route('GET', 'team/list', { summary: 'Teams with their keys and members', query: listQuery })
  async list(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject[]> {
    const { user_id: userId, organization_id: organizationId } = readQuery(listQuery, query);
    return allPages(async (page) => {
      const request = { page, userId, organizationId, includeKeys: true, includeMemberships: true };
      const answer = await ledger.ask(ledger.services.teams.listTeams, request);
      return { rows: withTheirs(answer), page: answer.page };
    });
  }

  @Route('GET', 'v2/team/list', { summary: 'Teams, page by page', query: pagedQuery })
  async listPage(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const asked = readQuery(pagedQuery, query);
    const { teams, page } = await ledger.ask(ledger.services.teams.listTeams, {
      page: toPage(asked, asked.page_size ?? USUAL_TEAMS),
      userId: asked.user_id,
      organizationId: asked.organization_id,
      teamId: asked.team_id,
      teamAlias: asked.team_alias,
    });
    return {
      teams: teams.map(fromTeam),
      total: page?.totalCount ?? 0,
      page: page?.page ?? 1,
      page_size: page?.size ?? 0,
      total_pages: page?.totalPages ?? 0,
    };
  }

  @Route('POST', 'team/member_add', { summary: 'Adds members; who is not known becomes a user', body: memberAddBody })
  async addMember(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const read = readBody(memberAddBody, body);
    return addMembers(ledger, toAddedMembers(read, read.member));
  }

  @Route('POST', 'team/bulk_member_add', { summary: 'Adds several members, or all users', body: membersAddBody })
  async addMembers(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const read = readBody(membersAddBody, body);
    const members = read.all_users ? await everybodyElse(ledger, read.team_id) : (read.members ?? []);
    const answer = await addMembers(ledger, toAddedMembers(read, members));
    return {
      team_id: read.team_id,
      results: members.map((member) => ({ ...member, success: true, error: null })),
      total_requested: members.length,
      successful_additions: members.length,
      failed_additions: 0,
      updated_team: answer,
    };
  }

  @Route('POST', 'team/member_update', { summary: "Changes a member's role and bounds", body: memberUpdateBody })
  async updateMember(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const request = toMemberChanges(readBody(memberUpdateBody, body));
    const { member, membership } = await ledger.ask(ledger.services.teams.updateTeamMember, request);
    return fromChangedMember(request.teamId, member!, membership?.terms);
  }

  @Route('POST', 'team/member_delete', {
    summary: 'Takes a member out, and deletes their keys of the team',
    body: memberDeleteBody,
    answer: teamAnswer,
  })
  async deleteMember(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { team_id: teamId, user_id: userId, user_email: userEmail } = readBody(memberDeleteBody, body);
    const request = { teamId, userId: userId ?? '', userEmail: userEmail ?? '' };
    const { team } = await ledger.ask(ledger.services.teams.deleteTeamMember, request);
    return fromTeam(team!);
  }

  @Route('POST', 'team/block', {
    summary: 'Refuses all keys of a team from now on',
    body: teamIdBody,
    answer: teamAnswer,
  })
  async block(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    return setBlocked(ledger, body, true);
  }

  @Route('POST', 'team/unblock', { summary: 'Lets the keys of a team in again', body: teamIdBody, answer: teamAnswer })
  async unblock(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    return setBlocked(ledger, body, false);
  }

  @Route('POST', 'team/model/add', {
    summary: 'Lets a team use further models',
    body: teamModelsBody,
    answer: teamAnswer,
  })
  async addModels(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { team_id: teamId, models } = readBody(teamModelsBody, body);
    const { team } = await ledger.ask(ledger.services.teams.addTeamModels, { teamId, models });
    return fromTeam(team!);
  }

  @Route('POST', 'team/model/delete', { summary: 'Takes models from a team', body: teamModelsBody, answer: teamAnswer })
  async deleteModels(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { team_id: teamId, models } = readBody(teamModelsBody, body);
    const { team } = await ledger.ask(ledger.services.teams.deleteTeamModels, { teamId, models });
    return fromTeam(team!);
  }

  @Route('GET', 'team/permissions_list', { summary: 'What members may do with keys of a team', query: teamIdQuery })
  async permissions(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const { team_id: teamId } = readQuery(teamIdQuery, query);
    const { memberPermissions, availablePermissions } = await ledger.ask(ledger.services.teams.getTeamPermissions, {
      teamId,
    });
    return {
      team_id: teamId,
      team_member_permissions: memberPermissions,
      all_available_permissions: availablePermissions,
    };
  }

  @Route('POST', 'team/permissions_update', {
    summary: 'Says what members may do with keys of a team',
    body: teamPermissionsBody,
    answer: teamAnswer,
  })
  async setPermissions(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { team_id: teamId, team_member_permissions: memberPermissions } = readBody(teamPermissionsBody, body);
    const request = { teamId, memberPermissions };
    const { team } = await ledger.ask(ledger.services.teams.setTeamPermissions, request);
    return fromTeam(team!);
  }

  @Route('POST', 'team/:team_id/reset_spend', { summary: 'What a team spent becomes this', body: teamResetSpendBody })
  async resetSpend(
    @Ledger() ledger: OnBehalf,
    @Param('team_id') teamId: string,
    @Body() body: unknown,
  ): Promise<JsonObject> {
    const { reset_to: amount } = readBody(teamResetSpendBody, body);
    const before = await ledger.ask(ledger.services.teams.getTeam, { teamId });
    const request = { teamId, resetToNanoUsd: toNano(amount as string | number) };
    const { team } = await ledger.ask(ledger.services.teams.resetTeamSpend, request);
    const { team_id, spend, max_budget, budget_reset_at } = fromTeam(team!);
    return { team_id, spend, previous_spend: toUsd(before.team!.spendNanoUsd), max_budget, budget_reset_at };
  }
}

const setBlocked = async (ledger: OnBehalf, body: unknown, blocked: boolean): Promise<JsonObject> => {
  const { team_id: teamId } = readBody(teamIdBody, body);
  const { team } = await ledger.ask(ledger.services.teams.blockTeam, { teamId, blocked });
  return fromTeam(team!);
};

const addMembers = async (ledger: OnBehalf, request: ReturnType<typeof toAddedMembers>): Promise<JsonObject> => {
  const { team, memberships } = await ledger.ask(ledger.services.teams.addTeamMembers, request);
  const added = new Set(memberships.map(({ userId }) => userId));
  return {
    ...fromTeam(team!),
    updated_users: team!.members.filter(({ userId }) => added.has(userId)).map(fromMember),
    updated_team_memberships: memberships.map(fromMembership),
  };
};

/** Users who are no members yet. */
const everybodyElse = async (ledger: OnBehalf, teamId: string): Promise<{ user_id: string }[]> => {
  const { team } = await ledger.ask(ledger.services.teams.getTeam, { teamId });
  const members = new Set(team!.members.map(({ userId }) => userId));
  const users = await allPages(async (page) => {
    const answer = await ledger.ask(ledger.services.users.listUsers, { page });
    return { rows: answer.users, page: answer.page };
  });
  return users.filter(({ userId }) => !members.has(userId)).map(({ userId }) => ({ user_id: userId }));
};

interface Listed {
  teams: Team[];
  keys: VirtualKey[];
  memberships: TeamMembership[];
}

const withTheirs = ({ teams, keys, memberships }: Listed): JsonObject[] => {
  const keysOf = Map.groupBy(keys, ({ teamId }) => teamId);
  const membershipsOf = Map.groupBy(memberships, ({ teamId }) => teamId);
  return teams.map((team) => ({
    ...fromTeam(team),
    keys: (keysOf.get(team.teamId) ?? []).map(fromKey),
    team_memberships: (membershipsOf.get(team.teamId) ?? []).map(fromMembership),
  }));
};
