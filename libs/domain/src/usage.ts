/** What one upstream call used. Counts are whole tokens; an absent count is unknown, not zero. */
export interface Usage {
  /** All prompt tokens, those read from and written to the provider's prompt cache included. */
  inputTokens: number;
  /** All generated tokens, reasoning included. */
  outputTokens: number;
  /** As reported, or the sum of the two above. */
  totalTokens: number;
  /** Part of `inputTokens` that the provider read from its prompt cache. */
  cachedInputTokens?: number;
  /** Part of `inputTokens` that the provider wrote to its prompt cache (all lifetimes). */
  cacheWriteTokens?: number;
  /** Part of `cacheWriteTokens` with the long (1 h) lifetime, which some providers price apart. */
  cacheWriteLongTokens?: number;
  /** Part of `outputTokens` spent on reasoning. */
  reasoningTokens?: number;
  inputAudioTokens?: number;
  outputAudioTokens?: number;
  inputImageTokens?: number;
  outputImageTokens?: number;
  acceptedPredictionTokens?: number;
  rejectedPredictionTokens?: number;
  /** Server-side web searches, billed per request. */
  webSearchRequests?: number;
}

export const zeroUsage = (): Usage => ({ inputTokens: 0, outputTokens: 0, totalTokens: 0 });
