import { BudgetEntity } from '../../schema/entities/budget.entity.js';
import { assertBudget, assertLimits, assertModelTerms, assertName, assertNames } from '../../services/terms.js';
import { fromBudgetColumns, fromLimitColumns, fromStoredModelTerms } from '../../services/stored-terms.js';
import { authorshipOf } from '../authorship.js';
import { named, type Noun } from '../noun.js';
import { boundColumnsOf, modelTermsOf } from '../source-terms.js';

export const budgets: Noun<BudgetEntity> = {
  name: 'budgets',
  source: { table: 'LiteLLM_BudgetTable' },
  entity: BudgetEntity,
  primaryKey: ['budgetId'],
  nameOf: named('budget_id'),
  refersTo: () => ({}),
  read: (source) => {
    const row: BudgetEntity = {
      ...boundColumnsOf(source),
      ...authorshipOf(source),
      budgetId: source.id('budget_id'),
      modelTerms: modelTermsOf(source),
      allowedModels: source.texts('allowed_models'),
    };
    assertName(row.budgetId, 'budget_id');
    assertBudget(fromBudgetColumns(row));
    assertLimits(fromLimitColumns(row));
    assertModelTerms(fromStoredModelTerms(row.modelTerms));
    assertNames(row.allowedModels, 'allowed_models');
    return [{ row }];
  },
  changeOf: ({ budgetId: id }) => ({ kind: 'budget', id }),
};
