// Anthropic Messages body → ChatRequest.
import {
  isJsonObject,
  type ChatRequest,
  type JsonObject,
  type JsonValue,
  type Message,
  type ReasoningEffort,
  type ReasoningOptions,
  type ResponseFormat,
  type TextPart,
  type Tool,
  type ToolChoice,
} from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { createHash } from 'node:crypto';
import {
  objectAt,
  optionalArray,
  optionalBoolean,
  optionalEnum,
  optionalInteger,
  optionalNumber,
  optionalObject,
  optionalString,
  requiredString,
} from '../fields.js';
import { fromStop } from '../openai/from-request.js';
import { blocksAt, fromAnthropicText, fromAssistantBlock, fromContentBlock } from './from-content.js';

export interface FromAnthropicOptions {
  /** The request goes to an upstream of the same format: what no other one reads is kept. */
  keepsOwnFields?: boolean;
}

/** Fields read below; everything else is an extra. */
const MODELLED: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'max_tokens',
  'system',
  'stop_sequences',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'metadata',
  'service_tier',
]);

/** Fields of Anthropic's that say nothing to other upstreams, which would refuse them. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'anthropic_beta',
  'anthropic_version',
  'betas',
  'cache_control',
  'container',
  'context_management',
  'fallbacks',
  'inference_geo',
  'mcp_servers',
  'speed',
  'user_profile_id',
]);

/**
 * `max_tokens` may be absent: token counting takes the same body.
 * @throws GW_INVALID_REQUEST naming the path of the field at fault
 */
export const fromAnthropicRequest = (body: JsonObject, options: FromAnthropicOptions = {}): ChatRequest => {
  const messages = optionalArray(body, 'messages');
  if (!messages) throw invalidRequest("'messages' is required.", 'messages');
  const stream = optionalBoolean(body, 'stream') ?? false;
  const outputConfig = optionalObject(body, 'output_config') ?? {};
  const request: ChatRequest = {
    model: requiredString(body, 'model'),
    messages: [
      ...fromSystem(body['system'], options),
      ...messages.flatMap((message, index) =>
        fromMessage(objectAt(message, `messages[${index}]`), `messages[${index}]`),
      ),
    ],
    stream,
    includeUsage: stream,
    extras: {},
  };
  request.maxOutputTokens = optionalInteger(body, 'max_tokens');
  request.temperature = optionalNumber(body, 'temperature');
  request.topP = optionalNumber(body, 'top_p');
  request.topK = optionalInteger(body, 'top_k');
  request.stop = fromStop(optionalArray(body, 'stop_sequences'));
  request.tools = fromTools(body);
  request.toolChoice = fromToolChoice(optionalObject(body, 'tool_choice'));
  if (optionalObject(body, 'tool_choice')?.['disable_parallel_tool_use'] === true) request.parallelToolCalls = false;
  request.responseFormat = fromFormat(outputConfig);
  request.reasoning = fromThinkingOptions(body, outputConfig);
  request.user = fromUserId(body, options);
  const tier = optionalString(body, 'service_tier');
  if (tier) request.extras['service_tier'] = tier === 'standard_only' ? 'default' : tier;
  for (const key of Object.keys(body)) {
    if (!MODELLED.has(key) && (options.keepsOwnFields || !OWN_FIELDS.has(key))) request.extras[key] = body[key];
  }
  return request;
};

const fromSystem = (system: JsonValue | undefined, { keepsOwnFields }: FromAnthropicOptions): Message[] => {
  const parts = fromAnthropicText(system, 'system');
  const content = keepsOwnFields ? parts : withoutBillingHeader(parts);
  return content.length > 0 ? [{ role: 'system', content }] : [];
};

/** What other upstreams take for a user; Claude Code's ids are longer. */
const MAX_USER_CHARACTERS = 64;

const fromUserId = (body: JsonObject, { keepsOwnFields }: FromAnthropicOptions): string | undefined => {
  const id = optionalString(optionalObject(body, 'metadata') ?? {}, 'user_id', 'metadata.user_id');
  if (id === undefined || keepsOwnFields || id.length <= MAX_USER_CHARACTERS) return id;
  return createHash('sha256').update(id).digest('hex');
};

const BILLING_HEADER = 'x-anthropic-billing-header:';

/** Claude Code's first line. It holds a new hash in every request, which would defeat other upstreams' caches. */
const withoutBillingHeader = (parts: TextPart[]): TextPart[] => {
  const [first, ...others] = parts;
  if (!first?.text.startsWith(BILLING_HEADER)) return parts;
  const lineEnd = first.text.indexOf('\n');
  const text = lineEnd === -1 ? '' : first.text.slice(lineEnd).trimStart();
  return text === '' ? others : [{ ...first, text }, ...others];
};

const fromMessage = (message: JsonObject, path: string): Message[] => {
  const role = requiredString(message, 'role', `${path}.role`);
  const blocks = blocksAt(message['content'], `${path}.content`);
  const at = (index: number): string => `${path}.content[${index}]`;
  switch (role) {
    case 'user':
      return fromUserTurn(blocks, at);
    case 'assistant':
      return [{ role, content: blocks.flatMap((block, index) => fromAssistantBlock(block, at(index))) }];
    case 'system':
      return [{ role, content: fromAnthropicText(message['content'], `${path}.content`) }];
  }
  throw invalidRequest(`'${path}.role' is '${role}'; use user or assistant.`, `${path}.role`);
};

/** Tool results are messages of their own in the domain, and come before what else the turn holds. */
const fromUserTurn = (blocks: JsonObject[], at: (index: number) => string): Message[] => {
  const results: Message[] = [];
  const user: Message = { role: 'user', content: [] };
  blocks.forEach((block, index) => {
    if (block['type'] === 'tool_result') results.push(fromToolResult(block, at(index)));
    else user.content.push(...fromContentBlock(block, at(index)));
  });
  return user.content.length > 0 || results.length === 0 ? [...results, user] : results;
};

const fromToolResult = (block: JsonObject, path: string): Message => {
  const content = blocksAt(block['content'], `${path}.content`).flatMap((inner, index) =>
    fromContentBlock(inner, `${path}.content[${index}]`),
  );
  const marker = optionalObject(block, 'cache_control', `${path}.cache_control`);
  const last = content.at(-1);
  if (marker && last && last.type !== 'audio') last.cacheControl = marker;
  return {
    role: 'tool',
    toolCallId: requiredString(block, 'tool_use_id', `${path}.tool_use_id`),
    content,
    ...(block['is_error'] === true ? { isError: true } : {}),
  };
};

const fromTools = (body: JsonObject): Tool[] | undefined => {
  const tools = optionalArray(body, 'tools');
  if (!tools || tools.length === 0) return undefined;
  return tools.map((value, index) => {
    const path = `tools[${index}]`;
    const tool = objectAt(value, path);
    if ((tool['type'] ?? 'custom') !== 'custom') return { type: 'native', dialect: 'anthropic', definition: tool };
    return {
      type: 'function',
      name: requiredString(tool, 'name', `${path}.name`),
      description: optionalString(tool, 'description', `${path}.description`),
      parameters: optionalObject(tool, 'input_schema', `${path}.input_schema`),
      strict: optionalBoolean(tool, 'strict', `${path}.strict`),
      cacheControl: optionalObject(tool, 'cache_control', `${path}.cache_control`),
    };
  });
};

const fromToolChoice = (choice: JsonObject | undefined): ToolChoice | undefined => {
  if (!choice) return undefined;
  const type = optionalEnum(choice, 'type', ['auto', 'any', 'tool', 'none'], 'tool_choice.type');
  if (type === 'tool') return { type, name: requiredString(choice, 'name', 'tool_choice.name') };
  return { type: type === 'any' ? 'required' : (type ?? 'auto') };
};

const fromFormat = ({ format }: JsonObject): ResponseFormat | undefined =>
  isJsonObject(format) && format['type'] === 'json_schema' && isJsonObject(format['schema'])
    ? { type: 'json-schema', name: 'response', schema: format['schema'], strict: true }
    : undefined;

const EFFORTS: readonly ReasoningEffort[] = ['low', 'medium', 'high', 'xhigh', 'max'];

/** `thinking` and `output_config.effort`. `between_tools` is the lowest setting of models that cannot switch it off. */
const fromThinkingOptions = (body: JsonObject, outputConfig: JsonObject): ReasoningOptions | undefined => {
  const effort = optionalEnum(outputConfig, 'effort', EFFORTS, 'output_config.effort');
  const thinking = optionalObject(body, 'thinking');
  if (!thinking) return effort ? { effort } : undefined;
  const type = optionalString(thinking, 'type', 'thinking.type');
  // Elsewhere an effort means thinking, so it would switch on what the client switched off.
  if (type === 'disabled' || type === 'between_tools') return { budgetTokens: 0 };
  const budget = optionalInteger(thinking, 'budget_tokens', 'thinking.budget_tokens');
  const includeText = thinking['display'] !== 'omitted';
  return { ...(effort ? { effort } : {}), budgetTokens: budget ?? -1, includeText };
};
