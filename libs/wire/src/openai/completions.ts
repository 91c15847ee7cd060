// The legacy text completion: OpenAI's format ⇄ domain, and how it is offered over a chat model.
import {
  isJsonObject,
  type ChatChunk,
  type ChatRequest,
  type ChatResponse,
  type CompletionChunk,
  type CompletionRequest,
  type CompletionResponse,
  type JsonObject,
  type JsonValue,
} from '@turnpike/domain';
import { GatewayError, invalidRequest } from '@turnpike/errors';
import {
  optionalBoolean,
  optionalInteger,
  optionalNumber,
  optionalString,
  otherFields,
  requiredString,
} from '../fields.js';
import { passUnsupported, type ParameterPolicy } from '../parameters.js';
import { SseParser } from '../sse/index.js';
import type { Emit, StreamDecoder, StreamEncoder } from '../stream.js';
import { fromOpenAiFinishReason, isFailedFinish, toOpenAiFinishReason } from './finish-reason.js';
import { asksForUsage, fromStop } from './from-request.js';
import { failureInside, toInnerError, unreadable } from './from-response.js';
import { isHarmlessDefault } from './parameters.js';
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
  if (failure) throw toInnerError(failure, 'The provider answered with an error');
  if (!isJsonObject(body) || !Array.isArray(body['choices'])) throw unreadable("it has no 'choices'");
  return {
    ...headOf(body),
    choices: body['choices'].filter(isJsonObject).map((choice, position) => ({
      index: typeof choice['index'] === 'number' ? choice['index'] : position,
      text: typeof choice['text'] === 'string' ? choice['text'] : '',
      finishReason: fromOpenAiFinishReason(finishWord(choice), false),
      ...(choice['logprobs'] ? { logprobs: choice['logprobs'] } : {}),
    })),
    usage: fromOpenAiUsage(body['usage']),
  };
};

/** What answers and chunks alike begin with. */
const headOf = ({ id, model, created }: JsonObject): { id: string; model: string; created: number } => ({
  id: typeof id === 'string' ? id : '',
  model: typeof model === 'string' ? model : '',
  created: typeof created === 'number' ? created : Math.floor(Date.now() / 1_000),
});

/** Empty while there is none. @throws what a word for failure means */
const finishWord = ({ finish_reason: word, error }: JsonObject): string => {
  if (typeof word !== 'string') return '';
  if (!isFailedFinish(word)) return word;
  throw toInnerError({ error: error ?? { message: `finish reason '${word}'`, code: 503 } }, 'The provider gave up');
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

export const openAiCompletionStreamDecoder = (emit: Emit<CompletionChunk>): StreamDecoder =>
  new CompletionStreamDecoder(emit);

class CompletionStreamDecoder implements StreamDecoder {
  private readonly parser = new SseParser(({ data }) => this.event(data));
  private isStarted = false;
  private isDone = false;
  private readonly opened = new Set<number>();
  private readonly finished = new Set<number>();

  constructor(private readonly emit: Emit<CompletionChunk>) {}

  push(bytes: Uint8Array): void {
    this.parser.push(bytes);
  }

  end(): void {
    this.parser.end();
    if (!this.isDone && (this.opened.size === 0 || this.finished.size < this.opened.size)) {
      throw new GatewayError('GW_STREAM_CUT', 'The provider closed the stream before the answer was complete.');
    }
  }

  private event(data: string): void {
    if (data === '[DONE]') return this.done();
    if (data === '') return;
    let chunk: JsonValue;
    try {
      chunk = JSON.parse(data) as JsonValue;
    } catch (error) {
      throw unreadable('a stream event is not JSON', error);
    }
    if (!isJsonObject(chunk)) throw unreadable('a stream event is not an object');
    const failure = failureInside(chunk);
    if (failure) throw toInnerError(failure, 'The provider broke off the stream');
    if (!this.isStarted) {
      this.isStarted = true;
      this.emit({ type: 'start', ...headOf(chunk) });
    }
    if (Array.isArray(chunk['choices'])) for (const one of chunk['choices']) if (isJsonObject(one)) this.choice(one);
    const usage = fromOpenAiUsage(chunk['usage']);
    if (usage) this.emit({ type: 'usage', usage });
  }

  private choice(value: JsonObject): void {
    const choice = typeof value['index'] === 'number' ? value['index'] : 0;
    this.opened.add(choice);
    if (typeof value['text'] === 'string' && value['text'] !== '') {
      this.emit({ type: 'text-delta', choice, text: value['text'] });
    }
    const word = finishWord(value);
    if (word !== '' && !this.finished.has(choice)) this.close(choice, word);
  }

  /** Nothing more is to come, so a choice whose end was never told has ended. */
  private done(): void {
    this.isDone = true;
    for (const choice of this.opened) if (!this.finished.has(choice)) this.close(choice, '');
  }

  private close(choice: number, word: string): void {
    this.finished.add(choice);
    this.emit({ type: 'finish', choice, reason: fromOpenAiFinishReason(word, false) });
  }
}

export const openAiCompletionStreamEncoder = (options: { includeUsage: boolean }): StreamEncoder<CompletionChunk> => {
  let head = '';
  let usage: JsonObject | undefined;
  const tail = options.includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
  const event = (choice: number, text: string, finish: string | null): string =>
    `${head}${JSON.stringify({ text, index: choice, logprobs: null, finish_reason: finish })}${tail}`;
  return {
    encode(chunk) {
      switch (chunk.type) {
        case 'start': {
          const fields = { id: chunk.id, object: 'text_completion', created: chunk.created, model: chunk.model };
          head = `data: ${JSON.stringify(fields).slice(0, -1)},"choices":[`;
          return '';
        }
        case 'text-delta':
          return event(chunk.choice, chunk.text, null);
        case 'finish':
          return event(chunk.choice, '', toOpenAiFinishReason(chunk.reason));
        case 'usage':
          usage = toOpenAiUsage(chunk.usage);
          return '';
      }
    },
    end: () =>
      `${options.includeUsage && usage ? `${head}],"usage":${JSON.stringify(usage)}}\n\n` : ''}data: [DONE]\n\n`,
    error: (body) => `data: ${body}\n\n`,
  };
};

/**
 * A completion for a model that only chats: the prompt becomes the one user message.
 * @throws GW_INVALID_REQUEST for token ids and several prompts, GW_UNSUPPORTED_PARAMETER for what chat cannot express
 */
export const completionToChat = (request: CompletionRequest, policy: ParameterPolicy): ChatRequest => {
  const prompt = Array.isArray(request.prompt) && request.prompt.length === 1 ? request.prompt[0] : request.prompt;
  if (typeof prompt !== 'string') {
    throw invalidRequest(
      'This model takes one text as its prompt; token ids and several prompts are not supported.',
      'prompt',
    );
  }
  const extras: JsonObject = {};
  for (const [name, value] of Object.entries(request.extras)) {
    const isTextOnly = name === 'suffix' || name === 'best_of' || name === 'logprobs';
    if (!isTextOnly) extras[name] = value;
    else if (!isHarmlessDefault(name, value) && passUnsupported(policy, name)) extras[name] = value;
  }
  if (request.echo === true && passUnsupported(policy, 'echo')) extras['echo'] = true;
  const { prompt: _prompt, echo: _echo, ...shared } = request;
  return { ...shared, messages: [{ role: 'user', content: [{ type: 'text', text: prompt }] }], extras };
};

export const chatToCompletion = (response: ChatResponse): CompletionResponse => ({
  id: response.id,
  model: response.model,
  created: response.created,
  choices: response.choices.map((choice) => ({
    index: choice.index,
    text: choice.content.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    finishReason: choice.finishReason,
  })),
  usage: response.usage,
});

/** One chat chunk as completion chunks; what a text completion has no words for is left out. */
export const chatChunkToCompletion = (chunk: ChatChunk): CompletionChunk | undefined => {
  switch (chunk.type) {
    case 'start':
    case 'text-delta':
    case 'finish':
    case 'usage':
      return chunk;
  }
  return undefined;
};
