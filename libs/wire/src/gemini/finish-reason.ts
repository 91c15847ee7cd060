import type { FinishReason } from '@turnpike/domain';
import { GatewayError } from '@turnpike/errors';

/** Words for an end that is none of the model's own choosing. Unknown ones count as a normal end. */
const FROM_GEMINI: Readonly<Record<string, FinishReason>> = {
  STOP: 'stop',
  OTHER: 'stop',
  NO_IMAGE: 'stop',
  IMAGE_OTHER: 'stop',
  FINISH_REASON_UNSPECIFIED: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  LANGUAGE: 'content-filter',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  ESCALATION: 'content-filter',
  IMAGE_SAFETY: 'content-filter',
  IMAGE_PROHIBITED_CONTENT: 'content-filter',
  IMAGE_RECITATION: 'content-filter',
};

/** The model wrote something that Google could not make an answer of; trying again often helps. */
const BROKEN: ReadonlySet<string> = new Set([
  'MALFORMED_FUNCTION_CALL',
  'MALFORMED_RESPONSE',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
  'MISSING_THOUGHT_SIGNATURE',
]);

/**
 * @param message Google's `finishMessage`
 * @throws GW_UPSTREAM_INVALID_RESPONSE for words that mean that there is no answer
 */
export const fromGeminiFinishReason = (word: string, hasToolCalls: boolean, message?: string): FinishReason => {
  if (BROKEN.has(word)) {
    throw new GatewayError(
      'GW_UPSTREAM_INVALID_RESPONSE',
      `The model's answer was no use (${word})${message ? `: ${message}` : '.'}`,
      { upstreamCode: word },
    );
  }
  const reason = FROM_GEMINI[word] ?? 'stop';
  return reason === 'stop' && hasToolCalls ? 'tool-calls' : reason;
};

const TO_GEMINI: Readonly<Record<FinishReason, string>> = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  'tool-calls': 'STOP',
  'content-filter': 'SAFETY',
};

/** Keeps Google's own word where the answer came with one. */
export const toGeminiFinishReason = (reason: FinishReason, native?: string): string =>
  native !== undefined && native in FROM_GEMINI ? native : TO_GEMINI[reason];

/** Why the prompt was refused before the model saw it; undefined when it was not. */
export const blockReason = (feedback: unknown): string | undefined => {
  const reason: unknown =
    typeof feedback === 'object' && feedback !== null && 'blockReason' in feedback ? feedback.blockReason : '';
  return typeof reason === 'string' && reason !== '' && !reason.endsWith('_UNSPECIFIED') ? reason : undefined;
};
