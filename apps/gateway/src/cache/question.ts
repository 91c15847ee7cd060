// The words of a request, and all else about it: requests that differ in their words alone may have the same answer.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { OperationName } from '../routes/front.js';
import { effectiveFields } from './cache-key.js';

/** Longer texts fit no embedding model, and say too much for one vector. */
const MAX_CHARACTERS = 30_000;

export interface Worded {
  readonly text: string;
  /** The request with its words left out. */
  readonly rest: JsonObject;
}

/** Where requests have their words. */
const FIELDS: Partial<Record<OperationName, string>> = { chat: 'messages', completions: 'prompt' };

/** Undefined: it has no words, or more than can be compared. */
export const wordsOf = (operation: OperationName, body: Readonly<JsonObject>): Worded | undefined => {
  const field = FIELDS[operation];
  // What travels in extra_body may have other words.
  if (field === undefined || body['extra_body'] !== undefined) return undefined;
  const words: string[] = [];
  const rest = effectiveFields(body);
  const value = rest[field];
  rest[field] = field === 'messages' ? withoutContents(value, words) : withoutWords(value, words);
  const text = words.join('\n');
  return text.trim() === '' || text.length > MAX_CHARACTERS ? undefined : { text, rest };
};

const withoutContents = (messages: JsonValue | undefined, words: string[]): JsonValue | undefined =>
  Array.isArray(messages)
    ? messages.map((message) =>
        isJsonObject(message) ? { ...message, content: withoutParts(message['content'], words) } : message,
      )
    : messages;

/** Pictures and the like stay: they make it another question. */
const withoutParts = (content: JsonValue | undefined, words: string[]): JsonValue | undefined =>
  Array.isArray(content)
    ? content.map((part) =>
        isJsonObject(part) && part['type'] === 'text' ? { ...part, text: withoutWords(part['text'], words) } : part,
      )
    : withoutWords(content, words);

const withoutWords = (value: JsonValue | undefined, words: string[]): JsonValue | undefined => {
  if (typeof value !== 'string') return value;
  words.push(value);
  return '';
};
