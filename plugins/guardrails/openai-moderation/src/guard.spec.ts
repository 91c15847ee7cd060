import { aChatRequest, aGuardrailContext, fakeHost, type Script } from '@turnpike/plugin-testkit';
import type { ChatRequest } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import plugin from './index.js';

/** Whatever a verdict holds. */
type Json = ReturnType<typeof JSON.parse>;

const saying = (...texts: string[]): ChatRequest =>
  aChatRequest({ messages: texts.map((text) => ({ role: 'user', content: [{ type: 'text', text }] })) });
const results = (...flagged: string[]): Script => ({
  body: {
    results: flagged.map((category) => ({ flagged: category !== '', categories: { [category]: true, other: false } })),
  },
});

const ask = async (settings: object, request: ChatRequest, ...scripts: Script[]) => {
  const host = fakeHost();
  host.http.answer(...scripts);
  const guard = plugin.init(plugin.config.parse({ api_key: 'sk-key', ...settings }), host);
  const verdict: Json = await guard.preCall!.check(request, aGuardrailContext()).catch((error: unknown) => error);
  return { verdict, host, asked: host.http.requests.map(({ body }) => JSON.parse(String(body))) };
};

describe('the moderation', () => {
  it('is asked as its documents say', async () => {
    const { host, asked } = await ask(
      { api_base: 'https://m.org/v1/', model: 'mine' },
      saying('a', ' ', 'b', 'a'),
      results('', ''),
    );
    expect(asked).toEqual([{ model: 'mine', input: ['a', 'b'] }]);
    expect(host.http.requests[0]).toMatchObject({
      url: 'https://m.org/v1/moderations',
      headers: { authorization: 'Bearer sk-key' },
    });
  });

  it('is asked in several questions when there is much to ask', async () => {
    const texts = Array.from({ length: 40 }, (_, index) => `text ${index}`);
    const { asked, verdict } = await ask(
      {},
      saying(...texts),
      results(...Array(32).fill('')),
      results(...Array(7).fill(''), 'hate'),
    );
    expect(asked.map(({ input }) => input.length)).toEqual([32, 8]);
    expect(verdict.details).toEqual({ categories: ['hate'] });
  });

  it('is not asked about nothing', async () => {
    const { asked, verdict } = await ask({}, saying(' '));
    expect([asked, verdict]).toEqual([[], { action: 'pass' }]);
  });

  it.each([
    [{}, 'violence', 'block'],
    [{ categories: ['hate'] }, 'violence', 'pass'],
    [{ categories: ['hate'] }, 'hate', 'block'],
    [{ action: 'log' }, 'violence', 'pass'],
  ])('with %j and %s flagged: %s', async (settings, category, action) => {
    expect((await ask(settings, saying('a'), results(category))).verdict.action).toBe(action);
  });
});

describe('a moderation that does not come', () => {
  it.each<[string, Script, boolean]>([
    ['because nobody is there', 'down', true],
    ['because of a wrong key', { status: 401 }, false],
    ['because there are too few results', results(), false],
    ['because a result says nothing', { body: { results: [{}] } }, false],
  ])('is a failure, %s', async (_why, script, isUnreachable) => {
    const { verdict } = await ask({}, saying('a'), script);
    expect(verdict).toMatchObject({ name: 'ServiceFailure', isUnreachable });
  });
});
