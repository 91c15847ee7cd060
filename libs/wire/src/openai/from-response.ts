// OpenAI chat answer → ChatResponse.
import {
  isJsonObject,
  type ChatChoice,
  type ChatResponse,
  type JsonObject,
  type JsonValue,
  type Logprobs,
} from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';
import { fromOpenAiAssistant } from './content.js';
import { fromOpenAiFinishReason } from './finish-reason.js';
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

export const unreadable = (what: string, cause?: unknown): GatewayError =>
  new GatewayError('GW_UPSTREAM_INVALID_RESPONSE', `The provider's answer cannot be read: ${what}.`, { cause });

/** @throws GW_UPSTREAM_INVALID_RESPONSE */
export const fromOpenAiResponse = (body: JsonValue): ChatResponse => {
  if (!isJsonObject(body) || !Array.isArray(body['choices'])) throw unreadable("it has no 'choices'");
  const extras: JsonObject = {};
  for (const key of Object.keys(body)) if (!READ.has(key)) extras[key] = body[key];
  return {
    id: typeof body['id'] === 'string' ? body['id'] : '',
    model: typeof body['model'] === 'string' ? body['model'] : '',
    created: typeof body['created'] === 'number' ? body['created'] : Math.floor(Date.now() / 1_000),
    choices: body['choices'].filter(isJsonObject).map(fromChoice),
    usage: fromOpenAiUsage(body['usage']),
    ...(typeof body['system_fingerprint'] === 'string' ? { systemFingerprint: body['system_fingerprint'] } : {}),
    ...(typeof body['service_tier'] === 'string' ? { serviceTier: body['service_tier'] } : {}),
    ...(Object.keys(extras).length > 0 ? { extras } : {}),
  };
};

const fromChoice = (choice: JsonObject, position: number): ChatChoice => {
  const message = isJsonObject(choice['message']) ? choice['message'] : {};
  const content = fromAnswer(message);
  const word = typeof choice['finish_reason'] === 'string' ? choice['finish_reason'] : '';
  return {
    index: typeof choice['index'] === 'number' ? choice['index'] : position,
    content,
    finishReason: fromOpenAiFinishReason(
      word,
      content.some((part) => part.type === 'tool-call'),
    ),
    ...(word ? { nativeFinishReason: word } : {}),
    ...(isJsonObject(choice['logprobs']) ? { logprobs: choice['logprobs'] as Logprobs } : {}),
  };
};

const fromAnswer = (message: JsonObject): ChatChoice['content'] => {
  let content: ChatChoice['content'];
  try {
    content = fromOpenAiAssistant(message, 'message');
  } catch (error) {
    throw unreadable('its message is malformed', error);
  }
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
