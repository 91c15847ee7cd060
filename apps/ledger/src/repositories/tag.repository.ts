import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { TagEntity } from '../schema/entities/tag.entity.js';
import { AUTHORED_SORTS, readPage, spendOf, type Page, type PageQuery } from './paging.js';
import { Repository } from './repository.js';

const SORTS = {
  ...AUTHORED_SORTS,
  name: 't.tagName',
  tag_name: 't.tagName',
  max_budget: 't.maxBudgetNano',
  spend: spendOf('tag', 't.tagName'),
};

@Injectable()
export class TagRepository extends Repository<TagEntity> {
  constructor() {
    super(TagEntity, 'tagName');
  }

  async page(manager: EntityManager, query: PageQuery): Promise<Page<TagEntity>> {
    return await readPage(manager.createQueryBuilder(TagEntity, 't'), query, SORTS, 't.tagName');
  }
}
