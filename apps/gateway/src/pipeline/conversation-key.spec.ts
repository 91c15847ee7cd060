import type { JsonObject } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { conversationKey } from './conversation-key.js';

const said = (role: string, content: JsonObject['content']): JsonObject => ({ role, content: content ?? null });
const HELLO = [said('system', 'Be kind.'), said('user', 'Hello')];
const keyOf = (...messages: JsonObject[]): string | undefined => conversationKey({}, { messages });

describe('a session that the client names', () => {
  it.each<[string, Record<string, string>, JsonObject]>([
    ['in a header', { 'x-litellm-session-id': 's' }, {}],
    ['in litellm_session_id', {}, { litellm_session_id: 's' }],
    ['in its metadata', {}, { metadata: { session_id: 's' } }],
    ['as the key of its prompt cache', {}, { prompt_cache_key: 's' }],
  ])('is the conversation: %s', (_title, headers, body) => {
    expect(conversationKey(headers, { messages: HELLO, ...body })).toBe('s');
  });

  it.each<[string, JsonObject]>([
    ['is empty', { litellm_session_id: '' }],
    ['is no text', { litellm_session_id: 5 }],
    ['stands in metadata that are no object', { metadata: 'session_id' }],
  ])('and that %s is none', (_title, body) => {
    expect(conversationKey({}, { messages: HELLO, ...body })).toBe(keyOf(...HELLO));
  });
});

describe('a conversation', () => {
  it('is the same in its later turns', () => {
    expect(keyOf(...HELLO, said('assistant', 'Hi!'), said('user', 'How are you?'))).toBe(keyOf(...HELLO));
  });

  it.each<[string, JsonObject[]]>([
    ['its user begins otherwise', [HELLO[0]!, said('user', 'Good bye')]],
    ['it is led otherwise', [said('system', 'Be brief.'), HELLO[1]!]],
    ['it is led by nobody', [HELLO[1]!]],
    ['the same is said by another', [HELLO[0]!, said('developer', 'Hello')]],
  ])('is another one where %s', (_title, messages) => expect(keyOf(...messages)).not.toBe(keyOf(...HELLO)));

  it('is known by the texts of its parts, whatever pictures come with them', () => {
    const picture = (url: string): JsonObject => ({ type: 'image_url', image_url: { url } });
    const [one, other] = ['a', 'b'].map((url) => keyOf(said('user', [{ type: 'text', text: 'Look' }, picture(url)])));
    expect(one).toBe(other);
    expect(one).not.toBe(keyOf(said('user', [{ type: 'text', text: 'See' }, picture('a')])));
  });

  it('is known by its first 4,000 characters', () => {
    const long = 'x'.repeat(5_000);
    expect(keyOf(said('user', `${long}a`))).toBe(keyOf(said('user', `${long}b`)));
  });

  it('has a key that does not tell what was said', () => expect(keyOf(...HELLO)).toMatch(/^[0-9a-f]{40}$/));

  it.each<[string, JsonObject]>([
    ['no messages', {}],
    ['messages that are no list', { messages: 'Hello' }],
    ['an empty list of messages', { messages: [] }],
    ['messages that are no objects', { messages: ['Hello'] }],
  ])('is none where the request has %s', (_title, body) => expect(conversationKey({}, body)).toBeUndefined());
});
