// Structured output, in the way a host has it.
import { isJsonObject, passUnsupported, type Call, type JsonObject } from '@turnpike/plugin-sdk';
import type { Draft } from './draft.js';
import type { Quirks } from './host-row.js';

/** Any object: what `json_object` asks for. */
const OPEN_SCHEMA: JsonObject = {
  type: 'json_schema',
  json_schema: { name: 'response', schema: { type: 'object' } },
};

export const adaptResponseFormat = (draft: Draft, call: Call, rules: NonNullable<Quirks['responseFormat']>): void => {
  const format = draft.get('response_format');
  if (!isJsonObject(format)) return;
  const described = isJsonObject(format['json_schema']) ? format['json_schema'] : {};
  if (format['type'] === 'text' && rules.text) draft.drop('response_format');
  if (format['type'] === 'json_object' && rules.json) draft.put('response_format', OPEN_SCHEMA);
  if (format['type'] !== 'json_schema') return;
  if (rules.schema === 'json-object-with-schema') {
    draft.put('response_format', { type: 'json_object', schema: described['schema'] ?? {} });
  } else if (rules.schema === 'json-object') {
    if (!passUnsupported(call.policy, 'response_format', 'it has JSON, but no schemas')) {
      draft.put('response_format', { type: 'json_object' });
    }
  }
};
