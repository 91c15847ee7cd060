import { describe, expect, it } from '@jest/globals';
import { nameOfProvider, normaliseName, spellingsOf } from './model-names.js';

describe('spellingsOf', () => {
  it.each([
    ['gpt-4.1', ['gpt-4.1']],
    ['gpt-4o-2024-08-06', ['gpt-4o-2024-08-06', 'gpt-4o']],
    ['models/gemini-2.5-pro', ['models/gemini-2.5-pro', 'gemini-2.5-pro']],
    ['claude-x@20250929', ['claude-x@20250929', 'claude-x']],
    ['deepseek-v3', ['deepseek-v3']],
    ['a/b/', ['a/b/']],
    [
      'us.anthropic.claude-x-20250929-v1:0',
      [
        'us.anthropic.claude-x-20250929-v1:0',
        'anthropic.claude-x-20250929-v1:0',
        'anthropic.claude-x-20250929',
        'anthropic.claude-x',
        'claude-x',
      ],
    ],
  ])('loosens %s step by step', (model, spellings) => expect(spellingsOf(model)).toEqual(spellings));
});

describe('normaliseName', () => {
  it('lets spellings meet that differ in case and punctuation', () => {
    expect(normaliseName('Claude_Opus 4.8')).toBe(normaliseName('claude-opus-4-8'));
  });
});

describe('nameOfProvider', () => {
  it.each([
    ['provider.together-ai', 'together-ai'],
    ['groq', 'groq'],
  ])('%s is %s', (id, name) => expect(nameOfProvider(id)).toBe(name));
});
