// A strategy, a cache and a guardrail that keep their contracts.
import {
  definePlugin,
  z,
  type AnyPlugin,
  type CacheEntry,
  type CacheV1,
  type ChatRequest,
  type GuardrailV1,
  type PluginHost,
  type Question,
  type ResponsesV1,
  type SelectV1,
  type SimilarV1,
} from '@turnpike/plugin-sdk';
import { bagOfWords } from '../cache/conformance.js';
import { fakeHost } from '../host/fake-host.js';
import type { PluginSubject } from '../plugin/conformance.js';

const quiet = (plugin: AnyPlugin): PluginSubject => ({ plugin, config: {} });

/** Any of those with the fewest calls under way. */
const leastBusy: SelectV1['select'] = (candidates, { random }) => {
  const least = Math.min(...candidates.map(({ inFlight }) => inFlight));
  const best = candidates.flatMap(({ inFlight }, index) => (inFlight === least ? [index] : []));
  return best[Math.floor(random() * best.length)] ?? -1;
};

export const strategySubject = (select: SelectV1['select'] = leastBusy): PluginSubject =>
  quiet(
    definePlugin({
      contract: 'strategy/v1',
      id: 'strategy.sample',
      capabilities: ['select'],
      config: z.strictObject({}),
      init: () => ({ select: { select } }),
    }),
  );

/** `change` takes the place of parts of a memory cache; it gets the entries and the clock. */
export type ChangeCache = (
  good: ResponsesV1,
  entries: Map<string, CacheEntry & { until: number }>,
  now: () => number,
) => Partial<ResponsesV1>;

export const cacheSubject = (change: ChangeCache = () => ({}), isDown = false): PluginSubject =>
  quiet(
    definePlugin({
      contract: 'cache/v1',
      id: 'cache.sample',
      capabilities: ['responses'],
      config: z.strictObject({ away: z.boolean().default(isDown) }),
      init: ({ away }, host) => {
        const entries = new Map<string, CacheEntry & { until: number }>();
        const now = () => host.clock.now();
        const reach = () => {
          if (away) throw new Error('The store is away.');
        };
        const good: ResponsesV1 = {
          get: async (key) => {
            reach();
            const found = entries.get(key);
            return found && found.until > now() ? { value: found.value, storedAt: found.storedAt } : undefined;
          },
          set: async (key, entry, ttlMs) => {
            reach();
            entries.set(key, { ...entry, until: now() + ttlMs });
          },
          delete: async (keys) => keys.filter((key) => entries.delete(key)).length,
          flush: async () => entries.clear(),
          ping: async () => reach(),
        };
        return {
          responses: { ...good, ...change(good, entries, now) },
          health: async () => ({ status: away ? 'down' : 'up' }),
        };
      },
    }),
  );

/** `change` takes the place of parts of a cache that knows questions which mean the same. */
export type ChangeSimilar = (good: SimilarV1, known: Learned[], now: () => number) => Partial<SimilarV1>;

export interface Learned {
  readonly key: string;
  readonly scope: string;
  readonly vector: Float32Array;
  readonly until: number;
}

const cosine = (one: Float32Array, other: Float32Array): number => {
  const product = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
  return product(one, other) / Math.sqrt(product(one, one) * product(other, other));
};

export const semanticSubject = (change: ChangeSimilar = () => ({}), embed = bagOfWords): PluginSubject => {
  const { plugin } = cacheSubject();
  return {
    ...quiet({
      ...plugin,
      id: 'cache.semantic-sample',
      capabilities: ['responses', 'similar'],
      needs: ['embed'],
      init: (config: never, host: PluginHost) => {
        let known: Learned[] = [];
        const vectors = new WeakMap<Question, Promise<Float32Array>>();
        const now = () => host.clock.now();
        const vectorOf = (question: Question, signal: AbortSignal): Promise<Float32Array> => {
          const made =
            vectors.get(question) ??
            host.embed!({ model: 'm', texts: [question.text], caller: question.caller, signal }).then(([one]) => one!);
          vectors.set(question, made);
          return made;
        };
        const good: SimilarV1 = {
          find: async (question, signal) => {
            const vector = await vectorOf(question, signal);
            const near = known
              .filter(({ scope, until }) => scope === question.scope && until > now())
              .map(({ key, vector: other }) => ({ key, similarity: Math.min(1, cosine(vector, other)) }))
              .sort((a, b) => b.similarity - a.similarity)[0];
            return near && near.similarity > 0.8 ? near : undefined;
          },
          learn: async (question, ttlMs, signal) => {
            const { key, scope } = question;
            const vector = await vectorOf(question, signal);
            known = [...known.filter((one) => one.key !== key), { key, scope, vector, until: now() + ttlMs }];
          },
        };
        const made = plugin.init(config, host) as CacheV1;
        return { ...made, similar: { ...good, ...change(good, known, now) } };
      },
    }),
    host: () => fakeHost({ embed }),
  };
};

const says = (request: ChatRequest, word: string): boolean => JSON.stringify(request.messages).includes(word);

/** Blocks what says `forbidden`, replaces what says `secret`; stops answers that say nothing. */
const wordList: GuardrailV1 = {
  preCall: {
    check: async (request) => {
      if (says(request, 'forbidden')) return { action: 'block', message: 'This word is not allowed.' };
      if (!says(request, 'secret')) return { action: 'pass' };
      const masked = JSON.stringify(request).replaceAll('secret', '******');
      return { action: 'replace', value: JSON.parse(masked) as ChatRequest };
    },
  },
  postCall: {
    check: async (response) =>
      response.choices.length > 0 ? { action: 'pass' } : { action: 'block', message: 'There is no answer.' },
  },
};

export const guardrailSubject = (change: Partial<GuardrailV1> = {}): PluginSubject =>
  quiet(
    definePlugin({
      contract: 'guardrail/v1',
      id: 'guardrail.sample',
      capabilities: ['preCall', 'postCall'],
      config: z.strictObject({}),
      init: () => ({ ...wordList, ...change }),
    }),
  );
