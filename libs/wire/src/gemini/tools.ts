// Tools and tool choice → `tools` and `toolConfig`.
import {
  isJsonObject,
  type ChatRequest,
  type FunctionTool,
  type JsonObject,
  type NativeTool,
  type ToolChoice,
} from '@turnpike/domain';
import { passUnsupported, type ParameterPolicy } from '../parameters.js';
import { camelCased, defined } from './json.js';
import { toGeminiJsonSchema } from './json-schema.js';
import type { GeminiModelFacts } from './model.js';
import { toGeminiSchema } from './schema.js';

export interface GeminiTools {
  tools?: JsonObject[];
  toolConfig?: JsonObject;
}

/** Google's own tools: a tool entry with one of these members. */
const BUILT_IN: ReadonlySet<string> = new Set([
  'googleSearch',
  'googleSearchRetrieval',
  'googleMaps',
  'urlContext',
  'codeExecution',
  'fileSearch',
  'computerUse',
  'enterpriseWebSearch',
  'mcpServers',
  'retrieval',
]);

/** @throws GW_UNSUPPORTED_PARAMETER for tools that only another vendor has */
export const toGeminiTools = (request: ChatRequest, facts: GeminiModelFacts, policy: ParameterPolicy): GeminiTools => {
  const functions = (request.tools ?? []).filter((tool) => tool.type === 'function');
  const natives = (request.tools ?? []).filter((tool) => tool.type === 'native');
  const builtIn = natives.flatMap((tool) => toBuiltIn(tool, policy));
  const wantsSearch = isJsonObject(request.extras['web_search_options']);
  if (wantsSearch && !builtIn.some((tool) => tool['googleSearch'])) builtIn.push({ googleSearch: {} });
  const tools = [...builtIn];
  if (functions.length > 0) {
    tools.push({ functionDeclarations: functions.map((tool) => toDeclaration(tool, facts)) });
  }
  if (tools.length === 0) return {};
  if (functions.length === 0) return { tools };
  const isMixed = builtIn.length > 0 && facts.flagsServerTools;
  const isValidated = isMixed || functions.some((tool) => tool.strict === true);
  const functionCallingConfig = toCallingConfig(request.toolChoice, isValidated);
  const toolConfig = defined({ functionCallingConfig, includeServerSideToolInvocations: isMixed || undefined });
  return Object.keys(toolConfig).length > 0 ? { tools, toolConfig } : { tools };
};

const toDeclaration = (tool: FunctionTool, facts: GeminiModelFacts): JsonObject => {
  const described = defined({ name: tool.name, description: tool.description });
  // Without arguments there is no schema: Gemini refuses an object that has no properties.
  if (!tool.parameters || isWithoutArguments(tool.parameters)) return described;
  return facts.hasJsonSchema
    ? { ...described, parametersJsonSchema: toGeminiJsonSchema(tool.parameters) }
    : { ...described, parameters: toGeminiSchema(tool.parameters) };
};

/** `type`, `$schema`, `required: []` and the like, but nothing that lets an argument in. */
const isWithoutArguments = (schema: JsonObject): boolean => {
  const { properties, additionalProperties } = schema;
  if (isJsonObject(properties) && Object.keys(properties).length > 0) return false;
  if (additionalProperties === true || isJsonObject(additionalProperties)) return false;
  return !['$ref', 'allOf', 'anyOf', 'oneOf', 'patternProperties'].some((key) => schema[key] !== undefined);
};

const toBuiltIn = ({ dialect, definition }: NativeTool, policy: ParameterPolicy): JsonObject[] => {
  const entry = camelCased(definition);
  if (Object.keys(entry).some((name) => BUILT_IN.has(name))) return [entry];
  // OpenAI's `web_search`, `web_search_preview` and Anthropic's `web_search_20250305` ask for the same.
  if (typeof definition['type'] === 'string' && definition['type'].startsWith('web_search')) {
    return [{ googleSearch: {} }];
  }
  if (dialect === 'gemini') return [entry];
  return passUnsupported(policy, 'tools', 'a tool of another vendor') ? [definition] : [];
};

/** Undefined leaves the choice to the model, which is Gemini's default. */
const toCallingConfig = (choice: ToolChoice | undefined, isValidated: boolean): JsonObject | undefined => {
  switch (choice?.type) {
    case 'none':
      return { mode: 'NONE' };
    case 'required':
      return { mode: 'ANY' };
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] };
    case 'auto':
      return { mode: isValidated ? 'VALIDATED' : 'AUTO' };
    case undefined:
      return isValidated ? { mode: 'VALIDATED' } : undefined;
  }
};
