// OpenAI chat answer → ChatResponse.
import { isJsonObject, type ChatChoice, type ChatResponse, type JsonObject, type JsonValue } from '@turnpike/domain';
import { GatewayError, classifyUpstreamError, readErrorValue } from '@turnpike/errors';
import { otherFields } from '../fields.js';
import { fromOpenAiAssistant } from './content.js';
import { fromOpenAiFinishReason, isFailedFinish } from './finish-reason.js';
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

export const unreadable = (what: string, cause?: unknown): GatewayError =>
  new GatewayError('GW_UPSTREAM_INVALID_RESPONSE', `The provider's answer cannot be read: ${what}.`, { cause });

/** An error that came inside a 200: `{error}`, or `{base_resp: {status_code, status_msg}}` with a code other than 0. */
export const failureInside = (body: JsonValue): JsonObject | undefined => {
  if (!isJsonObject(body)) return undefined;
  const { error, base_resp: base } = body;
  if (error) return { error };
  return isJsonObject(base) && typeof base['status_code'] === 'number' && base['status_code'] !== 0 ? body : undefined;
};

/** What `failureInside` found → our error. */
export const toInnerError = (failure: JsonObject, what: string): GatewayError => {
  const read = readErrorValue(failure);
  return new GatewayError(classifyUpstreamError(200, read), `${what}: ${read.message || 'no reason given'}`, {
    upstreamCode: read.code,
    upstreamType: read.type,
  });
};

/** @throws GW_UPSTREAM_INVALID_RESPONSE, or what an error inside the body means */
export const fromOpenAiResponse = (body: JsonValue): ChatResponse => {
  const failure = failureInside(body);
  if (failure) throw toInnerError(failure, 'The provider answered with an error');
  if (!isJsonObject(body) || !Array.isArray(body['choices'])) throw unreadable("it has no 'choices'");
  const extras = otherFields(body, READ);
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
  if (isFailedFinish(word)) {
    const error = choice['error'] ?? { message: `finish reason '${word}'`, code: 503 };
    throw toInnerError({ error }, 'The provider gave up');
  }
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
