import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { TeamMembershipEntity } from '../schema/entities/team-membership.entity.js';
import { isStorable } from '../storage/storable.js';
import { fromRaw, insertRow, updateRow } from './repository.js';

const HERE = TeamMembershipEntity;

@Injectable()
export class TeamMembershipRepository {
  async find(manager: EntityManager, teamId: string, userId: string): Promise<TeamMembershipEntity | null> {
    return isStorable([teamId, userId]) ? await manager.findOneBy(HERE, { teamId, userId }) : null;
  }

  /** In the order in which they joined; those who came together by their ids. */
  async ofTeams(manager: EntityManager, teamIds: readonly string[]): Promise<TeamMembershipEntity[]> {
    return await this.of(manager, 'teamId', teamIds);
  }

  async ofUsers(manager: EntityManager, userIds: readonly string[]): Promise<TeamMembershipEntity[]> {
    return await this.of(manager, 'userId', userIds);
  }

  private async of(
    manager: EntityManager,
    property: 'teamId' | 'userId',
    ids: readonly string[],
  ): Promise<TeamMembershipEntity[]> {
    return await manager
      .createQueryBuilder(HERE, 't')
      .where(`t.${property} = ANY(:ids)`, { ids: ids.filter((id) => isStorable(id)) })
      .orderBy('t.createdAt')
      .addOrderBy('t.userId')
      .addOrderBy('t.teamId')
      .getMany();
  }

  /** @throws a unique violation for somebody who is a member, a foreign-key one for a team that is not there */
  async insert(
    manager: EntityManager,
    row: Partial<TeamMembershipEntity> & Pick<TeamMembershipEntity, 'teamId' | 'userId' | 'role'>,
  ): Promise<TeamMembershipEntity> {
    return await insertRow(manager, HERE, row);
  }

  async update(
    manager: EntityManager,
    teamId: string,
    userId: string,
    changes: Partial<TeamMembershipEntity>,
  ): Promise<TeamMembershipEntity | null> {
    return await updateRow(manager, HERE, { teamId, userId }, changes);
  }

  /** @returns whether there was one */
  async delete(manager: EntityManager, teamId: string, userId: string): Promise<boolean> {
    if (!isStorable([teamId, userId])) return false;
    return ((await manager.delete(HERE, { teamId, userId })).affected ?? 0) > 0;
  }

  /** @returns what they were */
  async deleteOfUsers(manager: EntityManager, userIds: readonly string[]): Promise<TeamMembershipEntity[]> {
    const result = await manager
      .createQueryBuilder()
      .delete()
      .from(HERE)
      .where('user_id = ANY(:userIds)', { userIds: userIds.filter((id) => isStorable(id)) })
      .returning('*')
      .execute();
    const metadata = manager.dataSource.getMetadata(HERE);
    return (result.raw as Record<string, unknown>[]).map((row) => fromRaw(metadata, row) as TeamMembershipEntity);
  }
}
