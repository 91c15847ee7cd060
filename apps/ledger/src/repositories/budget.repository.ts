import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { BudgetEntity } from '../schema/entities/budget.entity.js';
import { isStorable } from '../storage/storable.js';
import { AUTHORED_SORTS, readPage, type Page, type PageQuery } from './paging.js';
import { Repository } from './repository.js';

const SORTS = { ...AUTHORED_SORTS, budget_id: 't.budgetId', max_budget: 't.maxBudgetNano' };

/** Tables whose rows refer to budgets, and what names such a row. */
const REFERENCES = {
  key: ['virtual_keys', ['token']],
  organization: ['organizations', ['organization_id']],
  organizationMembership: ['organization_memberships', ['organization_id', 'user_id']],
  teamMembership: ['team_memberships', ['team_id', 'user_id']],
  customer: ['customers', ['customer_id']],
  tag: ['tags', ['tag_name']],
} as const;

/** A row that refers to a budget. `id`: its primary key, in the order of its columns. */
export interface BudgetReference {
  kind: keyof typeof REFERENCES;
  id: string[];
  budgetId: string;
}

const SELECT_REFERENCES = Object.entries(REFERENCES)
  .map(
    ([kind, [table, columns]]) =>
      `SELECT '${kind}' AS kind, ARRAY[${columns.join(', ')}] AS id, budget_id AS "budgetId"
      FROM turnpike.${table} WHERE budget_id = ANY($1)`,
  )
  .join(' UNION ALL ');

@Injectable()
export class BudgetRepository extends Repository<BudgetEntity> {
  constructor() {
    super(BudgetEntity, 'budgetId');
  }

  async page(manager: EntityManager, query: PageQuery): Promise<Page<BudgetEntity>> {
    return await readPage(manager.createQueryBuilder(BudgetEntity, 't'), query, SORTS, 't.budgetId');
  }

  /** All that these budgets hold for. A budget that is referred to cannot be deleted. */
  async references(manager: EntityManager, budgetIds: readonly string[]): Promise<BudgetReference[]> {
    const storable = budgetIds.filter((id) => isStorable(id));
    return storable.length === 0 ? [] : await manager.query<BudgetReference[]>(SELECT_REFERENCES, [storable]);
  }

  /** Nothing refers to them any more. */
  async detach(manager: EntityManager, budgetIds: readonly string[]): Promise<void> {
    for (const [table] of Object.values(REFERENCES))
      await manager.query(`UPDATE turnpike.${table} SET budget_id = NULL WHERE budget_id = ANY($1)`, [budgetIds]);
  }
}
