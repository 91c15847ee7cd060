// Embeddings: `batchEmbedContents` ⇄ domain.
import {
  isJsonObject,
  type EmbeddingRequest,
  type EmbeddingResponse,
  type JsonObject,
  type JsonValue,
} from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { unreadable } from '../faults.js';
import { isNumbers } from '../fields.js';
import { camelCased, defined } from './json.js';
import { geminiResource } from './model.js';
import { fromGeminiUsage } from './usage.js';

/**
 * One entry per input; unknown fields (`task_type`, `title`) go into each. `user` has no counterpart.
 * @throws GW_INVALID_REQUEST for token ids, which only their own tokeniser could turn back into text
 */
export const toGeminiEmbeddings = (request: EmbeddingRequest, model: string): JsonObject => ({
  requests: request.input.map((input, index) => {
    if (typeof input !== 'string') {
      throw invalidRequest('Gemini embeds text, not token ids. Send the text itself.', `input[${index}]`);
    }
    return defined({
      ...camelCased(request.extras),
      model: geminiResource(model),
      content: { parts: [{ text: input }] },
      outputDimensionality: request.dimensions,
    });
  }),
});

/** Shortened vectors of this model come without unit length; those of later ones have it. */
const FULL_LENGTH: Readonly<Record<string, number>> = { 'gemini-embedding-001': 3_072 };

/** `{embeddings: [{values}]}` @throws GW_UPSTREAM_INVALID_RESPONSE */
export const fromGeminiEmbeddings = (body: JsonValue, model: string): EmbeddingResponse => {
  if (!isJsonObject(body) || !Array.isArray(body['embeddings'])) throw unreadable("it has no 'embeddings'");
  const full = FULL_LENGTH[model] ?? 0;
  return {
    model,
    vectors: body['embeddings'].map((entry) => {
      const values = isJsonObject(entry) ? entry['values'] : undefined;
      if (!isNumbers(values)) throw unreadable('an embedding is no vector');
      return values.length < full ? toUnitLength(values) : values;
    }),
    usage: fromGeminiUsage(body['usageMetadata']),
  };
};

const toUnitLength = (vector: readonly number[]): number[] => {
  const length = Math.hypot(...vector);
  return length === 0 ? [...vector] : vector.map((member) => member / length);
};
