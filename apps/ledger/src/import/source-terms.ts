// Budgets and limits of the other gateway's rows.
import { isJsonObject, type JsonValue } from '@turnpike/domain';
import type { StoredBudgetWindow, StoredModelTerms, StoredTerms } from '../schema/entities/columns.js';
import type { BoundColumns } from '../services/stored-terms.js';
import { boundOf, countOf, durationOf, shown, type SourceRow } from './source-row.js';

const MOST_COUNT = 1e12;
const MOST_PARALLEL = 2 ** 31 - 1;

export const NO_BOUNDS: BoundColumns = {
  maxBudgetNano: null,
  softBudgetNano: null,
  budgetDuration: null,
  maxParallelRequests: null,
  tpmLimit: null,
  rpmLimit: null,
};

/** Of every table that has such columns, under these names. */
export const boundColumnsOf = (row: SourceRow): BoundColumns => ({
  maxBudgetNano: row.bound('max_budget'),
  softBudgetNano: row.bound('soft_budget'),
  budgetDuration: row.duration('budget_duration'),
  maxParallelRequests: row.parallel('max_parallel_requests'),
  tpmLimit: row.count('tpm_limit'),
  rpmLimit: row.count('rpm_limit'),
});

/** `{"gpt-4o": {"budget_limit": 5, "time_period": "1d"}}`, `{"gpt-4o": {"max_budget": 5, "rpm_limit": 9}}`, `{"gpt-4o": 5}` */
export const modelTermsOf = (row: SourceRow): StoredModelTerms =>
  Object.fromEntries(
    Object.entries(row.object('model_max_budget')).map(([model, value]) => [model, termsOfModel(row, model, value)]),
  );

const termsOfModel = (row: SourceRow, model: string, value: JsonValue | undefined): StoredTerms => {
  const name = `model_max_budget of ${model}`;
  if (!isJsonObject(value)) return withoutNulls({ maxBudgetNano: boundOf(value, name, row) });
  return withoutNulls({
    maxBudgetNano: boundOf(value['max_budget'] ?? value['budget_limit'], name, row),
    budgetDuration: durationOf(value['budget_duration'] ?? value['time_period'], `${name}: its period`, row),
    maxParallelRequests: countOf(value['max_parallel_requests'], `${name}: max_parallel_requests`, MOST_PARALLEL, row),
    tpmLimit: countOf(value['tpm_limit'], `${name}: tpm_limit`, MOST_COUNT, row),
    rpmLimit: countOf(value['rpm_limit'], `${name}: rpm_limit`, MOST_COUNT, row),
  });
};

/** `[{"budget_duration": "1d", "max_budget": 5}]`. Of two of the same duration the tighter one holds. */
export const windowsOf = (row: SourceRow): StoredBudgetWindow[] => {
  const windows = new Map<string, number>();
  for (const item of row.list('budget_limits')) {
    if (!isJsonObject(item)) continue;
    const { budget_duration: period, max_budget: amount } = item as Record<string, JsonValue>;
    const duration = durationOf(period, 'budget_limits: budget_duration', row);
    const max = boundOf(amount, 'budget_limits: max_budget', row);
    if (duration === null || max === null) row.note(`budget_limits: ${shown(item)} is no window: left out`);
    else windows.set(duration, Math.min(max, windows.get(duration) ?? max));
  }
  return [...windows].map(([duration, maxBudgetNano]) => ({ duration, maxBudgetNano }));
};

/** As terms of models and members are kept: without what is not bounded. */
export const withoutNulls = (columns: Partial<BoundColumns>): StoredTerms =>
  Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null));
