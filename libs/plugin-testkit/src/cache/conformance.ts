// The cache suite: what was stored comes back until its time is over.
import type { CacheEntry, CacheV1, Embed, JsonObject, Question, ResponsesV1, SimilarV1 } from '@turnpike/plugin-sdk';
import { check, must, type Check, type Skip } from '../check.js';
import { declareChecks } from '../declare.js';
import { START_OF_TIME } from '../host/fake-clock.js';
import type { FakeHost } from '../host/fake-host.js';
import { mustEqual } from '../json.js';
import { pluginChecks, type PluginSubject } from '../plugin/conformance.js';
import { openPlugin, settled, within, type MakeHost, type Opened } from '../plugin/opened.js';
import { mustHoldNoSecret } from '../plugin/secret.checks.js';
import { secretsOf } from '../secrets.js';

export interface CacheConformance extends PluginSubject {
  /** Whose clock ends an entry: the host's, or that of a store elsewhere, for which the suite waits. */
  expiry?: 'host' | 'store';
  /** How to open it on a backend that does not answer; absent for caches without one. */
  down?: { config?: JsonObject; host?: MakeHost };
}

const TTL_MS = 60_000;
/** Of a store's own clock; some round up to it. */
const STORE_TTL_MS = 1_000;
const STEP_MS = 5_000;
/** What a caller waits for a cache that is away, at the very most. */
const DOWN_MS = 2_000;
const LARGE_BYTES = 5 * 1_024 * 1_024;

interface OpenCache {
  host: FakeHost;
  cache: ResponsesV1;
}

const signal = (): AbortSignal => AbortSignal.timeout(STEP_MS);

const entry = (value: string | Uint8Array, storedAt = START_OF_TIME): CacheEntry => ({
  value: typeof value === 'string' ? Buffer.from(value) : value,
  storedAt,
});

const withCache = async (
  subject: PluginSubject,
  body: (opened: OpenCache & Pick<Opened, 'instance'>) => Promise<void>,
): Promise<void> => {
  const { host, instance } = openPlugin<'cache/v1'>(subject);
  try {
    await within(host, 2 * STEP_MS, 'start', () => instance.start?.(signal()));
    await instance.responses.flush();
    await body({ host, cache: instance.responses, instance: instance as unknown as Opened['instance'] });
  } finally {
    await settled(host, STEP_MS, 'stop', () => instance.stop?.());
    host.dispose();
  }
};

const mustHold = async (cache: ResponsesV1, key: string, expected: CacheEntry | undefined): Promise<void> => {
  const found = await cache.get(key, signal());
  if (!expected) {
    must(found === undefined, `'${key}' should be a miss.`);
    return;
  }
  must(found, `'${key}' is a miss.`);
  must(found.value instanceof Uint8Array, `'${key}' came back as no bytes.`);
  must(Buffer.compare(found.value, expected.value) === 0, `'${key}' came back with other bytes.`);
  mustEqual(found.storedAt, expected.storedAt, `The time of '${key}' differs`);
};

export const cacheChecks = (subject: CacheConformance): Check[] => {
  const test = (id: string, title: string, body: (opened: OpenCache) => Promise<void>): Check =>
    check(`responses/${id}`, title, () => withCache(subject, body), 6 * STEP_MS);
  const store = (opened: OpenCache, key: string, stored: CacheEntry, ttlMs = TTL_MS) =>
    opened.cache.set(key, stored, ttlMs, signal());
  return [
    ...pluginChecks(subject),
    test('miss', 'has nothing for a key that was never stored', ({ cache }) => mustHold(cache, 'never', undefined)),
    test('hit', 'gives back the bytes and the time of the write', async (opened) => {
      await store(opened, 'a', entry('first'));
      await store(opened, 'b', entry('second', START_OF_TIME + 1));
      await mustHold(opened.cache, 'a', entry('first'));
      await mustHold(opened.cache, 'b', entry('second', START_OF_TIME + 1));
    }),
    test('binary', 'keeps bytes that are no text, and none at all', async (opened) => {
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      await store(opened, 'bytes', entry(bytes));
      await store(opened, 'empty', entry(''));
      await mustHold(opened.cache, 'bytes', entry(bytes));
      await mustHold(opened.cache, 'empty', entry(''));
    }),
    test('keys', 'tells keys apart, whatever characters they are made of', async (opened) => {
      const keys = ['../../a', 'a/b:c', 'A', 'a', '*', 'ключ', 'k'.repeat(500)];
      for (const key of keys) await store(opened, key, entry(`value of ${key}`));
      for (const key of keys) await mustHold(opened.cache, key, entry(`value of ${key}`));
    }),
    test('overwrite', 'keeps the later of two writes', async (opened) => {
      await store(opened, 'a', entry('first'));
      await store(opened, 'a', entry('second', START_OF_TIME + 5));
      await mustHold(opened.cache, 'a', entry('second', START_OF_TIME + 5));
    }),
    test('expiry', 'forgets an entry when its time is over, and not before', async (opened) => {
      const isOurClock = (subject.expiry ?? 'host') === 'host';
      const ttlMs = isOurClock ? TTL_MS : STORE_TTL_MS;
      const pass = async (ms: number) => {
        if (isOurClock) opened.host.clock.advance(ms);
        else await new Promise((resolve) => setTimeout(resolve, ms));
      };
      await store(opened, 'short', entry('short'), ttlMs);
      await store(opened, 'long', entry('long'), 100 * ttlMs);
      await pass(ttlMs * 0.5);
      await mustHold(opened.cache, 'short', entry('short'));
      await pass(ttlMs * 0.6);
      await mustHold(opened.cache, 'short', undefined);
      await mustHold(opened.cache, 'long', entry('long'));
    }),
    test('large', 'keeps 5 MiB', async (opened) => {
      const large = entry(Buffer.alloc(LARGE_BYTES, 'large value '));
      await store(opened, 'large', large);
      await mustHold(opened.cache, 'large', large);
    }),
    test('delete', 'deletes what it is told and says how many there were', async (opened) => {
      for (const key of ['a', 'b', 'c']) await store(opened, key, entry(key));
      mustEqual(await opened.cache.delete(['a', 'b', 'never']), 2, 'The count differs');
      await mustHold(opened.cache, 'a', undefined);
      await mustHold(opened.cache, 'c', entry('c'));
      mustEqual(await opened.cache.delete([]), 0, 'The count for no keys differs');
    }),
    test('flush', 'forgets all', async (opened) => {
      await store(opened, 'a', entry('a'));
      await opened.cache.flush();
      await mustHold(opened.cache, 'a', undefined);
    }),
    test('ping', 'answers a ping', ({ cache, host }) => within(host, 1_000, 'ping', () => cache.ping())),
    test('aborted', 'gives up when it is told to', async ({ cache, host }) => {
      await settled(host, 1_000, 'an aborted get', () => cache.get('a', AbortSignal.abort()));
      await settled(host, 1_000, 'an aborted set', () => cache.set('a', entry('a'), TTL_MS, AbortSignal.abort()));
    }),
    ...similarChecks(subject),
    ...downChecks(subject),
  ];
};

/** Words as a bag: texts with the same words are close to each other, and others are not. */
export const bagOfWords: Embed = ({ texts }) =>
  Promise.resolve(
    texts.map((text) => {
      const vector = new Float32Array(256);
      for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
        let hash = 7;
        for (const letter of word) hash = (hash * 31 + letter.codePointAt(0)!) % 251;
        vector[hash] = (vector[hash] ?? 0) + 1;
      }
      return vector;
    }),
  );

const ABOUT_FRANCE = 'What is the capital city of France today please';
const ABOUT_FRANCE_TOO = 'please what is the capital city of France today now';
const ABOUT_CHEESE = 'How long does cheddar keep when it is frozen';

/** Of caches that know questions which mean the same; the host's `embed` should be `bagOfWords`. */
const similarChecks = (subject: CacheConformance): Check[] => {
  if (!subject.plugin.capabilities.includes('similar')) return [];
  const question = (key: string, text: string, scope = 's'): Question => ({ key, text, scope, caller: {} });
  const test = (id: string, title: string, body: (similar: SimilarV1, host: FakeHost) => Promise<void>): Check =>
    check(
      `similar/${id}`,
      title,
      () => withCache(subject, ({ instance, host }) => body((instance as unknown as CacheV1).similar!, host)),
      6 * STEP_MS,
    );
  const found = async (similar: SimilarV1, asked: Question): Promise<string | undefined> => {
    const nearest = await similar.find(asked, signal());
    if (!nearest) return undefined;
    const { similarity } = nearest;
    must(similarity <= 1.0001 && similarity > 0, `The similarity is ${similarity}.`);
    return nearest.key;
  };
  return [
    test('miss', 'knows no question that it did not learn', async (similar) =>
      mustEqual(await found(similar, question('q', ABOUT_FRANCE)), undefined, 'It found one'),
    ),
    test('near', 'finds the nearest of those it learned, and none for a question that is far', async (similar) => {
      await similar.learn(question('france', ABOUT_FRANCE), TTL_MS, signal());
      await similar.learn(question('cheese', ABOUT_CHEESE), TTL_MS, signal());
      mustEqual(await found(similar, question('q', ABOUT_FRANCE_TOO)), 'france', 'It found another');
      mustEqual(await found(similar, question('q', ABOUT_CHEESE)), 'cheese', 'It found another');
      mustEqual(await found(similar, question('q', 'Write a poem about rain')), undefined, 'It found one');
    }),
    test('scope', 'keeps scopes apart', async (similar) => {
      await similar.learn(question('france', ABOUT_FRANCE, 'one'), TTL_MS, signal());
      mustEqual(await found(similar, question('q', ABOUT_FRANCE, 'other')), undefined, 'It found one of another scope');
      mustEqual(await found(similar, question('q', ABOUT_FRANCE, 'one')), 'france', 'It found none of its own scope');
    }),
    test('again', 'learns a question again under another key', async (similar) => {
      await similar.learn(question('first', ABOUT_CHEESE), TTL_MS, signal());
      await similar.learn(question('first', ABOUT_FRANCE), TTL_MS, signal());
      mustEqual(await found(similar, question('q', ABOUT_FRANCE_TOO)), 'first', 'It found another');
      mustEqual(await found(similar, question('q', ABOUT_CHEESE)), undefined, 'It found what it had learned before');
    }),
    test('expiry', 'forgets a question when its time is over', async (similar, host) => {
      await similar.learn(question('short', ABOUT_FRANCE), TTL_MS, signal());
      await similar.learn(question('long', ABOUT_CHEESE), 100 * TTL_MS, signal());
      host.clock.advance(TTL_MS + 1);
      mustEqual(await found(similar, question('q', ABOUT_FRANCE)), undefined, 'It found one that was over');
      mustEqual(await found(similar, question('q', ABOUT_CHEESE)), 'long', 'It forgot one too early');
    }),
    test('embeds', 'asks for an embedding once for a question', async (similar, host) => {
      const asked = question('q', ABOUT_FRANCE);
      const before = host.embedded.length;
      await similar.find(asked, signal());
      await similar.learn(asked, TTL_MS, signal());
      mustEqual(host.embedded.length - before, 1, 'The count of embeddings differs');
      mustEqual(host.embedded.at(-1)?.caller === asked.caller, true, 'It said for whom');
    }),
  ];
};

const downChecks = (subject: CacheConformance): Check[] => {
  const { down } = subject;
  if (!down) return [];
  const open = async () => {
    const config = { ...subject.config, ...down.config };
    const { host, instance } = openPlugin<'cache/v1'>({ ...subject, config, host: down.host ?? subject.host });
    await settled(host, 11_000, 'start', () => instance.start?.(AbortSignal.timeout(1_000)));
    return { host, instance, secrets: secretsOf(config) };
  };
  const test = (id: string, title: string, body: (opened: Awaited<ReturnType<typeof open>>) => Promise<void>) =>
    check(
      `down/${id}`,
      title,
      async () => {
        const opened = await open();
        try {
          await body(opened);
        } finally {
          await settled(opened.host, STEP_MS, 'stop', () => opened.instance.stop?.());
        }
      },
      30_000,
    );
  return [
    test('get', 'is a miss or an error, soon', async ({ host, instance, secrets }) => {
      const found = await settled(host, DOWN_MS, 'get', () => instance.responses.get('a', AbortSignal.timeout(50)));
      must(found.status === 'rejected' || found.value === undefined, 'It found something.');
      mustHoldNoSecret([found, host.logs], secrets, 'The error or logs');
    }),
    test('set', 'gives up soon', async ({ host, instance, secrets }) => {
      const write = () => instance.responses.set('a', entry('a'), TTL_MS, AbortSignal.timeout(50));
      mustHoldNoSecret([await settled(host, DOWN_MS, 'set', write), host.logs], secrets, 'The error or logs');
    }),
    test('ping', 'fails', async ({ host, instance }) => {
      const answer = await settled(host, STEP_MS, 'ping', () => instance.responses.ping());
      must(answer.status === 'rejected', 'It answered, though the store is away.');
    }),
    test('health', 'is not up', async ({ host, instance }) => {
      if (!instance.health) return;
      const { status } = await within(host, 1_000, 'health', () => instance.health!());
      must(status !== 'up', 'It calls itself up, though the store is away.');
    }),
  ];
};

/** Declares the cache suite. */
export const cacheConformance = (subject: CacheConformance & { skips?: readonly Skip[] }): void =>
  declareChecks(`${subject.plugin.id} keeps the cache contract`, cacheChecks(subject), subject.skips);
