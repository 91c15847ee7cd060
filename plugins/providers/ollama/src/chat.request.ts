// ChatRequest → body of /api/chat.
import {
  isHarmlessDefault,
  isJsonObject,
  OPENAI_CHAT_EXTRAS,
  passUnsupported,
  type Call,
  type ChatRequest,
  type FunctionTool,
  type JsonObject,
  type JsonValue,
  type ParameterPolicy,
  type ReasoningOptions,
} from '@turnpike/plugin-sdk';
import { toOllamaMessages } from './chat.request.messages.js';
import type { OllamaConfig } from './config.js';
import { compact, isOption, settledOptions } from './options.js';

/**
 * `stream` is always said, since Ollama streams unless told otherwise. `user` only names who asks, so it is left out.
 * @throws GW_UNSUPPORTED_PARAMETER, GW_INVALID_REQUEST for content that Ollama cannot be given
 */
export const toOllamaChat = (request: ChatRequest, call: Call, settings: OllamaConfig): JsonObject => {
  const { policy } = call;
  const options: JsonObject = {
    ...settledOptions(settings),
    num_predict: request.maxOutputTokens,
    temperature: request.temperature,
    top_p: request.topP,
    top_k: request.topK,
    seed: request.seed,
    frequency_penalty: request.frequencyPenalty,
    presence_penalty: request.presencePenalty,
    stop: request.stop,
  };
  const body: JsonObject = {
    model: call.model,
    messages: toOllamaMessages(request.messages) as unknown as JsonValue[],
    stream: request.stream,
    format: toFormat(request),
    think: toThink(request.reasoning, call.model),
    logprobs: request.logprobs,
    top_logprobs: request.topLogprobs,
    keep_alive: settings.keep_alive,
  };
  addTools(body, request, policy);
  if (request.n !== undefined && request.n !== 1 && passUnsupported(policy, 'n')) body['n'] = request.n;
  if (request.parallelToolCalls === false && passUnsupported(policy, 'parallel_tool_calls')) {
    body['parallel_tool_calls'] = false;
  }
  addExtras(request.extras, body, options, policy);
  body['options'] = compact(options);
  return compact(body) ?? {};
};

const addExtras = (extras: JsonObject, body: JsonObject, options: JsonObject, policy: ParameterPolicy): void => {
  for (const [name, value] of Object.entries(extras)) {
    if (isOption(name)) options[name] = value;
    else if (name === 'options' && isJsonObject(value)) Object.assign(options, value);
    else if (!OPENAI_CHAT_EXTRAS.has(name)) body[name] = value;
    else if (!isHarmlessDefault(name, value) && passUnsupported(policy, name)) body[name] = value;
  }
};

/** There is no `tool_choice`. "None" and "this one" can be said by what is offered; that one must be called cannot. */
const addTools = (body: JsonObject, { tools, toolChoice }: ChatRequest, policy: ParameterPolicy): void => {
  if (!tools || toolChoice?.type === 'none') return;
  const wanted = toolChoice?.type === 'tool' ? toolChoice.name : undefined;
  const offered = tools.flatMap((tool): JsonObject[] => {
    if (tool.type === 'native') return passUnsupported(policy, 'tools', 'functions only') ? [tool.definition] : [];
    return wanted === undefined || wanted === tool.name ? [toTool(tool)] : [];
  });
  if (offered.length > 0) body['tools'] = offered;
  if (wanted === undefined && toolChoice?.type !== 'required') return;
  if (passUnsupported(policy, 'tool_choice', 'the model is free to call a tool or not')) {
    body['tool_choice'] = wanted === undefined ? 'required' : { type: 'function', function: { name: wanted } };
  }
};

const toTool = ({ name, description, parameters }: FunctionTool): JsonObject => ({
  type: 'function',
  function: {
    name,
    ...(description === undefined ? {} : { description }),
    parameters: parameters ?? { type: 'object', properties: {} },
  },
});

const toFormat = ({ responseFormat: format }: ChatRequest): JsonValue | undefined =>
  format?.type === 'json' ? 'json' : format?.type === 'json-schema' ? format.schema : undefined;

/** These models take a level; the others only know on and off. */
const TAKES_LEVELS = /gpt-oss/;
const LEVELS: Readonly<Record<string, string>> = { minimal: 'low', xhigh: 'high' };

const toThink = (reasoning: ReasoningOptions | undefined, model: string): JsonValue | undefined => {
  if (!reasoning) return undefined;
  const { effort, budgetTokens } = reasoning;
  if (effort === 'none' || (effort === undefined && budgetTokens === 0)) return false;
  return effort !== undefined && TAKES_LEVELS.test(model) ? (LEVELS[effort] ?? effort) : true;
};
