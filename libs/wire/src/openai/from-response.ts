// OpenAI chat answer → ChatResponse.
import { isJsonObject, type ChatChoice, type ChatResponse, type JsonObject, type JsonValue } from '@turnpike/domain';
import { ANSWERED_WITH_ERROR, GAVE_UP, toInnerError, unreadable } from '../faults.js';
import { otherFields } from '../fields.js';
import { fromOpenAiAssistant } from './content.js';
import { failureOf, fromOpenAiFinishReason, isFailedFinish } from './finish-reason.js';
import { fromOpenAiChatHead } from './head.js';
import { newToolCallId } from './stream-tool-calls.js';
import { fromOpenAiUsage } from './usage.js';

const READ: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created',
  'model',
  'choices',
  'usage',
  'system_fingerprint',
  'service_tier',
]);

/** An error that came inside a 200: `{error}`, or `{base_resp: {status_code, status_msg}}` with a code other than 0. */
export const failureInside = (body: JsonValue): JsonObject | undefined => {
  if (!isJsonObject(body)) return undefined;
  const { error, base_resp: base } = body;
  if (error) return { error };
  return isJsonObject(base) && typeof base['status_code'] === 'number' && base['status_code'] !== 0 ? body : undefined;
};

/** @throws GW_UPSTREAM_INVALID_RESPONSE, or what an error inside the body means */
export const fromOpenAiResponse = (body: JsonValue): ChatResponse => {
  const failure = failureInside(body);
  if (failure) throw toInnerError(failure, ANSWERED_WITH_ERROR);
  if (!isJsonObject(body) || !Array.isArray(body['choices'])) throw unreadable("it has no 'choices'");
  const extras = otherFields(body, READ);
  return {
    ...fromOpenAiChatHead(body),
    choices: body['choices'].filter(isJsonObject).map(fromChoice),
    usage: fromOpenAiUsage(body['usage']),
    ...(Object.keys(extras).length > 0 ? { extras } : {}),
  };
};

const fromChoice = (choice: JsonObject, position: number): ChatChoice => {
  const message = isJsonObject(choice['message']) ? choice['message'] : {};
  const content = fromAnswer(message);
  const word = typeof choice['finish_reason'] === 'string' ? choice['finish_reason'] : '';
  if (isFailedFinish(word)) throw toInnerError(failureOf(word, choice), GAVE_UP);
  return {
    index: typeof choice['index'] === 'number' ? choice['index'] : position,
    content,
    finishReason: fromOpenAiFinishReason(
      word,
      content.some((part) => part.type === 'tool-call'),
    ),
    ...(word ? { nativeFinishReason: word } : {}),
    ...(isJsonObject(choice['logprobs']) ? { logprobs: choice['logprobs'] } : {}),
  };
};

const fromAnswer = (message: JsonObject): ChatChoice['content'] => {
  let content: ChatChoice['content'];
  try {
    // Some servers write a single call without the list around it.
    const calls = message['tool_calls'];
    content = fromOpenAiAssistant(isJsonObject(calls) ? { ...message, tool_calls: [calls] } : message, 'message');
  } catch (error) {
    throw unreadable('its message is malformed', error);
  }
  for (const part of content) if (part.type === 'tool-call' && part.id === '') part.id = newToolCallId();
  // Beside other parts an empty text says nothing, and some dialects refuse it.
  if (content.length > 1) content = content.filter((part) => part.type !== 'text' || part.text !== '');
  const annotations = message['annotations'];
  const text = content.find((part) => part.type === 'text');
  if (text && Array.isArray(annotations) && annotations.length > 0) text.annotations = annotations.filter(isJsonObject);
  const audio = message['audio'];
  const spoken = content.find((part) => part.type === 'audio');
  if (spoken && isJsonObject(audio)) {
    if (typeof audio['data'] === 'string') spoken.data = audio['data'];
    if (typeof audio['transcript'] === 'string') spoken.transcript = audio['transcript'];
    if (typeof audio['expires_at'] === 'number') spoken.expiresAt = audio['expires_at'];
  }
  return content;
};
