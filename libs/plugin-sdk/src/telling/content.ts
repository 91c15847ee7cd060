// What went into a call and what came out of it, as tracers show them. Both are absent when message logging is off.
import { isJsonObject, type JsonObject, type JsonValue } from '@turnpike/domain';
import type { CallFinished } from '../contracts/callback/v1/index.js';

/** Fields of requests that hold what was said, in all dialects. */
const CONTENT_FIELDS = [
  'messages',
  'prompt',
  'input',
  'contents',
  'system',
  'instructions',
  'systemInstruction',
  'system_instruction',
  'tools',
  'functions',
] as const;

/** `{messages, tools}`; the value itself where there is but one that is no list of messages: `'Hello'`. */
export const contentIn = ({ request }: Pick<CallFinished, 'request'>): JsonValue | undefined => {
  if (!request) return undefined;
  const content: JsonObject = {};
  for (const name of CONTENT_FIELDS) if (request[name] !== undefined) content[name] = request[name];
  const [first, ...others] = Object.keys(content);
  if (first === undefined) return undefined;
  return others.length === 0 && (first === 'prompt' || first === 'input') ? content[first] : content;
};

/** `{role, content}` of a chat, the text of a completion; the whole answer in dialects of other shape. No vectors. */
export const contentOut = ({ response }: Pick<CallFinished, 'response'>): JsonValue | undefined => {
  if (!response) return undefined;
  const { choices } = response;
  if (Array.isArray(choices)) {
    const said = choices.filter(isJsonObject).map(({ message, text }) => message ?? text ?? null);
    return said.length === 1 ? said[0] : said;
  }
  if (Array.isArray(response['data']) && response['object'] === 'list') return undefined;
  return response;
};
