// What an issuer says of a user becomes what is known here: the role, and the teams.
import { Injectable } from '@nestjs/common';
import { isGatewayError } from '@turnpike/errors';
import { AddTeamMembersRequest, DeleteTeamMemberRequest, UpdateUserRequest, type UserSync } from '@turnpike/rpc';
import type { EntityManager } from 'typeorm';
import { TeamMembershipRepository } from '../repositories/team-membership.repository.js';
import { TeamRepository } from '../repositories/team.repository.js';
import { UserRepository } from '../repositories/user.repository.js';
import type { Caller } from './caller.js';
import { TeamMemberService } from './team-member.service.js';
import { UserService } from './user.service.js';

@Injectable()
export class UserSyncs {
  constructor(
    private readonly users: UserRepository,
    private readonly teams: TeamRepository,
    private readonly memberships: TeamMembershipRepository,
    private readonly userService: UserService,
    private readonly memberService: TeamMemberService,
  ) {}

  /** Each change is one of its own, as an admin makes it; where all is as it should be nothing is written. */
  async apply(manager: EntityManager, caller: Caller, userId: string, sync: UserSync): Promise<void> {
    await this.setRole(manager, caller, userId, sync.role);
    if (sync.setsTeams) await this.setTeams(manager, caller, userId, sync.teamIds);
  }

  private async setRole(manager: EntityManager, caller: Caller, userId: string, userRole: string): Promise<void> {
    if (userRole === '') return;
    const user = await this.users.find(manager, userId);
    if (!user || user.userRole === userRole) return;
    const change = { userId, changes: { userRole }, updateMask: ['user_role'] };
    await this.userService.update(caller, UpdateUserRequest.fromPartial(change));
  }

  /** A member who is gone takes the keys of the team along, as always. */
  private async setTeams(
    manager: EntityManager,
    caller: Caller,
    userId: string,
    named: readonly string[],
  ): Promise<void> {
    const wanted = new Set((await this.teams.findMany(manager, [...named])).map(({ teamId }) => teamId));
    const present = new Set((await this.memberships.ofUsers(manager, [userId])).map(({ teamId }) => teamId));
    for (const teamId of wanted) {
      if (present.has(teamId)) continue;
      const request = AddTeamMembersRequest.fromPartial({ teamId, members: [{ userId, role: 'user' }] });
      await byAnybody(this.memberService.add(caller, request));
    }
    for (const teamId of present)
      if (!wanted.has(teamId))
        await byAnybody(this.memberService.delete(caller, DeleteTeamMemberRequest.fromPartial({ teamId, userId })));
  }
}

/** Two tokens of a user that come at the same time both want it. */
const byAnybody = async (changing: Promise<unknown>): Promise<void> => {
  try {
    await changing;
  } catch (error) {
    if (!isGatewayError(error) || !['GW_ALREADY_EXISTS', 'GW_NOT_FOUND'].includes(error.code)) throw error;
  }
};
