import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@turnpike/domain';
import { estimateEmbeddingUsage } from './estimate-usage.js';

describe('the usage of embeddings that nobody counted', () => {
  it.each<[string, JsonValue, number]>([
    ['a quarter of the characters', '12345678', 2],
    ['rounded up, text by text', ['a', 'b', '12345'], 4],
    ['nothing for an empty text', '', 0],
    ['token ids as they are', [1, 2, 3], 3],
    ['lists of token ids, and texts beside them', [[1, 2], [3], 'abcd'], 4],
  ])('is %s', (_what, input, tokens) => {
    expect(estimateEmbeddingUsage(input)).toEqual({ inputTokens: tokens, outputTokens: 0, totalTokens: tokens });
  });

  it.each<[JsonValue | undefined]>([[undefined], [null], [{ image: 'x' }], [['a', { image: 'x' }]]])(
    'is not known for %p',
    (input) => expect(estimateEmbeddingUsage(input)).toBeUndefined(),
  );
});
