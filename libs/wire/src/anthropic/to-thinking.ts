// Reasoning options → `thinking` and `output_config.effort`.
import type { ChatRequest, JsonObject, ReasoningEffort, ReasoningOptions } from '@turnpike/domain';
import { passUnsupported, type ParameterPolicy } from '../parameters.js';
import { reportDropped } from './dropped.js';
import type { AnthropicModel } from './models.js';

export interface ThinkingFields {
  thinking?: JsonObject;
  effort?: string;
  /** `manual` is a budget; it forbids what the other modes allow (forced tools). */
  mode: 'unset' | 'off' | 'adaptive' | 'manual';
}

/** Smallest budget the API takes. */
const MIN_BUDGET = 1_024;

/** Tokens for an effort where the model takes a budget; the lower ones as LiteLLM's. */
const BUDGETS: Readonly<Record<Exclude<ReasoningEffort, 'none'>, number>> = {
  minimal: MIN_BUDGET,
  low: MIN_BUDGET,
  medium: 2_048,
  high: 4_096,
  xhigh: 8_192,
  max: 16_384,
};

/** The same thresholds the other way, where the model takes an effort. */
const effortOfBudget = (budget: number): ReasoningEffort =>
  budget <= BUDGETS.low ? 'low' : budget <= BUDGETS.medium ? 'medium' : 'high';

/** @throws GW_UNSUPPORTED_PARAMETER for reasoning that the model, or `maxTokens`, has no room for */
export const toThinking = (
  request: ChatRequest,
  model: AnthropicModel,
  maxTokens: number,
  policy: ParameterPolicy,
): ThinkingFields => {
  const { reasoning } = request;
  if (!reasoning) return { mode: 'unset' };
  if (reasoning.effort === 'none' || reasoning.budgetTokens === 0) return toOff(reasoning, model, policy);
  if (model.thinking === 'none' && !passUnsupported(policy, paramOf(reasoning), 'this model does not think')) {
    return { mode: 'off' };
  }
  const hasBudget = (reasoning.budgetTokens ?? -1) > 0;
  const takesBudget = model.thinking !== 'adaptive';
  if (takesBudget && (hasBudget || model.thinking !== 'adaptive-or-budget')) {
    return toManual(request, reasoning, model, maxTokens, policy);
  }
  if (hasBudget) reportDropped(policy, 'thinking.budget_tokens');
  return {
    mode: 'adaptive',
    // Claude 4.7 and later keep the text to themselves unless asked.
    thinking: { type: 'adaptive', display: reasoning.includeText === false ? 'omitted' : 'summarized' },
    effort: toEffort(reasoning.effort ?? (hasBudget ? effortOfBudget(reasoning.budgetTokens!) : undefined), model),
  };
};

/** The field the client spoke of it in. */
const paramOf = (reasoning: ReasoningOptions): string => (reasoning.effort ? 'reasoning_effort' : 'thinking');

const toEffort = (effort: ReasoningEffort | undefined, model: AnthropicModel): string | undefined => {
  if (effort === 'minimal') return 'low';
  if (effort === 'xhigh' && !model.hasXhighEffort) return 'max';
  return effort === 'none' ? undefined : effort;
};

const toOff = (reasoning: ReasoningOptions, model: AnthropicModel, policy: ParameterPolicy): ThinkingFields => {
  const { thinkingOff } = model;
  if (thinkingOff === 'absent') return { mode: 'off' };
  if (thinkingOff === 'never') {
    const isPassed = passUnsupported(policy, paramOf(reasoning), 'this model always thinks; use a low effort');
    return isPassed ? { mode: 'off', thinking: { type: 'disabled' } } : { mode: 'unset' };
  }
  const effort = toEffort(reasoning.effort, model);
  const isTooHigh = model.needsThinkingAboveHigh && (effort === 'xhigh' || effort === 'max');
  const isLowered = isTooHigh && !passUnsupported(policy, 'reasoning_effort', 'above high only while thinking');
  return { mode: 'off', thinking: { type: thinkingOff }, effort: isLowered ? 'high' : effort };
};

const toManual = (
  request: ChatRequest,
  reasoning: ReasoningOptions,
  model: AnthropicModel,
  maxTokens: number,
  policy: ParameterPolicy,
): ThinkingFields => {
  if (hasLostThinking(request)) {
    // The API refuses such a history, and clients of other dialects cannot keep the blocks.
    reportDropped(policy, paramOf(reasoning));
    return { mode: 'off' };
  }
  const explicit =
    reasoning.budgetTokens !== undefined && reasoning.budgetTokens > 0 ? reasoning.budgetTokens : undefined;
  const effort = reasoning.effort === undefined || reasoning.effort === 'none' ? 'high' : reasoning.effort;
  const wanted = explicit ?? BUDGETS[effort];
  const budget = fitBudget(wanted, maxTokens, policy, paramOf(reasoning));
  if (budget === undefined) return { mode: 'off' };
  if (budget !== wanted && explicit !== undefined) reportDropped(policy, 'thinking.budget_tokens');
  return {
    mode: 'manual',
    thinking: { type: 'enabled', budget_tokens: budget },
    // Models that take both measures take them together.
    effort: model.thinking === 'adaptive-or-budget' ? toEffort(reasoning.effort, model) : undefined,
  };
};

/** The budget must stay below `max_tokens`. That is the client's bound for thinking too, so the budget yields. */
const fitBudget = (wanted: number, maxTokens: number, policy: ParameterPolicy, param: string): number | undefined => {
  const budget = Math.max(MIN_BUDGET, wanted);
  if (budget < maxTokens) return budget;
  if (maxTokens > MIN_BUDGET) return Math.max(MIN_BUDGET, Math.floor(maxTokens / 2));
  const why = `max_tokens must be above ${MIN_BUDGET} to leave room for it`;
  return passUnsupported(policy, param, why) ? budget : undefined;
};

/** With a budget, the last turn that called tools must still begin with the thinking it began with. */
const hasLostThinking = ({ messages }: ChatRequest): boolean => {
  const caller = messages.findLast(
    (message) => message.role === 'assistant' && message.content.some((part) => part.type === 'tool-call'),
  );
  if (caller?.role !== 'assistant') return false;
  const [first] = caller.content;
  return !(first?.type === 'reasoning' && (first.signature ?? first.redacted));
};
