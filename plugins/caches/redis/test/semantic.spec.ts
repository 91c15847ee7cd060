// The semantic cache on a real Redis, and without one. With a server that has vector sets (Redis 8) those are used:
// TURNPIKE_TEST_REDIS_SERVER=/path/to/redis-server.
import { bagOfWords, cacheConformance, fakeHost } from '@turnpike/plugin-testkit';
import type { Question } from '@turnpike/plugin-sdk';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { redisSemantic as plugin } from '../src/semantic/plugin.js';
import { freePort, RedisServer } from './redis-server.js';

const PASSWORD = 'made-up-redis-password-01';
const server = await RedisServer.start({ lines: [`requirepass ${PASSWORD}`], client: { password: PASSWORD } });
afterAll(() => server.remove());
beforeEach(() => server.admin.flushall());

const settings = { host: '127.0.0.1', port: server.port, password: PASSWORD, similarity_threshold: 0.8 };
const aHost = () => fakeHost({ embed: bagOfWords });
const badConfig = [
  { similarity_threshold: 1.1 },
  { similarity_threshold: 'high' },
  { redis_semantic_cache_embedding_model: '' },
  { max_questions: 0 },
  { sentinel_nodes: [['h', 26_379]] },
];

cacheConformance({
  plugin,
  config: { ...settings, namespace: 'conformance' },
  host: aHost,
  badConfig,
  expiry: 'store',
  down: { config: { port: await freePort() } },
});
describe('without Redis', () =>
  cacheConformance({
    plugin,
    config: { similarity_threshold: 0.8, max_size_mb: 48, password: PASSWORD },
    host: aHost,
  }));

const { signal } = new AbortController();
const question = (key: string, text: string, scope = 's'): Question => ({ key, text, scope, caller: {} });

const open = async (more: object = {}) => {
  const host = aHost();
  const made = plugin.init(plugin.config.parse({ ...settings, ...more }), host);
  await made.start!(signal);
  return { host, similar: made.similar!, responses: made.responses, stop: () => made.stop!() };
};

describe('workers with one Redis', () => {
  it('know each other’s questions, those of before their start too', async () => {
    const [one, other] = [await open(), await open()];
    await one.similar.learn(question('a', 'what is the capital of France'), 60_000, signal);
    expect(await other.similar.find(question('q', 'what is the capital of France'), signal)).toMatchObject({
      key: 'a',
    });
    await other.similar.learn(question('b', 'how long does cheese keep'), 60_000, signal);
    expect(await one.similar.find(question('q', 'how long does cheese keep'), signal)).toMatchObject({ key: 'b' });
    const late = await open();
    expect(await late.similar.find(question('q', 'how long does cheese keep'), signal)).toMatchObject({ key: 'b' });
    await Promise.all([one, other, late].map(({ stop }) => stop()));
  });

  it('leave nothing behind that does not end, and keep a scope as long as its last question', async () => {
    const { similar, stop } = await open({ namespace: 'n' });
    await similar.learn(question('a', 'one two three'), 60_000, signal);
    await similar.learn(question('b', 'four five six'), 1_000, signal);
    const names = await server.admin.keys('*');
    expect(names).toEqual([expect.stringMatching(/^n:turnpike:questions:(sets|streams):s$/)]);
    expect(await server.admin.pttl(names[0]!)).toBeGreaterThan(50_000);
    await stop();
  });

  it('know so many questions and no more', async () => {
    const { similar, stop } = await open({ max_questions: 300 });
    for (let index = 0; index < 1_000; index += 1)
      await similar.learn(question(`k${index}`, `question number ${index} about word${index}`), 60_000, signal);
    const [name] = await server.admin.keys('*');
    const size = name!.includes(':sets:')
      ? Number(await server.admin.call('VCARD', name!))
      : await server.admin.xlen(name!);
    expect(size).toBeLessThanOrEqual(500);
    await stop();
  });

  it('take what somebody else wrote there for nothing', async () => {
    const { similar, stop } = await open();
    await server.admin.xadd('turnpike:questions:streams:s', '*', 'k', 'bad', 'v', 'odd', 'e', 'never');
    await server.admin.xadd('turnpike:questions:streams:s', '*', 'something', 'else');
    expect(await similar.find(question('q', 'what is the capital of France'), signal)).toBeUndefined();
    await stop();
  });

  it('forget questions with the answers', async () => {
    const { similar, responses, stop } = await open();
    await similar.learn(question('a', 'what is the capital of France'), 60_000, signal);
    await responses.flush();
    expect(await server.admin.keys('*')).toEqual([]);
    expect(await similar.find(question('q', 'what is the capital of France'), signal)).toBeUndefined();
    await stop();
  });
});

describe('an embedding', () => {
  it.each<[string, () => Promise<Float32Array[]>, RegExp]>([
    ['that fails', () => Promise.reject(new Error('no such model')), /no such model/],
    ['that points nowhere', () => Promise.resolve([new Float32Array(3)]), /points nowhere/],
    ['that is none', () => Promise.resolve([]), /points nowhere/],
    ['of endless length', () => Promise.resolve([Float32Array.of(Infinity)]), /points nowhere/],
  ])('%s fails the look-up, and is asked for again', async (_title, answer, message) => {
    let isBroken = true;
    const host = fakeHost({ embed: (request) => (isBroken ? answer() : bagOfWords(request)) });
    const { similar } = plugin.init(plugin.config.parse({}), host);
    const asked = question('a', 'some words');
    await expect(similar!.find(asked, signal)).rejects.toThrow(message);
    isBroken = false;
    await similar!.learn(asked, 60_000, signal);
    expect(await similar!.find(question('q', 'some words'), signal)).toMatchObject({ key: 'a' });
  });

  it('of another model than before is compared with none of before', async () => {
    let size = 3;
    const host = fakeHost({ embed: () => Promise.resolve([new Float32Array(size).fill(1)]) });
    const { similar } = plugin.init(plugin.config.parse({}), host);
    await similar!.learn(question('a', 'some words'), 60_000, signal);
    size = 5;
    expect(await similar!.find(question('q', 'some words'), signal)).toBeUndefined();
  });
});

it('needs a host that makes embeddings', () => {
  expect(() => plugin.init(plugin.config.parse({}), fakeHost())).toThrow(/makes no embeddings/);
});
