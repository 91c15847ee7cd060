// What everything that reads or changes users has in common.
import { Injectable } from '@nestjs/common';
import { accountName } from '@turnpike/domain';
import type { User } from '@turnpike/rpc';
import type { EntityManager } from 'typeorm';
import { OrganizationMembershipRepository } from '../repositories/organization-membership.repository.js';
import { TeamMembershipRepository } from '../repositories/team-membership.repository.js';
import type { UserEntity } from '../schema/entities/user.entity.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { boundsOf, effectiveTerms, type ScopedBound } from './effective-terms.js';
import { fromUserEntity } from './user.mapper.js';

export const accountOfUser = (userId: string): string => accountName('user', userId);

export const boundsOfUser = (user: UserEntity): ScopedBound[] =>
  boundsOf(accountOfUser(user.userId), effectiveTerms(user));

@Injectable()
export class Users {
  constructor(
    private readonly memberships: TeamMembershipRepository,
    private readonly organizationMemberships: OrganizationMembershipRepository,
    private readonly bounds: BoundsKeeper,
  ) {}

  /** With teams and what was spent. In the order of the rows. */
  async toMessages(manager: EntityManager, users: readonly UserEntity[]): Promise<User[]> {
    const memberships = await this.memberships.ofUsers(
      manager,
      users.map(({ userId }) => userId),
    );
    const teams = Map.groupBy(memberships, ({ userId }) => userId);
    const entities = users.map((user) => ({ account: accountOfUser(user.userId), terms: effectiveTerms(user) }));
    const spent = await this.bounds.spentOf(manager, entities);
    return users.map((user) => {
      const teamIds = (teams.get(user.userId) ?? []).map(({ teamId }) => teamId);
      return fromUserEntity(user, teamIds, spent.get(accountOfUser(user.userId)));
    });
  }

  async toMessage(manager: EntityManager, user: UserEntity): Promise<User> {
    return (await this.toMessages(manager, [user]))[0]!;
  }

  /** The one that they belong to, and those that they are a member of. */
  async organizationIds(manager: EntityManager, { userId, organizationId }: UserEntity): Promise<string[]> {
    const memberships = await this.organizationMemberships.ofUsers(manager, [userId]);
    return [...(organizationId ? [organizationId] : []), ...memberships.map((membership) => membership.organizationId)];
  }
}
