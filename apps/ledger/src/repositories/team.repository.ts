import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { TeamEntity } from '../schema/entities/team.entity.js';
import { assertStorable } from '../storage/storable.js';
import { AUTHORED_SORTS, containing, readPage, spendOf, type Page, type PageQuery } from './paging.js';
import { Repository } from './repository.js';

/** Each that is given narrows the list. */
export interface TeamFilter {
  teamIds?: readonly string[];
  organizationIds?: readonly string[];
  /** Teams that this user is a member of. */
  memberId?: string;
  /** A part of the alias. */
  aliasPart?: string;
}

const SORTS = {
  ...AUTHORED_SORTS,
  team_id: 't.teamId',
  team_alias: 't.teamAlias',
  max_budget: 't.maxBudgetNano',
  spend: spendOf('team', 't.teamId'),
};

@Injectable()
export class TeamRepository extends Repository<TeamEntity> {
  constructor() {
    super(TeamEntity, 'teamId');
  }

  async page(manager: EntityManager, filter: TeamFilter, query: PageQuery): Promise<Page<TeamEntity>> {
    assertStorable(filter, 'filter');
    const { teamIds, organizationIds, memberId, aliasPart } = filter;
    const builder = manager.createQueryBuilder(TeamEntity, 't');
    if (teamIds) builder.andWhere('t.teamId = ANY(:teamIds)', { teamIds });
    if (organizationIds) builder.andWhere('t.organizationId = ANY(:organizationIds)', { organizationIds });
    if (memberId !== undefined)
      builder.andWhere('t.teamId IN (SELECT m.team_id FROM turnpike.team_memberships m WHERE m.user_id = :memberId)', {
        memberId,
      });
    if (aliasPart) builder.andWhere('t.teamAlias ILIKE :aliasPart', { aliasPart: containing(aliasPart) });
    return await readPage(builder, query, SORTS, 't.teamId');
  }

  async ofOrganizations(manager: EntityManager, organizationIds: readonly string[]): Promise<TeamEntity[]> {
    return await this.findBy(manager, 'organizationId', organizationIds);
  }
}
