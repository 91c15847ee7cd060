import { describe, expect, it } from '@jest/globals';
import { boundsOf, effectiveTerms, limitsOf, temporaryIncrease } from './effective-terms.js';
import { toBoundColumns, type BoundColumns } from './stored-terms.js';

const columns = (some: Partial<BoundColumns>): BoundColumns => ({ ...toBoundColumns(undefined, undefined), ...some });

describe('terms', () => {
  it('are an entity’s own, and the shared budget’s where it has none', () => {
    const own = { ...columns({ maxBudgetNano: 5, rpmLimit: 0 }), modelTerms: {} };
    const shared = {
      ...columns({ maxBudgetNano: 9, budgetDuration: '1d', rpmLimit: 7 }),
      modelTerms: { a: { rpmLimit: 1 } },
    };
    expect(effectiveTerms(own, shared)).toMatchObject({
      maxBudgetNano: 5,
      budgetDuration: '1d',
      rpmLimit: 0,
      tpmLimit: null,
      modelTerms: { a: { rpmLimit: 1 } },
    });
  });

  it('of models are an entity’s own as a whole', () => {
    const own = { ...columns({}), modelTerms: { b: { tpmLimit: 2 } } };
    const shared = { ...columns({}), modelTerms: { a: { rpmLimit: 1 } } };
    expect(effectiveTerms(own, shared).modelTerms).toEqual({ b: { tpmLimit: 2 } });
  });
});

describe('bounds', () => {
  const terms = effectiveTerms({
    ...columns({ maxBudgetNano: 5, budgetDuration: '1mo' }),
    modelTerms: { 'gpt-4o': { maxBudgetNano: 2, budgetDuration: '1d' }, free: { rpmLimit: 3 } },
    budgetWindows: [{ duration: '1h', maxBudgetNano: 1 }],
  });

  it('are of the entity, its models and its windows', () => {
    expect(boundsOf('key:k', terms)).toEqual([
      { account: 'key:k', max: 5, duration: '1mo', model: '' },
      { account: 'key:k|model:gpt-4o', max: 2, duration: '1d', model: 'gpt-4o' },
      { account: 'key:k|window:1h', max: 1, duration: '1h', model: '' },
    ]);
  });

  it('are wider for a while, where somebody widened them', () => {
    expect(boundsOf('key:k', terms, 10)[0]).toMatchObject({ max: 15 });
    expect(boundsOf('key:k', terms, Number.MAX_SAFE_INTEGER)[0]).toMatchObject({ max: Number.MAX_SAFE_INTEGER });
  });

  it('are none where what is spent is only counted anew', () => {
    const bounds = boundsOf('key:k', effectiveTerms(columns({ budgetDuration: '1d' })));
    expect(bounds).toEqual([{ account: 'key:k', max: undefined, duration: '1d', model: '' }]);
  });

  it('are none where nothing is bounded', () => {
    expect(boundsOf('key:k', effectiveTerms(columns({ rpmLimit: 1 })))).toEqual([]);
  });

  it('are kept for a soft budget alone: somebody wants to hear of it', () => {
    const bounds = boundsOf('key:k', effectiveTerms(columns({ softBudgetNano: 1 })));
    expect(bounds).toEqual([{ account: 'key:k', max: undefined, soft: 1, duration: undefined, model: '' }]);
  });
});

describe('limits', () => {
  it('are of the entity and of models, the tighter one where two are given', () => {
    const terms = effectiveTerms({ ...columns({ rpmLimit: 10 }), modelTerms: { a: { rpmLimit: 5, tpmLimit: 100 } } });
    const metadata = { model_rpm_limit: { a: 3, b: 4 }, model_tpm_limit: { a: 200, c: 'many' } };
    expect(limitsOf('team:red', terms, metadata)).toEqual([
      { scope: 'team:red', limits: { rpm: 10 }, model: '' },
      { scope: 'team:red|model:a', limits: { rpm: 3, tpm: 100 }, model: 'a' },
      { scope: 'team:red|model:b', limits: { rpm: 4 }, model: 'b' },
    ]);
  });

  it('of nothing are kept apart from none', () => {
    expect(limitsOf('key:k', effectiveTerms(columns({ maxParallelRequests: 0 })))).toEqual([
      { scope: 'key:k', limits: { maxParallelRequests: 0 }, model: '' },
    ]);
  });
});

describe('a temporary increase', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each<[string, Record<string, string | number>, number]>([
    ['counts until it ends', { temp_budget_increase: 1.5, temp_budget_expiry: '2026-01-02' }, 1_500_000_000],
    ['does not count afterwards', { temp_budget_increase: 1.5, temp_budget_expiry: '2025-12-31' }, 0],
    ['does not count without an end', { temp_budget_increase: 1.5 }, 0],
    ['does not count with an end that is no time', { temp_budget_increase: 1.5, temp_budget_expiry: 'soon' }, 0],
    [
      'counts as far as can be counted',
      { temp_budget_increase: 1e300, temp_budget_expiry: '2026-01-02' },
      9_007_199_000_000_000,
    ],
    ['takes nothing away', { temp_budget_increase: -5, temp_budget_expiry: '2026-01-02' }, 0],
  ])('%s', (_title, metadata, expected) => {
    expect(temporaryIncrease(metadata, now)).toBe(expected);
  });
});
