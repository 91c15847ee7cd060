// Embeddings: OpenAI's format ⇄ domain.
import {
  isJsonObject,
  type EmbeddingRequest,
  type EmbeddingResponse,
  type JsonObject,
  type JsonValue,
} from '@turnpike/domain';
import { invalidRequest } from '@turnpike/errors';
import { ANSWERED_WITH_ERROR, toInnerError, unreadable } from '../faults.js';
import { isNumbers, optionalEnum, optionalInteger, optionalString, otherFields, requiredString } from '../fields.js';
import { failureInside } from './from-response.js';
import { fromOpenAiUsage } from './usage.js';

const MODELLED: ReadonlySet<string> = new Set(['model', 'input', 'dimensions', 'encoding_format', 'user']);

/** @throws GW_INVALID_REQUEST */
export const fromOpenAiEmbeddingRequest = (body: JsonObject): EmbeddingRequest => ({
  model: requiredString(body, 'model'),
  input: fromInput(body['input']),
  dimensions: optionalInteger(body, 'dimensions'),
  encodingFormat: optionalEnum(body, 'encoding_format', ['float', 'base64']),
  user: optionalString(body, 'user'),
  extras: otherFields(body, MODELLED),
});

const fromInput = (value: JsonValue | undefined): EmbeddingRequest['input'] => {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value) && value.length > 0) {
    if (isNumbers(value)) return [value];
    if (value.every((entry): entry is string | number[] => typeof entry === 'string' || isNumbers(entry))) return value;
  }
  throw invalidRequest("'input' must be a string, an array of strings, or arrays of token ids.", 'input');
};

export const toOpenAiEmbeddingRequest = (request: EmbeddingRequest, model: string): JsonObject => {
  const body: JsonObject = {
    ...request.extras,
    model,
    input: request.input.length === 1 ? request.input[0] : request.input,
    dimensions: request.dimensions,
    encoding_format: request.encodingFormat,
    user: request.user,
  };
  for (const key of Object.keys(body)) if (body[key] === undefined) delete body[key];
  return body;
};

/**
 * Entries are put in the order of their `index`.
 * @throws GW_UPSTREAM_INVALID_RESPONSE, or what an error inside the body means
 */
export const fromOpenAiEmbeddingResponse = (body: JsonValue): EmbeddingResponse => {
  const failure = failureInside(body);
  if (failure) throw toInnerError(failure, ANSWERED_WITH_ERROR);
  if (!isJsonObject(body) || !Array.isArray(body['data'])) throw unreadable("it has no 'data'");
  const entries = body['data'].map((entry, position) => {
    if (!isJsonObject(entry)) throw unreadable('an embedding is not an object');
    const index = typeof entry['index'] === 'number' ? entry['index'] : position;
    return { index, vector: toVector(entry['embedding']) };
  });
  return {
    model: typeof body['model'] === 'string' ? body['model'] : '',
    vectors: entries.sort((left, right) => left.index - right.index).map(({ vector }) => vector),
    usage: fromOpenAiUsage(body['usage']),
  };
};

const toVector = (value: JsonValue | undefined): EmbeddingResponse['vectors'][number] => {
  if (typeof value === 'string') return { base64: value };
  if (isNumbers(value)) return value;
  throw unreadable('an embedding is no vector');
};

/** Gives vectors in the encoding the client asked for, whatever the provider delivered. */
export const toOpenAiEmbeddingResponse = (
  response: EmbeddingResponse,
  encoding: EmbeddingRequest['encodingFormat'] = 'float',
): JsonObject => ({
  object: 'list',
  data: response.vectors.map((vector, index) => ({
    object: 'embedding',
    index,
    embedding: encoding === 'base64' ? toBase64(vector) : toFloats(vector),
  })),
  model: response.model,
  usage: { prompt_tokens: response.usage?.inputTokens ?? 0, total_tokens: response.usage?.totalTokens ?? 0 },
});

/** Little-endian float32 bytes, whatever this machine's order. */
const toBase64 = (vector: EmbeddingResponse['vectors'][number]): string => {
  if (!Array.isArray(vector)) return vector.base64;
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString('base64');
};

const toFloats = (vector: EmbeddingResponse['vectors'][number]): number[] => {
  if (Array.isArray(vector)) return vector;
  const bytes = Buffer.from(vector.base64, 'base64');
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readFloatLE(index * 4));
};
