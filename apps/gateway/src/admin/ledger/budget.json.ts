// Shared budgets: LiteLLM's JSON from and to the ledger's messages.
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import type { SharedBudget, UpdateBudgetRequest } from '@turnpike/rpc';
import { bodyOf, names, optional, required } from './body.js';
import {
  answerShape,
  readChanges,
  readNew,
  requestShape,
  writeFields,
  type FieldTable,
  type Filled,
} from './fields.js';
import { count, modelTerms, text, texts, time, told, usd } from './kinds.js';

/** Also where an entity has these terms itself, and LiteLLM tells them as a row of another table. */
export const TERMS_FIELDS: FieldTable = {
  max_budget: usd('budget.max_nano_usd'),
  soft_budget: usd('budget.soft_nano_usd'),
  budget_duration: text('budget.duration'),
  rpm_limit: count('limits.rpm'),
  tpm_limit: count('limits.tpm'),
  max_parallel_requests: count('limits.max_parallel_requests'),
  budget_reset_at: time('budget.reset_at'),
};

export const BUDGET_FIELDS: FieldTable = {
  ...TERMS_FIELDS,
  model_max_budget: modelTerms('model_terms'),
  allowed_models: texts('allowed_models'),
  budget_id: told('budget_id'),
  created_at: time('authorship.created_at'),
  created_by: told('authorship.created_by'),
  updated_at: time('authorship.updated_at'),
  updated_by: told('authorship.updated_by'),
};

const wish = requestShape(BUDGET_FIELDS);
export const newBudgetBody = bodyOf({ ...wish, budget_id: optional.describe('Made without it') });
export const budgetChangesBody = bodyOf({ ...wish, budget_id: required });
export const budgetsBody = bodyOf({ budgets: names });
export const budgetIdBody = bodyOf({ id: required });

export const budgetAnswer = z.object(answerShape(BUDGET_FIELDS));

/** @param body checked by `newBudgetBody` */
export const toNewBudget = (body: z.output<typeof newBudgetBody>): { budget: Filled<SharedBudget> } => ({
  budget: { ...readNew<SharedBudget>(BUDGET_FIELDS, body), budgetId: body.budget_id ?? '' },
});

/** @param body checked by `budgetChangesBody` */
export const toBudgetChanges = (
  body: z.output<typeof budgetChangesBody>,
): Omit<UpdateBudgetRequest, 'changes'> & { changes: Filled<SharedBudget> } => {
  const { changes, updateMask } = readChanges<SharedBudget>(BUDGET_FIELDS, body);
  return { changes: { ...changes, budgetId: body.budget_id }, updateMask };
};

export const fromBudget = (budget: SharedBudget): JsonObject => writeFields(BUDGET_FIELDS, budget);
