// What OpenAI's own models want changed in a chat body. More than one host serves them.
import type { JsonObject } from '@turnpike/domain';
import { passUnsupported, type ParameterPolicy } from '../parameters.js';
import { plainHistoryEdits } from './history.js';
import { isHarmlessDefault } from './parameters.js';

/** Parameters of other families that clients of this dialect send all the same; OpenAI answers 400. */
const FOREIGN = ['top_k', 'thinking'] as const;

/** o1, o3, o4 …, gpt-5 and later (not the `-chat` variants, which sample like older models). */
const REASONING_MODEL = /^(o\d|gpt-(?:[5-9]|\d\d))(?!.*-chat)/;

/** From gpt-5.1 on models can be told not to reason, and do not unless asked; `-pro` and `-codex` always do. */
const CAN_REST = /^gpt-(?:5\.\d|[6-9]|\d\d)(?!.*-(?:pro|codex))/;

const ALWAYS_REFUSED = ['presence_penalty', 'frequency_penalty', 'logit_bias', 'stop'] as const;
const REFUSED_WHILE_REASONING = ['temperature', 'top_p', 'logprobs', 'top_logprobs'] as const;

const isRefused = (name: string, value: unknown): boolean =>
  !isHarmlessDefault(name, value) && !(name === 'temperature' && value === 1);

export interface BodyChanges {
  set: JsonObject;
  remove: string[];
}

/**
 * `max_tokens` is renamed for reasoning models, not refused: it means the same. `model` is the model's own name, not a
 * deployment's. @throws GW_UNSUPPORTED_PARAMETER for sampling parameters
 */
export const reasoningModelEdits = (
  body: Readonly<JsonObject>,
  model: string,
  policy: ParameterPolicy,
): BodyChanges | undefined => {
  if (!REASONING_MODEL.test(model)) return undefined;
  const isAtRest = CAN_REST.test(model) && (body['reasoning_effort'] ?? 'none') === 'none';
  const refused = isAtRest ? ALWAYS_REFUSED : [...ALWAYS_REFUSED, ...REFUSED_WHILE_REASONING];
  const remove = refused.filter(
    (name) => isRefused(name, body[name]) && !passUnsupported(policy, name, `${model} reasons`),
  ) as string[];
  const set: JsonObject = {};
  if (body['max_tokens'] !== undefined) {
    remove.push('max_tokens');
    if (body['max_completion_tokens'] === undefined) set['max_completion_tokens'] = body['max_tokens'];
  }
  return remove.length > 0 ? { set, remove } : undefined;
};

/** What OpenAI's own API refuses to see at all. @throws GW_UNSUPPORTED_PARAMETER */
export const foreignFieldEdits = (body: Readonly<JsonObject>, policy: ParameterPolicy): BodyChanges | undefined => {
  const set = plainHistoryEdits(body)?.set ?? {};
  const remove = FOREIGN.filter((name) => isRefused(name, body[name]) && !passUnsupported(policy, name)) as string[];
  return remove.length > 0 || Object.keys(set).length > 0 ? { set, remove } : undefined;
};

/** Later edits win. */
export const mergeEdits = (...edits: readonly (BodyChanges | undefined)[]): BodyChanges | undefined => {
  const known = edits.filter((edit) => edit !== undefined);
  if (known.length < 2) return known[0];
  return {
    set: Object.assign({}, ...known.map(({ set }) => set)) as JsonObject,
    remove: known.flatMap(({ remove }) => remove),
  };
};
