// Budgets, limits and terms: from messages to rows and back.
import type { Budget, BudgetWindow, MemberTerms, ModelTerms, RateLimits } from '@turnpike/rpc';
import type {
  Authored,
  Bounded,
  StoredBudgetWindow,
  StoredMemberTerms,
  StoredModelTerms,
  StoredTerms,
} from '../schema/entities/columns.js';

/** The columns that a budget and limits are kept in. */
export type BoundColumns = Pick<
  Bounded,
  'maxBudgetNano' | 'softBudgetNano' | 'budgetDuration' | 'maxParallelRequests' | 'tpmLimit' | 'rpmLimit'
>;

/** What `parseDuration` takes for none is kept as none. */
const durationOf = (text: string | undefined): string | null => {
  const trimmed = text?.trim() ?? '';
  return /^(|none|null)$/i.test(trimmed) ? null : trimmed;
};

export const toBoundColumns = (budget: Budget | undefined, limits: RateLimits | undefined): BoundColumns => ({
  maxBudgetNano: budget?.maxNanoUsd ?? null,
  softBudgetNano: budget?.softNanoUsd ?? null,
  budgetDuration: durationOf(budget?.duration),
  maxParallelRequests: limits?.maxParallelRequests ?? null,
  tpmLimit: limits?.tpm ?? null,
  rpmLimit: limits?.rpm ?? null,
});

/** Undefined: there is nothing of it. */
export const fromBudgetColumns = (row: BoundColumns, resetAt?: Date): Budget | undefined => {
  if (row.maxBudgetNano === null && row.softBudgetNano === null && row.budgetDuration === null) return undefined;
  return {
    maxNanoUsd: row.maxBudgetNano ?? undefined,
    softNanoUsd: row.softBudgetNano ?? undefined,
    duration: row.budgetDuration ?? undefined,
    resetAt,
  };
};

export const fromLimitColumns = (row: BoundColumns): RateLimits | undefined => {
  if (row.rpmLimit === null && row.tpmLimit === null && row.maxParallelRequests === null) return undefined;
  return {
    rpm: row.rpmLimit ?? undefined,
    tpm: row.tpmLimit ?? undefined,
    maxParallelRequests: row.maxParallelRequests ?? undefined,
  };
};

/** Without what is not bounded. */
export const toStoredTerms = (budget: Budget | undefined, limits: RateLimits | undefined): StoredTerms => {
  const columns = toBoundColumns(budget, limits);
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null));
};

const NO_BOUNDS: BoundColumns = toBoundColumns(undefined, undefined);

const columnsOf = (terms: StoredTerms): BoundColumns => ({ ...NO_BOUNDS, ...terms });

const fromStoredTerms = (terms: StoredTerms): ModelTerms => ({
  budget: fromBudgetColumns(columnsOf(terms)),
  limits: fromLimitColumns(columnsOf(terms)),
});

export const toStoredModelTerms = (terms: Readonly<Record<string, ModelTerms>>): StoredModelTerms =>
  Object.fromEntries(Object.entries(terms).map(([name, { budget, limits }]) => [name, toStoredTerms(budget, limits)]));

export const fromStoredModelTerms = (terms: StoredModelTerms): Record<string, ModelTerms> =>
  Object.fromEntries(Object.entries(terms).map(([name, stored]) => [name, fromStoredTerms(stored)]));

export const toStoredWindows = (windows: readonly BudgetWindow[]): StoredBudgetWindow[] =>
  windows.map(({ duration, maxNanoUsd }) => ({ duration, maxBudgetNano: maxNanoUsd }));

export const fromStoredWindows = (windows: readonly StoredBudgetWindow[]): BudgetWindow[] =>
  windows.map(({ duration, maxBudgetNano }) => ({ duration, maxNanoUsd: maxBudgetNano }));

export const toStoredMemberTerms = (terms: MemberTerms | undefined): StoredMemberTerms | null =>
  terms ? { ...toStoredTerms(terms.budget, terms.limits), models: [...terms.models] } : null;

export const fromStoredMemberTerms = (terms: StoredMemberTerms | null): MemberTerms | undefined => {
  if (!terms) return undefined;
  const { models = [], ...rest } = terms;
  return { ...fromStoredTerms(rest), models };
};

/** Null and absent are one thing: a row has null, a message has an empty text. */
export const textOf = (text: string | null | undefined): string => text ?? '';
export const columnOf = (text: string): string | null => text || null;

export const authorshipOf = (
  row: Authored,
): {
  createdAt: Date;
  createdBy: string;
  updatedAt: Date;
  updatedBy: string;
} => ({
  createdAt: row.createdAt,
  createdBy: textOf(row.createdBy),
  updatedAt: row.updatedAt,
  updatedBy: textOf(row.updatedBy),
});
