// Token counts. Anthropic's `input_tokens` leaves out what the prompt cache read and wrote; ours holds all of it.
import { isJsonObject, type JsonObject, type JsonValue, type Usage } from '@turnpike/domain';

const count = (object: JsonObject, key: string): number | undefined => {
  const value = object[key];
  return typeof value === 'number' && value >= 0 ? value : undefined;
};

const nested = (object: JsonObject, key: string): JsonObject => {
  const value = object[key];
  return isJsonObject(value) ? value : {};
};

/** `{input_tokens, cache_read_input_tokens, cache_creation_input_tokens, output_tokens, …}` → Usage. */
export const fromAnthropicUsage = (value: JsonValue | undefined): Usage | undefined => {
  if (!isJsonObject(value)) return undefined;
  if (count(value, 'input_tokens') === undefined && count(value, 'output_tokens') === undefined) return undefined;
  const rounds = billedRounds(value);
  const sum = (read: (round: JsonObject) => number | undefined): number | undefined => {
    const known = rounds.map(read).filter((number) => number !== undefined);
    return known.length > 0 ? known.reduce((total, number) => total + number, 0) : undefined;
  };
  const cachedInputTokens = sum((round) => count(round, 'cache_read_input_tokens'));
  const cacheWriteTokens = sum((round) => count(round, 'cache_creation_input_tokens'));
  const inputTokens =
    (sum((round) => count(round, 'input_tokens')) ?? 0) + (cachedInputTokens ?? 0) + (cacheWriteTokens ?? 0);
  const outputTokens = sum((round) => count(round, 'output_tokens')) ?? 0;
  return {
    inputTokens,
    outputTokens,
    totalTokens: inputTokens + outputTokens,
    cachedInputTokens,
    cacheWriteTokens,
    cacheWriteLongTokens: sum((round) => count(nested(round, 'cache_creation'), 'ephemeral_1h_input_tokens')),
    reasoningTokens: count(nested(value, 'output_tokens_details'), 'thinking_tokens'),
    webSearchRequests: count(nested(value, 'server_tool_use'), 'web_search_requests'),
  };
};

/**
 * With compaction the totals tell only the last round, while every round is billed; `iterations` lists them.
 * An advisor's round is billed as its own model's and does not belong here.
 */
const billedRounds = (usage: JsonObject): JsonObject[] => {
  const rounds = Array.isArray(usage['iterations']) ? usage['iterations'].filter(isJsonObject) : [];
  return rounds.some((round) => round['type'] === 'compaction')
    ? rounds.filter((round) => round['type'] === 'compaction' || round['type'] === 'message')
    : [usage];
};

/** Usage → Anthropic's object. Every count a client may add up is there, zeros included. */
export const toAnthropicUsage = (usage: Usage): JsonObject => {
  const read = usage.cachedInputTokens ?? 0;
  const written = usage.cacheWriteTokens ?? 0;
  const writtenLong = usage.cacheWriteLongTokens ?? 0;
  const out: JsonObject = {
    input_tokens: Math.max(0, usage.inputTokens - read - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    cache_creation: {
      ephemeral_5m_input_tokens: Math.max(0, written - writtenLong),
      ephemeral_1h_input_tokens: writtenLong,
    },
    output_tokens: usage.outputTokens,
  };
  if (usage.reasoningTokens !== undefined) out['output_tokens_details'] = { thinking_tokens: usage.reasoningTokens };
  if (usage.webSearchRequests !== undefined) {
    out['server_tool_use'] = { web_search_requests: usage.webSearchRequests };
  }
  return out;
};
