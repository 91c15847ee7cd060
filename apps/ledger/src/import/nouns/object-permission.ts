// What rows may reach beside models. It stands in a table of its own there, one row each.
import { isJsonObject, type JsonObject } from '@turnpike/domain';
import type { SourceRow } from '../source-row.js';

/** Joined under the name `object_permission`. */
export const OBJECT_PERMISSION = {
  table: 'LiteLLM_ObjectPermissionTable',
  select: (table: string): string =>
    `SELECT to_jsonb(o) - 'object_permission_id' FROM ${table} o
     WHERE o.object_permission_id = r->>'object_permission_id'`,
};

/** Null where nothing in it is said. */
export const objectPermissionOf = (source: SourceRow): JsonObject | null => {
  const value = source.columns['object_permission'];
  if (!isJsonObject(value)) {
    if (source.text('object_permission_id') !== null)
      source.note('object_permission_id leads nowhere: left out, as it was without effect');
    return null;
  }
  const said = Object.entries(value).filter(([, part]) => part !== null && !(Array.isArray(part) && part.length === 0));
  return said.length === 0 ? null : Object.fromEntries(said);
};
