// Tokens as Langfuse counts them: usage types that share no token, so that their sum is the total.
// docs: https://langfuse.com/docs/observability/features/token-and-cost-tracking, read 2026-11-21
import type { Usage } from '@turnpike/plugin-sdk';

/** `{input: 5, input_cached_tokens: 4, output: 3, total: 12}` */
export const usageDetails = (usage: Usage): Record<string, number> => {
  const ofInput = parts({
    input_cached_tokens: usage.cachedInputTokens,
    input_cache_creation_tokens: usage.cacheWriteTokens,
    input_audio_tokens: usage.inputAudioTokens,
  });
  const ofOutput = parts({
    output_reasoning_tokens: usage.reasoningTokens,
    output_audio_tokens: usage.outputAudioTokens,
  });
  return {
    input: rest(usage.inputTokens, ofInput),
    output: rest(usage.outputTokens, ofOutput),
    ...ofInput,
    ...ofOutput,
    total: usage.totalTokens,
  };
};

const parts = (counts: Readonly<Record<string, number | undefined>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).filter((entry): entry is [string, number] => (entry[1] ?? 0) > 0));

/** Upstreams that count badly do not make it negative. */
const rest = (all: number, counted: Readonly<Record<string, number>>): number =>
  Math.max(
    0,
    Object.values(counted).reduce((left, count) => left - count, all),
  );
