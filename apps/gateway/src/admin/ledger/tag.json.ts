// Tags: LiteLLM's JSON from and to the ledger's messages.
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import type { Tag, UpdateTagRequest } from '@turnpike/rpc';
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
import { modelTerms, objectOrNull, spend, text, texts, time, told } from './kinds.js';

export const TAG_FIELDS: FieldTable = {
  ...TERMS_FIELDS,
  description: text('description'),
  models: texts('models'),
  model_info: objectOrNull('model_info'),
  budget_id: text('budget_id'),
  model_max_budget: modelTerms('model_terms'),
  name: told('name'),
  spend: spend(),
  created_at: time('authorship.created_at'),
  created_by: told('authorship.created_by'),
  updated_at: time('authorship.updated_at'),
};

export const tagBody = bodyOf({ ...requestShape(TAG_FIELDS), name: required });
export const tagNamesBody = bodyOf({ names });
export const tagNameBody = bodyOf({ name: required });

export const tagAnswer = z.object(answerShape(TAG_FIELDS));

/** @param body checked by `tagBody` */
export const toNewTag = (body: z.output<typeof tagBody>): { tag: Filled<Tag> } => ({
  tag: { ...readNew<Tag>(TAG_FIELDS, body), name: body.name },
});

/** @param body checked by `tagBody` */
export const toTagChanges = (
  body: z.output<typeof tagBody>,
): Omit<UpdateTagRequest, 'changes'> & { changes: Filled<Tag> } => {
  const { changes, updateMask } = readChanges<Tag>(TAG_FIELDS, body);
  return { changes: { ...changes, name: body.name }, updateMask };
};

export const fromTag = (tag: Tag): JsonObject => ({
  ...writeFields(TAG_FIELDS, tag),
  litellm_budget_table:
    tag.budget || tag.limits ? { budget_id: tag.budgetId || null, ...writeFields(TERMS_FIELDS, tag) } : null,
});
