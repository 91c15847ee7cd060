// Finds whom keys belong to, and what bounds them.
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AccessGroupRepository } from '../repositories/access-group.repository.js';
import { BudgetRepository } from '../repositories/budget.repository.js';
import { DeprecatedKeyRepository } from '../repositories/deprecated-key.repository.js';
import { OrganizationRepository } from '../repositories/organization.repository.js';
import { TeamMembershipRepository } from '../repositories/team-membership.repository.js';
import { TeamRepository } from '../repositories/team.repository.js';
import { UserRepository } from '../repositories/user.repository.js';
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';
import type { VirtualKeyEntity } from '../schema/entities/virtual-key.entity.js';
import { organizationIdOf, type KeyHolder } from './principal.js';

@Injectable()
export class Holders {
  constructor(
    private readonly keys: VirtualKeyRepository,
    private readonly deprecatedKeys: DeprecatedKeyRepository,
    private readonly users: UserRepository,
    private readonly teams: TeamRepository,
    private readonly memberships: TeamMembershipRepository,
    private readonly organizations: OrganizationRepository,
    private readonly budgets: BudgetRepository,
    private readonly accessGroups: AccessGroupRepository,
  ) {}

  /** @param token also one that was replaced and goes on for its grace period. Null: there is no such key */
  async find(manager: EntityManager, token: string, now: Date): Promise<KeyHolder | null> {
    const key = await this.keyOf(manager, token, now);
    return key && (await this.of(manager, key));
  }

  async of(manager: EntityManager, key: VirtualKeyEntity): Promise<KeyHolder> {
    const { userId, teamId } = key;
    const user = userId ? await this.users.find(manager, userId) : null;
    const team = teamId ? await this.teams.find(manager, teamId) : null;
    const membership = team && userId ? await this.memberships.find(manager, team.teamId, userId) : null;
    const organizationId = organizationIdOf(key, team, user);
    const organization = organizationId ? await this.organizations.find(manager, organizationId) : null;
    const budgetIds = [key.budgetId, membership?.budgetId, organization?.budgetId].filter(
      (id) => typeof id === 'string',
    );
    const budgets = await this.budgets.findMany(manager, budgetIds);
    const groupIds = [...key.accessGroupIds, ...(team?.accessGroupIds ?? [])];
    const groups = await this.accessGroups.findMany(manager, groupIds);
    const lists = [key.models, team?.models, membership?.models, user?.models, organization?.models];
    const named = await this.accessGroups.findByNames(manager, [...new Set(lists.flatMap((models) => models ?? []))]);
    return {
      key,
      user,
      team,
      membership,
      organization,
      budgets: new Map(budgets.map((budget) => [budget.budgetId, budget])),
      accessGroups: new Map(groups.map(({ accessGroupId, models }) => [accessGroupId, models])),
      namedGroups: new Map(named.map(({ name, models }) => [name, models])),
    };
  }

  private async keyOf(manager: EntityManager, token: string, now: Date): Promise<VirtualKeyEntity | null> {
    const key = await this.keys.find(manager, token);
    if (key) return key;
    const deprecated = await this.deprecatedKeys.findActive(manager, token, now);
    const successor = deprecated && (await this.keys.find(manager, deprecated.activeTokenId));
    if (!successor) return null;
    // Whoever remembers it must know when its grace is over.
    const { expires } = successor;
    if (!expires || expires > deprecated.revokeAt) successor.expires = deprecated.revokeAt;
    return successor;
  }
}
