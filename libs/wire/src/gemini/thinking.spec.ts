import { describe, expect, it } from '@jest/globals';
import type { ReasoningOptions } from '@turnpike/domain';
import { aPolicy } from '../../test/policy.js';
import { fromGeminiThinking, toGeminiThinking } from './thinking.js';

const shown = (amount: object) => ({ ...amount, includeThoughts: true });

describe('toGeminiThinking', () => {
  it.each<[string, ReasoningOptions, object | undefined]>([
    ['gemini-2.5-flash', { effort: 'none' }, { thinkingBudget: 0 }],
    ['gemini-2.5-pro', { effort: 'none' }, { thinkingBudget: 128 }],
    ['gemini-2.5-flash', { effort: 'minimal' }, shown({ thinkingBudget: 1 })],
    ['gemini-2.5-pro', { effort: 'minimal' }, shown({ thinkingBudget: 128 })],
    ['gemini-2.5-flash-lite', { effort: 'minimal' }, shown({ thinkingBudget: 512 })],
    ['gemini-2.5-flash', { effort: 'low' }, shown({ thinkingBudget: 1_024 })],
    ['gemini-2.5-flash', { effort: 'medium' }, shown({ thinkingBudget: 2_048 })],
    ['gemini-2.5-flash', { effort: 'xhigh' }, shown({ thinkingBudget: 4_096 })],
    ['gemini-2.5-flash', { budgetTokens: 100_000 }, shown({ thinkingBudget: 24_576 })],
    ['gemini-2.5-pro', { budgetTokens: 100_000 }, shown({ thinkingBudget: 32_768 })],
    ['gemini-2.5-pro', { budgetTokens: 0 }, { thinkingBudget: 128 }],
    ['gemini-2.5-flash-lite', { budgetTokens: 10 }, shown({ thinkingBudget: 512 })],
    ['gemini-2.5-flash', { budgetTokens: -1, includeText: false }, { thinkingBudget: -1 }],
    ['gemini-2.5-flash', { includeText: true }, shown({})],
    ['gemini-3-pro-preview', { effort: 'minimal' }, shown({ thinkingLevel: 'low' })],
    ['gemini-3-pro-preview', { effort: 'medium' }, shown({ thinkingLevel: 'high' })],
    ['gemini-3.1-pro-preview', { effort: 'medium' }, shown({ thinkingLevel: 'medium' })],
    ['gemini-3-flash-preview', { effort: 'none' }, { thinkingLevel: 'minimal' }],
    ['gemini-3.7-flash', { effort: 'none' }, { thinkingLevel: 'low' }],
    ['gemini-3.7-flash-lite', { effort: 'minimal' }, shown({ thinkingLevel: 'minimal' })],
    ['gemini-flash-latest', { effort: 'minimal' }, shown({ thinkingLevel: 'low' })],
    ['gemini-flash-lite-latest', { effort: 'minimal' }, shown({ thinkingLevel: 'minimal' })],
    ['gemini-3-flash-preview', { effort: 'low' }, shown({ thinkingLevel: 'low' })],
    ['gemini-3-flash-preview', { effort: 'high' }, shown({ thinkingLevel: 'high' })],
    ['gemini-3-flash-preview', { effort: 'xhigh' }, shown({ thinkingLevel: 'high' })],
    ['gemini-2.5-flash', { effort: 'high' }, shown({ thinkingBudget: 4_096 })],
    ['gemini-2.5-flash', { effort: 'max' }, shown({ thinkingBudget: 4_096 })],
    ['gemini-robotics-er-1.5-preview', { effort: 'low' }, shown({ thinkingBudget: 1_024 })],
    ['gemini-3-flash-preview', { effort: 'max' }, shown({ thinkingLevel: 'high' })],
    ['gemini-3-flash-preview', { budgetTokens: 0 }, { thinkingLevel: 'minimal' }],
    ['gemini-3-flash-preview', { budgetTokens: 1_000 }, shown({ thinkingLevel: 'low' })],
    ['gemini-3-flash-preview', { budgetTokens: 2_000 }, shown({ thinkingLevel: 'medium' })],
    ['gemini-3-flash-preview', { budgetTokens: 9_000 }, shown({ thinkingLevel: 'high' })],
    ['gemini-3-flash-preview', { budgetTokens: -1 }, shown({})],
    ['gemma-4-31b-it', { effort: 'low' }, shown({ thinkingLevel: 'high' })],
    ['gemini-2.0-flash', { effort: 'none' }, undefined],
    ['gemini-2.5-flash-image', { budgetTokens: 0 }, undefined],
  ])('%s with %j gives %j', (model, reasoning, expected) => {
    expect(toGeminiThinking(reasoning, model, aPolicy())).toEqual(expected);
  });

  it('leaves it to the model when nothing is asked', () => {
    expect(toGeminiThinking(undefined, 'gemini-2.5-pro', aPolicy())).toBeUndefined();
  });

  it.each(['gemini-2.0-flash', 'gemini-1.5-pro', 'gemma-3-27b-it', 'gemini-3-pro-image-preview'])(
    'refuses an effort for %s, which does not think',
    (model) => {
      expect(() => toGeminiThinking({ effort: 'high' }, model, aPolicy())).toThrow(
        expect.objectContaining({ code: 'GW_UNSUPPORTED_PARAMETER' }),
      );
      const dropping = aPolicy({ drop: true });
      expect(toGeminiThinking({ effort: 'high' }, model, dropping)).toBeUndefined();
      expect(dropping.dropped).toEqual(['reasoning_effort']);
    },
  );

  it('sends a budget to a model that is said not to think when the operator allows it', () => {
    const policy = aPolicy({ allowed: new Set(['reasoning_effort']) });
    expect(toGeminiThinking({ effort: 'low' }, 'gemini-2.0-flash', policy)).toEqual(shown({ thinkingBudget: 1_024 }));
  });
});

describe('fromGeminiThinking', () => {
  it.each([
    [{ thinkingBudget: 0 }, { budgetTokens: 0 }],
    [
      { thinkingLevel: 'LOW', includeThoughts: true },
      { effort: 'low', includeText: true },
    ],
    [{ thinkingLevel: 'THINKING_LEVEL_UNSPECIFIED' }, {}],
    [undefined, undefined],
  ])('reads %j', (config, expected) => {
    expect(fromGeminiThinking(config)).toEqual(expected);
  });
});
