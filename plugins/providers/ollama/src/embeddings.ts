// /api/embed: texts in, vectors of numbers out.
import {
  invalidRequest,
  isJsonObject,
  isNumbers,
  unreadable,
  type Call,
  type EmbeddingRequest,
  type EmbeddingResponse,
  type JsonObject,
  type JsonValue,
} from '@turnpike/plugin-sdk';
import type { OllamaConfig } from './config.js';
import { innerError } from './errors.js';
import { compact, isOption, settledOptions } from './options.js';
import { fromOllamaUsage } from './usage.js';

/** The encoding is the gateway's affair: vectors always come as numbers. @throws GW_INVALID_REQUEST for token ids */
export const toOllamaEmbed = (request: EmbeddingRequest, call: Call, settings: OllamaConfig): JsonObject => {
  const options: JsonObject = settledOptions(settings);
  const body: JsonObject = {
    model: call.model,
    input: request.input.map(toText),
    dimensions: request.dimensions,
    keep_alive: settings.keep_alive,
  };
  for (const [name, value] of Object.entries(request.extras)) {
    if (isOption(name)) options[name] = value;
    else if (name === 'options' && isJsonObject(value)) Object.assign(options, value);
    else body[name] = value;
  }
  body['options'] = compact(options);
  return compact(body) ?? {};
};

const toText = (entry: string | number[]): string => {
  if (typeof entry === 'string') return entry;
  throw invalidRequest('Ollama embeds texts, not token ids.', 'input');
};

/** @throws GW_UPSTREAM_INVALID_RESPONSE */
export const fromOllamaEmbeddings = (body: JsonValue): EmbeddingResponse => {
  if (isJsonObject(body) && body['error']) throw innerError(body);
  if (!isJsonObject(body) || !Array.isArray(body['embeddings'])) throw unreadable("it has no 'embeddings'");
  const vectors = body['embeddings'].map((vector) => {
    if (isNumbers(vector)) return vector;
    throw unreadable('an embedding is no vector');
  });
  const counted = body['prompt_eval_count'];
  return {
    model: typeof body['model'] === 'string' ? body['model'] : '',
    vectors,
    usage: fromOllamaUsage({ promptEvalCount: typeof counted === 'number' ? counted : undefined }),
  };
};
