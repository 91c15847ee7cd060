// The names that people gave to what spend is told by.
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CustomerRepository } from '../repositories/customer.repository.js';
import { OrganizationRepository } from '../repositories/organization.repository.js';
import { TeamRepository } from '../repositories/team.repository.js';
import { UserRepository } from '../repositories/user.repository.js';
import { VirtualKeyRepository } from '../repositories/virtual-key.repository.js';
import type { Dimension } from '../spend/daily-filter.js';
import { textOf } from './stored-terms.js';

export interface SpendName {
  readonly alias: string;
  /** Of a key. */
  readonly teamId: string;
}

/** By id; what has no name is left out. */
export type SpendNamesById = ReadonlyMap<string, SpendName>;

@Injectable()
export class SpendNames {
  constructor(
    private readonly virtualKeys: VirtualKeyRepository,
    private readonly users: UserRepository,
    private readonly teams: TeamRepository,
    private readonly organizations: OrganizationRepository,
    private readonly customers: CustomerRepository,
  ) {}

  async of(manager: EntityManager, dimension: Dimension, ids: Iterable<string>): Promise<SpendNamesById> {
    const all = [...new Set(ids)].filter((id) => id !== '');
    return new Map(
      (await this.rowsOf(manager, dimension, all)).map(([id, alias, teamId = '']) => [id, { alias, teamId }]),
    );
  }

  private async rowsOf(
    manager: EntityManager,
    dimension: Dimension,
    ids: readonly string[],
  ): Promise<[id: string, alias: string, teamId?: string][]> {
    if (ids.length === 0) return [];
    switch (dimension) {
      case 'key':
        return (await this.virtualKeys.namesOf(manager, ids)).map(({ token, alias, teamId }) => [
          token,
          textOf(alias),
          textOf(teamId),
        ]);
      case 'user':
        return (await this.users.findMany(manager, ids)).map(({ userId, userAlias, userEmail }) => [
          userId,
          textOf(userAlias ?? userEmail),
        ]);
      case 'team':
        return (await this.teams.findMany(manager, ids)).map(({ teamId, teamAlias }) => [teamId, textOf(teamAlias)]);
      case 'organization':
        return (await this.organizations.findMany(manager, ids)).map(({ organizationId, organizationAlias }) => [
          organizationId,
          textOf(organizationAlias),
        ]);
      case 'customer':
        return (await this.customers.findMany(manager, ids)).map(({ customerId, alias }) => [
          customerId,
          textOf(alias),
        ]);
      default:
        return [];
    }
  }
}
