// Ollama's errors: `{"error": "text"}` with a status, or inside a 200 in the middle of a stream.
import {
  classifyUpstreamError,
  GatewayError,
  GAVE_UP,
  readErrorValue,
  upstreamError,
  type Call,
  type ErrorCode,
  type JsonObject,
  type UpstreamFailure,
} from '@turnpike/plugin-sdk';

/** What the model cannot do → the parameter that asked for it. */
const LACKING: readonly [RegExp, string][] = [
  [/does not support tools/i, 'tools'],
  [/does not support thinking/i, 'reasoning_effort'],
];

const CONTEXT = /input length exceeds (?:the |maximum )?context length/i;

interface Meaning {
  code: ErrorCode;
  param?: string;
}

const meaningOf = (message: string, otherwise: ErrorCode): Meaning => {
  const lacking = LACKING.find(([words]) => words.test(message));
  if (lacking) return { code: 'GW_UNSUPPORTED_PARAMETER', param: lacking[1] };
  return { code: CONTEXT.test(message) ? 'GW_CONTEXT_WINDOW_EXCEEDED' : otherwise };
};

export const toOllamaError = (failure: UpstreamFailure, call: Call): GatewayError => {
  const error = upstreamError(failure, call.policy.provider);
  if (failure.status !== 400) return error;
  const { code, param } = meaningOf(error.message, error.code);
  return new GatewayError(code, error.message, { ...error.facts, param: param ?? error.facts.param });
};

/** An `{"error"}` that came inside a 200. */
export const innerError = (value: JsonObject): GatewayError => {
  const read = readErrorValue(value);
  const { code, param } = meaningOf(read.message, classifyUpstreamError(200, read));
  return new GatewayError(code, `${GAVE_UP}: ${read.message || 'no reason given'}`, { param });
};
