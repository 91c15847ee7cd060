// Makes, changes, blocks and deletes teams.
import { Injectable } from '@nestjs/common';
import { invalidRequest } from '@turnpike/errors';
import { formatUsd } from '@turnpike/pricing';
import {
  Team,
  type AddTeamModelsRequest,
  type BlockTeamRequest,
  type CreateTeamRequest,
  type DeleteTeamModelsRequest,
  type DeleteTeamsRequest,
  type DeleteTeamsResponse,
  type GetTeamPermissionsRequest,
  type GetTeamPermissionsResponse,
  type ResetTeamSpendRequest,
  type SetTeamPermissionsRequest,
  type TeamMember,
  type UpdateTeamRequest,
} from '@turnpike/rpc';
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { DataSource, type EntityManager } from 'typeorm';
import { TeamMembershipRepository } from '../repositories/team-membership.repository.js';
import { TeamRepository } from '../repositories/team.repository.js';
import type { TeamEntity } from '../schema/entities/team.entity.js';
import { inTransaction } from '../storage/in-transaction.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { assertNoPolicies } from './key-checks.js';
import { CallbackSecrets } from './callback-secrets.js';
import { authorOf, MASTER_USER_ID, type Caller } from './caller.js';
import { applyMask } from './field-mask.js';
import { traceOfTeamMember } from './membership-traces.js';
import { People } from './people.js';
import { denied, mayManageTeam, mayOwnTeam, maySeeTeam, MEMBER_PERMISSIONS, type Standing } from './permissions.js';
import { Recorder, traceOf, type Deed, type Trace } from './recorder.js';
import { Standings } from './standings.js';
import { alreadyExists, notFound, storing, type Meanings } from './storing.js';
import { roleIn } from './team-roles.js';
import { toTeamColumns } from './team.mapper.js';
import { accountOfTeam, ownersOfTeam, Teams } from './teams.js';
import { assertTeam } from './team-checks.js';
import { assertMoney } from './terms.js';

const FIXED: (keyof Team)[] = ['teamId', 'spendNanoUsd', 'modelSpendNanoUsd', 'members', 'authorship'];

/** For those who answer for what a team spends, and not for its own administrators. */
const OF_OWNERS: (keyof Team)[] = ['organizationId', 'budget', 'limits', 'modelTerms', 'budgetWindows', 'blocked'];

const OWNERS = 'a proxy admin, or an admin of its organization';
const MANAGERS = 'an admin of the team, of its organization, or of the proxy';

type TeamAnswer = Promise<{ team: Team }>;

@Injectable()
export class TeamService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: TeamRepository,
    private readonly memberships: TeamMembershipRepository,
    private readonly teams: Teams,
    private readonly people: People,
    private readonly standings: Standings,
    private readonly bounds: BoundsKeeper,
    private readonly callbackSecrets: CallbackSecrets,
    private readonly recorder: Recorder,
  ) {}

  async create(caller: Caller, request: CreateTeamRequest): TeamAnswer {
    const asked = request.team ?? Team.fromPartial({});
    assertTeam(asked);
    assertNoPolicies(asked.policies);
    const teamId = asked.teamId || randomUUID();
    const meanings = { teams_pkey: () => alreadyExists(`The team '${teamId}'`, 'team_id') };
    return await this.transact(async (manager) => {
      const standing = await this.standings.of(manager, caller);
      if (!mayOwnTeam(standing, asked)) throw denied(standing, 'make this team', OWNERS);
      const author = authorOf(caller);
      const team = await this.repository.insert(manager, {
        ...toTeamColumns(asked),
        metadata: this.callbackSecrets.sealed(asked.metadata ?? {}, {}),
        teamId,
        createdBy: author,
        updatedBy: author,
      });
      await this.bounds.change(manager, [], this.teams.boundsOf(team));
      const joined = await this.join(manager, caller, team, asked.members);
      const message = await this.teams.toMessage(manager, team);
      const own = traceOfTeam({ action: 'created', id: teamId, after: team });
      await this.recorder.record(manager, caller, traceOf(own, joined));
      return { team: message };
    }, meanings);
  }

  async update(caller: Caller, request: UpdateTeamRequest): TeamAnswer {
    const changes = request.changes ?? Team.fromPartial({});
    return await this.transact(async (manager) => {
      const { team: before, standing } = await this.hold(manager, caller, changes.teamId, mayManageTeam, MANAGERS);
      const shown = await this.teams.toMessage(manager, before);
      const current: Team = { ...shown, metadata: before.metadata };
      const wished = applyMask(current, changes, request.updateMask ?? [], FIXED);
      assertTeam(wished);
      if (!isDeepStrictEqual(wished.policies, current.policies)) assertNoPolicies(wished.policies);
      const isOfOwners = OF_OWNERS.some((name) => JSON.stringify(wished[name]) !== JSON.stringify(current[name]));
      if (isOfOwners && !(mayOwnTeam(standing, ownersOfTeam(before)) && mayOwnTeam(standing, wished))) {
        throw denied(standing, 'change the organization, the budget or the limits of this team', OWNERS);
      }
      const metadata = this.callbackSecrets.sealed(wished.metadata ?? {}, before.metadata);
      return await this.store(manager, caller, before, { ...toTeamColumns(wished), metadata }, 'updated');
    });
  }

  async delete(caller: Caller, { teamIds }: DeleteTeamsRequest): Promise<DeleteTeamsResponse> {
    if (teamIds.length === 0) throw invalidRequest('Name at least one team.', 'team_ids');
    return await this.transact(async (manager) => {
      const standing = await this.standings.of(manager, caller);
      const found = await this.repository.findMany(manager, teamIds);
      const known = new Set(found.map(({ teamId }) => teamId));
      const missing = teamIds.find((id) => !known.has(id));
      if (missing !== undefined) throw notFound(`The team '${missing}'`, 'team_ids');
      if (!found.every((team) => mayOwnTeam(standing, ownersOfTeam(team)))) {
        throw denied(standing, 'delete these teams', OWNERS);
      }
      await this.recorder.record(manager, caller, await this.teams.remove(manager, caller, found));
      return { deletedTeamIds: [...known] };
    });
  }

  async block(caller: Caller, { teamId, blocked }: BlockTeamRequest): TeamAnswer {
    return await this.transact(async (manager) => {
      const { team } = await this.hold(manager, caller, teamId, mayOwnTeam, OWNERS);
      return await this.store(manager, caller, team, { blocked }, blocked ? 'blocked' : 'unblocked');
    });
  }

  async addModels(caller: Caller, { teamId, models }: AddTeamModelsRequest): TeamAnswer {
    return await this.transact(async (manager) => {
      const { team } = await this.hold(manager, caller, teamId, mayManageTeam, MANAGERS);
      const message = await this.teams.toMessage(manager, team);
      const all = [...new Set([...team.models, ...models])];
      assertTeam({ ...message, models: all });
      return await this.store(manager, caller, team, { models: all }, 'updated');
    });
  }

  async deleteModels(caller: Caller, { teamId, models }: DeleteTeamModelsRequest): TeamAnswer {
    return await this.transact(async (manager) => {
      const { team } = await this.hold(manager, caller, teamId, mayManageTeam, MANAGERS);
      const left = team.models.filter((model) => !models.includes(model));
      // An empty list allows everything, which is not what taking a model away means.
      const kept = left.length === 0 && team.models.length > 0 ? ['no-default-models'] : left;
      return await this.store(manager, caller, team, { models: kept }, 'updated');
    });
  }

  async getPermissions(caller: Caller, { teamId }: GetTeamPermissionsRequest): Promise<GetTeamPermissionsResponse> {
    return await storing(async () => {
      const { manager } = this.dataSource;
      const standing = await this.standings.of(manager, caller);
      const team = await this.repository.find(manager, teamId);
      if (!team) throw notFound(`The team '${teamId}'`, 'team_id');
      if (!maySeeTeam(standing, ownersOfTeam(team))) throw denied(standing, 'see this team', 'one of its members');
      return { memberPermissions: team.memberPermissions, availablePermissions: [...MEMBER_PERMISSIONS] };
    });
  }

  async setPermissions(caller: Caller, { teamId, memberPermissions }: SetTeamPermissionsRequest): TeamAnswer {
    return await this.transact(async (manager) => {
      const { team } = await this.hold(manager, caller, teamId, mayManageTeam, MANAGERS);
      assertTeam({ ...(await this.teams.toMessage(manager, team)), memberPermissions });
      return await this.store(manager, caller, team, { memberPermissions }, 'updated');
    });
  }

  async resetSpend(caller: Caller, { teamId, resetToNanoUsd }: ResetTeamSpendRequest): TeamAnswer {
    assertMoney(resetToNanoUsd, 'reset_to');
    return await this.transact(async (manager) => {
      const { team } = await this.hold(manager, caller, teamId, mayOwnTeam, OWNERS);
      const { spendNanoUsd } = await this.teams.toMessage(manager, team);
      if (resetToNanoUsd > spendNanoUsd) {
        throw invalidRequest(`reset_to is more than what was spent: ${formatUsd(spendNanoUsd)} USD.`, 'reset_to');
      }
      await this.bounds.setSpent(manager, accountOfTeam(teamId), resetToNanoUsd);
      const message = await this.teams.toMessage(manager, team);
      const before = { spend_nano_usd: spendNanoUsd };
      const after = { spend_nano_usd: resetToNanoUsd };
      await this.recorder.record(manager, caller, {
        deeds: [{ action: 'spend_reset', table: 'team', id: teamId, before, after }],
        changes: [{ kind: 'account', id: accountOfTeam(teamId) }],
      });
      return { team: message };
    });
  }

  /** Whoever makes a team becomes its administrator, unless members are given. */
  private async join(manager: EntityManager, caller: Caller, team: TeamEntity, members: TeamMember[]): Promise<Trace> {
    const { userId } = caller;
    const isOwn = members.length === 0 && userId !== undefined && userId !== MASTER_USER_ID;
    const all = isOwn ? [{ userId, userEmail: '', role: 'admin' }] : members;
    const traces: Trace[] = [];
    const ids = new Set<string>();
    for (const member of all) {
      const made = await this.people.findOrMake(manager, caller, member, team.organizationId);
      traces.push(made.trace);
      if (ids.has(made.userId)) continue;
      ids.add(made.userId);
      const membership = await this.memberships.insert(manager, {
        teamId: team.teamId,
        userId: made.userId,
        role: roleIn(member),
        createdBy: authorOf(caller),
        updatedBy: authorOf(caller),
      });
      traces.push(traceOfTeamMember({ action: 'created', after: membership }, membership));
    }
    const joined = await this.memberships.ofTeams(manager, [team.teamId]);
    await this.bounds.change(manager, [], await this.teams.memberBounds(manager, team, joined));
    return traceOf(...traces);
  }

  private async hold(
    manager: EntityManager,
    caller: Caller,
    teamId: string,
    may: (standing: Standing, team: ReturnType<typeof ownersOfTeam>) => boolean,
    who: string,
  ): Promise<{ team: TeamEntity; standing: Standing }> {
    const standing = await this.standings.of(manager, caller);
    const team = await this.teams.lock(manager, teamId);
    if (!may(standing, ownersOfTeam(team))) throw denied(standing, 'change this team', who);
    return { team, standing };
  }

  private async store(
    manager: EntityManager,
    caller: Caller,
    before: TeamEntity,
    columns: Partial<TeamEntity>,
    action: Deed['action'],
  ): TeamAnswer {
    const { teamId } = before;
    const team = await this.repository.update(manager, teamId, { ...columns, updatedBy: authorOf(caller) });
    if (!team) throw notFound(`The team '${teamId}'`, 'team_id');
    const members = await this.memberships.ofTeams(manager, [teamId]);
    await this.bounds.change(
      manager,
      [...this.teams.boundsOf(before), ...(await this.teams.memberBounds(manager, before, members))],
      [...this.teams.boundsOf(team), ...(await this.teams.memberBounds(manager, team, members))],
    );
    const message = await this.teams.toMessage(manager, team);
    await this.recorder.record(manager, caller, traceOfTeam({ action, id: teamId, before, after: team }));
    return { team: message };
  }

  private async transact<T>(work: (manager: EntityManager) => Promise<T>, meanings: Meanings = {}): Promise<T> {
    return await storing(() => inTransaction(this.dataSource, work), meanings);
  }
}

const traceOfTeam = (deed: Omit<Deed, 'table'>): Trace => ({
  deeds: [{ ...deed, table: 'team' }],
  changes: [{ kind: 'team', id: deed.id }],
});
