import {
  definePlugin,
  z,
  type AnyPlugin,
  type ChatChunk,
  type ChatRequest,
  type ChatResponse,
  type LocalOperation,
} from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { failuresOf } from '../check.js';
import { providerChecks, providerConformance, type ProviderConformance } from './conformance.js';

type LocalChat = LocalOperation<ChatRequest, ChatResponse, ChatChunk>;

const wordsOf = ({ messages }: ChatRequest): string[] =>
  messages.flatMap(({ content }) => content.flatMap((part) => ('text' in part ? part.text.split(/(?<= )/) : [])));

const usageOf = (words: string[]) => ({ inputTokens: words.length, outputTokens: words.length, totalTokens: 0 });

const good: LocalChat = {
  kind: 'local',
  respond: (request, { model }) => {
    const words = wordsOf(request);
    const content: ChatResponse['choices'][0]['content'] = [{ type: 'text', text: words.join('') }];
    return {
      id: 'local-1',
      model,
      created: 1,
      choices: [{ index: 0, content, finishReason: 'stop' }],
      usage: usageOf(words),
    };
  },
  async *stream(request, { model }, signal) {
    const words = wordsOf(request);
    yield { type: 'start', id: 'local-1', model, created: 1 };
    for (const text of words) {
      signal.throwIfAborted();
      yield { type: 'text-delta', choice: 0, text };
    }
    yield { type: 'finish', choice: 0, reason: 'stop' };
    yield { type: 'usage', usage: usageOf(words) };
  },
};

const plugin = (changes: Partial<LocalChat>): AnyPlugin =>
  definePlugin({
    contract: 'provider/v1',
    id: 'provider.local',
    capabilities: ['chat'],
    config: z.strictObject({}),
    init: () => ({ chat: { ...good, ...changes } }),
  });

const subject = (changes: Partial<LocalChat> = {}): ProviderConformance => ({
  plugin: plugin(changes),
  config: {},
  fixtures: new URL('../../fixtures/local-provider/', import.meta.url),
});

providerConformance({
  ...subject(),
  skips: [{ case: 'import', reason: 'the plugin of this spec is no package' }],
});

const failing = async (changes: Partial<LocalChat>): Promise<string[]> =>
  Object.keys(await failuresOf(providerChecks(subject(changes)).filter(({ id }) => /^(hello|chat)\//.test(id))));

describe('the provider suite fails a local provider that', () => {
  it('answers something else', async () => {
    const respond: LocalChat['respond'] = async (...call) => ({ ...(await good.respond(...call)), model: 'other' });
    expect(await failing({ respond })).toEqual(['hello/answer']);
  });

  it('streams another answer than it gives', async () => {
    async function* stream(...call: Parameters<NonNullable<LocalChat['stream']>>) {
      for await (const chunk of good.stream!(...call)) if (chunk.type !== 'usage') yield chunk;
    }
    expect(await failing({ stream })).toEqual(['hello/stream']);
  });

  it('goes on after the abort', async () => {
    async function* stream(...[request, call]: Parameters<NonNullable<LocalChat['stream']>>) {
      yield* good.stream!(request, call, new AbortController().signal);
    }
    expect(await failing({ stream })).toEqual(['chat/abort']);
  });
});
