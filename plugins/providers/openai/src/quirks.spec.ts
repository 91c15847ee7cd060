import type { Call } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { isOpenAiHost } from './hosts.js';
import { adaptChat } from './quirks.js';

const aCall = (changes: Partial<Call>): Call =>
  ({
    model: 'gpt-4o',
    info: {},
    policy: { provider: 'provider.openai', drop: false, allowed: new Set(), dropped: [] },
    ...changes,
  }) as Call;

describe('what a model is', () => {
  it.each<[string, Partial<Call>, boolean]>([
    ['its name', { model: 'o3' }, true],
    ['its name', { model: 'gpt-4o' }, false],
    ['the model that was fine-tuned', { model: 'ft:o4-mini:acme::1' }, true],
    ['the model that was fine-tuned', { model: 'ft:gpt-4o:acme::1' }, false],
    ['base_model', { model: 'our-thinker', info: { base_model: 'o3' } }, true],
    ['base_model, its prefix left out', { model: 'our-thinker', info: { base_model: 'openai/o3' } }, true],
    ['base_model, more than its name', { model: 'o3', info: { base_model: 'gpt-4o' } }, false],
  ])('is told by %s: %j reasons: %p', (_title, changes, reasons) => {
    const edits = adaptChat(true)({ max_tokens: 5 }, aCall(changes));
    expect(edits?.set?.['max_completion_tokens']).toBe(reasons ? 5 : undefined);
  });
});

describe('fields that OpenAI does not know', () => {
  const body = { messages: [{ role: 'assistant', content: 'x', reasoning_content: 'r' }] };

  it('are taken out for OpenAI', () => {
    expect(adaptChat(true)(body, aCall({}))?.set).toEqual({ messages: [{ role: 'assistant', content: 'x' }] });
  });

  it('are left to a twin, which may know them', () => {
    expect(adaptChat(false)(body, aCall({}))).toBeUndefined();
  });
});

describe('isOpenAiHost', () => {
  it.each([
    ['https://api.openai.com/v1', true],
    ['https://eu.api.openai.com/v1', true],
    ['https://api.openai.com.evil.example/v1', false],
    ['https://notapi.openai.com/v1', false],
    ['http://localhost:8000/v1', false],
  ])('%s: %p', (base, expected) => expect(isOpenAiHost(base)).toBe(expected));
});
