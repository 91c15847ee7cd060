import { describe, expect, it } from '@jest/globals';
import type { LedgerServices, Principal } from '@turnpike/rpc';
import { someMetrics } from '../../test/doubles.js';
import { learnAllBudgets } from './all-budgets.js';
import { CallerBook } from './caller-book.js';
import { CustomLabels } from './custom-labels.js';

const aBook = (): CallerBook => new CallerBook(new CustomLabels(someMetrics()));

const told = (changes: object = {}): Principal =>
  ({
    keyHash: 'h1',
    keyAlias: 'production',
    teamId: 't1',
    teamAlias: 'Red',
    limits: [],
    accounts: [],
    ...changes,
  }) as unknown as Principal;

const budgets = (book: CallerBook): Record<string, unknown> => Object.fromEntries(book.allBudgets());

describe('the book of callers', () => {
  it('learns names and budgets from what the ledger says of a key', () => {
    const book = aBook();
    const resetAt = new Date(5_000);
    book.learn(told({ accounts: [{ account: 'key:h1', maxNanoUsd: 10, model: '', resetAt }] }));
    expect([book.of('h1')?.keyAlias, book.keyAliasOf('h1'), book.teamAliasOf('t1')]).toEqual([
      'production',
      'production',
      'Red',
    ]);
    expect(budgets(book)).toEqual({ 'key:h1': { max: 10, spent: undefined, resetAt: 5_000 } });
  });

  it('knows what was spent once it is told, and keeps that when the key is asked for again', () => {
    const book = aBook();
    book.granted({ account: 'key:h1', max: 10, spent: 4, resetAt: undefined });
    book.learn(told({ accounts: [{ account: 'key:h1', maxNanoUsd: 20, model: '' }] }));
    expect(budgets(book)).toEqual({ 'key:h1': { max: 20, spent: 4, resetAt: undefined } });
  });

  it('leaves out budgets of one model and of windows, which have no metric', () => {
    const book = aBook();
    book.learn(told({ accounts: [{ account: 'key:h1|model:m', maxNanoUsd: 10, model: 'm' }] }));
    book.granted({ account: 'key:h1|window:1h', max: 1, spent: 0, resetAt: undefined });
    expect(budgets(book)).toEqual({});
  });

  it('is bounded: who was heard of longest ago goes first', () => {
    const book = aBook();
    for (let key = 0; key < 20_001; key += 1) book.learn(told({ keyHash: `h${key}` }));
    expect([book.of('h0'), book.of('h20000')?.keyAlias]).toEqual([undefined, 'production']);
  });
});

describe('all budgets', () => {
  it('are read page by page, on behalf of a key that may see them', async () => {
    const asked: unknown[] = [];
    const pages =
      (kind: string, rows: object[], totalPages = 1) =>
      ({ page }: { page: { page: number } }, { metadata }: { metadata: object }) => {
        asked.push([kind, page.page, metadata]);
        return Promise.resolve({ [kind]: rows, page: { totalPages } });
      };
    const services = {
      keys: {
        listKeys: pages('keys', [{ token: 'h1', keyAlias: 'k', budget: { maxNanoUsd: 5 }, spendNanoUsd: 2 }], 2),
      },
      teams: {
        listTeams: pages('teams', [
          { teamId: 't1', teamAlias: 'Red', budget: { maxNanoUsd: 7, resetAt: new Date(9) }, spendNanoUsd: 0 },
        ]),
      },
      users: {
        listUsers: pages('users', [
          { userId: 'u1', budget: {}, spendNanoUsd: 3 },
          { userId: 'u2', spendNanoUsd: 3 },
        ]),
      },
      organizations: {
        listOrganizations: pages('organizations', [
          { organizationId: 'o1', organizationAlias: 'Acme', budget: { maxNanoUsd: 0 }, spendNanoUsd: 0 },
        ]),
      },
    } as unknown as LedgerServices;
    const book = aBook();
    await learnAllBudgets(services, book, 'master-hash');
    expect(budgets(book)).toEqual({
      'key:h1': { max: 5, spent: 2, resetAt: undefined },
      'team:t1': { max: 7, spent: 0, resetAt: 9 },
      'organization:o1': { max: 0, spent: 0, resetAt: undefined },
    });
    expect([book.keyAliasOf('h1'), book.teamAliasOf('t1'), book.organizationAliasOf('o1')]).toEqual([
      'k',
      'Red',
      'Acme',
    ]);
    const caller = { 'x-turnpike-caller': 'master-hash' };
    expect(asked).toEqual([
      ['keys', 1, caller],
      ['keys', 2, caller],
      ['teams', 1, caller],
      ['users', 1, caller],
      ['organizations', 1, caller],
    ]);
  });
});
