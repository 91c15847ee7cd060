import type { Usage } from '@turnpike/plugin-sdk';
import type { OllamaAnswer } from './wire.js';

/** Told at the end. A prompt that was cached whole may have no count. */
export const fromOllamaUsage = ({ promptEvalCount, evalCount }: Partial<OllamaAnswer>): Usage | undefined => {
  if (promptEvalCount === undefined && evalCount === undefined) return undefined;
  const inputTokens = promptEvalCount ?? 0;
  const outputTokens = evalCount ?? 0;
  return { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens };
};
