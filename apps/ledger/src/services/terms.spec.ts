import { describe, expect, it } from '@jest/globals';
import type { Budget, RateLimits } from '@turnpike/rpc';
import * as terms from './terms.js';

const aBudget = (budget: Partial<Budget>): Budget => budget as Budget;
const someLimits = (limits: Partial<RateLimits>): RateLimits => limits;

describe('what cannot be meant', () => {
  it.each<[string, () => void, RegExp]>([
    ['a negative budget', () => terms.assertBudget(aBudget({ maxNanoUsd: -1e9 })), /max_budget is negative: -1 USD/],
    ['no number', () => terms.assertBudget(aBudget({ maxNanoUsd: NaN })), /max_budget is not a number/],
    ['an endless budget', () => terms.assertBudget(aBudget({ maxNanoUsd: Infinity })), /max_budget is not a number/],
    ['more than can be counted', () => terms.assertBudget(aBudget({ maxNanoUsd: 2 ** 53 })), /at most 9007199 USD/],
    ['a part of a nano-dollar', () => terms.assertBudget(aBudget({ maxNanoUsd: 0.5 })), /whole number/],
    ['dollars that are no number', () => terms.readUsd(NaN, 'max_budget'), /max_budget: 'NaN' is not an amount/],
    ['negative dollars', () => terms.readUsd(-1.5, 'max_budget'), /max_budget is negative: -1.5 USD/],
    ['more dollars than can be counted', () => terms.readUsd(1e300, 'max_budget'), /max_budget: '1e\+300' is not an/],
    ['a negative soft budget', () => terms.assertBudget(aBudget({ softNanoUsd: -1 })), /soft_budget is negative/],
    [
      'an unknown duration',
      () => terms.assertBudget(aBudget({ duration: '5 fortnights' })),
      /budget_duration: '5 fortn/,
    ],
    ['a negative limit', () => terms.assertLimits(someLimits({ rpm: -1 })), /rpm_limit is negative/],
    ['half a request', () => terms.assertLimits(someLimits({ maxParallelRequests: 0.5 })), /not a whole number/],
    [
      'a negative budget of a model',
      () => terms.assertModelTerms({ 'gpt-4o': { budget: aBudget({ maxNanoUsd: -1 }), limits: undefined } }),
      /model_max_budget.gpt-4o.max_budget is negative/,
    ],
    [
      'a window without a duration',
      () => terms.assertWindows([{ duration: '', maxNanoUsd: 1 }]),
      /budget_limits\[0\] has no budget_duration/,
    ],
    [
      'two windows alike',
      () => terms.assertWindows([1, 2].map((maxNanoUsd) => ({ duration: '1d', maxNanoUsd }))),
      /two windows of 1d/,
    ],
    ['a long name', () => terms.assertName('a'.repeat(257), 'key_alias'), /key_alias has 257 characters; 256/],
    ['a control character', () => terms.assertName('a\nb', 'key_alias'), /control character/],
    ['an empty model', () => terms.assertNames(['a', ' '], 'models'), /empty name/],
    ['too many models', () => terms.assertNames(Array<string>(1_001).fill('a'), 'models'), /1001 entries/],
    ['too much metadata', () => terms.assertJson({ a: 'x'.repeat(70_000) }, 'metadata'), /65536 are the most/],
    ['a star within a route', () => terms.assertRoutes(['/a*b']), /star before its end/],
    ['an alias that ends in a dash', () => terms.assertAliasForm('team-'), /at both ends/],
  ])('%s', (_title, check, refusal) => {
    expect(check).toThrow(
      expect.objectContaining({ code: 'GW_INVALID_REQUEST', message: expect.stringMatching(refusal) }),
    );
  });
});

describe('what can be meant', () => {
  it.each<[string, () => void]>([
    ['no budget at all', () => terms.assertBudget(undefined)],
    ['an id of another system', () => terms.assertId('auth0|5f7c', 'user_id')],
    ['a budget of nothing', () => terms.assertBudget(aBudget({ maxNanoUsd: 0, duration: '30d' }))],
    ['a budget that never begins anew', () => terms.assertBudget(aBudget({ maxNanoUsd: 1, duration: 'none' }))],
    ['a limit of nothing', () => terms.assertLimits(someLimits({ rpm: 0 }))],
    ['routes of all forms', () => terms.assertRoutes(['llm_api_routes', '/spend/*', '/key/{key}/regenerate'])],
    ['an alias of one team', () => terms.assertAliasForm('team/a.b@c_d-1')],
  ])('%s', (_title, check) => {
    expect(check).not.toThrow();
  });
});
