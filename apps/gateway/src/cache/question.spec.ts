import type { JsonObject } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { canonicalJson } from '../runtime/canonical-json.js';
import { wordsOf } from './question.js';

const said = (...messages: JsonObject[]): JsonObject => ({ model: 'm', messages, temperature: 0 });
const IMAGE = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };

const restOf = (body: JsonObject): string => canonicalJson(wordsOf('chat', body)!.rest);

describe('the words of a request', () => {
  it('are those of its messages, in order', () => {
    const body = said(
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'What is this?' }, IMAGE] },
    );
    expect(wordsOf('chat', body)?.text).toBe('Be brief.\nWhat is this?');
    expect(wordsOf('completions', { prompt: 'Once' })?.text).toBe('Once');
  });

  it.each<[string, 'chat' | 'completions' | 'embeddings', JsonObject]>([
    ['an embedding', 'embeddings', { input: 'a' }],
    ['several prompts', 'completions', { prompt: ['a', 'b'] }],
    ['blanks', 'chat', said({ role: 'user', content: ' \n' })],
    ['a picture alone', 'chat', said({ role: 'user', content: [IMAGE] })],
    ['more than can be compared', 'chat', said({ role: 'user', content: 'a'.repeat(30_001) })],
    ['what an extra_body may say otherwise', 'chat', { ...said({ role: 'user', content: 'a' }), extra_body: {} }],
    ['no messages', 'chat', { model: 'm' }],
    ['strange messages', 'chat', { messages: [5, null, 'a'] }],
  ])('are none of %s', (_title, operation, body) => expect(wordsOf(operation, body)).toBeUndefined());
});

describe('what is left of a request', () => {
  const usual = restOf(said({ role: 'user', content: 'Hi' }));

  it('does not depend on its words, nor on who asks', () => {
    expect(restOf(said({ role: 'user', content: 'Something else' }))).toBe(usual);
    expect(restOf({ ...said({ role: 'user', content: 'Hi' }), user: 'u', stream: true, model: 'n' })).toBe(usual);
  });

  it.each<[string, JsonObject]>([
    ['parameters', { ...said({ role: 'user', content: 'Hi' }), temperature: 1 }],
    ['roles', said({ role: 'system', content: 'Hi' })],
    ['the number of messages', said({ role: 'user', content: 'Hi' }, { role: 'user', content: 'Hi' })],
    ['pictures', said({ role: 'user', content: [{ type: 'text', text: 'Hi' }, IMAGE] })],
    ['tool calls', said({ role: 'user', content: 'Hi', tool_calls: [{ id: 'a' }] })],
  ])('depends on %s', (_title, body) => expect(restOf(body)).not.toBe(usual));

  it('holds no word', () => expect(restOf(said({ role: 'user', content: 'a secret' }))).not.toContain('secret'));
});
