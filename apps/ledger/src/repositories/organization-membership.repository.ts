import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { OrganizationMembershipEntity } from '../schema/entities/organization-membership.entity.js';
import { isStorable } from '../storage/storable.js';
import { fromRaw, insertRow, updateRow } from './repository.js';

const HERE = OrganizationMembershipEntity;

@Injectable()
export class OrganizationMembershipRepository {
  async find(
    manager: EntityManager,
    organizationId: string,
    userId: string,
  ): Promise<OrganizationMembershipEntity | null> {
    return isStorable([organizationId, userId]) ? await manager.findOneBy(HERE, { organizationId, userId }) : null;
  }

  /** In the order in which they joined; those who came together by their ids. */
  async ofOrganizations(
    manager: EntityManager,
    organizationIds: readonly string[],
  ): Promise<OrganizationMembershipEntity[]> {
    return await this.of(manager, 'organizationId', organizationIds);
  }

  async ofUsers(manager: EntityManager, userIds: readonly string[]): Promise<OrganizationMembershipEntity[]> {
    return await this.of(manager, 'userId', userIds);
  }

  private async of(
    manager: EntityManager,
    property: 'organizationId' | 'userId',
    ids: readonly string[],
  ): Promise<OrganizationMembershipEntity[]> {
    return await manager
      .createQueryBuilder(HERE, 't')
      .where(`t.${property} = ANY(:ids)`, { ids: ids.filter((id) => isStorable(id)) })
      .orderBy('t.createdAt')
      .addOrderBy('t.userId')
      .addOrderBy('t.organizationId')
      .getMany();
  }

  /** @throws a unique violation for somebody who is a member, a foreign-key one for an organisation that is not there */
  async insert(
    manager: EntityManager,
    row: Partial<OrganizationMembershipEntity> &
      Pick<OrganizationMembershipEntity, 'organizationId' | 'userId' | 'role'>,
  ): Promise<OrganizationMembershipEntity> {
    return await insertRow(manager, HERE, row);
  }

  async update(
    manager: EntityManager,
    organizationId: string,
    userId: string,
    changes: Partial<OrganizationMembershipEntity>,
  ): Promise<OrganizationMembershipEntity | null> {
    return await updateRow(manager, HERE, { organizationId, userId }, changes);
  }

  /** @returns whether there was one */
  async delete(manager: EntityManager, organizationId: string, userId: string): Promise<boolean> {
    if (!isStorable([organizationId, userId])) return false;
    return ((await manager.delete(HERE, { organizationId, userId })).affected ?? 0) > 0;
  }

  /** @returns what they were */
  async deleteOfUsers(manager: EntityManager, userIds: readonly string[]): Promise<OrganizationMembershipEntity[]> {
    const result = await manager
      .createQueryBuilder()
      .delete()
      .from(HERE)
      .where('user_id = ANY(:userIds)', { userIds: userIds.filter((id) => isStorable(id)) })
      .returning('*')
      .execute();
    const metadata = manager.dataSource.getMetadata(HERE);
    return (result.raw as Record<string, unknown>[]).map(
      (row) => fromRaw(metadata, row) as OrganizationMembershipEntity,
    );
  }
}
