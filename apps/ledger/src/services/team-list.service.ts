// Looks at teams: one with all that belongs to it, or many.
import { Injectable } from '@nestjs/common';
import type { GetTeamRequest, GetTeamResponse, ListTeamsRequest, ListTeamsResponse, VirtualKey } from '@turnpike/rpc';
import { DataSource, type EntityManager } from 'typeorm';
import { TeamMembershipRepository } from '../repositories/team-membership.repository.js';
import { TeamRepository, type TeamFilter } from '../repositories/team.repository.js';
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';
import { seesAll, type Caller } from './caller.js';
import { Keys } from './keys.js';
import { pageInfoOf, toPageQuery } from './pages.js';
import { denied, maySeeTeam, mayUseKey, type Standing } from './permissions.js';
import { Standings } from './standings.js';
import { notFound, storing } from './storing.js';
import { ownersOfTeam, Teams } from './teams.js';

@Injectable()
export class TeamListService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: TeamRepository,
    private readonly memberships: TeamMembershipRepository,
    private readonly virtualKeys: VirtualKeyRepository,
    private readonly teams: Teams,
    private readonly keys: Keys,
    private readonly standings: Standings,
  ) {}

  async get(caller: Caller, { teamId }: GetTeamRequest): Promise<GetTeamResponse> {
    return await storing(async () => {
      const { manager } = this.dataSource;
      const standing = await this.standings.of(manager, caller);
      const team = await this.repository.find(manager, teamId);
      if (!team) throw notFound(`The team '${teamId}'`, 'team_id');
      if (!maySeeTeam(standing, ownersOfTeam(team))) {
        throw denied(standing, 'see this team', 'one of its members, or an admin of its organization');
      }
      return {
        team: await this.teams.toMessage(manager, team),
        keys: await this.keysOf(manager, standing, [teamId]),
        memberships: await this.teams.toMemberships(manager, await this.memberships.ofTeams(manager, [teamId])),
      };
    });
  }

  async list(caller: Caller, request: ListTeamsRequest): Promise<ListTeamsResponse> {
    const query = toPageQuery(request.page);
    return await storing(async () => {
      const { manager } = this.dataSource;
      const standing = await this.standings.of(manager, caller);
      const filter = await this.filterOf(manager, standing, request);
      const { rows, totalCount } = await this.repository.page(manager, filter, query);
      const ids = rows.map(({ teamId }) => teamId);
      const members = request.includeMemberships ? await this.memberships.ofTeams(manager, ids) : [];
      return {
        teams: await this.teams.toMessages(manager, rows),
        page: pageInfoOf(query, totalCount),
        keys: request.includeKeys ? await this.keysOf(manager, standing, ids) : [],
        memberships: await this.teams.toMemberships(manager, members),
      };
    });
  }

  /** Of those that were made for others a member sees nothing. */
  private async keysOf(manager: EntityManager, standing: Standing, teamIds: readonly string[]): Promise<VirtualKey[]> {
    const all = await this.virtualKeys.ofOwner(manager, { teamIds });
    const owners = await this.keys.ownersOfAll(manager, all);
    return await this.keys.toMessages(
      manager,
      all.filter((_, index) => mayUseKey(standing, 'info', owners[index]!)),
    );
  }

  private async filterOf(manager: EntityManager, standing: Standing, request: ListTeamsRequest): Promise<TeamFilter> {
    const { userId, organizationId, teamId, teamAlias } = request;
    const filter: TeamFilter = {
      organizationIds: organizationId ? [organizationId] : undefined,
      memberId: userId || undefined,
      teamIds: teamId ? [teamId] : undefined,
      aliasPart: teamAlias || undefined,
    };
    const { caller, organizations, teams } = standing;
    if (seesAll(caller)) return filter;
    const ofOrganizations = await this.repository.ofOrganizations(manager, [...organizations]);
    const visible = new Set([...teams.keys(), ...ofOrganizations.map((team) => team.teamId)]);
    if (caller.teamId) visible.add(caller.teamId);
    const isOfOthers = userId !== '' && userId !== caller.userId && organizations.size === 0;
    if (isOfOthers) throw denied(standing, 'list the teams of other users', 'an admin');
    return { ...filter, teamIds: [...visible].filter((id) => !teamId || id === teamId) };
  }
}
