// ChatResponse → Anthropic message.
import { isJsonObject, type AssistantPart, type ChatResponse, type JsonObject } from '@turnpike/domain';
import { randomUUID } from 'node:crypto';
import { toAnthropicCitations } from './citations.js';
import { toAnthropicStopReason } from './finish-reason.js';
import { toAnthropicServiceTier } from './service-tier.js';
import { toAnthropicUsage } from './usage.js';

export interface AnthropicAnswerOptions {
  /** False: the client did not ask for thinking, so it gets none. */
  includeReasoning?: boolean;
}

/** Only the first choice is told: Anthropic knows one. Generated images have no place in the format. */
export const toAnthropicResponse = (
  response: ChatResponse,
  { includeReasoning = true }: AnthropicAnswerOptions = {},
): JsonObject => {
  const choice = response.choices[0];
  const parts = choice?.content ?? [];
  const content = parts.flatMap((part) => toBlocks(part, includeReasoning));
  const isRefused = parts.some((part) => part.type === 'refusal');
  const usage = toAnthropicUsage(response.usage ?? { inputTokens: 0, outputTokens: 0, totalTokens: 0 });
  return {
    id: toMessageId(response.id),
    type: 'message',
    role: 'assistant',
    model: response.model,
    content: content.length > 0 ? content : [{ type: 'text', text: '' }],
    stop_reason: toAnthropicStopReason(
      isRefused ? 'content-filter' : (choice?.finishReason ?? 'stop'),
      choice?.nativeFinishReason,
    ),
    stop_sequence: null,
    usage: { ...usage, service_tier: toAnthropicServiceTier(response.serviceTier) },
    ...response.extras,
  };
};

/** Anthropic's clients know answers by `msg_…`. */
export const toMessageId = (id: string): string =>
  id.startsWith('msg_') ? id : `msg_${id.replace(/[^a-zA-Z0-9_-]/g, '_') || randomUUID().replaceAll('-', '')}`;

/** Ids that come back in `tool_result.tool_use_id`; Anthropic's clients hold them to this alphabet. */
export const toToolUseId = (id: string): string =>
  id.replace(/[^a-zA-Z0-9_-]/g, '_') || `toolu_${randomUUID().replaceAll('-', '').slice(0, 24)}`;

const toBlocks = (part: AssistantPart, includeReasoning: boolean): JsonObject[] => {
  switch (part.type) {
    case 'text': {
      const citations = toAnthropicCitations(part.annotations);
      return [{ type: 'text', text: part.text, ...(citations ? { citations } : {}) }];
    }
    case 'refusal':
      return [{ type: 'text', text: part.text }];
    case 'reasoning':
      if (!includeReasoning) return [];
      if (part.redacted !== undefined) return [{ type: 'redacted_thinking', data: part.redacted }];
      // The field must exist. An empty one is left out again when the client sends the turn back.
      return [{ type: 'thinking', thinking: part.text, signature: part.signature ?? '' }];
    case 'tool-call':
      return [{ type: 'tool_use', id: toToolUseId(part.id), name: part.name, input: parsedInput(part.arguments) }];
    case 'audio':
      return part.transcript ? [{ type: 'text', text: part.transcript }] : [];
    case 'image':
      return [];
  }
};

/** Models may be cut off in the middle of their arguments; the format has no room for half a JSON. */
const parsedInput = (text: string): JsonObject => {
  try {
    const input: unknown = JSON.parse(text);
    return isJsonObject(input) ? input : {};
  } catch {
    return {};
  }
};
