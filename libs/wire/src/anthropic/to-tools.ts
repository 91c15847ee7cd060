// Tools, tool choice and response format: one subject, because JSON answers may need a tool of their own.
import {
  isJsonObject,
  type ChatRequest,
  type FunctionTool,
  type JsonObject,
  type JsonValue,
  type NativeTool,
  type Tool,
} from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { passUnsupported, type ParameterPolicy } from '../parameters.js';
import { JSON_INSTRUCTION, JSON_TOOL_NAME, jsonTool } from './json-tool.js';
import type { AnthropicModel } from './models.js';
import { hasOpenObjects, toInputSchema, toStructuredSchema } from './schema.js';
import { webSearchTool } from './web-search.js';

export interface ToolFields {
  tools?: JsonObject[];
  toolChoice?: JsonObject;
  /** `output_config.format` */
  format?: JsonObject;
  /** A last system block that asks for JSON. */
  instruction?: string;
  /** A call is forced; see the note on history in `toAnthropicMessages`. */
  isForced: boolean;
}

interface Forcing {
  model: AnthropicModel;
  /** Thinking by budget, which forbids forced calls. Adaptive thinking allows them. */
  isManual: boolean;
  policy: ParameterPolicy;
}

/** @throws GW_UNSUPPORTED_PARAMETER, GW_INVALID_REQUEST */
export const toTools = (request: ChatRequest, forcing: Forcing): ToolFields => {
  const { model, policy } = forcing;
  const format = request.responseFormat;
  const tools = (request.tools ?? []).flatMap((tool) => toTool(tool, model, policy));
  const search = webSearchTool(request.extras['web_search_options']);
  if (search) tools.push(search);
  if (format?.type === 'json-schema' && !answersNatively(format.schema, model)) {
    return toEmulatedJson(request, tools, jsonTool(format.schema, format.description), forcing);
  }
  const chosen = toToolChoice(request, tools, forcing);
  if (format?.type === 'json') return { ...chosen, instruction: JSON_INSTRUCTION };
  if (format?.type !== 'json-schema') return chosen;
  const schema = toStructuredSchema(
    format.description ? { description: format.description, ...format.schema } : format.schema,
  );
  return { ...chosen, format: { type: 'json_schema', schema } };
};

const answersNatively = (schema: JsonObject, model: AnthropicModel): boolean =>
  model.hasStructuredOutputs && !hasOpenObjects(schema);

const toTool = (tool: Tool, model: AnthropicModel, policy: ParameterPolicy): JsonObject[] =>
  tool.type === 'native' ? toNativeTool(tool, policy) : [toFunctionTool(tool, model, policy)];

const toFunctionTool = (tool: FunctionTool, model: AnthropicModel, policy: ParameterPolicy): JsonObject => {
  if (tool.name === JSON_TOOL_NAME) throw invalidRequest(`The tool name '${JSON_TOOL_NAME}' is reserved.`, 'tools');
  const isStrict =
    tool.strict === true &&
    (model.hasStructuredOutputs || passUnsupported(policy, 'tools.function.strict', 'not on this model'));
  const schema = toInputSchema(tool.parameters);
  return {
    name: tool.name,
    ...(tool.description === undefined ? {} : { description: tool.description }),
    input_schema: isStrict ? toStructuredSchema(schema) : schema,
    ...(isStrict ? { strict: true } : {}),
    ...(tool.cacheControl ? { cache_control: tool.cacheControl } : {}),
  };
};

/** `web_search_20250305`, `bash_20250124`, `mcp_toolset` …: Anthropic's own, which OpenAI's clients may send too. */
const OWN_TYPE = /_20\d{6}$|^mcp_toolset$/;

const toNativeTool = ({ dialect, definition }: NativeTool, policy: ParameterPolicy): JsonObject[] => {
  if (dialect === 'anthropic') return [definition];
  const type = typeof definition['type'] === 'string' ? definition['type'] : '';
  if (OWN_TYPE.test(type)) return [flattened(definition)];
  return passUnsupported(policy, 'tools', `a tool of the type '${type}'`) ? [definition] : [];
};

/** LiteLLM's clients wrap them like functions: `{type, function: {name, parameters: {display_width_px …}}}`. */
const flattened = ({ function: described, ...rest }: JsonObject): JsonObject => {
  if (!isJsonObject(described)) return rest;
  const options: JsonValue | undefined = described['parameters'];
  return { ...rest, name: described['name'], ...(isJsonObject(options) ? options : {}) };
};

/** Whether a forced call may be sent: true, or false when `tool_choice` is dropped instead. */
const mayForce = ({ model, isManual, policy }: Forcing): boolean => {
  if (model.takesForcedTools && !isManual) return true;
  const why = isManual ? 'no forced tool call while thinking with a budget' : 'this model takes no forced tool call';
  return passUnsupported(policy, 'tool_choice', why);
};

const toToolChoice = (request: ChatRequest, tools: JsonObject[], forcing: Forcing): ToolFields => {
  const choice = request.toolChoice;
  const wantsForce = choice?.type === 'required' || choice?.type === 'tool';
  if (tools.length === 0) {
    if (wantsForce) throw invalidRequest("'tool_choice' asks for a tool call, but 'tools' is empty.", 'tool_choice');
    return { isForced: false, ...toHistoryTools(request) };
  }
  const isForced = wantsForce && mayForce(forcing);
  const single = request.parallelToolCalls === false ? { disable_parallel_tool_use: true } : {};
  if (isForced) {
    const forced = choice.type === 'tool' ? { type: 'tool', name: choice.name } : { type: 'any' };
    return { tools, toolChoice: { ...forced, ...single }, isForced };
  }
  if (choice?.type === 'none') return { tools, toolChoice: { type: 'none' }, isForced };
  // The nearest to a call that cannot be forced: no other tool to choose.
  const named = choice?.type === 'tool' ? tools.filter((tool) => tool['name'] === choice.name) : [];
  const isSaid = choice !== undefined || request.parallelToolCalls === false;
  return {
    tools: named.length > 0 ? named : tools,
    isForced,
    ...(isSaid ? { toolChoice: { type: 'auto', ...single } } : {}),
  };
};

/** The API wants the tools defined that the history calls, even when none is offered any more. */
const toHistoryTools = ({ messages }: ChatRequest): Pick<ToolFields, 'tools' | 'toolChoice'> => {
  const names = new Set(
    messages.flatMap((message) =>
      message.role === 'assistant'
        ? message.content.flatMap((part) => (part.type === 'tool-call' ? [part.name] : []))
        : [],
    ),
  );
  if (names.size === 0) return {};
  return {
    tools: [...names].map((name) => ({ name, input_schema: toInputSchema(undefined) })),
    toolChoice: { type: 'none' },
  };
};

/**
 * The answer comes as a call of the JSON tool. A client that must have one of its own tools called gets no answer
 * text anyway; one that may have any gets the choice of both.
 */
const toEmulatedJson = (
  request: ChatRequest,
  tools: JsonObject[],
  answer: JsonObject,
  forcing: Forcing,
): ToolFields => {
  const choice = request.toolChoice?.type;
  if (choice === 'required' || choice === 'tool') return toToolChoice(request, tools, forcing);
  const isForced = forcing.model.takesForcedTools && !forcing.isManual;
  const offered = choice === 'none' ? [] : tools;
  const type = !isForced
    ? { type: 'auto' }
    : offered.length > 0
      ? { type: 'any' }
      : { type: 'tool', name: JSON_TOOL_NAME };
  const isSingle = offered.length === 0 || request.parallelToolCalls === false;
  return {
    tools: [...offered, answer],
    toolChoice: { ...type, ...(isSingle ? { disable_parallel_tool_use: true } : {}) },
    isForced,
  };
};
