import { describe, expect, it } from '@jest/globals';
import type { EmbeddingRequest, JsonValue } from '@turnpike/domain';
import { fromGeminiEmbeddings, toGeminiEmbeddings } from './embeddings.js';

const aRequest = (changes: Partial<EmbeddingRequest> = {}): EmbeddingRequest => ({
  model: 'm',
  input: ['a', 'b'],
  extras: {},
  ...changes,
});

describe('toGeminiEmbeddings', () => {
  it('asks for a vector for each text', () => {
    const entry = (text: string) => ({
      model: 'models/gemini-embedding-001',
      content: { parts: [{ text }] },
      outputDimensionality: 256,
      taskType: 'RETRIEVAL_QUERY',
    });
    const request = aRequest({ dimensions: 256, user: 'u', extras: { task_type: 'RETRIEVAL_QUERY' } });
    expect(toGeminiEmbeddings(request, 'gemini-embedding-001')).toEqual({ requests: [entry('a'), entry('b')] });
  });

  it('refuses token ids, naming the entry', () => {
    expect(() => toGeminiEmbeddings(aRequest({ input: ['a', [1, 2]] }), 'm')).toThrow(
      expect.objectContaining({ code: 'GW_INVALID_REQUEST', facts: { param: 'input[1]' } }),
    );
  });
});

describe('fromGeminiEmbeddings', () => {
  it('gives the vectors in order, and no usage that Google did not tell', () => {
    const body = { embeddings: [{ values: [1, 2] }, { values: [3, 4] }] };
    expect(fromGeminiEmbeddings(body, 'gemini-embedding-2')).toEqual({
      model: 'gemini-embedding-2',
      vectors: [
        [1, 2],
        [3, 4],
      ],
    });
  });

  it('counts what Google tells, which not every answer does', () => {
    const body = {
      embeddings: [{ values: [1] }],
      usageMetadata: { promptTokenCount: 7, promptTokenDetails: [{ modality: 'TEXT', tokenCount: 7 }] },
    };
    expect(fromGeminiEmbeddings(body, 'gemini-embedding-2').usage).toMatchObject({
      inputTokens: 7,
      outputTokens: 0,
      totalTokens: 7,
    });
  });

  it('gives shortened vectors of the first model unit length', () => {
    expect(fromGeminiEmbeddings({ embeddings: [{ values: [3, 4] }] }, 'gemini-embedding-001').vectors).toEqual([
      [0.6, 0.8],
    ]);
    expect(fromGeminiEmbeddings({ embeddings: [{ values: [0, 0] }] }, 'gemini-embedding-001').vectors).toEqual([
      [0, 0],
    ]);
  });

  it.each<[string, JsonValue]>([
    ['nothing', null],
    ['no embeddings', {}],
    ['an empty vector', { embeddings: [{ values: [] }] }],
    ['no vector', { embeddings: [{}] }],
  ])('does not take %s for an answer', (_, body) => {
    expect(() => fromGeminiEmbeddings(body, 'm')).toThrow(
      expect.objectContaining({ code: 'GW_UPSTREAM_INVALID_RESPONSE' }),
    );
  });
});
