// What a row has spent there, as the accounts here count it.
import type { StoredModelTerms } from '../../schema/entities/columns.js';
import type { AccountSpend } from '../imported-spend.js';
import type { ReadContext } from '../noun.js';
import type { SourceRow } from '../source-row.js';

/** Its own period, or that of the shared budget it refers to. */
const resetOf = (source: SourceRow, { resets }: ReadContext): number | undefined =>
  source.time('budget_reset_at')?.getTime() ?? resets.get(source.text('budget_id') ?? '');

export const spendOf = (account: string, source: SourceRow, context: ReadContext): AccountSpend => ({
  account,
  spent: source.spent('spend'),
  resetAt: resetOf(source, context),
});

/**
 * Of models that are bounded for ever. There it is not written down when a model's period began, so that those with a
 * period begin with nothing.
 */
export const modelSpendsOf = (account: string, source: SourceRow, terms: StoredModelTerms): AccountSpend[] =>
  Object.entries(terms).flatMap(([model, { maxBudgetNano, budgetDuration }]) => {
    const spent = source.object('model_spend')[model];
    if (maxBudgetNano === undefined || budgetDuration !== undefined || typeof spent !== 'number') return [];
    return [{ account: `${account}|model:${model}`, spent: Math.round(Math.max(0, spent) * 1e9) }];
  });
