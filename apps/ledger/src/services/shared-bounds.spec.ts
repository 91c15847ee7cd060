import { beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Customer, Organization, SharedBudget } from '@turnpike/rpc';
import {
  AddOrganizationMembersRequest,
  CreateBudgetRequest,
  CreateCustomerRequest,
  CreateOrganizationRequest,
  CreateTeamRequest,
  GenerateKeyRequest,
  ListOrganizationsRequest,
  UpdateBudgetRequest,
  UpdateCustomerRequest,
  UpdateOrganizationRequest,
  type PartialOf,
} from '@turnpike/rpc';
import { describeOnEachDatabase } from '../../test/databases.js';
import { ADMIN, aCaller, aLedger, clear } from '../../test/services.js';
import { Changes } from '../repositories/changes.js';
import { UserRepository } from '../repositories/user.repository.js';
import { BalanceBook } from '../settlement/balance-book.js';
import { AuthorizeService } from './authorize.service.js';
import { BudgetService } from './budget.service.js';
import type { Caller } from './caller.js';
import { CustomerService } from './customer.service.js';
import { KeyService } from './key.service.js';
import type { LedgerSettings } from './ledger-settings.js';
import { OrganizationMemberService } from './organization-member.service.js';
import { OrganizationService } from './organization.service.js';
import { TeamService } from './team.service.js';

const DENIED = { code: 'GW_PERMISSION_DENIED' };
const NOT_FOUND = { code: 'GW_NOT_FOUND' };
const EXISTS = { code: 'GW_ALREADY_EXISTS' };

describeOnEachDatabase('what accounts are shared by', (database) => {
  let ledger: Awaited<ReturnType<typeof aLedger>>;
  let organizations: OrganizationService;
  let customers: CustomerService;
  let budgets: BudgetService;
  const settings: LedgerSettings = {};

  beforeAll(async () => {
    ledger = await aLedger(database().storage, { settings });
    organizations = ledger.get(OrganizationService);
    customers = ledger.get(CustomerService);
    budgets = ledger.get(BudgetService);
  });

  beforeEach(async () => {
    delete settings.max_end_user_budget_id;
    await clear(database().storage);
  });

  const anOrganization = async (organization: PartialOf<typeof Organization> = {}, caller: Caller = ADMIN) => {
    const request = CreateOrganizationRequest.fromPartial({
      organization: { organizationId: 'acme', ...organization },
    });
    return (await organizations.create(caller, request)).organization;
  };
  const aBudget = async (budget: PartialOf<typeof SharedBudget> = {}, caller: Caller = ADMIN) =>
    (await budgets.create(caller, CreateBudgetRequest.fromPartial({ budget: { budgetId: 'small', ...budget } })))
      .budget;
  const aKey = async (key: PartialOf<typeof GenerateKeyRequest>['key']) =>
    (await ledger.get(KeyService).generate(ADMIN, GenerateKeyRequest.fromPartial({ key }))).key!.token;
  const maxOf = async (account: string) =>
    (await ledger.get(BalanceBook).read(database().manager, [account])).get(account)?.max;
  const changesSince = async (since: number) =>
    (await ledger.get(Changes).since(database().manager, since)).changes.map(({ kind, id }) => `${kind} ${id}`);
  const clock = () => ledger.get(Changes).latest(database().manager);

  it('an organization bounds its teams’ keys, and takes all that is in it along', async () => {
    await anOrganization({
      budget: { maxNanoUsd: 9 },
      models: ['m'],
      members: [{ userId: 'olga', role: 'org_admin' }],
    });
    await ledger
      .get(TeamService)
      .create(ADMIN, CreateTeamRequest.fromPartial({ team: { teamId: 'red', organizationId: 'acme' } }));
    const token = await aKey({ teamId: 'red' });
    const { principal } = await ledger.get(AuthorizeService).authorize(token);
    expect(principal).toMatchObject({
      organizationId: 'acme',
      accounts: [{ account: 'organization:acme', maxNanoUsd: 9 }],
      modelAccess: [{ owner: 'org', models: ['m'] }],
    });
    const { deletedOrganizations } = await organizations.delete(ADMIN, { organizationIds: ['acme'] });
    expect(deletedOrganizations[0]).toMatchObject({ organizationId: 'acme', members: [{ userId: 'olga' }] });
    await expect(ledger.get(AuthorizeService).authorize(token)).rejects.toMatchObject(NOT_FOUND);
    expect((await ledger.get(UserRepository).find(database().manager, 'olga'))!.organizationId).toBeNull();
    expect(await database().dataSource.query('SELECT * FROM turnpike.balances')).toEqual([]);
  });

  it('an organization is made by admins, and managed by its own but for the money', async () => {
    await anOrganization({ members: [{ userId: 'olga', role: 'org_admin' }, { userId: 'ann' }] });
    const [olga, ann, eve] = ['olga', 'ann', 'eve'].map((userId) => aCaller('internal_user', userId)) as [
      Caller,
      Caller,
      Caller,
    ];
    const update = (caller: Caller, changes: PartialOf<typeof Organization>, updateMask: string[]) =>
      organizations.update(
        caller,
        UpdateOrganizationRequest.fromPartial({ changes: { organizationId: 'acme', ...changes }, updateMask }),
      );
    await expect(anOrganization({ organizationId: 'other' }, olga)).rejects.toMatchObject(DENIED);
    await expect(anOrganization()).rejects.toMatchObject(EXISTS);
    await expect(update(olga, { organizationAlias: 'Acme' }, ['organization_alias'])).resolves.toBeDefined();
    await expect(update(olga, { budget: { maxNanoUsd: 1 } }, ['budget'])).rejects.toMatchObject(DENIED);
    await expect(update(ann, { organizationAlias: 'Acme' }, ['organization_alias'])).rejects.toMatchObject(DENIED);
    await expect(organizations.get(ann, { organizationId: 'acme' })).resolves.toBeDefined();
    await expect(organizations.get(eve, { organizationId: 'acme' })).rejects.toMatchObject(DENIED);
    const list = async (caller: Caller) =>
      (await organizations.list(caller, ListOrganizationsRequest.fromPartial({}))).organizations.length;
    expect([await list(ADMIN), await list(ann), await list(eve)]).toEqual([1, 1, 0]);
    const members = ledger.get(OrganizationMemberService);
    const add = (userId: string, caller: Caller) =>
      members.add(caller, AddOrganizationMembersRequest.fromPartial({ organizationId: 'acme', members: [{ userId }] }));
    expect((await add('new', olga)).organization!.members).toHaveLength(3);
    await expect(add('new', olga)).rejects.toMatchObject(EXISTS);
    await expect(add('newer', ann)).rejects.toMatchObject(DENIED);
    const { organization } = await members.delete(olga, { organizationId: 'acme', userId: 'new', userEmail: '' });
    expect(organization!.members).toHaveLength(2);
  });

  it('a shared budget bounds all that refer to it, changes for all, and leaves all', async () => {
    await aBudget({ budget: { maxNanoUsd: 3 } });
    const token = await aKey({ budgetId: 'small' });
    await anOrganization({ budgetId: 'small' });
    await customers.create(
      ADMIN,
      CreateCustomerRequest.fromPartial({ customer: { customerId: 'c', budgetId: 'small' } }),
    );
    const accounts = [`key:${token}`, 'organization:acme', 'customer:c'];
    const bounds = () => Promise.all(accounts.map(maxOf));
    expect(await bounds()).toEqual([3, 3, 3]);
    const since = await clock();
    const request = { changes: { budgetId: 'small', budget: { maxNanoUsd: 4 } }, updateMask: ['budget'] };
    await budgets.update(ADMIN, UpdateBudgetRequest.fromPartial(request));
    expect(await bounds()).toEqual([4, 4, 4]);
    expect((await changesSince(since)).sort()).toEqual([
      'budget small',
      'customer c',
      `key ${token}`,
      'organization acme',
    ]);
    await budgets.delete(ADMIN, { budgetId: 'small' });
    expect(await bounds()).toEqual([undefined, undefined, undefined]);
    expect((await budgets.get(ADMIN, { budgetIds: ['small'] })).budgets).toEqual([]);
  });

  it('a shared budget is made by admins and read by viewers', async () => {
    await expect(aBudget({}, aCaller('internal_user', 'ann'))).rejects.toMatchObject(DENIED);
    await aBudget({ allowedModels: ['m'], limits: { rpm: 1 } });
    await expect(aBudget()).rejects.toMatchObject(EXISTS);
    const { budgets: read } = await budgets.get(aCaller('proxy_admin_viewer', 'eve'), { budgetIds: ['small', 'gone'] });
    expect(read).toMatchObject([{ budgetId: 'small', allowedModels: ['m'], limits: { rpm: 1 } }]);
    await expect(budgets.list(aCaller('internal_user', 'ann'), { page: undefined })).rejects.toMatchObject(DENIED);
  });

  it('a customer that nobody knows has the default budget', async () => {
    await aBudget({ budget: { maxNanoUsd: 3, duration: '1d' }, limits: { rpm: 2 } });
    settings.max_end_user_budget_id = 'small';
    const told = await ledger.get(AuthorizeService).authorizeCustomer('stranger');
    expect(told).toMatchObject({
      blocked: false,
      accounts: [{ account: 'customer:stranger', maxNanoUsd: 3, resetAt: expect.any(Date) }],
      limits: [{ scope: 'customer:stranger', limits: { rpm: 2 } }],
    });
    expect(await maxOf('customer:stranger')).toBe(3);
  });

  it('customers are made, changed, blocked and deleted', async () => {
    const update = (customerId: string, changes: PartialOf<typeof Customer>, updateMask: string[]) =>
      customers.update(ADMIN, UpdateCustomerRequest.fromPartial({ changes: { customerId, ...changes }, updateMask }));
    expect(
      (await update('new', { alias: 'New', budget: { maxNanoUsd: 5 } }, ['alias', 'budget'])).customer,
    ).toMatchObject({ alias: 'New' });
    expect((await update('new', { defaultModel: 'm' }, ['default_model'])).customer).toMatchObject({
      alias: 'New',
      defaultModel: 'm',
    });
    await expect(update('new', { allowedModelRegion: 'mars' }, ['allowed_model_region'])).rejects.toThrow(
      /'eu' or 'us'/,
    );
    const { customers: blocked } = await customers.block(ADMIN, { customerIds: ['new', 'newer'], blocked: true });
    expect(blocked.map((customer) => [customer.customerId, customer.blocked])).toEqual([
      ['new', true],
      ['newer', true],
    ]);
    expect(await ledger.get(AuthorizeService).authorizeCustomer('newer')).toMatchObject({ blocked: true });
    await expect(customers.delete(ADMIN, { customerIds: ['new', 'gone'] })).rejects.toMatchObject(NOT_FOUND);
    expect(await customers.delete(ADMIN, { customerIds: ['new'] })).toEqual({ deletedCustomerIds: ['new'] });
    expect(await maxOf('customer:new')).toBeUndefined();
    expect((await customers.list(ADMIN, { page: undefined, search: 'new' })).customers).toHaveLength(1);
    await expect(customers.get(aCaller('internal_user', 'ann'), { customerId: 'newer' })).rejects.toMatchObject(DENIED);
  });
});
