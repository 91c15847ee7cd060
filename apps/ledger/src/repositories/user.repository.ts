import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { UserEntity } from '../schema/entities/user.entity.js';
import { assertStorable, isStorable } from '../storage/storable.js';
import { AUTHORED_SORTS, containing, readPage, spendOf, type Page, type PageQuery } from './paging.js';
import { Repository } from './repository.js';

/** Each that is given narrows the list. */
export interface UserFilter {
  userIds?: readonly string[];
  ssoUserIds?: readonly string[];
  userRole?: string;
  /** A part of the address. */
  emailPart?: string;
  /** Members of this team. */
  teamId?: string;
  /** Members of one of these organisations. */
  organizationIds?: readonly string[];
}

const SORTS = {
  ...AUTHORED_SORTS,
  user_id: 't.userId',
  user_email: 't.userEmail',
  user_alias: 't.userAlias',
  user_role: 't.userRole',
  max_budget: 't.maxBudgetNano',
  spend: spendOf('user', 't.userId'),
};

@Injectable()
export class UserRepository extends Repository<UserEntity> {
  constructor() {
    super(UserEntity, 'userId');
  }

  /** Whatever the case of the letters. Several may have one address. */
  async findByEmails(manager: EntityManager, emails: readonly string[]): Promise<UserEntity[]> {
    return await manager
      .createQueryBuilder(UserEntity, 't')
      .where('lower(t.userEmail) = ANY(:emails)', {
        emails: emails.filter((email) => isStorable(email)).map((email) => email.toLowerCase()),
      })
      .orderBy('t.createdAt')
      .getMany();
  }

  async findBySsoId(manager: EntityManager, ssoUserId: string): Promise<UserEntity | null> {
    return (await this.findBy(manager, 'ssoUserId', [ssoUserId]))[0] ?? null;
  }

  /** Those who belong to one of these belong to none afterwards. @returns their ids */
  async leaveOrganizations(manager: EntityManager, organizationIds: readonly string[]): Promise<string[]> {
    const [rows] = await manager.query<[{ user_id: string }[], number]>(
      `UPDATE turnpike.users SET organization_id = NULL, updated_at = now()
        WHERE organization_id = ANY($1) RETURNING user_id`,
      [organizationIds],
    );
    return rows.map(({ user_id: userId }) => userId);
  }

  async page(manager: EntityManager, filter: UserFilter, query: PageQuery): Promise<Page<UserEntity>> {
    assertStorable(filter, 'filter');
    const { userIds, ssoUserIds, userRole, emailPart, teamId, organizationIds } = filter;
    const builder = manager.createQueryBuilder(UserEntity, 't');
    if (userIds) builder.andWhere('t.userId = ANY(:userIds)', { userIds });
    if (ssoUserIds) builder.andWhere('t.ssoUserId = ANY(:ssoUserIds)', { ssoUserIds });
    if (userRole !== undefined) builder.andWhere('t.userRole = :userRole', { userRole });
    if (emailPart) builder.andWhere('t.userEmail ILIKE :emailPart', { emailPart: containing(emailPart) });
    if (teamId !== undefined)
      builder.andWhere('t.userId IN (SELECT m.user_id FROM turnpike.team_memberships m WHERE m.team_id = :teamId)', {
        teamId,
      });
    if (organizationIds)
      builder.andWhere(
        '(t.organizationId = ANY(:organizationIds) OR t.userId IN (SELECT m.user_id ' +
          'FROM turnpike.organization_memberships m WHERE m.organization_id = ANY(:organizationIds)))',
        { organizationIds },
      );
    return await readPage(builder, query, SORTS, 't.userId');
  }
}
