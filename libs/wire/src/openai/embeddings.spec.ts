import type { EmbeddingResponse, JsonObject, JsonValue } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { badField, fault } from '../../test/faults.js';
import {
  fromOpenAiEmbeddingRequest,
  fromOpenAiEmbeddingResponse,
  toOpenAiEmbeddingRequest,
  toOpenAiEmbeddingResponse,
} from './embeddings.js';

const FLOATS = [0.5, -1, 2];
const BASE64 = 'AAAAPwAAgL8AAABA';

const read = (body: JsonObject) => fromOpenAiEmbeddingRequest({ model: 'm', input: 'x', ...body });

describe('an embedding request', () => {
  it.each<[JsonValue, (string | number[])[], JsonValue]>([
    ['x', ['x'], 'x'],
    [['x'], ['x'], 'x'],
    [
      ['x', 'y'],
      ['x', 'y'],
      ['x', 'y'],
    ],
    [[1, 2], [[1, 2]], [1, 2]],
    [
      [[1, 2], [3]],
      [[1, 2], [3]],
      [[1, 2], [3]],
    ],
    [
      ['x', [1]],
      ['x', [1]],
      ['x', [1]],
    ],
  ])('of %j is read and written', (input, inputs, written) => {
    const request = read({ input });
    expect(request.input).toEqual(inputs);
    expect(toOpenAiEmbeddingRequest(request, 'upstream')).toStrictEqual({ model: 'upstream', input: written });
  });

  it.each<[JsonValue | undefined]>([[undefined], [null], [[]], [5], [{}], [['x', 5]], [[[]]], [['x', ['y']]]])(
    'of %j is refused',
    (input) => expect(() => read({ input })).toThrow(badField('input')),
  );

  it('keeps its wishes', () => {
    const body = { model: 'm', input: 'x', dimensions: 3, encoding_format: 'base64', user: 'u', input_type: 'query' };
    expect(toOpenAiEmbeddingRequest(fromOpenAiEmbeddingRequest(body), 'm')).toEqual(body);
  });

  it.each<[string, JsonValue]>([
    ['model', null],
    ['dimensions', 'many'],
    ['encoding_format', 'hex'],
    ['user', 5],
  ])('names %s when its type is wrong', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(badField(name));
  });
});

describe('embeddings of a provider', () => {
  const entry = (index: number | undefined, embedding: JsonValue): JsonObject => ({
    object: 'embedding',
    index,
    embedding,
  });
  const vectorsOf = (...data: JsonValue[]) => fromOpenAiEmbeddingResponse({ model: 'm', data }).vectors;

  it('are read', () => {
    const usage = { prompt_tokens: 3, total_tokens: 3 };
    expect(fromOpenAiEmbeddingResponse({ model: 'm', data: [entry(0, FLOATS), entry(1, BASE64)], usage })).toEqual({
      model: 'm',
      vectors: [FLOATS, { base64: BASE64 }],
      usage: { inputTokens: 3, outputTokens: 0, totalTokens: 3 },
    });
  });

  it('stand in the order of the input', () => {
    expect(vectorsOf(entry(1, [1]), entry(0, [0]))).toEqual([[0], [1]]);
    expect(vectorsOf(entry(undefined, [0]), entry(undefined, [1]))).toEqual([[0], [1]]);
    expect(vectorsOf(entry(2_000_000_000, [1]), entry(1, [0]))).toEqual([[0], [1]]);
  });

  it.each<[JsonValue]>([[{}], ['text'], [{ data: null }], [{ data: ['x'] }], [{ data: [{ embedding: {} }] }]])(
    'cannot be read from %j',
    (body) => expect(() => fromOpenAiEmbeddingResponse(body)).toThrow(fault('GW_UPSTREAM_INVALID_RESPONSE')),
  );
});

describe('embeddings for a client', () => {
  const given = (vector: EmbeddingResponse['vectors'][number], encoding?: 'float' | 'base64'): unknown =>
    (toOpenAiEmbeddingResponse({ model: 'm', vectors: [vector] }, encoding)['data'] as JsonObject[])[0]?.['embedding'];

  it('come in the encoding it asked for, whatever the provider gave', () => {
    expect([given(FLOATS), given({ base64: BASE64 })]).toEqual([FLOATS, FLOATS]);
    expect([given(FLOATS, 'base64'), given({ base64: BASE64 }, 'base64')]).toEqual([BASE64, BASE64]);
  });

  it('are a list with a usage', () => {
    const usage = { inputTokens: 3, outputTokens: 0, totalTokens: 3 };
    expect(toOpenAiEmbeddingResponse({ model: 'm', vectors: [[1], [2]], usage })).toStrictEqual({
      object: 'list',
      data: [
        { object: 'embedding', index: 0, embedding: [1] },
        { object: 'embedding', index: 1, embedding: [2] },
      ],
      model: 'm',
      usage: { prompt_tokens: 3, total_tokens: 3 },
    });
    expect(toOpenAiEmbeddingResponse({ model: 'm', vectors: [] })['usage']).toEqual({
      prompt_tokens: 0,
      total_tokens: 0,
    });
  });
});
