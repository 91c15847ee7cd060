import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { CustomerEntity } from '../schema/entities/customer.entity.js';
import { assertStorable } from '../storage/storable.js';
import { AUTHORED_SORTS, containing, readPage, spendOf, type Page, type PageQuery } from './paging.js';
import { Repository } from './repository.js';

const SORTS = {
  ...AUTHORED_SORTS,
  customer_id: 't.customerId',
  user_id: 't.customerId',
  alias: 't.alias',
  max_budget: 't.maxBudgetNano',
  spend: spendOf('customer', 't.customerId'),
};

@Injectable()
export class CustomerRepository extends Repository<CustomerEntity> {
  constructor() {
    super(CustomerEntity, 'customerId');
  }

  /** @param search a part of the id or alias; empty: all */
  async page(manager: EntityManager, search: string, query: PageQuery): Promise<Page<CustomerEntity>> {
    assertStorable(search, 'search');
    const builder = manager.createQueryBuilder(CustomerEntity, 't');
    if (search) builder.where('(t.customerId ILIKE :search OR t.alias ILIKE :search)', { search: containing(search) });
    return await readPage(builder, query, SORTS, 't.customerId');
  }
}
