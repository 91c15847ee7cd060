import { Injectable } from '@nestjs/common';
import { accountNameSql } from '@turnpike/domain';
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

const USED = `FROM (SELECT DISTINCT id AS name FROM turnpike.daily_spend WHERE kind = 'tag') AS used
  LEFT JOIN turnpike.balances b ON b.account = ${accountNameSql('tag', 'used.name')}
  WHERE NOT EXISTS (SELECT FROM turnpike.tags t WHERE t.tag_name = used.name)`;

export interface UsedTag {
  name: string;
  /** Nano-dollars, in the present period. */
  spent: number;
}

@Injectable()
export class TagRepository extends Repository<TagEntity> {
  constructor() {
    super(TagEntity, 'tagName');
  }

  async page(manager: EntityManager, query: PageQuery): Promise<Page<TagEntity>> {
    return await readPage(manager.createQueryBuilder(TagEntity, 't'), query, SORTS, 't.tagName');
  }

  /** Those that requests carried and nobody stored, in the order of their names. */
  async used(
    manager: EntityManager,
    { offset, limit, now }: { offset: number; limit: number; now: Date },
  ): Promise<{ rows: UsedTag[]; totalCount: number }> {
    const [counted] = await manager.query<{ count: number }[]>(`SELECT count(*)::integer AS count ${USED}`);
    const totalCount = counted?.count ?? 0;
    if (limit <= 0 || offset >= totalCount) return { rows: [], totalCount };
    const rows = await manager.query<{ name: string; spent: string }[]>(
      `SELECT used.name, CASE WHEN b.account IS NULL OR b.reset_at <= $1 THEN 0 ELSE b.spent_nano END AS spent ${USED}
        ORDER BY used.name LIMIT $2 OFFSET $3`,
      [now, limit, offset],
    );
    return { rows: rows.map(({ name, spent }) => ({ name, spent: Number(spent) })), totalCount };
  }
}
