// What the service says, made a verdict.
import {
  changeRequestTexts,
  changeResponseTexts,
  isJsonObject,
  ServiceFailure,
  type AssistantPart,
  type ChangeText,
  type ChatRequest,
  type ChatResponse,
  type ContentPart,
  type GuardrailVerdict,
  type JsonObject,
  type JsonValue,
} from '@turnpike/plugin-sdk';
import { isSentAsText } from './payload.js';

/** How the words of the service take the place of those that were sent. */
interface Rewriting<T> {
  value: T;
  changeTexts(value: T, change: ChangeText): T;
  changeParts(value: T, change: (part: Part) => Part): T;
}

type Part = ContentPart | AssistantPart;

export const ofRequest = (value: ChatRequest): Rewriting<ChatRequest> => ({
  value,
  changeTexts: changeRequestTexts,
  changeParts: (request, change) => ({
    ...request,
    messages: request.messages.map(
      (message) => ({ ...message, content: message.content.map(change) }) as typeof message,
    ),
  }),
});

export const ofResponse = (value: ChatResponse): Rewriting<ChatResponse> => ({
  value,
  changeTexts: changeResponseTexts,
  changeParts: (response, change) => ({
    ...response,
    choices: response.choices.map((choice) => ({ ...choice, content: choice.content.map(change) as AssistantPart[] })),
  }),
});

/**
 * @param sent what the service was told
 * @throws ServiceFailure for words that cannot be obeyed: a judgement that is not understood is none
 */
export const verdictOf = <T>(judgement: JsonValue, sent: JsonObject, rewriting: Rewriting<T>): GuardrailVerdict<T> => {
  if (!isJsonObject(judgement)) throw unclear('no object');
  const { action, blocked_reason: reason } = judgement;
  if (action === 'NONE') return { action: 'pass' };
  if (action === 'BLOCKED') {
    return {
      action: 'block',
      message: typeof reason === 'string' && reason.trim() !== '' ? reason : 'it is not allowed.',
    };
  }
  if (action !== 'GUARDRAIL_INTERVENED') throw unclear('no known action');
  const texts = listOf(judgement['texts'], sent['texts'], 'texts');
  const calls = listOf(judgement['tool_calls'], sent['tool_calls'], 'tool_calls');
  if (!texts && !calls) throw unclear('an intervention without texts and tool_calls');
  const told = texts ? rewriting.changeTexts(rewriting.value, inPlaceOf(texts)) : rewriting.value;
  return { action: 'replace', value: calls ? rewriting.changeParts(told, withCalls(calls)) : told };
};

/** One for each that was sent. */
const listOf = (list: JsonValue | undefined, sent: JsonValue | undefined, name: string): JsonValue[] | undefined => {
  if (list === undefined || list === null || (Array.isArray(list) && list.length === 0)) return undefined;
  if (!Array.isArray(list) || !Array.isArray(sent) || list.length !== sent.length) {
    throw unclear(`other ${name} than it was sent`);
  }
  return list;
};

const inPlaceOf = (texts: readonly JsonValue[]): ChangeText => {
  if (!texts.every((text) => typeof text === 'string')) throw unclear('texts that are none');
  let next = 0;
  return (text, place) => (isSentAsText(place) ? (texts[next++] as string) : text);
};

const withCalls = (calls: readonly JsonValue[]): ((part: Part) => Part) => {
  let next = 0;
  return (part) => {
    if (part.type !== 'tool-call') return part;
    const call = calls[next++];
    const described = isJsonObject(call) ? call['function'] : undefined;
    const written = isJsonObject(described) ? described['arguments'] : undefined;
    if (typeof written !== 'string') throw unclear('tool_calls without arguments');
    return { ...part, arguments: written };
  };
};

const unclear = (what: string): ServiceFailure => new ServiceFailure(`The service answered with ${what}.`, false);
