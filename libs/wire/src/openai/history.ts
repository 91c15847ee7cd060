// Edits of the messages and tools of an OpenAI body. What nothing is wrong with stays the very same value.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';

/** Each object of a list through `edit`; the list itself when nothing changed. */
export const editEach = (list: JsonValue[], edit: (entry: JsonObject) => JsonObject): JsonValue[] => {
  let changed: JsonValue[] | undefined;
  list.forEach((entry, index) => {
    if (!isJsonObject(entry)) return;
    const edited = edit(entry);
    if (edited !== entry) (changed ??= [...list])[index] = edited;
  });
  return changed ?? list;
};

/** The same for a list that is a field of `object`. */
export const editField = (object: JsonObject, field: string, edit: (entry: JsonObject) => JsonObject): JsonObject => {
  const list = object[field];
  if (!Array.isArray(list)) return object;
  const edited = editEach(list, edit);
  return edited === list ? object : { ...object, [field]: edited };
};

export const withoutFields = (object: JsonObject, fields: readonly string[]): JsonObject => {
  if (!fields.some((field) => field in object)) return object;
  const rest = { ...object };
  for (const field of fields) delete rest[field];
  return rest;
};

/** Marks of prompt caching that only some models read. */
export const withoutCacheControl = (message: JsonObject): JsonObject =>
  editField(withoutFields(message, ['cache_control']), 'content', (part) => withoutFields(part, ['cache_control']));

const REASONING_FIELDS = ['reasoning_content', 'reasoning', 'reasoning_details', 'thinking_blocks'];
const TOOL_CALL_FIELDS = ['extra_content', 'provider_specific_fields'];

/** What other providers' models left in an assistant's turn: their reasoning, signatures, pictures. */
export const withoutForeignFields = (message: JsonObject): JsonObject =>
  editField(withoutFields(message, [...REASONING_FIELDS, 'provider_specific_fields', 'images']), 'tool_calls', (call) =>
    withoutFields(call, TOOL_CALL_FIELDS),
  );

/** Top-level edits that take out of messages and tools what OpenAI's own API does not know. */
export const plainHistoryEdits = (body: Readonly<JsonObject>): { set: JsonObject } | undefined => {
  const set: JsonObject = {};
  const { messages, tools } = body;
  if (Array.isArray(messages)) {
    const plain = editEach(messages, (message) => withoutForeignFields(withoutCacheControl(message)));
    if (plain !== messages) set['messages'] = plain;
  }
  if (Array.isArray(tools)) {
    const plain = editEach(tools, (tool) => withoutFields(tool, ['cache_control']));
    if (plain !== tools) set['tools'] = plain;
  }
  return Object.keys(set).length > 0 ? { set } : undefined;
};
