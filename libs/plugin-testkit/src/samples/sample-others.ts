// A strategy, a cache and a guardrail that keep their contracts.
import {
  definePlugin,
  z,
  type AnyPlugin,
  type CacheEntry,
  type ChatRequest,
  type GuardrailV1,
  type ResponsesV1,
  type SelectV1,
} from '@turnpike/plugin-sdk';
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
