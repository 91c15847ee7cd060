import type { FinishReason, JsonObject } from '@turnpike/domain';

const TO_OPENAI: Readonly<Record<FinishReason, string>> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
};

export const toOpenAiFinishReason = (reason: FinishReason): string => TO_OPENAI[reason];

/** Words that hosts of the OpenAI dialect use. Unknown and empty ones count as a normal end. */
const FROM_OPENAI: ReadonlyMap<string, FinishReason> = new Map([
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['model_length', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['time_limit', 'length'],
  ['tool_calls', 'tool-calls'],
  ['tool-calls', 'tool-calls'],
  ['tool_use', 'tool-calls'],
  ['function_call', 'tool-calls'],
  ['content_filter', 'content-filter'],
  ['content_filtered', 'content-filter'],
  ['guardrail_intervened', 'content-filter'],
  ['refusal', 'content-filter'],
  ['sensitive', 'content-filter'],
]);

/** `hasToolCalls` mends hosts that answer `stop` or nothing although the model called tools. */
export const fromOpenAiFinishReason = (word: string | null | undefined, hasToolCalls: boolean): FinishReason => {
  const reason = FROM_OPENAI.get(word ?? '') ?? 'stop';
  return reason === 'stop' && hasToolCalls ? 'tool-calls' : reason;
};

/** Words that say the answer failed. They come inside a 200, where an error would have been clearer. */
const FAILED: ReadonlySet<string> = new Set(['error', 'network_error', 'insufficient_system_resource']);

export const isFailedFinish = (word: string): boolean => FAILED.has(word);

/** What a choice says of its failure; the word itself where it says no more. */
export const failureOf = (word: string, { error }: JsonObject): JsonObject => ({
  error: error ?? { message: `finish reason '${word}'`, code: 503 },
});
