// The legacy text completion: OpenAI's format ⇄ domain.
import {
  isJsonObject,
  type CompletionRequest,
  type CompletionResponse,
  type JsonObject,
  type JsonValue,
} from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { ANSWERED_WITH_ERROR, GAVE_UP, toInnerError, unreadable } from '../faults.js';
import {
  optionalBoolean,
  optionalInteger,
  optionalNumber,
  optionalString,
  otherFields,
  requiredString,
} from '../fields.js';
import { failureOf, fromOpenAiFinishReason, isFailedFinish, toOpenAiFinishReason } from './finish-reason.js';
import { asksForUsage, fromStop } from './from-request.js';
import { failureInside } from './from-response.js';
import { fromOpenAiHead } from './head.js';
import { fromOpenAiUsage, toOpenAiUsage } from './usage.js';

const MODELLED: ReadonlySet<string> = new Set([
  'model',
  'prompt',
  'stream',
  'stream_options',
  'max_tokens',
  'temperature',
  'top_p',
  'frequency_penalty',
  'presence_penalty',
  'seed',
  'n',
  'stop',
  'echo',
  'user',
]);

/** @throws GW_INVALID_REQUEST */
export const fromOpenAiCompletionRequest = (body: JsonObject): CompletionRequest => ({
  model: requiredString(body, 'model'),
  prompt: fromPrompt(body['prompt']),
  stream: optionalBoolean(body, 'stream') ?? false,
  includeUsage: asksForUsage(body),
  maxOutputTokens: optionalInteger(body, 'max_tokens'),
  temperature: optionalNumber(body, 'temperature'),
  topP: optionalNumber(body, 'top_p'),
  frequencyPenalty: optionalNumber(body, 'frequency_penalty'),
  presencePenalty: optionalNumber(body, 'presence_penalty'),
  seed: optionalInteger(body, 'seed'),
  n: optionalInteger(body, 'n'),
  stop: fromStop(body['stop']),
  echo: optionalBoolean(body, 'echo'),
  user: optionalString(body, 'user'),
  extras: otherFields(body, MODELLED),
});

const fromPrompt = (value: JsonValue | undefined): CompletionRequest['prompt'] => {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.length > 0) {
    if (value.every((entry) => typeof entry === 'string')) return value;
    if (value.every((entry) => typeof entry === 'number')) return value;
    if (value.every((entry) => Array.isArray(entry) && entry.every((token) => typeof token === 'number'))) {
      return value;
    }
  }
  throw invalidRequest("'prompt' must be a string, an array of strings, or arrays of token ids.", 'prompt');
};

export const toOpenAiCompletionRequest = (request: CompletionRequest, model: string): JsonObject => {
  const body: JsonObject = {
    ...request.extras,
    model,
    prompt: request.prompt,
    stream: request.stream || undefined,
    stream_options: request.stream ? { include_usage: true } : undefined,
    max_tokens: request.maxOutputTokens,
    temperature: request.temperature,
    top_p: request.topP,
    frequency_penalty: request.frequencyPenalty,
    presence_penalty: request.presencePenalty,
    seed: request.seed,
    n: request.n,
    stop: request.stop,
    echo: request.echo,
    user: request.user,
  };
  for (const key of Object.keys(body)) if (body[key] === undefined) delete body[key];
  return body;
};

/** @throws GW_UPSTREAM_INVALID_RESPONSE, or what an error inside the body means */
export const fromOpenAiCompletionResponse = (body: JsonValue): CompletionResponse => {
  const failure = failureInside(body);
  if (failure) throw toInnerError(failure, ANSWERED_WITH_ERROR);
  if (!isJsonObject(body) || !Array.isArray(body['choices'])) throw unreadable("it has no 'choices'");
  return {
    ...fromOpenAiHead(body),
    choices: body['choices'].filter(isJsonObject).map((choice, position) => ({
      index: typeof choice['index'] === 'number' ? choice['index'] : position,
      text: typeof choice['text'] === 'string' ? choice['text'] : '',
      finishReason: fromOpenAiFinishReason(completionFinish(choice), false),
      ...(choice['logprobs'] ? { logprobs: choice['logprobs'] } : {}),
    })),
    usage: fromOpenAiUsage(body['usage']),
  };
};

/** Empty while there is none. @throws what a word for failure means */
export const completionFinish = (choice: JsonObject): string => {
  const { finish_reason: word } = choice;
  if (typeof word !== 'string') return '';
  if (!isFailedFinish(word)) return word;
  throw toInnerError(failureOf(word, choice), GAVE_UP);
};

export const toOpenAiCompletionResponse = (response: CompletionResponse): JsonObject => ({
  id: response.id,
  object: 'text_completion',
  created: response.created,
  model: response.model,
  choices: response.choices.map((choice) => ({
    text: choice.text,
    index: choice.index,
    logprobs: choice.logprobs ?? null,
    finish_reason: toOpenAiFinishReason(choice.finishReason),
  })),
  ...(response.usage ? { usage: toOpenAiUsage(response.usage) } : {}),
});
