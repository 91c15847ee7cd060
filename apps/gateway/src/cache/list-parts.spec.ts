import type { JsonObject, JsonValue } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { embeddingList } from '../routes/embedding-list.js';
import { ListParts, sharedOut } from './list-parts.js';

const answerOf = (...values: number[]): JsonObject => ({
  object: 'list',
  model: 'm',
  data: values.map((value, index) => ({ object: 'embedding', index, embedding: [value] })),
  usage: { prompt_tokens: values.length * 10, total_tokens: values.length * 10 },
});

const parts = (things: string[], kept: (Buffer | undefined)[] = [], ttlMs: number | undefined = 5): ListParts =>
  new ListParts(
    embeddingList,
    things,
    things.map((thing) => `key of ${thing}`),
    kept,
    ttlMs,
  );

/** As they are kept, of an answer to these alone. */
const keptOf = (...values: number[]): Buffer[] => {
  const fresh = parts(values.map(String));
  return fresh.toKeep(fresh.completed(answerOf(...values)).fresh!).map(({ value }) => value as Buffer);
};

const vectorsIn = (body: Buffer | undefined): JsonValue[] | undefined =>
  body && (JSON.parse(body.toString()).data as JsonObject[]).map(({ embedding }) => embedding!);

describe('a list of which nothing is there', () => {
  it('is asked for and answered as it is', () => {
    const fresh = parts(['a', 'b']);
    expect([fresh.whole, fresh.narrowed]).toEqual([undefined, undefined]);
    expect(fresh.completed(answerOf(1, 2))).toEqual({
      body: undefined,
      fresh: expect.objectContaining({ tokens: 20 }),
    });
  });

  it.each<[string, JsonValue]>([
    ['fewer', answerOf(1)],
    ['more', answerOf(1, 2, 3)],
    ['something else', { error: 'no' }],
    [
      'one twice',
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 0, embedding: [2] },
        ],
      },
    ],
    ['what is none', { data: [{ index: 0 }, { index: 1, embedding: 'AAAA' }] }],
    [
      'strange places',
      {
        data: [
          { index: 5, embedding: [1] },
          { index: -1, embedding: [1] },
        ],
      },
    ],
  ])('and to which the provider answers %s is kept nowhere', (_title, answer) => {
    expect(parts(['a', 'b']).completed(answer)).toEqual({ body: undefined, fresh: undefined });
  });
});

describe('a list of which some is there', () => {
  const some = (): ListParts => parts(['a', 'b', 'c'], [undefined, keptOf(7)[0], undefined]);

  it('is asked for without it, and answered whole', () => {
    expect(some().narrowed).toEqual({ input: ['a', 'c'] });
    const { body } = some().completed(answerOf(1, 3));
    expect(vectorsIn(body)).toEqual([[1], [7], [3]]);
    expect(JSON.parse(body!.toString())).toMatchObject({
      object: 'list',
      model: 'm',
      data: [{ index: 0 }, { index: 1, object: 'embedding' }, { index: 2 }],
      usage: { prompt_tokens: 30, total_tokens: 30 },
    });
  });

  it('keeps what is new of it', () => {
    const list = some();
    const answers = list.toKeep(list.completed(answerOf(1, 3)).fresh!);
    expect(answers.map(({ key }) => key)).toEqual(['key of a', 'key of c']);
  });

  it('fails where nobody can tell what the provider answered to', () => {
    expect(() => some().completed(answerOf(1))).toThrow(
      expect.objectContaining({ code: 'GW_UPSTREAM_INVALID_RESPONSE' }),
    );
  });
});

describe('a list of which all is there', () => {
  it('is the answer that was given', () => {
    const { whole } = parts(['a', 'b'], keptOf(1, 2));
    expect(JSON.parse(whole!.toString())).toEqual(answerOf(1, 2));
  });

  it.each(['', 'garbage', '[]', '{"rest":{},"entry":5,"tokens":1}', '{"rest":{},"entry":{},"tokens":"1"}'])(
    'has nothing where %j is kept',
    (kept) => expect(parts(['a'], [Buffer.from(kept)]).whole).toBeUndefined(),
  );
});

describe('what is shared out', () => {
  it.each([
    [10, [1, 1], [5, 5]],
    [7, [1, 2, 4], [1, 2, 4]],
    [3, [1, 1], [2, 1]],
    [0, [1, 1], [0, 0]],
    [5, [0, 0], [0, 5]],
  ])('%p by %j is %j', (total, weights, shares) => expect(sharedOut(total, weights)).toEqual(shares));
});
