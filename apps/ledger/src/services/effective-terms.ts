// Terms that hold: an entity's own, and where it has none of its own those of the shared budget it refers to.
import { parseUsd } from '@turnpike/pricing';
import type { RateLimits } from '@turnpike/rpc';
import type { JsonObject, StoredBudgetWindow, StoredModelTerms } from '../schema/entities/columns.js';
import type { Bound } from '../settlement/balance-book.js';
import { fromLimitColumns, type BoundColumns } from './stored-terms.js';

export interface Terms extends BoundColumns {
  modelTerms: StoredModelTerms;
  budgetWindows: StoredBudgetWindow[];
}

/** What entities have of it; some have no windows, some no terms of models. */
export type TermsSource = BoundColumns & Partial<Pick<Terms, 'modelTerms' | 'budgetWindows'>>;

/** A bound, and what it is for. */
export interface ScopedBound extends Bound {
  /** Charged for this model only; empty: for all. */
  readonly model: string;
}

const COLUMNS = [
  'maxBudgetNano',
  'softBudgetNano',
  'budgetDuration',
  'maxParallelRequests',
  'tpmLimit',
  'rpmLimit',
] as const satisfies (keyof BoundColumns)[];

/** Column by column; the terms of models as a whole. */
export const effectiveTerms = (own: TermsSource, shared?: TermsSource | null): Terms => {
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, own[name] ?? shared?.[name] ?? null]));
  const ofModels = own.modelTerms ?? {};
  return {
    ...(columns as unknown as BoundColumns),
    modelTerms: Object.keys(ofModels).length > 0 ? ofModels : (shared?.modelTerms ?? {}),
    budgetWindows: own.budgetWindows ?? [],
  };
};

/** The accounts of an entity that are bounded or counted anew, with those of models and windows behind it. */
export const boundsOf = (account: string, terms: Terms, extraNano = 0): ScopedBound[] => {
  const bounds: ScopedBound[] = [];
  const { maxBudgetNano, softBudgetNano, budgetDuration } = terms;
  if (maxBudgetNano !== null || softBudgetNano !== null || budgetDuration !== null) {
    const max = maxBudgetNano === null ? undefined : Math.min(maxBudgetNano + extraNano, Number.MAX_SAFE_INTEGER);
    bounds.push({
      account,
      max,
      soft: softBudgetNano ?? undefined,
      duration: budgetDuration ?? undefined,
      model: '',
    });
  }
  for (const [model, ofModel] of Object.entries(terms.modelTerms)) {
    const { maxBudgetNano: max, softBudgetNano: soft, budgetDuration: duration } = ofModel;
    if (max !== undefined) bounds.push({ account: `${account}|model:${model}`, max, soft, duration, model });
  }
  for (const { duration, maxBudgetNano: max } of terms.budgetWindows) {
    bounds.push({ account: `${account}|window:${duration}`, max, duration, model: '' });
  }
  return bounds;
};

export interface ScopedLimits {
  scope: string;
  limits: RateLimits;
  model: string;
}

/**
 * The limits of an entity, with those of models.
 * @param metadata LiteLLM keeps limits of models there, too: `model_rpm_limit`, `model_tpm_limit`
 */
export const limitsOf = (scope: string, terms: Terms, metadata: JsonObject = {}): ScopedLimits[] => {
  const result: ScopedLimits[] = [];
  const limits = fromLimitColumns(terms);
  if (limits) result.push({ scope, limits, model: '' });
  const byModel = new Map<string, RateLimits>();
  for (const [model, stored] of Object.entries(terms.modelTerms)) {
    const { maxParallelRequests, tpmLimit: tpm, rpmLimit: rpm } = stored;
    if (rpm !== undefined || tpm !== undefined || maxParallelRequests !== undefined) {
      byModel.set(model, { rpm, tpm, maxParallelRequests });
    }
  }
  addFrom(byModel, metadata['model_rpm_limit'], 'rpm');
  addFrom(byModel, metadata['model_tpm_limit'], 'tpm');
  for (const [model, ofModel] of byModel) result.push({ scope: `${scope}|model:${model}`, limits: ofModel, model });
  return result;
};

/** The tighter one holds. */
const addFrom = (byModel: Map<string, RateLimits>, map: unknown, name: 'rpm' | 'tpm'): void => {
  if (typeof map !== 'object' || map === null) return;
  for (const [model, limit] of Object.entries(map)) {
    if (typeof limit !== 'number' || !(limit >= 0)) continue;
    const limits = byModel.get(model) ?? {};
    byModel.set(model, { ...limits, [name]: Math.min(limits[name] ?? Infinity, Math.floor(limit)) });
  }
};

/** Money is counted exactly up to here. */
const MOST_USD = 9_007_199;

/** Nano-dollars that a key may spend on top until a moment: `temp_budget_increase` (USD), `temp_budget_expiry`. */
export const temporaryIncrease = (metadata: JsonObject, now: number): number => {
  const { temp_budget_increase: increase, temp_budget_expiry: expiry } = metadata;
  if (typeof increase !== 'number' || !(increase > 0) || typeof expiry !== 'string') return 0;
  return Date.parse(expiry) > now ? parseUsd(Math.min(increase, MOST_USD)) : 0;
};
