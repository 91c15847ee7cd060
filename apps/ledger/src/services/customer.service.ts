// Customers: what is known of the end users that applications name.
import { Injectable } from '@nestjs/common';
import { accountName } from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import {
  Customer,
  type BlockCustomersRequest,
  type BlockCustomersResponse,
  type CreateCustomerRequest,
  type DeleteCustomersRequest,
  type DeleteCustomersResponse,
  type GetCustomerRequest,
  type ListCustomersRequest,
  type ListCustomersResponse,
  type UpdateCustomerRequest,
} from '@turnpike/rpc';
import { DataSource, type EntityManager } from 'typeorm';
import { BudgetRepository } from '../repositories/budget.repository.js';
import { CustomerRepository } from '../repositories/customer.repository.js';
import type { CustomerEntity } from '../schema/entities/customer.entity.js';
import { inTransaction } from '../storage/in-transaction.js';
import { BoundsKeeper } from './bounds-keeper.js';
import { authorOf, type Caller } from './caller.js';
import { fromCustomerEntity, toCustomerColumns } from './customer.mapper.js';
import { boundsOf, effectiveTerms, type ScopedBound } from './effective-terms.js';
import { applyMask } from './field-mask.js';
import { pageInfoOf, toPageQuery } from './pages.js';
import { assertAdmin, assertSeesAll } from './permissions.js';
import { Recorder, traceOf, type Deed, type Trace } from './recorder.js';
import { alreadyExists, notFound, storing, type Meanings } from './storing.js';
import { textOf } from './stored-terms.js';
import { assertBudget, assertId, assertJson, assertLimits, assertName } from './terms.js';

export const accountOfCustomer = (customerId: string): string => accountName('customer', customerId);

const FIXED: (keyof Customer)[] = ['customerId', 'spendNanoUsd', 'authorship'];
const REGIONS = ['', 'eu', 'us'];

type CustomerAnswer = Promise<{ customer: Customer }>;

@Injectable()
export class CustomerService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly repository: CustomerRepository,
    private readonly budgets: BudgetRepository,
    private readonly bounds: BoundsKeeper,
    private readonly recorder: Recorder,
  ) {}

  async create(caller: Caller, request: CreateCustomerRequest): CustomerAnswer {
    assertAdmin(caller, 'make customers');
    const asked = request.customer ?? Customer.fromPartial({});
    assertCustomer(asked);
    const { customerId } = asked;
    const meanings = { customers_pkey: () => alreadyExists(`The customer '${customerId}'`, 'user_id') };
    return await this.transact(async (manager) => {
      const { customer, trace } = await this.insert(manager, caller, asked);
      const [message] = await this.toMessages(manager, [customer]);
      await this.recorder.record(manager, caller, trace);
      return { customer: message! };
    }, meanings);
  }

  /** Makes it, where it is not known yet. */
  async update(caller: Caller, request: UpdateCustomerRequest): CustomerAnswer {
    assertAdmin(caller, 'change customers');
    const changes = request.changes ?? Customer.fromPartial({});
    const { customerId } = changes;
    const mask = request.updateMask ?? [];
    return await this.transact(async (manager) => {
      const before = await this.repository.lock(manager, customerId);
      if (!before) {
        const asked = applyMask(Customer.fromPartial({ customerId }), changes, mask, FIXED);
        assertCustomer(asked);
        const { customer, trace } = await this.insert(manager, caller, asked);
        const [message] = await this.toMessages(manager, [customer]);
        await this.recorder.record(manager, caller, trace);
        return { customer: message! };
      }
      const wished = applyMask(fromCustomerEntity(before), changes, mask, FIXED);
      assertCustomer(wished);
      const customer = await this.store(manager, caller, before, toCustomerColumns(wished));
      const [message] = await this.toMessages(manager, [customer]);
      const trace = traceOfCustomer({ action: 'updated', id: customerId, before, after: customer });
      await this.recorder.record(manager, caller, trace);
      return { customer: message! };
    });
  }

  async delete(caller: Caller, { customerIds }: DeleteCustomersRequest): Promise<DeleteCustomersResponse> {
    assertAdmin(caller, 'delete customers');
    if (customerIds.length === 0) throw invalidRequest('Name at least one customer.', 'user_ids');
    return await this.transact(async (manager) => {
      const deleted = await this.repository.delete(manager, customerIds);
      const ids = deleted.map(({ customerId }) => customerId);
      const missing = customerIds.find((id) => !ids.includes(id));
      if (missing !== undefined) throw notFound(`The customer '${missing}'`, 'user_ids');
      await this.bounds.close(manager, ids.map(accountOfCustomer));
      const traces = deleted.map((before) => traceOfCustomer({ action: 'deleted', id: before.customerId, before }));
      await this.recorder.record(manager, caller, traceOf(...traces));
      return { deletedCustomerIds: ids };
    });
  }

  async block(caller: Caller, { customerIds, blocked }: BlockCustomersRequest): Promise<BlockCustomersResponse> {
    assertAdmin(caller, 'block customers');
    if (customerIds.length === 0) throw invalidRequest('Name at least one customer.', 'user_ids');
    return await this.transact(async (manager) => {
      const stored: CustomerEntity[] = [];
      const traces: Trace[] = [];
      // Ordered, so that two who do this at once wait for each other and do not deadlock.
      for (const customerId of [...new Set(customerIds)].sort()) {
        const before = await this.repository.lock(manager, customerId);
        if (!before) {
          const asked = Customer.fromPartial({ customerId, blocked });
          assertCustomer(asked);
          const made = await this.insert(manager, caller, asked);
          stored.push(made.customer);
          traces.push(made.trace);
          continue;
        }
        const customer = await this.store(manager, caller, before, { blocked });
        stored.push(customer);
        const action = blocked ? 'blocked' : 'unblocked';
        traces.push(traceOfCustomer({ action, id: customerId, before, after: customer }));
      }
      const messages = await this.toMessages(manager, stored);
      await this.recorder.record(manager, caller, traceOf(...traces));
      return { customers: messages };
    });
  }

  async get(caller: Caller, { customerId }: GetCustomerRequest): CustomerAnswer {
    assertSeesAll(caller, 'see customers');
    return await storing(async () => {
      const { manager } = this.dataSource;
      const customer = await this.repository.find(manager, customerId);
      if (!customer) throw notFound(`The customer '${customerId}'`, 'end_user_id');
      const [message] = await this.toMessages(manager, [customer]);
      return { customer: message! };
    });
  }

  async list(caller: Caller, { page, search }: ListCustomersRequest): Promise<ListCustomersResponse> {
    assertSeesAll(caller, 'see customers');
    const query = toPageQuery(page);
    return await storing(async () => {
      const { manager } = this.dataSource;
      const { rows, totalCount } = await this.repository.page(manager, search, query);
      return { customers: await this.toMessages(manager, rows), page: pageInfoOf(query, totalCount) };
    });
  }

  private async insert(
    manager: EntityManager,
    caller: Caller,
    asked: Customer,
  ): Promise<{ customer: CustomerEntity; trace: Trace }> {
    const author = authorOf(caller);
    const { customerId } = asked;
    const columns = { ...toCustomerColumns(asked), customerId, createdBy: author, updatedBy: author };
    const customer = await this.repository.insert(manager, columns);
    await this.bounds.change(manager, [], await this.boundsOf(manager, customer));
    return { customer, trace: traceOfCustomer({ action: 'created', id: customerId, after: customer }) };
  }

  private async store(
    manager: EntityManager,
    caller: Caller,
    before: CustomerEntity,
    columns: Partial<CustomerEntity>,
  ): Promise<CustomerEntity> {
    const { customerId } = before;
    const customer = await this.repository.update(manager, customerId, { ...columns, updatedBy: authorOf(caller) });
    const after = await this.boundsOf(manager, customer!);
    await this.bounds.change(manager, await this.boundsOf(manager, before), after);
    return customer!;
  }

  private async boundsOf(manager: EntityManager, customer: CustomerEntity): Promise<ScopedBound[]> {
    const shared = customer.budgetId ? await this.budgets.find(manager, customer.budgetId) : null;
    return boundsOf(accountOfCustomer(customer.customerId), effectiveTerms(customer, shared));
  }

  private async toMessages(manager: EntityManager, customers: readonly CustomerEntity[]): Promise<Customer[]> {
    const ids = customers.map(({ budgetId }) => budgetId).filter((id) => id !== null);
    const shared = new Map((await this.budgets.findMany(manager, ids)).map((budget) => [budget.budgetId, budget]));
    const entities = customers.map((customer) => ({
      account: accountOfCustomer(customer.customerId),
      terms: effectiveTerms(customer, shared.get(textOf(customer.budgetId))),
    }));
    const spent = await this.bounds.spentOf(manager, entities);
    return customers.map((customer) => fromCustomerEntity(customer, spent.get(accountOfCustomer(customer.customerId))));
  }

  private async transact<T>(work: (manager: EntityManager) => Promise<T>, meanings: Meanings = {}): Promise<T> {
    return await storing(() => inTransaction(this.dataSource, work), meanings);
  }
}

/** @throws GW_INVALID_REQUEST */
const assertCustomer = (customer: Customer): void => {
  if (customer.customerId === '') throw invalidRequest('Name a customer: give user_id.', 'user_id');
  assertId(customer.customerId, 'user_id');
  assertName(customer.alias, 'alias');
  assertName(customer.budgetId, 'budget_id');
  assertBudget(customer.budget);
  assertLimits(customer.limits);
  assertName(customer.defaultModel, 'default_model');
  if (!REGIONS.includes(customer.allowedModelRegion)) {
    throw invalidRequest("allowed_model_region must be 'eu' or 'us'.", 'allowed_model_region');
  }
  assertJson(customer.objectPermission, 'object_permission');
};

const traceOfCustomer = (deed: Omit<Deed, 'table'>): Trace => ({
  deeds: [{ ...deed, table: 'customer' }],
  changes: [{ kind: 'customer', id: deed.id }],
});
