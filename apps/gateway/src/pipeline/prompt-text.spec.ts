import type { JsonObject } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { promptTextOf } from './prompt-text.js';

describe('the words of a request', () => {
  it.each<[string, JsonObject, string[]]>([
    ['a chat', { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }] }, ['user', 'text', 'Hello']],
    ['a prompt', { prompt: ['one', 'two'] }, ['one', 'two']],
    ['texts to embed', { input: 'one' }, ['one']],
    ['tools', { tools: [{ function: { name: 'f', description: 'does' } }] }, ['f', 'does']],
    ['a system prompt beside the messages', { system: [{ text: 'Be kind.' }] }, ['Be kind.']],
    ["Gemini's contents", { contents: [{ parts: [{ text: 'Hello' }] }] }, ['Hello']],
  ])('are those of %s', (_title, body, expected) => expect(promptTextOf(body).split('\n')).toEqual(expected));

  it.each<[string, JsonObject]>([
    ['OpenAI pictures', { image_url: { url: 'data:image/png;base64,AAAA' } }],
    ['sounds', { input_audio: { data: 'AAAA' } }],
    ['files', { file: { file_data: 'AAAA' } }],
    ['Anthropic pictures', { source: { data: 'AAAA' } }],
    ['Gemini pictures', { inlineData: { data: 'AAAA' }, inline_data: { data: 'AAAA' } }],
  ])('are not the bytes of %s', (_title, part) => {
    expect(promptTextOf({ messages: [{ content: [{ ...part, text: 'Look' }] }] })).toBe('Look');
  });

  it('are not what says how to answer', () => {
    expect(promptTextOf({ model: 'm', user: 'u', stop: 'x', temperature: 1, messages: [] })).toBe('');
  });
});
