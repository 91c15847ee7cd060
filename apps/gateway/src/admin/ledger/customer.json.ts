// Customers: LiteLLM's JSON from and to the ledger's messages.
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import type { Customer, UpdateCustomerRequest } from '@turnpike/rpc';
import { bodyOf, names, required } from './body.js';
import { TERMS_FIELDS } from './budget.json.js';
import {
  answerShape,
  readChanges,
  readNew,
  requestShape,
  writeFields,
  type FieldTable,
  type Filled,
} from './fields.js';
import { flag, objectOrNull, spend, text, told, word } from './kinds.js';

export const CUSTOMER_FIELDS: FieldTable = {
  ...TERMS_FIELDS,
  alias: text('alias'),
  budget_id: text('budget_id'),
  allowed_model_region: word('allowed_model_region', ['eu', 'us']),
  default_model: text('default_model'),
  object_permission: objectOrNull('object_permission'),
  blocked: flag('blocked'),
  user_id: told('customer_id'),
  spend: spend(),
};

export const customerBody = bodyOf({ ...requestShape(CUSTOMER_FIELDS), user_id: required });
export const customerIdsBody = bodyOf({ user_ids: names });

export const customerAnswer = z.object(answerShape(CUSTOMER_FIELDS));

/** @param body checked by `customerBody` */
export const toNewCustomer = (body: z.output<typeof customerBody>): { customer: Filled<Customer> } => ({
  customer: { ...readNew<Customer>(CUSTOMER_FIELDS, body), customerId: body.user_id },
});

/** @param body checked by `customerBody` */
export const toCustomerChanges = (
  body: z.output<typeof customerBody>,
): Omit<UpdateCustomerRequest, 'changes'> & { changes: Filled<Customer> } => {
  const { changes, updateMask } = readChanges<Customer>(CUSTOMER_FIELDS, body);
  return { changes: { ...changes, customerId: body.user_id }, updateMask };
};

export const fromCustomer = (customer: Customer): JsonObject => ({
  ...writeFields(CUSTOMER_FIELDS, customer),
  litellm_budget_table:
    customer.budget || customer.limits
      ? { budget_id: customer.budgetId || null, ...writeFields(TERMS_FIELDS, customer) }
      : null,
});
