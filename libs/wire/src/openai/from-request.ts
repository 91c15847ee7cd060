// OpenAI chat body → ChatRequest.
import {
  isJsonObject,
  type ChatRequest,
  type FunctionTool,
  type JsonObject,
  type JsonValue,
  type Message,
  type ReasoningEffort,
  type ReasoningOptions,
  type ResponseFormat,
  type Tool,
  type ToolChoice,
} from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import {
  objectAt,
  optionalArray,
  optionalBoolean,
  optionalEnum,
  optionalInteger,
  optionalNumber,
  optionalObject,
  optionalString,
  otherFields,
  requiredString,
} from '../fields.js';
import { fromOpenAiAssistant, fromOpenAiContent, fromOpenAiText, legacyCallId } from './content.js';

/** Fields read below; everything else is an extra. */
const MODELLED: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'top_k',
  'frequency_penalty',
  'presence_penalty',
  'seed',
  'n',
  'stop',
  'logprobs',
  'top_logprobs',
  'tools',
  'tool_choice',
  'functions',
  'function_call',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'thinking',
  'user',
]);

const EFFORTS: readonly (ReasoningEffort | 'disable')[] = [
  'none',
  'disable',
  'minimal',
  'low',
  'medium',
  'high',
  'xhigh',
  'max',
];

/** @throws GW_INVALID_REQUEST naming the path of the field at fault */
export const fromOpenAiRequest = (body: JsonObject): ChatRequest => {
  const messages = optionalArray(body, 'messages');
  if (!messages) throw invalidRequest("'messages' is required.", 'messages');
  const request: ChatRequest = {
    model: requiredString(body, 'model'),
    messages: messages.map((message, index) =>
      fromMessage(objectAt(message, `messages[${index}]`), `messages[${index}]`),
    ),
    stream: optionalBoolean(body, 'stream') ?? false,
    includeUsage: asksForUsage(body),
    extras: otherFields(body, MODELLED),
  };
  request.maxOutputTokens = optionalInteger(body, 'max_completion_tokens') ?? optionalInteger(body, 'max_tokens');
  request.temperature = optionalNumber(body, 'temperature');
  request.topP = optionalNumber(body, 'top_p');
  request.topK = optionalInteger(body, 'top_k');
  request.frequencyPenalty = optionalNumber(body, 'frequency_penalty');
  request.presencePenalty = optionalNumber(body, 'presence_penalty');
  request.seed = optionalInteger(body, 'seed');
  request.n = optionalInteger(body, 'n');
  request.stop = fromStop(body['stop']);
  request.logprobs = optionalBoolean(body, 'logprobs');
  request.topLogprobs = optionalInteger(body, 'top_logprobs');
  request.tools = fromTools(body);
  request.toolChoice = fromToolChoice(body['tool_choice'] ?? body['function_call']);
  request.parallelToolCalls = optionalBoolean(body, 'parallel_tool_calls');
  request.responseFormat = fromResponseFormat(body['response_format']);
  request.reasoning = fromReasoning(body);
  request.user = optionalString(body, 'user');
  return request;
};

export const asksForUsage = (body: JsonObject): boolean =>
  optionalBoolean(optionalObject(body, 'stream_options') ?? {}, 'include_usage', 'stream_options.include_usage') ??
  false;

const fromMessage = (message: JsonObject, path: string): Message => {
  const role = requiredString(message, 'role', `${path}.role`);
  const name = optionalString(message, 'name', `${path}.name`);
  const named = name ? { name } : {};
  switch (role) {
    case 'system':
    case 'developer':
      return {
        role: 'system',
        content: fromOpenAiText(message['content'], `${path}.content`),
        ...(role === 'developer' ? { isDeveloper: true } : {}),
        ...named,
      };
    case 'user':
      return { role, content: fromOpenAiContent(message['content'], `${path}.content`), ...named };
    case 'assistant':
      return { role, content: fromOpenAiAssistant(message, path), ...named };
    case 'tool':
      return {
        role,
        toolCallId: requiredString(message, 'tool_call_id', `${path}.tool_call_id`),
        content: fromOpenAiContent(message['content'], `${path}.content`),
        ...named,
      };
    case 'function': {
      const called = requiredString(message, 'name', `${path}.name`);
      return {
        role: 'tool',
        toolCallId: legacyCallId(called),
        content: fromOpenAiContent(message['content'], `${path}.content`),
        name: called,
      };
    }
  }
  throw invalidRequest(`'${path}.role' is '${role}'; use system, developer, user, assistant or tool.`, `${path}.role`);
};

export const fromStop = (value: JsonValue | undefined): string[] | undefined => {
  if (value === undefined || value === null) return undefined;
  const list = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(list) || !list.every((entry) => typeof entry === 'string')) {
    throw invalidRequest("'stop' must be a string or an array of strings.", 'stop');
  }
  return list.length > 0 ? list : undefined;
};

const fromTools = (body: JsonObject): Tool[] | undefined => {
  const tools =
    optionalArray(body, 'tools')?.map(fromTool) ??
    optionalArray(body, 'functions')?.map((value, index) => fromFunction(value, `functions[${index}]`));
  if (!tools || tools.length === 0) return undefined;
  const allowed = allowedTools(body['tool_choice']);
  return allowed ? tools.filter((tool) => allowed.has(nameOf(tool))) : tools;
};

const fromTool = (value: JsonValue, index: number): Tool => {
  const path = `tools[${index}]`;
  const tool = objectAt(value, path);
  if (tool['type'] !== 'function') return { type: 'native', dialect: 'openai', definition: tool };
  return {
    ...fromFunction(tool['function'], `${path}.function`),
    cacheControl: optionalObject(tool, 'cache_control', `${path}.cache_control`),
  };
};

const fromFunction = (value: JsonValue | undefined, path: string): FunctionTool => {
  const described = objectAt(value, path);
  return {
    type: 'function',
    name: requiredString(described, 'name', `${path}.name`),
    description: optionalString(described, 'description', `${path}.description`),
    parameters: optionalObject(described, 'parameters', `${path}.parameters`),
    strict: optionalBoolean(described, 'strict', `${path}.strict`),
  };
};

/** `{function: {name}}` or `{custom: {name}}`, which is how OpenAI names a tool everywhere. */
const nameIn = (value: JsonObject): string | undefined => {
  const described = value['function'] ?? value['custom'];
  return isJsonObject(described) && typeof described['name'] === 'string' ? described['name'] : undefined;
};

const nameOf = (tool: Tool): string | undefined => (tool.type === 'function' ? tool.name : nameIn(tool.definition));

/** Names in `{allowed_tools: {mode, tools}}`: the others are listed for the sake of prompt caches only. */
const allowedTools = (choice: JsonValue | undefined): ReadonlySet<string | undefined> | undefined => {
  const allowed = isJsonObject(choice) ? choice['allowed_tools'] : undefined;
  const list = isJsonObject(allowed) ? allowed['tools'] : undefined;
  return Array.isArray(list) ? new Set(list.filter(isJsonObject).map(nameIn)) : undefined;
};

const fromToolChoice = (value: JsonValue | undefined): ToolChoice | undefined => {
  if (value === undefined || value === null) return undefined;
  if (value === 'auto' || value === 'none' || value === 'required') return { type: value };
  if (value === 'any') return { type: 'required' };
  if (isJsonObject(value)) {
    const name = nameIn(value) ?? value['name'];
    if (typeof name === 'string') return { type: 'tool', name };
    const allowed = value['allowed_tools'];
    if (isJsonObject(allowed)) return { type: allowed['mode'] === 'required' ? 'required' : 'auto' };
  }
  throw invalidRequest(
    "'tool_choice' must be 'none', 'auto', 'required' or {type: 'function', function: {name}}.",
    'tool_choice',
  );
};

const fromResponseFormat = (value: JsonValue | undefined): ResponseFormat | undefined => {
  if (value === undefined || value === null) return undefined;
  const format = objectAt(value, 'response_format');
  const type = optionalEnum(format, 'type', ['text', 'json_object', 'json_schema'], 'response_format.type');
  if (type === 'text') return { type: 'text' };
  if (type === 'json_object') return { type: 'json' };
  if (type !== 'json_schema') throw invalidRequest("'response_format.type' is required.", 'response_format.type');
  const path = 'response_format.json_schema';
  const described = objectAt(format['json_schema'], path);
  return {
    type: 'json-schema',
    name: optionalString(described, 'name', `${path}.name`) ?? 'response',
    schema: optionalObject(described, 'schema', `${path}.schema`) ?? { type: 'object' },
    strict: optionalBoolean(described, 'strict', `${path}.strict`),
    description: optionalString(described, 'description', `${path}.description`),
  };
};

/** `reasoning_effort`, or Anthropic's `thinking: {type, budget_tokens}`, which LiteLLM's clients also send. */
const fromReasoning = (body: JsonObject): ReasoningOptions | undefined => {
  const effort = optionalEnum(body, 'reasoning_effort', EFFORTS);
  const thinking = optionalObject(body, 'thinking');
  if (!effort && !thinking) return undefined;
  const reasoning: ReasoningOptions = {};
  if (effort) reasoning.effort = effort === 'disable' ? 'none' : effort;
  if (thinking) {
    const budget = optionalInteger(thinking, 'budget_tokens', 'thinking.budget_tokens');
    if (thinking['type'] === 'disabled') reasoning.budgetTokens = 0;
    else if (budget !== undefined) reasoning.budgetTokens = budget;
    else if (thinking['type'] === 'adaptive') reasoning.budgetTokens = -1;
    reasoning.includeText = true;
  }
  return reasoning;
};
