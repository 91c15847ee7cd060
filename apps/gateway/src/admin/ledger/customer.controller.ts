// /customer/*, or /end_user/*: end users of applications, as LiteLLM manages them.
import { Body, Controller, Query, UseGuards } from '@nestjs/common';
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import { readBody, readQuery } from './body.js';
import {
  customerAnswer,
  customerBody,
  customerIdsBody,
  fromCustomer,
  toCustomerChanges,
  toNewCustomer,
} from './customer.json.js';
import { LedgerGuard } from './ledger.guard.js';
import { managementRoutes } from './management-route.js';
import { Ledger, type OnBehalf } from './on-behalf.js';
import { allPages } from './page.js';

const Route = managementRoutes('customers');

const bothNames = (path: string): string[] => [`customer/${path}`, `end_user/${path}`];

const infoQuery = z.object({ end_user_id: z.string({ error: 'is missing: it must be the id of a customer' }) });

@Controller()
@UseGuards(LedgerGuard)
export class CustomerController {
  @Route('POST', bothNames('new'), { summary: 'Makes a customer', body: customerBody, answer: customerAnswer })
  async create(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const request = toNewCustomer(readBody(customerBody, body));
    const { customer } = await ledger.ask(ledger.services.customers.createCustomer, request);
    return fromCustomer(customer!);
  }

  @Route('POST', bothNames('update'), {
    summary: 'Changes the fields that are given; null clears one. Who is not known is made',
    body: customerBody,
    answer: customerAnswer,
  })
  async update(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const request = toCustomerChanges(readBody(customerBody, body));
    const { customer } = await ledger.ask(ledger.services.customers.updateCustomer, request);
    return fromCustomer(customer!);
  }

  @Route('POST', bothNames('delete'), { summary: 'Deletes customers', body: customerIdsBody })
  async delete(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    const { user_ids: customerIds } = readBody(customerIdsBody, body);
    const { deletedCustomerIds: ids } = await ledger.ask(ledger.services.customers.deleteCustomers, { customerIds });
    return { deleted_customers: ids.length, message: `Successfully deleted customers with ids: ${ids.join(', ')}` };
  }

  @Route('GET', bothNames('info'), { summary: 'A customer', query: infoQuery, answer: customerAnswer })
  async info(@Ledger() ledger: OnBehalf, @Query() query: unknown): Promise<JsonObject> {
    const { end_user_id: customerId } = readQuery(infoQuery, query);
    const { customer } = await ledger.ask(ledger.services.customers.getCustomer, { customerId });
    return fromCustomer(customer!);
  }

  @Route('GET', bothNames('list'), { summary: 'All customers', answer: z.array(customerAnswer) })
  async list(@Ledger() ledger: OnBehalf): Promise<JsonObject[]> {
    return allPages(async (page) => {
      const answer = await ledger.ask(ledger.services.customers.listCustomers, { page });
      return { rows: answer.customers.map(fromCustomer), page: answer.page };
    });
  }

  @Route('POST', [...bothNames('block'), 'user/block'], {
    summary: 'Refuses calls for customers',
    body: customerIdsBody,
  })
  async block(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    return { blocked_users: await setBlocked(ledger, body, true) };
  }

  @Route('POST', [...bothNames('unblock'), 'user/unblock'], {
    summary: 'Lets customers in again',
    body: customerIdsBody,
  })
  async unblock(@Ledger() ledger: OnBehalf, @Body() body: unknown): Promise<JsonObject> {
    return { unblocked_users: await setBlocked(ledger, body, false) };
  }
}

const setBlocked = async (ledger: OnBehalf, body: unknown, blocked: boolean): Promise<JsonObject[]> => {
  const { user_ids: customerIds } = readBody(customerIdsBody, body);
  const { customers } = await ledger.ask(ledger.services.customers.blockCustomers, { customerIds, blocked });
  return customers.map(fromCustomer);
};
