import type { FinishReason } from '@turnpike/domain';

/** `pause_turn` and `compaction` end an answer that goes on when the client sends it back. */
const FROM_ANTHROPIC: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  compaction: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool-calls',
  refusal: 'content-filter',
};

const TO_ANTHROPIC: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
};

/** `tool_use` without a call of the client's own is our emulated JSON answer, so it counts as a normal end. */
export const fromAnthropicStopReason = (word: string, hasToolCalls: boolean): FinishReason => {
  const reason = FROM_ANTHROPIC[word] ?? 'stop';
  if (reason === 'tool-calls' && !hasToolCalls) return 'stop';
  return reason === 'stop' && hasToolCalls ? 'tool-calls' : reason;
};

/** The upstream's own word where it is one of Anthropic's and means the same. */
export const toAnthropicStopReason = (reason: FinishReason, native?: string): string =>
  native !== undefined && FROM_ANTHROPIC[native] === reason ? native : TO_ANTHROPIC[reason];
