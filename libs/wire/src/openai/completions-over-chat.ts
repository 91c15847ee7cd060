// Text completions over a model that only chats.
import type {
  ChatChunk,
  ChatRequest,
  ChatResponse,
  CompletionChunk,
  CompletionRequest,
  CompletionResponse,
  JsonValue,
} from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { passUnsupported, type ParameterPolicy } from '../parameters.js';
import { isHarmlessDefault } from './parameters.js';

/** What chat has no counterpart for. */
const TEXT_ONLY: ReadonlySet<string> = new Set(['best_of', 'logprobs', 'suffix']);

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
  const passes = ([name, value]: [string, JsonValue | undefined]): boolean =>
    !TEXT_ONLY.has(name) || (!isHarmlessDefault(name, value) && passUnsupported(policy, name));
  const extras = Object.fromEntries(Object.entries(request.extras).filter(passes));
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
