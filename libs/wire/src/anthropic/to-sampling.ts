// temperature, top_p and top_k, as far as the model and its thinking allow them.
import type { ChatRequest, JsonObject } from '@turnpike/domain';
import { passUnsupported, type ParameterPolicy } from '../parameters.js';
import type { AnthropicModel } from './models.js';

/** What the API assumes for `temperature` and `top_p`, and so never has to be sent. */
const NEUTRAL = 1;

/** `top_p` while thinking. */
const MIN_TOP_P = 0.95;

/** @throws GW_UNSUPPORTED_PARAMETER */
export const toSampling = (
  request: ChatRequest,
  model: AnthropicModel,
  isThinking: boolean,
  policy: ParameterPolicy,
): JsonObject => {
  const never = model.sampling === 'none' ? 'this model samples at its own measure' : undefined;
  const notNow = never ?? (isThinking ? 'not while thinking' : undefined);
  const temperature = toTemperature(request, model, notNow, policy);
  return {
    temperature,
    top_p: toTopP(request, model, isThinking, never, temperature, policy),
    top_k: toTopK(request, notNow, policy),
  };
};

const toTemperature = (
  { temperature, topP }: ChatRequest,
  model: AnthropicModel,
  whyNot: string | undefined,
  policy: ParameterPolicy,
): number | undefined => {
  if (temperature === undefined) return undefined;
  // Where only one of the two may be sent, the one that says nothing gives way.
  const givesWay = model.sampling === 'either' && topP !== undefined;
  if (temperature === NEUTRAL && (whyNot ?? givesWay)) return undefined;
  if (whyNot) return passUnsupported(policy, 'temperature', whyNot) ? temperature : undefined;
  return temperature <= 1 || passUnsupported(policy, 'temperature', '1 at most') ? temperature : 1;
};

const toTopP = (
  { topP }: ChatRequest,
  model: AnthropicModel,
  isThinking: boolean,
  never: string | undefined,
  temperature: number | undefined,
  policy: ParameterPolicy,
): number | undefined => {
  if (topP === undefined) return undefined;
  const isNarrow = isThinking && topP < MIN_TOP_P;
  const isSecond = model.sampling === 'either' && temperature !== undefined;
  const whyNot =
    never ?? (isNarrow ? `${MIN_TOP_P} at least while thinking` : isSecond ? 'not beside temperature' : undefined);
  if (whyNot === undefined) return topP;
  return topP !== NEUTRAL && passUnsupported(policy, 'top_p', whyNot) ? topP : undefined;
};

const toTopK = ({ topK }: ChatRequest, whyNot: string | undefined, policy: ParameterPolicy): number | undefined =>
  topK === undefined || whyNot === undefined || passUnsupported(policy, 'top_k', whyNot) ? topK : undefined;
