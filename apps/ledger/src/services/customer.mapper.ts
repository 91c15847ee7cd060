// Customers: from messages to rows and back.
import type { Customer } from '@turnpike/rpc';
import type { CustomerEntity } from '../schema/entities/customer.entity.js';
import type { Spent } from './bounds-keeper.js';
import { authorshipOf, columnOf, fromBudgetColumns, fromLimitColumns, textOf, toBoundColumns } from './stored-terms.js';

export type CustomerColumns = Omit<
  CustomerEntity,
  'customerId' | 'createdAt' | 'createdBy' | 'updatedAt' | 'updatedBy'
>;

export const toCustomerColumns = (customer: Customer): CustomerColumns => ({
  ...toBoundColumns(customer.budget, customer.limits),
  alias: columnOf(customer.alias),
  budgetId: columnOf(customer.budgetId),
  allowedModelRegion: columnOf(customer.allowedModelRegion),
  defaultModel: columnOf(customer.defaultModel),
  objectPermission: customer.objectPermission ?? null,
  blocked: customer.blocked,
});

export const fromCustomerEntity = (customer: CustomerEntity, spent?: Spent): Customer => ({
  customerId: customer.customerId,
  alias: textOf(customer.alias),
  budgetId: textOf(customer.budgetId),
  budget: fromBudgetColumns(customer, spent?.resetAt),
  limits: fromLimitColumns(customer),
  spendNanoUsd: spent?.nanoUsd ?? 0,
  allowedModelRegion: textOf(customer.allowedModelRegion),
  defaultModel: textOf(customer.defaultModel),
  objectPermission: customer.objectPermission ?? undefined,
  blocked: customer.blocked,
  authorship: authorshipOf(customer),
});
