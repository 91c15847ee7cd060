// Finds what a caller has a say in: the organisations and teams that it administers.
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { OrganizationMembershipRepository } from '../repositories/organization-membership.repository.js';
import { TeamMembershipRepository } from '../repositories/team-membership.repository.js';
import { TeamRepository } from '../repositories/team.repository.js';
import { UserRepository } from '../repositories/user.repository.js';
import { isAdmin, type Caller } from './caller.js';
import type { Standing, TeamStanding } from './permissions.js';

@Injectable()
export class Standings {
  constructor(
    private readonly users: UserRepository,
    private readonly teams: TeamRepository,
    private readonly memberships: TeamMembershipRepository,
    private readonly organizationMemberships: OrganizationMembershipRepository,
  ) {}

  async of(manager: EntityManager, caller: Caller): Promise<Standing> {
    const { userId } = caller;
    if (!userId || isAdmin(caller)) return { caller, organizations: new Set(), teams: new Map() };
    const organizations = await this.administered(manager, caller, userId);
    const memberships = await this.memberships.ofUsers(manager, [userId]);
    const teams = await this.teams.findMany(
      manager,
      memberships.map(({ teamId }) => teamId),
    );
    const permissions = new Map(teams.map(({ teamId, memberPermissions }) => [teamId, memberPermissions]));
    return {
      caller,
      organizations,
      teams: new Map(
        memberships.map(({ teamId, role }): [string, TeamStanding] => [
          teamId,
          { isAdmin: role === 'admin', permissions: permissions.get(teamId) ?? [] },
        ]),
      ),
    };
  }

  /** Those that made them an admin; with the role for all, also the one that they belong to. */
  private async administered(manager: EntityManager, caller: Caller, userId: string): Promise<ReadonlySet<string>> {
    const memberships = await this.organizationMemberships.ofUsers(manager, [userId]);
    const organizations = new Set(
      memberships.filter(({ role }) => role === 'org_admin').map(({ organizationId }) => organizationId),
    );
    if (caller.role === 'org_admin') {
      const user = await this.users.find(manager, userId);
      if (user?.organizationId) organizations.add(user.organizationId);
    }
    return organizations;
  }
}
