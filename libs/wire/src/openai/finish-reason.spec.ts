import type { FinishReason } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { fromOpenAiFinishReason, isFailedFinish, toOpenAiFinishReason } from './finish-reason.js';

const WORDS: Record<FinishReason, string[]> = {
  stop: ['stop', 'end_turn', 'stop_sequence', 'eos', 'eos_token', 'abort', '', 'anything', 'constructor'],
  length: ['length', 'max_tokens', 'model_length', 'model_context_window_exceeded', 'time_limit'],
  'tool-calls': ['tool_calls', 'tool-calls', 'tool_use', 'function_call'],
  'content-filter': ['content_filter', 'content_filtered', 'refusal', 'sensitive', 'guardrail_intervened'],
};

describe('a finish reason', () => {
  it.each(Object.entries(WORDS).flatMap(([reason, words]) => words.map((word) => [word, reason])))(
    "'%s' means %s",
    (word, reason) => expect(fromOpenAiFinishReason(word, false)).toBe(reason),
  );

  it('that is none means stop', () => {
    expect(fromOpenAiFinishReason(null, false)).toBe('stop');
    expect(fromOpenAiFinishReason(undefined, false)).toBe('stop');
  });

  it.each<[string, FinishReason]>([
    ['stop', 'tool-calls'],
    ['', 'tool-calls'],
    ['eos', 'tool-calls'],
    ['length', 'length'],
    ['content_filter', 'content-filter'],
  ])("'%s' beside tool calls means %s", (word, reason) => expect(fromOpenAiFinishReason(word, true)).toBe(reason));

  it.each(['stop', 'length', 'tool-calls', 'content-filter'] as const)('%s survives being written and read', (reason) =>
    expect(fromOpenAiFinishReason(toOpenAiFinishReason(reason), false)).toBe(reason),
  );

  it.each([
    ['error', true],
    ['network_error', true],
    ['insufficient_system_resource', true],
    ['stop', false],
    ['', false],
  ])("'%s' says that the answer failed: %p", (word, failed) => expect(isFailedFinish(word)).toBe(failed));
});
