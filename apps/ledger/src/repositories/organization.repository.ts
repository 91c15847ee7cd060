import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { OrganizationEntity } from '../schema/entities/organization.entity.js';
import { assertStorable } from '../storage/storable.js';
import { AUTHORED_SORTS, containing, readPage, spendOf, type Page, type PageQuery } from './paging.js';
import { Repository } from './repository.js';

/** Each that is given narrows the list. */
export interface OrganizationFilter {
  organizationIds?: readonly string[];
  /** A part of the alias. */
  aliasPart?: string;
}

const SORTS = {
  ...AUTHORED_SORTS,
  organization_id: 't.organizationId',
  organization_alias: 't.organizationAlias',
  max_budget: 't.maxBudgetNano',
  spend: spendOf('organization', 't.organizationId'),
};

@Injectable()
export class OrganizationRepository extends Repository<OrganizationEntity> {
  constructor() {
    super(OrganizationEntity, 'organizationId');
  }

  async page(manager: EntityManager, filter: OrganizationFilter, query: PageQuery): Promise<Page<OrganizationEntity>> {
    assertStorable(filter, 'filter');
    const { organizationIds, aliasPart } = filter;
    const builder = manager.createQueryBuilder(OrganizationEntity, 't');
    if (organizationIds) builder.andWhere('t.organizationId = ANY(:organizationIds)', { organizationIds });
    if (aliasPart) builder.andWhere('t.organizationAlias ILIKE :aliasPart', { aliasPart: containing(aliasPart) });
    return await readPage(builder, query, SORTS, 't.organizationId');
  }
}
