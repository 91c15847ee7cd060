// ChatRequest → Anthropic Messages body.
import { isJsonObject, type ChatRequest, type JsonObject } from '@turnpike/domain';
import { isHarmlessDefault, OPENAI_CHAT_EXTRAS } from '../openai/parameters.js';
import { passUnsupported, type ParameterPolicy } from '../parameters.js';
import { reportDropped } from './dropped.js';
import { anthropicModel, type AnthropicModel } from './models.js';
import { toAnthropicMessages } from './to-messages.js';
import { isBlank } from './to-content.js';
import { toSampling } from './to-sampling.js';
import { toThinking } from './to-thinking.js';
import { toTools } from './to-tools.js';

export interface AnthropicRequestOptions {
  policy: ParameterPolicy;
  /** What the model takes, where its name does not tell (aliases, other hosts). */
  capabilities?: AnthropicModel;
}

/**
 * Absent fields stay absent. Adaptations without loss need no leave: system messages are gathered, turns merged and
 * made to alternate, missing tool results filled in. What is lost without harm is told in `policy.dropped`.
 * @throws GW_UNSUPPORTED_PARAMETER for what Anthropic lacks, GW_INVALID_REQUEST for content it cannot read
 */
export const toAnthropicRequest = (
  request: ChatRequest,
  model: string,
  { policy, capabilities = anthropicModel(model) }: AnthropicRequestOptions,
): JsonObject => {
  const maxTokens = toMaxTokens(request, capabilities, policy);
  const thinking = toThinking(request, capabilities, maxTokens, policy);
  const isManual = thinking.mode === 'manual';
  const isThinking = isManual || thinking.mode === 'adaptive';
  const tools = toTools(request, { model: capabilities, isManual, policy });
  const { system, messages } = toAnthropicMessages(request.messages, {
    keepsThinking: isThinking || !tools.isForced || capabilities.thinking === 'adaptive',
    takesPrefill: capabilities.takesPrefill && !isThinking,
    policy,
  });
  if (tools.instruction) system.push({ type: 'text', text: tools.instruction });
  const extras = toExtras(request, policy);
  const outputConfig = {
    ...(isJsonObject(extras['output_config']) ? extras['output_config'] : {}),
    ...(thinking.effort ? { effort: thinking.effort } : {}),
    ...(tools.format ? { format: tools.format } : {}),
  };
  const body: JsonObject = {
    model,
    max_tokens: maxTokens,
    system: toSystem(system),
    messages,
    stream: request.stream || undefined,
    ...toSampling(request, capabilities, isThinking, policy),
    stop_sequences: toStopSequences(request.stop, policy),
    tools: tools.tools,
    tool_choice: tools.toolChoice,
    thinking: thinking.thinking,
    output_config: Object.keys(outputConfig).length > 0 ? outputConfig : undefined,
    metadata: toMetadata(request, policy),
    service_tier: toServiceTier(request, policy),
    ...toUnsupported(request, policy),
  };
  for (const key of Object.keys(body)) if (body[key] === undefined) delete body[key];
  return { ...extras, ...body };
};

/** A bound above the model's own is refused by the API, and bounds nothing. */
const toMaxTokens = ({ maxOutputTokens }: ChatRequest, model: AnthropicModel, policy: ParameterPolicy): number => {
  if (maxOutputTokens === undefined) return model.maxOutputTokens;
  const isAllowed = policy.allowed.has('max_tokens') || policy.allowed.has('max_completion_tokens');
  const isTooHigh = model.isKnown && maxOutputTokens > model.maxOutputTokens && !isAllowed;
  if (!isTooHigh) return maxOutputTokens;
  reportDropped(policy, 'max_tokens');
  return model.maxOutputTokens;
};

const toSystem = (blocks: JsonObject[]): JsonObject['system'] => {
  const [first] = blocks;
  if (first === undefined) return undefined;
  return blocks.length === 1 && !first['cache_control'] ? first['text'] : blocks;
};

const toStopSequences = (stop: string[] | undefined, policy: ParameterPolicy): string[] | undefined => {
  if (!stop?.some(isBlank)) return stop;
  if (passUnsupported(policy, 'stop', 'a sequence of white space only')) return stop;
  const visible = stop.filter((sequence) => !isBlank(sequence));
  return visible.length > 0 ? visible : undefined;
};

/** An e-mail address or a phone number: Anthropic asks for opaque ids here. */
const IS_PERSONAL = /^[^\s@]+@[^\s@]+$|^\+?[\d\s().-]{7,}$/;

const toMetadata = ({ user, extras }: ChatRequest, policy: ParameterPolicy): JsonObject | undefined => {
  const { user_id: ownId, ...labels } = isJsonObject(extras['metadata']) ? extras['metadata'] : {};
  // Labels of stored completions; the answer is the same without them.
  if (Object.keys(labels).length > 0) reportDropped(policy, 'metadata');
  const id = user ?? extras['safety_identifier'] ?? ownId;
  if (typeof id !== 'string' || id === '') return undefined;
  if (!IS_PERSONAL.test(id)) return { user_id: id };
  reportDropped(policy, 'user');
  return undefined;
};

const TIERS: Readonly<Record<string, string>> = {
  auto: 'auto',
  default: 'standard_only',
  standard_only: 'standard_only',
};

const toServiceTier = ({ extras }: ChatRequest, policy: ParameterPolicy): JsonObject['service_tier'] => {
  const tier = extras['service_tier'];
  if (typeof tier !== 'string') return undefined;
  return TIERS[tier] ?? (passUnsupported(policy, 'service_tier', tier) ? tier : undefined);
};

/** Extras with a field of their own in the body. */
const TRANSLATED: ReadonlySet<string> = new Set([
  'metadata',
  'safety_identifier',
  'service_tier',
  'web_search_options',
]);

/** What OpenAI has and Anthropic lacks goes by the policy; what OpenAI does not know passes. */
const toExtras = ({ extras }: ChatRequest, policy: ParameterPolicy): JsonObject => {
  const kept: JsonObject = {};
  for (const [name, value] of Object.entries(extras)) {
    if (TRANSLATED.has(name)) continue;
    if (OPENAI_CHAT_EXTRAS.has(name) && (isHarmlessDefault(name, value) || !passUnsupported(policy, name))) continue;
    kept[name] = value;
  }
  return kept;
};

/** Parameters without a counterpart: name, value, and the value that asks for nothing. */
const toUnsupported = (request: ChatRequest, policy: ParameterPolicy): JsonObject => {
  const rows: readonly (readonly [string, JsonObject[string], unknown])[] = [
    ['frequency_penalty', request.frequencyPenalty, 0],
    ['presence_penalty', request.presencePenalty, 0],
    ['seed', request.seed, undefined],
    ['n', request.n, 1],
    ['logprobs', request.logprobs, false],
    ['top_logprobs', request.topLogprobs, 0],
  ];
  const kept: JsonObject = {};
  for (const [name, value, neutral] of rows) {
    if (value !== undefined && value !== neutral && passUnsupported(policy, name)) kept[name] = value;
  }
  return kept;
};
