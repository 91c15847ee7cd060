import { describe, expect, it } from '@jest/globals';
import { anthropicModel } from './models.js';

describe('anthropicModel', () => {
  it.each([
    [
      'claude-opus-5-5',
      { maxOutputTokens: 128_000, thinking: 'adaptive', thinkingOff: 'never', takesForcedTools: false },
    ],
    ['claude-fable-5-1', { thinkingOff: 'never', takesForcedTools: false }],
    ['claude-sonnet-5-5', { thinkingOff: 'between_tools', needsThinkingAboveHigh: true, takesForcedTools: false }],
    ['claude-haiku-5-5', { thinkingOff: 'disabled', takesForcedTools: true }],
    ['claude-opus-5', { thinkingOff: 'disabled', needsThinkingAboveHigh: true, takesForcedTools: true }],
    ['claude-opus-5-20260724', { thinkingOff: 'disabled', needsThinkingAboveHigh: true, isKnown: true }],
    ['claude-sonnet-5', { thinkingOff: 'disabled', needsThinkingAboveHigh: false, sampling: 'none' }],
    ['claude-fable-5', { thinkingOff: 'never', takesForcedTools: true }],
    ['claude-mythos-preview', { thinkingOff: 'never', takesForcedTools: true }],
    ['claude-opus-4-8', { sampling: 'none', hasXhighEffort: true }],
    ['claude-opus-4-7', { sampling: 'none', hasXhighEffort: true, takesPrefill: false }],
    [
      'claude-opus-4-6',
      { thinking: 'adaptive-or-budget', sampling: 'either', hasXhighEffort: false, takesPrefill: false },
    ],
    ['claude-sonnet-4-6', { thinking: 'adaptive-or-budget', maxOutputTokens: 128_000 }],
    ['claude-sonnet-4-5-20250929', { thinking: 'budget', maxOutputTokens: 64_000, hasStructuredOutputs: true }],
    ['claude-haiku-4-5@20251001', { thinking: 'budget', maxOutputTokens: 64_000, takesPrefill: true }],
    ['anthropic/claude-opus-4.5', { thinking: 'budget', maxOutputTokens: 64_000 }],
    ['claude-opus-4-1-20250805', { maxOutputTokens: 32_000, hasStructuredOutputs: true, sampling: 'either' }],
    ['claude-opus-4-20250514', { maxOutputTokens: 32_000, hasStructuredOutputs: false, sampling: 'both' }],
    ['claude-sonnet-4@20250514', { maxOutputTokens: 64_000, hasStructuredOutputs: false, thinking: 'budget' }],
    ['claude-3-7-sonnet-20250219', { maxOutputTokens: 64_000, thinking: 'budget' }],
    ['claude-3-5-haiku-20241022', { maxOutputTokens: 8_192, thinking: 'none' }],
    ['us.anthropic.claude-3-haiku-20240307-v1:0', { maxOutputTokens: 4_096, thinking: 'none' }],
    ['claude-instant-1.2', { maxOutputTokens: 4_096, thinking: 'none' }],
    ['claude-2.1', { maxOutputTokens: 4_096, thinking: 'none', isKnown: true }],
  ])('knows what %s takes', (name, expected) => expect(anthropicModel(name)).toMatchObject(expected));

  it.each(['claude-opus-6', 'claude-sonnet-5-9', 'claude-next'])('takes the unknown %s for one of the newest', (name) =>
    expect(anthropicModel(name)).toEqual({ ...anthropicModel('claude-opus-5-5'), isKnown: false }),
  );

  it('expects nothing newer of a model that is not Claude', () =>
    expect(anthropicModel('kimi-k2')).toMatchObject({ isKnown: false, thinking: 'none', hasStructuredOutputs: false }));
});
