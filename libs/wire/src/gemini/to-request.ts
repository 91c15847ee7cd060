// ChatRequest → body of `generateContent` and `streamGenerateContent`.
import { isJsonObject, type ChatRequest, type JsonObject, type JsonValue } from '@turnpike/domain';
import { isHarmlessDefault, OPENAI_CHAT_EXTRAS } from '../openai/parameters.js';
import { passUnsupported, type ParameterPolicy } from '../parameters.js';
import { toGeminiContents } from './contents.js';
import { GENERATION_FIELDS, toGenerationConfig } from './generation-config.js';
import { camelCased, nonEmpty } from './json.js';
import { geminiModelFacts } from './model.js';
import { toGeminiTools } from './tools.js';

/**
 * The model's name and whether to stream stand in the address, not in the body. `user` and `name` have no counterpart
 * and are left out: they tell the gateway who asks, and Gemini's answer does not depend on them.
 * @param model decides what the body may hold; for a tuned model, the name of its base
 * @throws GW_UNSUPPORTED_PARAMETER, GW_INVALID_REQUEST
 */
export const toGeminiRequest = (request: ChatRequest, model: string, policy: ParameterPolicy): JsonObject => {
  const facts = geminiModelFacts(model);
  const extras = sortExtras(request.extras, policy);
  const { tools, toolConfig } = toGeminiTools(request, facts, policy);
  const isJsonTold = tools !== undefined && !facts.combinesToolsAndJson && wantsJson(request);
  if (request.parallelToolCalls === false && request.tools?.some(({ type }) => type === 'function')) {
    const isPassed = passUnsupported(
      policy,
      'parallel_tool_calls',
      'the model decides how many tools it calls at once',
    );
    if (isPassed) extras.body['parallel_tool_calls'] = false;
  }
  const config = toGenerationConfig(request, model, facts, policy, isJsonTold);
  return {
    ...toGeminiContents(request.messages, facts, isJsonTold ? [tellJson(request)] : []),
    ...extras.body,
    ...nonEmpty({
      tools,
      toolConfig: nonEmpty({ ...toolConfig, ...extras.toolConfig }),
      generationConfig: nonEmpty({ ...config, ...extras.generationConfig }),
    }),
  };
};

const wantsJson = ({ responseFormat: format }: ChatRequest): boolean => format !== undefined && format.type !== 'text';

const tellJson = ({ responseFormat: format }: ChatRequest): string =>
  format?.type === 'json-schema'
    ? 'When you answer without calling a tool, answer with nothing but JSON that fits this schema:\n' +
      JSON.stringify(format.schema)
    : 'When you answer without calling a tool, answer with nothing but one JSON object.';

interface SortedExtras {
  /** Top-level members of the body. */
  body: JsonObject;
  generationConfig: JsonObject;
  toolConfig: JsonObject;
}

/** Google's names as LiteLLM's clients write them. */
const RENAMED: Readonly<Record<string, string>> = {
  cached_content: 'cachedContent',
  generation_config: 'generationConfig',
  safety_settings: 'safetySettings',
  tool_config: 'toolConfig',
};

const SERVICE_TIERS: ReadonlySet<JsonValue | undefined> = new Set(['flex', 'priority', 'standard']);

/** Dealt with by the tools and the generation config. */
const READ_ELSEWHERE: ReadonlySet<string> = new Set(['audio', 'modalities', 'web_search_options']);

/** Google's own fields go where they belong; OpenAI's are refused or dropped; unknown ones go along. */
const sortExtras = (extras: JsonObject, policy: ParameterPolicy): SortedExtras => {
  const sorted: SortedExtras = { body: {}, generationConfig: {}, toolConfig: {} };
  for (const [given, value] of Object.entries(extras)) {
    const name = RENAMED[given] ?? given;
    if (value === undefined || READ_ELSEWHERE.has(name)) continue;
    const isGroup = name === 'generationConfig' || name === 'toolConfig';
    if (isGroup && isJsonObject(value)) Object.assign(sorted[name], camelCased(value));
    else if (GENERATION_FIELDS.has(name)) sorted.generationConfig[name] = value;
    else if (name === 'service_tier' && SERVICE_TIERS.has(value)) sorted.body['serviceTier'] = value;
    else if (!OPENAI_CHAT_EXTRAS.has(name)) sorted.body[name] = value;
    else if (!isHarmlessDefault(name, value) && passUnsupported(policy, name)) sorted.body[name] = value;
  }
  return sorted;
};
