// Which conversation a request belongs to.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Enough to tell conversations apart. */
const MAX_CHARACTERS = 4_000;

/**
 * What the client calls its session, else a digest of how the conversation begins: everything up to the first thing
 * its user said, which no later turn changes. Undefined: it says neither.
 */
export const conversationKey = (headers: IncomingHttpHeaders, body: Readonly<JsonObject>): string | undefined => {
  const session = sessionOf(headers, body) ?? body['prompt_cache_key'];
  if (typeof session === 'string' && session !== '') return session;
  const beginning = beginningOf(body['messages']);
  return beginning === undefined ? undefined : hash('sha1', beginning);
};

/** What the client calls its session. */
export const sessionOf = (headers: IncomingHttpHeaders, body: Readonly<JsonObject>): string | undefined => {
  const { metadata, litellm_metadata: own } = body;
  const named = [
    headers['x-litellm-session-id'],
    body['litellm_session_id'],
    isJsonObject(own) ? own['session_id'] : undefined,
    isJsonObject(metadata) ? metadata['session_id'] : undefined,
  ];
  return named.find((session): session is string => typeof session === 'string' && session !== '');
};

const beginningOf = (messages: JsonValue | undefined): string | undefined => {
  if (!Array.isArray(messages)) return undefined;
  let text = '';
  for (const message of messages) {
    if (!isJsonObject(message) || text.length >= MAX_CHARACTERS) break;
    text += `${String(message['role'])}\n${textOf(message['content'])}\n`;
    if (message['role'] === 'user') break;
  }
  return text === '' ? undefined : text.slice(0, MAX_CHARACTERS);
};

/** Texts only: a picture is long, and seldom what tells two conversations apart. */
const textOf = (content: JsonValue | undefined): string => {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (isJsonObject(part) && typeof part['text'] === 'string' ? part['text'] : '')).join('');
};
