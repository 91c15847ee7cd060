// What everything that reads or changes teams has in common.
import { Injectable } from '@nestjs/common';
import { accountName } from '@turnpike/domain';
import type { Team, TeamMembership } from '@turnpike/rpc';
import type { EntityManager } from 'typeorm';
import { BudgetRepository } from '../repositories/budget.repository.js';
import { ModelRepository } from '../repositories/model.repository.js';
import { TeamMembershipRepository } from '../repositories/team-membership.repository.js';
import { TeamRepository } from '../repositories/team.repository.js';
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';
import type { TeamMembershipEntity } from '../schema/entities/team-membership.entity.js';
import type { TeamEntity } from '../schema/entities/team.entity.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { CallbackSecrets } from './callback-secrets.js';
import type { Caller } from './caller.js';
import { boundsOf, effectiveTerms, type ScopedBound } from './effective-terms.js';
import { Keys } from './keys.js';
import { People } from './people.js';
import type { TeamOwners } from './permissions.js';
import { memberTerms } from './principal.js';
import type { Trace } from './recorder.js';
import { textOf } from './stored-terms.js';
import { notFound } from './storing.js';
import { fromMembership, fromTeamEntity } from './team.mapper.js';

export const accountOfTeam = (teamId: string): string => accountName('team', teamId);
export const accountOfMember = ({ teamId, userId }: Pick<TeamMembershipEntity, 'teamId' | 'userId'>): string =>
  accountName('member', teamId, userId);

export const ownersOfTeam = ({ teamId, organizationId }: TeamEntity): TeamOwners => ({
  teamId,
  organizationId: textOf(organizationId),
});

@Injectable()
export class Teams {
  constructor(
    private readonly repository: TeamRepository,
    private readonly memberships: TeamMembershipRepository,
    private readonly virtualKeys: VirtualKeyRepository,
    private readonly budgets: BudgetRepository,
    private readonly models: ModelRepository,
    private readonly people: People,
    private readonly keys: Keys,
    private readonly bounds: BoundsKeeper,
    private readonly callbackSecrets: CallbackSecrets,
  ) {}

  /** Nobody else changes it until the end of this transaction. @throws GW_NOT_FOUND */
  async lock(manager: EntityManager, teamId: string): Promise<TeamEntity> {
    const team = await this.repository.lock(manager, teamId);
    if (!team) throw notFound(`The team '${teamId}'`, 'team_id');
    return team;
  }

  /** With members and what was spent. In the order of the rows. */
  async toMessages(manager: EntityManager, teams: readonly TeamEntity[]): Promise<Team[]> {
    const ids = teams.map(({ teamId }) => teamId);
    const members = await this.memberships.ofTeams(manager, ids);
    const emails = await this.people.emails(
      manager,
      members.map(({ userId }) => userId),
    );
    const entities = teams.map((team) => ({ account: accountOfTeam(team.teamId), terms: effectiveTerms(team) }));
    const spent = await this.bounds.spentOf(manager, entities);
    const membersOf = Map.groupBy(members, ({ teamId }) => teamId);
    return teams.map((team) => ({
      ...fromTeamEntity(team, membersOf.get(team.teamId) ?? [], emails, spent.get(accountOfTeam(team.teamId))),
      metadata: this.callbackSecrets.shown(team.metadata),
    }));
  }

  async toMessage(manager: EntityManager, team: TeamEntity): Promise<Team> {
    return (await this.toMessages(manager, [team]))[0]!;
  }

  async toMemberships(manager: EntityManager, members: readonly TeamMembershipEntity[]): Promise<TeamMembership[]> {
    const balances = await this.bounds.read(manager, members.map(accountOfMember));
    return members.map((member) => {
      const balance = balances.get(accountOfMember(member));
      if (!balance) return fromMembership(member);
      const { spent: nanoUsd, total: totalNanoUsd, resetAt } = balance;
      return fromMembership(member, {
        nanoUsd,
        totalNanoUsd,
        resetAt: resetAt === undefined ? undefined : new Date(resetAt),
      });
    });
  }

  boundsOf(team: TeamEntity): ScopedBound[] {
    return boundsOf(accountOfTeam(team.teamId), effectiveTerms(team));
  }

  /** What these members may spend. */
  async memberBounds(
    manager: EntityManager,
    team: Pick<TeamEntity, 'defaultMemberTerms'>,
    members: readonly TeamMembershipEntity[],
  ): Promise<ScopedBound[]> {
    const ids = members.map(({ budgetId }) => budgetId).filter((id) => id !== null);
    const shared = new Map((await this.budgets.findMany(manager, ids)).map((budget) => [budget.budgetId, budget]));
    return members.flatMap((member) =>
      boundsOf(accountOfMember(member), memberTerms(member, team, shared.get(textOf(member.budgetId)))),
    );
  }

  /** With keys, memberships, models of its own and balances; without asking whether the caller may. @returns what is to be recorded */
  async remove(manager: EntityManager, caller: Caller, teams: readonly TeamEntity[]): Promise<Trace> {
    const ids = teams.map(({ teamId }) => teamId);
    if (ids.length === 0) return { deeds: [], changes: [] };
    const keys = await this.virtualKeys.ofOwner(manager, { teamIds: ids });
    const { deeds, changes } = await this.keys.remove(manager, caller, keys);
    const members = await this.memberships.ofTeams(manager, ids);
    const models = await this.models.ofTeams(manager, ids);
    await this.repository.delete(manager, ids);
    await this.bounds.close(manager, [...ids.map(accountOfTeam), ...members.map(accountOfMember)]);
    return {
      deeds: [
        ...deeds,
        ...teams.map((before) => ({ action: 'deleted', table: 'team', id: before.teamId, before }) as const),
        ...models.map(({ modelId: id }) => ({ action: 'deleted', table: 'model', id }) as const),
      ],
      changes: [
        ...changes,
        ...ids.map((id) => ({ kind: 'team', id }) as const),
        ...models.map(({ modelId: id }) => ({ kind: 'model', id }) as const),
      ],
    };
  }
}
