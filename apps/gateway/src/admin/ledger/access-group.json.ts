// Access groups: LiteLLM's JSON from and to the ledger's messages.
import type { JsonObject } from '@turnpike/domain';
import { z } from '@turnpike/plugin-sdk';
import type { AccessGroup, UpdateAccessGroupRequest } from '@turnpike/rpc';
import { bodyOf, required } from './body.js';
import {
  answerShape,
  readChanges,
  readNew,
  requestShape,
  writeFields,
  type FieldTable,
  type Filled,
} from './fields.js';
import { text, texts, time, told } from './kinds.js';

const FIELDS: FieldTable = {
  access_group_name: text('name'),
  description: text('description'),
  access_model_names: texts('models'),
  assigned_team_ids: texts('assigned_team_ids'),
  assigned_key_ids: texts('assigned_key_ids'),
  access_group_id: told('access_group_id'),
  created_at: time('authorship.created_at'),
  created_by: told('authorship.created_by'),
  updated_at: time('authorship.updated_at'),
  updated_by: told('authorship.updated_by'),
};

/** What LiteLLM's groups hold beside models: there is none of it here. */
const NONE = { access_mcp_server_ids: [], access_agent_ids: [] };

export const newAccessGroupBody = bodyOf({ ...requestShape(FIELDS), access_group_name: required });
export const accessGroupChangesBody = bodyOf(requestShape(FIELDS));
export const accessGroupAnswer = z.object({
  ...answerShape(FIELDS),
  access_mcp_server_ids: z.array(z.string()),
  access_agent_ids: z.array(z.string()),
});

/** @param body checked by `newAccessGroupBody` */
export const toNewAccessGroup = (body: z.output<typeof newAccessGroupBody>): { accessGroup: Filled<AccessGroup> } => ({
  accessGroup: readNew<AccessGroup>(FIELDS, body),
});

/** @param body checked by `accessGroupChangesBody` */
export const toAccessGroupChanges = (
  accessGroupId: string,
  body: z.output<typeof accessGroupChangesBody>,
): Omit<UpdateAccessGroupRequest, 'changes'> & { changes: Filled<AccessGroup> } => {
  const { changes, updateMask } = readChanges<AccessGroup>(FIELDS, body);
  return { changes: { ...changes, accessGroupId }, updateMask };
};

export const fromAccessGroup = (group: AccessGroup): JsonObject => ({ ...writeFields(FIELDS, group), ...NONE });
