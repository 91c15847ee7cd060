import { describe, expect, it } from '@jest/globals';
import { fromAnthropicStopReason, toAnthropicStopReason } from './finish-reason.js';

describe('fromAnthropicStopReason', () => {
  it.each([
    ['end_turn', false, 'stop'],
    ['stop_sequence', false, 'stop'],
    ['pause_turn', false, 'stop'],
    ['compaction', false, 'stop'],
    ['max_tokens', true, 'length'],
    ['model_context_window_exceeded', false, 'length'],
    ['tool_use', true, 'tool-calls'],
    ['tool_use', false, 'stop'],
    ['end_turn', true, 'tool-calls'],
    ['refusal', false, 'content-filter'],
    ['', false, 'stop'],
    ['something_new', false, 'stop'],
  ] as const)("reads '%s', with calls %p, as %s", (word, hasToolCalls, expected) =>
    expect(fromAnthropicStopReason(word, hasToolCalls)).toBe(expected),
  );
});

describe('toAnthropicStopReason', () => {
  it.each([
    ['stop', undefined, 'end_turn'],
    ['stop', 'stop_sequence', 'stop_sequence'],
    ['stop', 'eos', 'end_turn'],
    ['length', 'max_tokens', 'max_tokens'],
    ['tool-calls', 'end_turn', 'tool_use'],
    ['content-filter', 'SAFETY', 'refusal'],
  ] as const)("writes %s, natively '%s', as %s", (reason, native, expected) =>
    expect(toAnthropicStopReason(reason, native)).toBe(expected),
  );
});
