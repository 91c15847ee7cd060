import { CustomerEntity } from '../../schema/entities/customer.entity.js';
import { accountOfCustomer } from '../../services/customer.service.js';
import { boundsOf, effectiveTerms } from '../../services/effective-terms.js';
import { textOf } from '../../services/stored-terms.js';
import { assertId, assertJson, assertName } from '../../services/terms.js';
import { authorshipOf } from '../authorship.js';
import { named, type Noun } from '../noun.js';
import { NO_BOUNDS } from '../source-terms.js';
import { OBJECT_PERMISSION, objectPermissionOf } from './object-permission.js';
import { spendOf } from './spends.js';

export const customers: Noun<CustomerEntity> = {
  name: 'customers',
  source: { table: 'LiteLLM_EndUserTable', joined: { object_permission: OBJECT_PERMISSION }, order: `r->>'user_id'` },
  entity: CustomerEntity,
  primaryKey: ['customerId'],
  nameOf: named('user_id'),
  refersTo: (source) => ({ budgets: [textOf(source.text('budget_id'))] }),
  read: (source, context) => {
    const row: CustomerEntity = {
      ...NO_BOUNDS,
      ...authorshipOf(source),
      customerId: source.id('user_id'),
      alias: source.text('alias'),
      budgetId: source.text('budget_id'),
      allowedModelRegion: source.text('allowed_model_region'),
      defaultModel: source.text('default_model'),
      objectPermission: objectPermissionOf(source),
      blocked: source.flag('blocked'),
    };
    assertId(row.customerId, 'user_id');
    assertName(textOf(row.alias), 'alias');
    assertName(textOf(row.allowedModelRegion), 'allowed_model_region');
    assertName(textOf(row.defaultModel), 'default_model');
    assertJson(row.objectPermission, 'object_permission');
    return [{ row, spends: [spendOf(accountOfCustomer(row.customerId), source, context)] }];
  },
  needs: ({ budgetId }) => ({ budgets: [textOf(budgetId)] }),
  boundsOf: (row, { budgets }) =>
    boundsOf(accountOfCustomer(row.customerId), effectiveTerms(row, budgets.get(textOf(row.budgetId)))),
  changeOf: ({ customerId: id }) => ({ kind: 'customer', id }),
};
