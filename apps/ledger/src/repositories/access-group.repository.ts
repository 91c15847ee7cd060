import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AccessGroupEntity } from '../schema/entities/access-group.entity.js';
import { AUTHORED_SORTS, readPage, type Page, type PageQuery } from './paging.js';
import { Repository } from './repository.js';

const SORTS = { ...AUTHORED_SORTS, access_group_id: 't.accessGroupId', name: 't.name' };

@Injectable()
export class AccessGroupRepository extends Repository<AccessGroupEntity> {
  constructor() {
    super(AccessGroupEntity, 'accessGroupId');
  }

  async findByName(manager: EntityManager, name: string): Promise<AccessGroupEntity | null> {
    return (await this.findBy(manager, 'name', [name]))[0] ?? null;
  }

  async page(manager: EntityManager, query: PageQuery): Promise<Page<AccessGroupEntity>> {
    return await readPage(manager.createQueryBuilder(AccessGroupEntity, 't'), query, SORTS, 't.accessGroupId');
  }
}
