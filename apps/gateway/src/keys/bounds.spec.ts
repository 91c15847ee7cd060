import { Account, LimitedScope } from '@turnpike/rpc';
import { describe, expect, it } from '@jest/globals';
import { Bounds, joined, UNBOUNDED, UNBOUNDED_SET } from './bounds.js';

const told = {
  limits: [
    { scope: 'key:k', limits: { rpm: 5 } },
    { scope: 'key:k|model:m', model: 'm', limits: { tpm: 7, maxParallelRequests: 2 } },
  ].map((one) => LimitedScope.fromPartial(one)),
  accounts: [
    { account: 'key:k' },
    { account: 'key:k|window:1d' },
    { account: 'key:k|model:m', model: 'm' },
    { account: 'team:t|model:n', model: 'n' },
  ].map((one) => Account.fromPartial(one)),
};

describe('what bounds a call', () => {
  const bounds = Bounds.of(told);

  it('is what holds for all models, and for its own', () => {
    expect(bounds.for('m')).toEqual({
      limits: [
        { key: 'key:k', rpm: 5 },
        { key: 'key:k|model:m', tpm: 7, maxParallel: 2 },
      ],
      accounts: ['key:k', 'key:k|window:1d', 'key:k|model:m'],
      furtherAccounts: ['key:k|window:1d', 'key:k|model:m'],
    });
    expect(bounds.for('n').accounts).toEqual(['key:k', 'key:k|window:1d', 'team:t|model:n']);
  });

  it('is the same object for every model without bounds of its own', () => {
    expect(bounds.for('x')).toBe(bounds.for('y'));
    expect(bounds.for('constructor').furtherAccounts).toEqual(['key:k|window:1d']);
  });

  it('is nothing where nothing was told', () => {
    expect(Bounds.of({ limits: [], accounts: [] })).toBe(UNBOUNDED);
    expect(UNBOUNDED.for('m')).toBe(UNBOUNDED_SET);
  });

  it('is that of all whom it names', () => {
    const set = joined([bounds.for('x'), UNBOUNDED_SET, { ...UNBOUNDED_SET, accounts: ['tag:a', 'tag:a|model:x'] }]);
    expect(set.accounts).toEqual(['key:k', 'key:k|window:1d', 'tag:a', 'tag:a|model:x']);
    expect(set.furtherAccounts).toEqual(['key:k|window:1d', 'tag:a|model:x']);
    expect(set.limits).toEqual([{ key: 'key:k', rpm: 5 }]);
  });
});
