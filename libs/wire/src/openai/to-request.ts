// ChatRequest → OpenAI chat body.
import {
  isJsonObject,
  type ChatRequest,
  type JsonObject,
  type JsonValue,
  type Message,
  type Tool,
} from '@turnpike/domain';
import { passUnsupported, type ParameterPolicy } from '../parameters.js';
import { toOpenAiAssistant, toOpenAiContent } from './content.js';

/** Absent fields stay absent. @throws GW_UNSUPPORTED_PARAMETER for tools of another dialect */
export const toOpenAiRequest = (request: ChatRequest, model: string, policy: ParameterPolicy): JsonObject => {
  const body: JsonObject = {
    ...request.extras,
    model,
    messages: request.messages.map(toMessage),
    stream: request.stream || undefined,
    stream_options: request.stream ? { include_usage: true } : undefined,
    max_completion_tokens: request.maxOutputTokens,
    temperature: request.temperature,
    top_p: request.topP,
    top_k: request.topK,
    frequency_penalty: request.frequencyPenalty,
    presence_penalty: request.presencePenalty,
    seed: request.seed,
    n: request.n,
    stop: request.stop,
    logprobs: request.logprobs,
    top_logprobs: request.topLogprobs,
    tools: toTools(request.tools, policy),
    tool_choice: toToolChoice(request),
    parallel_tool_calls: request.parallelToolCalls,
    response_format: toResponseFormat(request),
    reasoning_effort: toEffort(request),
    user: request.user,
  };
  for (const key of Object.keys(body)) if (body[key] === undefined) delete body[key];
  return body;
};

const toMessage = (message: Message): JsonObject => {
  const named: JsonObject = message.name ? { name: message.name } : {};
  switch (message.role) {
    case 'system':
      return {
        role: message.isDeveloper ? 'developer' : 'system',
        content: toOpenAiContent(message.content),
        ...named,
      };
    case 'user':
      return { role: 'user', content: toOpenAiContent(message.content), ...named };
    case 'assistant':
      return { ...toOpenAiAssistant(message.content), ...named };
    case 'tool':
      return { role: 'tool', tool_call_id: message.toolCallId, content: toOpenAiContent(message.content) };
  }
};

const toTools = (tools: Tool[] | undefined, policy: ParameterPolicy): JsonValue[] | undefined => {
  const list = tools?.flatMap((tool): JsonObject[] => {
    if (tool.type === 'native') {
      return tool.dialect === 'openai' || passUnsupported(policy, 'tools', 'a tool of another dialect')
        ? [tool.definition]
        : [];
    }
    const described: JsonObject = { name: tool.name };
    if (tool.description !== undefined) described['description'] = tool.description;
    if (tool.parameters !== undefined) described['parameters'] = tool.parameters;
    if (tool.strict !== undefined) described['strict'] = tool.strict;
    return [
      { type: 'function', function: described, ...(tool.cacheControl ? { cache_control: tool.cacheControl } : {}) },
    ];
  });
  return list && list.length > 0 ? list : undefined;
};

const toToolChoice = ({ toolChoice: choice, tools }: ChatRequest): JsonValue | undefined => {
  if (choice?.type !== 'tool') return choice?.type;
  const { name } = choice;
  return tools?.some((tool) => isCustom(tool, name))
    ? { type: 'custom', custom: { name } }
    : { type: 'function', function: { name } };
};

const isCustom = (tool: Tool, name: string): boolean =>
  tool.type === 'native' && isJsonObject(tool.definition['custom']) && tool.definition['custom']['name'] === name;

const toResponseFormat = ({ responseFormat: format }: ChatRequest): JsonObject | undefined => {
  if (!format) return undefined;
  if (format.type === 'text') return { type: 'text' };
  if (format.type === 'json') return { type: 'json_object' };
  const described: JsonObject = { name: format.name, schema: format.schema };
  if (format.strict !== undefined) described['strict'] = format.strict;
  if (format.description !== undefined) described['description'] = format.description;
  return { type: 'json_schema', json_schema: described };
};

/** A token budget has no counterpart; the effort nearest to it stands in (thresholds as LiteLLM's). */
const toEffort = ({ reasoning }: ChatRequest): string | undefined => {
  if (!reasoning) return undefined;
  if (reasoning.effort) return reasoning.effort;
  const budget = reasoning.budgetTokens;
  if (budget === undefined || budget < 0) return undefined;
  if (budget === 0) return 'none';
  return budget <= 1_024 ? 'low' : budget <= 2_048 ? 'medium' : 'high';
};
