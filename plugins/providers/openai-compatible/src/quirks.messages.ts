// Messages: roles, fields and content that a host does not take.
import {
  editEach,
  editField,
  isJsonObject,
  legacyCallId,
  withoutCacheControl,
  withoutFields,
  type Call,
  type JsonObject,
  type JsonValue,
} from '@turnpike/plugin-sdk';
import type { Draft } from './draft.js';
import type { Quirks } from './host-row.js';
import { reasoningHistoryEdit } from './quirks.reasoning.js';
import { nineCharacterId } from './tool-call-ids.js';

type MessageEdit = (message: JsonObject) => JsonObject;

export const adaptMessages = (draft: Draft, call: Call, quirks: Quirks): void => {
  const messages = draft.get('messages');
  if (!Array.isArray(messages)) return;
  const edits = editsOf(draft, call, quirks);
  const edited = editEach(messages, (message) => edits.reduce((current, edit) => edit(current), message));
  draft.put(
    'messages',
    quirks.dropEmptyTurns && edited.some(isEmptyTurn) ? edited.filter((m) => !isEmptyTurn(m)) : edited,
  );
};

const editsOf = (draft: Draft, call: Call, quirks: Quirks): MessageEdit[] => {
  const edits: MessageEdit[] = [];
  if (!quirks.isTransparent) {
    edits.push(withoutLegacyCall);
    if (!quirks.knowsDeveloperRole) edits.push(withoutDeveloper);
    if (!quirks.knowsCacheControl) edits.push(withoutCacheControl);
  }
  if (quirks.reasoningHistory) edits.push(forAssistant(reasoningHistoryEdit(draft, call, quirks.reasoningHistory)));
  if (!quirks.isTransparent) edits.push(forAssistant(withoutLeftovers));
  if (quirks.messageLacks) edits.push(withoutLacking(call, quirks.messageLacks));
  if (quirks.stripNulls) edits.push(withoutNulls);
  if (quirks.flattenContent) edits.push(flattened);
  if (quirks.toolCallIds) edits.push(withNineCharacterIds);
  return edits;
};

const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

const forAssistant =
  (edit: MessageEdit): MessageEdit =>
  (message) =>
    message['role'] === 'assistant' ? edit(message) : message;

const withoutDeveloper: MessageEdit = (message) =>
  message['role'] === 'developer' ? { ...message, role: 'system' } : message;

const withoutLegacyCall: MessageEdit = (message) => {
  if (message['role'] === 'function') {
    const { name, ...rest } = message;
    return { ...rest, role: 'tool', tool_call_id: legacyCallId(textOf(name)) };
  }
  const { function_call: called } = message;
  if (!isJsonObject(called)) return message;
  const id = legacyCallId(textOf(called['name']));
  return { ...withoutFields(message, ['function_call']), tool_calls: [{ id, type: 'function', function: called }] };
};

/** What other providers' models left behind and no host of this format reads. */
const withoutLeftovers: MessageEdit = (message) =>
  editField(withoutFields(message, ['thinking_blocks', 'provider_specific_fields', 'images']), 'tool_calls', (call) =>
    withoutFields(call, ['extra_content', 'provider_specific_fields']),
  );

/** A speaker's name is a hint that the client gave on purpose, so its loss is told. */
const withoutLacking =
  (call: Call, fields: readonly string[]): MessageEdit =>
  (message) => {
    const note = 'messages[*].name';
    const losesName = fields.includes('name') && typeof message['name'] === 'string';
    if (losesName && !call.policy.dropped.includes(note)) call.policy.dropped.push(note);
    return withoutFields(message, fields);
  };

const withoutNulls: MessageEdit = (message) =>
  withoutFields(
    message,
    Object.keys(message).filter(
      (key) => message[key] === null && !(key === 'content' && message['role'] === 'assistant'),
    ),
  );

const isText = (part: JsonValue): part is JsonObject =>
  isJsonObject(part) && part['type'] === 'text' && typeof part['text'] === 'string';

const flattened: MessageEdit = (message) => {
  const { content } = message;
  if (!Array.isArray(content) || !content.every(isText)) return message;
  return { ...message, content: content.map((part) => textOf(part['text'])).join('') };
};

const withNineCharacterIds: MessageEdit = (message) => {
  const { tool_call_id: id } = message;
  const named =
    typeof id === 'string' && nineCharacterId(id) !== id ? { ...message, tool_call_id: nineCharacterId(id) } : message;
  return editField(named, 'tool_calls', (call) => {
    const own = typeof call['id'] === 'string' ? call['id'] : '';
    return nineCharacterId(own) === own ? call : { ...call, id: nineCharacterId(own) };
  });
};

const isBlank = (value: JsonValue | undefined): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

const isEmptyTurn = (message: JsonValue): boolean =>
  isJsonObject(message) &&
  message['role'] === 'assistant' &&
  isBlank(message['content']) &&
  isBlank(message['tool_calls']);
