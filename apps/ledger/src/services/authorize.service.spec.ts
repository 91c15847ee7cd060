import { beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CreateBudgetRequest, CreateCustomerRequest, type Customer, type PartialOf } from '@turnpike/rpc';
import { describeOnEachDatabase } from '../../test/databases.js';
import { ADMIN, aLedger, clear } from '../../test/services.js';
import { TagRepository } from '../repositories/tag.repository.js';
import type { TagEntity } from '../schema/entities/tag.entity.js';
import { BalanceBook } from '../settlement/balance-book.js';
import { AuthorizeService } from './authorize.service.js';
import { BoundedParties } from './bounded-parties.js';
import { BudgetService } from './budget.service.js';
import { CustomerService } from './customer.service.js';
import type { LedgerSettings } from './ledger-settings.js';

describeOnEachDatabase('whom calls name beside their key', (database) => {
  let ledger: Awaited<ReturnType<typeof aLedger>>;
  let authorizations: AuthorizeService;
  const settings: LedgerSettings = {};

  beforeAll(async () => {
    ledger = await aLedger(database().storage, { settings });
    authorizations = ledger.get(AuthorizeService);
  });

  beforeEach(async () => {
    delete settings.max_end_user_budget_id;
    delete settings.max_end_user_budget;
    await clear(database().storage);
  });

  const aCustomer = (customer: PartialOf<typeof Customer>) =>
    ledger.get(CustomerService).create(ADMIN, CreateCustomerRequest.fromPartial({ customer }));
  const aTag = (columns: Partial<TagEntity>) =>
    ledger.get(TagRepository).insert(database().manager, { modelTerms: {}, ...columns });
  const aBudget = (maxNanoUsd: number) =>
    ledger
      .get(BudgetService)
      .create(ADMIN, CreateBudgetRequest.fromPartial({ budget: { budgetId: 'small', budget: { maxNanoUsd } } }));
  const bounded = (...kinds: Parameters<BoundedParties['after']>[0] & object) =>
    ledger.get(BoundedParties).after(kinds.length === 0 ? undefined : kinds);

  it('an end user has its own terms, else those of the budget it names, else those of all', async () => {
    settings.max_end_user_budget = 0.5;
    await aBudget(7);
    await aCustomer({ customerId: 'own', budget: { maxNanoUsd: 9 }, limits: { rpm: 3 } });
    await aCustomer({ customerId: 'shared', budgetId: 'small' });
    const maxOf = async (id: string) => (await authorizations.authorizeCustomer(id)).accounts[0]?.maxNanoUsd;
    expect([await maxOf('own'), await maxOf('shared'), await maxOf('stranger')]).toEqual([9, 7, 500_000_000]);
    settings.max_end_user_budget_id = 'small';
    expect(await maxOf('stranger')).toBe(7);
    expect(await authorizations.authorizeCustomer('own')).toMatchObject({
      limits: [{ scope: 'customer:own', limits: { rpm: 3 }, model: '' }],
    });
  });

  it('an end user of another system, whatever its name, touches no account but its own', async () => {
    settings.max_end_user_budget = 1;
    await aCustomer({ customerId: 'auth0|ada', budget: { maxNanoUsd: 9 } });
    const { accounts } = await authorizations.authorizeCustomer('auth0|ada');
    expect(accounts).toMatchObject([{ account: 'customer:auth0%7Cada', maxNanoUsd: 9 }]);
    await authorizations.authorizeCustomer("ada|model:gpt-4o'; DROP TABLE turnpike.tags; --");
    const rows: unknown = await database().manager.query(
      "SELECT account FROM turnpike.balances WHERE account LIKE '%|%'",
    );
    expect(rows).toEqual([]);
    const [listed] = (await ledger.get(CustomerService).list(ADMIN, { search: 'auth0|', page: undefined })).customers;
    expect(listed?.customerId).toBe('auth0|ada');
  });

  it('a tag has its terms, those of its models too; one without is answered without', async () => {
    await aTag({
      tagName: 'red',
      maxBudgetNano: 5,
      rpmLimit: 2,
      modelTerms: { 'gpt-4o': { maxBudgetNano: 1, tpmLimit: 100 } },
    });
    await aBudget(7);
    await aTag({ tagName: 'shared', budgetId: 'small' });
    expect(await authorizations.authorizeTag('red')).toMatchObject({
      limits: [
        { scope: 'tag:red', limits: { rpm: 2 }, model: '' },
        { scope: 'tag:red|model:gpt-4o', limits: { tpm: 100 }, model: 'gpt-4o' },
      ],
      accounts: [
        { account: 'tag:red', maxNanoUsd: 5, model: '' },
        { account: 'tag:red|model:gpt-4o', maxNanoUsd: 1, model: 'gpt-4o' },
      ],
    });
    expect((await authorizations.authorizeTag('shared')).accounts).toMatchObject([{ maxNanoUsd: 7 }]);
    expect(await authorizations.authorizeTag('unknown')).toMatchObject({ limits: [], accounts: [] });
    const balances = await ledger.get(BalanceBook).read(database().manager, ['tag:red', 'tag:shared', 'tag:unknown']);
    expect([...balances.values()].map(({ account, max }) => [account, max])).toEqual([
      ['tag:red', 5],
      ['tag:shared', 7],
    ]);
    await expect(authorizations.authorizeTag('')).rejects.toMatchObject({ code: 'GW_INVALID_REQUEST' });
  });

  it('nobody is worth asking about until somebody has terms', async () => {
    expect(await bounded()).toEqual({ customers: false, tags: false });
    await aCustomer({ customerId: 'plain', alias: 'Plain' });
    await aTag({ tagName: 'plain' });
    expect(await bounded()).toEqual({ customers: false, tags: false });
    await aCustomer({ customerId: 'limited', limits: { rpm: 1 } });
    expect(await bounded({ kind: 'customer', id: 'limited' })).toEqual({ customers: true, tags: false });
    await aTag({ tagName: 'bounded', modelTerms: { m: { rpmLimit: 1 } } });
    expect(await bounded({ kind: 'tag', id: 'bounded' })).toEqual({ customers: true, tags: true });
    expect(await bounded({ kind: 'key', id: 'k' })).toBeUndefined();
  });

  it.each<[string, PartialOf<typeof Customer>]>([
    ['is blocked', { blocked: true }],
    ['keeps to a region', { allowedModelRegion: 'eu' }],
    ['has a budget', { budget: { maxNanoUsd: 0 } }],
  ])('an end user is worth asking about that %s', async (_title, customer) => {
    await aCustomer({ customerId: 'ada', ...customer });
    expect(await bounded()).toMatchObject({ customers: true });
  });

  it('all are worth asking about where the configuration bounds all', async () => {
    settings.max_end_user_budget = 0;
    expect(await bounded()).toMatchObject({ customers: true });
    delete settings.max_end_user_budget;
    settings.max_end_user_budget_id = 'small';
    expect(await bounded()).toMatchObject({ customers: true });
  });
});
