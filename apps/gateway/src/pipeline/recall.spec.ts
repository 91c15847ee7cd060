import { describe, expect, it } from '@jest/globals';
import type { ChatResponse, JsonValue } from '@turnpike/domain';
import type { Question } from '@turnpike/plugin-sdk';
import { fromOpenAiResponse, openAiStreamEncoder, toChunks, toOpenAiResponse } from '@turnpike/wire';
import { aFront, anExchange, FakeResponse } from '../../test/doubles.js';
import { aRuntime } from '../../test/road.js';
import type { StreamGuards } from '../guarding/stream-guards.js';
import type { StreamAnswer, WholeAnswer } from '../upstream/answer.js';
import type { Exchange, Guarded, Recalled } from './exchange.js';
import { recall } from './recall.js';
import type { SimilarAnswer } from '../cache/response-cache.js';

const STORED = toOpenAiResponse({
  id: 'stored',
  model: 'm',
  created: 1,
  choices: [{ index: 0, content: [{ type: 'text', text: 'remembered' }], finishReason: 'stop' }],
});

const front = aFront({
  readAnswer: (body: JsonValue) => fromOpenAiResponse(body),
  fromDomain: (response) => toOpenAiResponse(response as ChatResponse),
  toChunks: (response) => toChunks(response as ChatResponse),
  encoder: (includeUsage) => openAiStreamEncoder({ includeUsage }),
  usageOfDomain: () => undefined,
  wantsUsage: () => false,
});

interface Parts {
  stored?: string;
  isStream?: boolean;
  mustReadAnswer?: boolean;
  streamGuards?: StreamGuards;
  wish?: object;
  /** What a cache of similar questions finds; absent: the cache knows none. */
  similar?: SimilarAnswer | 'none';
}

const QUESTION: Question = { key: 'the key', scope: 's', text: 'Hi', caller: {} };

/** A call that comes to a cache with this in it. */
const recalled = async ({ stored, wish, similar, ...filled }: Parts): Promise<Exchange> => {
  const cache = {
    wishOf: () => ({ read: true, write: true, ttlMs: 5, maxAgeMs: Infinity, namespace: undefined, ...wish }),
    keys: { keyOf: () => 'the key' },
    questionOf: () => (similar ? QUESTION : undefined),
    readSimilar: async () => (similar === 'none' ? undefined : similar),
    read: async () => (stored === undefined ? undefined : Buffer.from(stored)),
  };
  const config = { requests: { restampModel: false, alwaysIncludeStreamUsage: false } };
  const exchange = anExchange<Recalled>(
    { body: {}, callId: 'c', ...filled },
    {
      front,
      snapshot: { cache, config },
    },
  );
  return recall(aRuntime().runtime).run(exchange);
};

const textOf = async (answer: unknown): Promise<string> => {
  const response = new FakeResponse();
  await (answer as StreamAnswer).pipe(response.asResponse());
  return response.text;
};

describe('what is stored', () => {
  it('is the answer as it is', async () => {
    const { answer, cache, cacheKey, cacheWrite } = await recalled({ stored: JSON.stringify(STORED) });
    expect((answer as WholeAnswer).body.toString()).toBe(JSON.stringify(STORED));
    expect([cache, cacheKey, cacheWrite]).toEqual(['hit', 'the key', undefined]);
  });

  it('is played to those who asked for a stream', async () => {
    const { answer } = await recalled({ stored: JSON.stringify(STORED), isStream: true });
    expect(await textOf(answer)).toMatch(/"id":"stored".*remembered.*"finish_reason":"stop".*\[DONE\]\n\n$/s);
  });

  it.each([false, true])('is looked at by the guardrails of today (stream: %s)', async (isStream) => {
    const { answer } = await recalled({ stored: JSON.stringify(STORED), mustReadAnswer: true, isStream });
    expect(answer).toMatchObject({ kind: 'unchecked', response: { id: 'stored' } });
  });

  it('is looked at whole also by those who check streams', async () => {
    const streamGuards = {} as StreamGuards;
    const { answer } = await recalled({ stored: JSON.stringify(STORED), isStream: true, streamGuards });
    expect(answer).toMatchObject({ kind: 'unchecked' });
  });

  it.each(['', 'not JSON', '[]', '{"choices": 5}'])('is none when it is %j and must be read', async (stored) => {
    const { answer, cache, cacheWrite } = await recalled({ stored, isStream: true });
    expect([answer, cache, cacheWrite]).toEqual([undefined, 'miss', { key: 'the key', ttlMs: 5 }]);
  });
});

describe('the answer to a question that means the same', () => {
  const similar = { body: Buffer.from(JSON.stringify(STORED)), key: 'another key', similarity: 0.93 };

  it('is the answer, with how near it is and the key of where it came from', async () => {
    const { answer, cache, cacheKey, cacheWrite, similarity } = await recalled({ similar });
    expect((answer as WholeAnswer).body).toBe(similar.body);
    expect([cache, cacheKey, cacheWrite, similarity]).toEqual(['hit', 'another key', undefined, 0.93]);
  });

  it('is not looked for where the question itself has one, nor by those who want none', async () => {
    expect((await recalled({ similar, stored: JSON.stringify(STORED) })).similarity).toBeUndefined();
    const { answer, question } = await recalled({ similar, wish: { read: false } });
    expect([answer, question]).toEqual([undefined, QUESTION]);
  });

  it('is none where there is none; the question is learned with its answer then', async () => {
    const { cache, cacheKey, question } = await recalled({ similar: 'none' });
    expect([cache, cacheKey, question]).toEqual(['miss', 'the key', QUESTION]);
    expect((await recalled({ similar: 'none', wish: { write: false } })).question).toBeUndefined();
  });
});

describe('a call', () => {
  it('whose answer is not stored is stored when it is over', async () => {
    expect(await recalled({})).toMatchObject({ cache: 'miss', cacheWrite: { key: 'the key', ttlMs: 5 } });
  });

  it('that wants no stored answer gets none', async () => {
    const { answer, cache } = await recalled({ stored: JSON.stringify(STORED), wish: { read: false } });
    expect([answer, cache]).toEqual([undefined, 'miss']);
  });

  it('that wants none stored leaves none', async () => {
    expect((await recalled({ wish: { write: false } })).cacheWrite).toBeUndefined();
  });

  it('is not the business of a cache that is not there', () => {
    const exchange = anExchange<Guarded>({}, { snapshot: {} });
    expect(recall(aRuntime().runtime).run(exchange)).toMatchObject({ cache: 'off', cacheKey: undefined });
  });
});
