// Members of teams: who joins, what they may do there, who leaves.
import { Injectable } from '@nestjs/common';
import { invalidRequest } from '@turnpike/errors';
import {
  MemberTerms,
  type AddTeamMembersRequest,
  type AddTeamMembersResponse,
  type DeleteTeamMemberRequest,
  type DeleteTeamMemberResponse,
  type UpdateTeamMemberRequest,
  type UpdateTeamMemberResponse,
} from '@turnpike/rpc';
import { DataSource, type EntityManager } from 'typeorm';
import { TeamMembershipRepository } from '../repositories/team-membership.repository.js';
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';
import type { TeamMembershipEntity } from '../schema/entities/team-membership.entity.js';
import type { TeamEntity } from '../schema/entities/team.entity.js';
import { inTransaction } from '../storage/in-transaction.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { authorOf, type Caller } from './caller.js';
import { applyMask } from './field-mask.js';
import { Keys } from './keys.js';
import { traceOfTeamMember } from './membership-traces.js';
import { People, type PersonName } from './people.js';
import { denied, mayManageTeam } from './permissions.js';
import { Recorder, traceOf, type Trace } from './recorder.js';
import { Standings } from './standings.js';
import { fromBudgetColumns, fromLimitColumns, toBoundColumns } from './stored-terms.js';
import { alreadyExists, notFound, storing } from './storing.js';
import { assertMemberTerms } from './team-checks.js';
import { roleIn } from './team-roles.js';
import { accountOfMember, ownersOfTeam, Teams } from './teams.js';

@Injectable()
export class TeamMemberService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: TeamMembershipRepository,
    private readonly virtualKeys: VirtualKeyRepository,
    private readonly teams: Teams,
    private readonly keys: Keys,
    private readonly people: People,
    private readonly standings: Standings,
    private readonly bounds: BoundsKeeper,
    private readonly recorder: Recorder,
  ) {}

  async add(caller: Caller, request: AddTeamMembersRequest): Promise<AddTeamMembersResponse> {
    if (request.members.length === 0) throw invalidRequest('Name at least one member.', 'member');
    assertMemberTerms(request.terms);
    return await this.transact(caller, request.teamId, async (manager, team) => {
      const added: TeamMembershipEntity[] = [];
      const traces: Trace[] = [];
      for (const member of request.members) {
        const { userId, trace } = await this.people.findOrMake(manager, caller, member, team.organizationId);
        if (await this.repository.find(manager, team.teamId, userId)) {
          throw alreadyExists(`The member '${userId}' of the team '${team.teamId}'`, 'member');
        }
        const membership = await this.repository.insert(manager, {
          ...toBoundColumns(request.terms?.budget, request.terms?.limits),
          models: request.terms?.models ?? [],
          teamId: team.teamId,
          userId,
          role: roleIn(member),
          createdBy: authorOf(caller),
          updatedBy: authorOf(caller),
        });
        added.push(membership);
        traces.push(trace, traceOfTeamMember({ action: 'created', after: membership }, membership));
      }
      await this.bounds.change(manager, [], await this.teams.memberBounds(manager, team, added));
      const response = {
        team: await this.teams.toMessage(manager, team),
        memberships: await this.teams.toMemberships(manager, added),
      };
      await this.recorder.record(manager, caller, traceOf(...traces));
      return response;
    });
  }

  async update(caller: Caller, request: UpdateTeamMemberRequest): Promise<UpdateTeamMemberResponse> {
    const { member: named = { userId: '', userEmail: '', role: '' }, teamId, updateMask } = request;
    return await this.transact(caller, teamId, async (manager, team) => {
      const before = await this.memberOf(manager, team, named);
      const current = {
        role: before.role,
        budget: fromBudgetColumns(before),
        limits: fromLimitColumns(before),
        models: before.models,
      };
      const asked = { ...(request.terms ?? MemberTerms.fromPartial({})), role: named.role };
      const { role, ...terms } = applyMask(current, asked, updateMask ?? []);
      assertMemberTerms(terms);
      const membership = await this.repository.update(manager, team.teamId, before.userId, {
        ...toBoundColumns(terms.budget, terms.limits),
        models: terms.models,
        role: roleIn({ role }),
        updatedBy: authorOf(caller),
      });
      if (!membership) throw notFound(`The member '${before.userId}'`, 'user_id');
      await this.bounds.change(
        manager,
        await this.teams.memberBounds(manager, team, [before]),
        await this.teams.memberBounds(manager, team, [membership]),
      );
      const emails = await this.people.emails(manager, [membership.userId]);
      const [message] = await this.teams.toMemberships(manager, [membership]);
      const deed = { action: 'updated', before, after: membership } as const;
      await this.recorder.record(manager, caller, traceOfTeamMember(deed, membership));
      const { userId } = membership;
      return { member: { userId, userEmail: emails.get(userId) ?? '', role: membership.role }, membership: message };
    });
  }

  async delete(caller: Caller, request: DeleteTeamMemberRequest): Promise<DeleteTeamMemberResponse> {
    return await this.transact(caller, request.teamId, async (manager, team) => {
      const before = await this.memberOf(manager, team, request);
      const ofTeam = await this.virtualKeys.ofOwner(manager, { teamIds: [team.teamId] });
      const own = ofTeam.filter(({ userId }) => userId === before.userId);
      const removed = await this.keys.remove(manager, caller, own);
      await this.repository.delete(manager, team.teamId, before.userId);
      await this.bounds.close(manager, [accountOfMember(before)]);
      const message = await this.teams.toMessage(manager, team);
      const trace = traceOf(removed, traceOfTeamMember({ action: 'deleted', before }, before));
      await this.recorder.record(manager, caller, trace);
      return { team: message };
    });
  }

  private async memberOf(manager: EntityManager, team: TeamEntity, name: PersonName): Promise<TeamMembershipEntity> {
    const userId = name.userId || (await this.people.get(manager, name)).userId;
    const membership = await this.repository.find(manager, team.teamId, userId);
    if (!membership) throw notFound(`The member '${userId}' of the team '${team.teamId}'`, 'user_id');
    return membership;
  }

  private async transact<T>(
    caller: Caller,
    teamId: string,
    work: (manager: EntityManager, team: TeamEntity) => Promise<T>,
  ): Promise<T> {
    return await storing(() =>
      inTransaction(this.dataSource, async (manager) => {
        const standing = await this.standings.of(manager, caller);
        const team = await this.teams.lock(manager, teamId);
        if (!mayManageTeam(standing, ownersOfTeam(team))) {
          throw denied(
            standing,
            'change the members of this team',
            'an admin of the team, of its organization, or of the proxy',
          );
        }
        return await work(manager, team);
      }),
    );
  }
}
