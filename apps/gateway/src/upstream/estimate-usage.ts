// What a call used where its provider does not say.
import type { JsonValue, Usage } from '@turnpike/domain';

const CHARACTERS_A_TOKEN = 4;

export const estimateTokens = (characters: number): number => Math.ceil(characters / CHARACTERS_A_TOKEN);

/**
 * Usage of embeddings, whose answers add nothing to it: each text by its length, token ids as they are.
 * @param input as OpenAI's clients write it; undefined comes of one that is neither texts nor token ids
 */
export const estimateEmbeddingUsage = (input: JsonValue | undefined): Usage | undefined => {
  const inputTokens = tokensOf(input);
  return inputTokens === undefined ? undefined : { inputTokens, outputTokens: 0, totalTokens: inputTokens };
};

const tokensOf = (value: JsonValue | undefined): number | undefined => {
  if (typeof value === 'string') return estimateTokens(value.length);
  if (typeof value === 'number') return 1;
  if (!Array.isArray(value)) return undefined;
  let sum = 0;
  for (const one of value) sum += tokensOf(one) ?? Number.NaN;
  return Number.isNaN(sum) ? undefined : sum;
};
