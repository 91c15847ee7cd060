// How much a model may think: effort and token budgets ⇄ `thinkingConfig`.
import type { JsonObject, ReasoningEffort, ReasoningOptions } from '@turnpike/domain';
import { camelCased, defined } from './json.js';
import { passUnsupported, type ParameterPolicy } from '../parameters.js';

type Level = 'minimal' | 'low' | 'medium' | 'high';

type Thinking =
  /** `thinkingBudget` in tokens; `least` is what stands for the effort `minimal`. */
  | { by: 'budget'; least: number; most: number; canBeOff: boolean }
  /** `thinkingLevel`; such models always think. */
  | { by: 'level'; levels: readonly Level[] }
  | { by: 'none' };

const budget = (least: number, most: number, canBeOff = true): Thinking => ({ by: 'budget', least, most, canBeOff });
const levels = (...known: Level[]): Thinking => ({ by: 'level', levels: known });

/** First match wins; a name that matches nothing is taken for one of the newest generation. */
const MODELS: readonly (readonly [RegExp, Thinking])[] = [
  [/gemma-[1-3]|gemini-pro(-vision)?$|gemini-1[.-]|gemini-2\.0/, { by: 'none' }],
  [/gemma-/, levels('minimal', 'high')],
  [/-image|-tts/, { by: 'none' }],
  [/gemini-2\.5-pro/, budget(128, 32_768, false)],
  [/gemini-2\.5-flash-lite/, budget(512, 24_576)],
  [/gemini-2[.-]|gemini-robotics-er-1\.5/, budget(1, 24_576)],
  [/gemini-3-pro/, levels('low', 'high')],
  [/gemini-[\d.]+-flash-lite|gemini-flash-lite-latest/, levels('minimal', 'low', 'medium', 'high')],
  [/gemini-3(\.[0-6])?-flash/, levels('minimal', 'low', 'medium', 'high')],
];
const NEWEST = levels('low', 'medium', 'high');

const thinkingOf = (model: string): Thinking => MODELS.find(([pattern]) => pattern.test(model))?.[1] ?? NEWEST;

/** LiteLLM's budgets. */
const BUDGETS: Readonly<Record<Exclude<ReasoningEffort, 'none' | 'minimal'>, number>> = {
  low: 1_024,
  medium: 2_048,
  high: 4_096,
  xhigh: 4_096,
  max: 4_096,
};

const ORDER: readonly Level[] = ['minimal', 'low', 'medium', 'high'];

const EFFORT_LEVELS: Readonly<Record<ReasoningEffort, Level>> = {
  none: 'minimal',
  minimal: 'minimal',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

const isOff = ({ effort, budgetTokens }: ReasoningOptions): boolean =>
  budgetTokens === undefined ? effort === 'none' : budgetTokens === 0;

/**
 * `{includeThoughts, thinkingBudget | thinkingLevel}`, or undefined to leave it to the model. A model that cannot stop
 * thinking thinks as little as it can.
 * @throws GW_UNSUPPORTED_PARAMETER when the model does not think
 */
export const toGeminiThinking = (
  reasoning: ReasoningOptions | undefined,
  model: string,
  policy: ParameterPolicy,
): JsonObject | undefined => {
  if (!reasoning) return undefined;
  const thinking = thinkingOf(model);
  if (thinking.by === 'none') {
    if (isOff(reasoning) || !passUnsupported(policy, 'reasoning_effort', `${model} does not think`)) return undefined;
  }
  const includeThoughts = reasoning.includeText !== false && !isOff(reasoning);
  const amount =
    thinking.by === 'level' ? { thinkingLevel: toLevel(reasoning, thinking.levels) } : toBudget(reasoning, thinking);
  return defined({ ...amount, includeThoughts: includeThoughts || undefined });
};

const toBudget = (reasoning: ReasoningOptions, thinking: Exclude<Thinking, { by: 'level' }>): JsonObject => {
  const limits = thinking.by === 'budget' ? thinking : { least: 1, most: Infinity, canBeOff: true };
  if (isOff(reasoning)) return { thinkingBudget: limits.canBeOff ? 0 : limits.least };
  const { budgetTokens, effort } = reasoning;
  if (budgetTokens === undefined) {
    return effort ? { thinkingBudget: effort === 'minimal' ? limits.least : BUDGETS[effort as 'low'] } : {};
  }
  return { thinkingBudget: budgetTokens < 0 ? -1 : Math.min(Math.max(budgetTokens, limits.least), limits.most) };
};

/** The wanted level or the next higher one that the model has; undefined leaves it to the model. */
const toLevel = (reasoning: ReasoningOptions, known: readonly Level[]): string | undefined => {
  const wanted = wantedLevel(reasoning);
  return wanted && known.find((level) => ORDER.indexOf(level) >= ORDER.indexOf(wanted));
};

const wantedLevel = ({ budgetTokens, effort }: ReasoningOptions): Level | undefined => {
  if (budgetTokens === undefined) return effort && EFFORT_LEVELS[effort];
  if (budgetTokens < 0) return undefined;
  if (budgetTokens === 0) return 'minimal';
  return budgetTokens <= BUDGETS.low ? 'low' : budgetTokens <= BUDGETS.medium ? 'medium' : 'high';
};

/** `thinkingConfig`, as Gemini's clients write it → what was asked for. */
export const fromGeminiThinking = (config: JsonObject | undefined): ReasoningOptions | undefined => {
  if (!config) return undefined;
  const { thinkingBudget, thinkingLevel, includeThoughts } = camelCased(config);
  const level = typeof thinkingLevel === 'string' ? thinkingLevel.toLowerCase() : undefined;
  return {
    ...(typeof thinkingBudget === 'number' ? { budgetTokens: thinkingBudget } : {}),
    ...(ORDER.includes(level as Level) ? { effort: level as Level } : {}),
    ...(typeof includeThoughts === 'boolean' ? { includeText: includeThoughts } : {}),
  };
};
