import { describe, expect, it } from '@jest/globals';
import { mergeFacts, readFactKeys, supportsKeyOf } from './facts.js';

describe('readFactKeys', () => {
  it('reads limits, mode and capabilities', () => {
    const facts = readFactKeys({
      max_input_tokens: 1_000,
      max_output_tokens: '50',
      mode: 'chat',
      supports_vision: true,
      supports_function_calling: true,
      supports_reasoning: false,
      supports_audio_input: 'yes',
    });
    expect(facts).toMatchObject({ maxInputTokens: 1_000, maxOutputTokens: 50, mode: 'chat' });
    expect([...facts.capabilities]).toEqual([
      ['vision', true],
      ['tools', true],
      ['reasoning', false],
    ]);
  });

  it('takes max_tokens where nothing nearer is stated', () => {
    expect(readFactKeys({ max_tokens: 8, max_input_tokens: -1 })).toMatchObject({
      maxInputTokens: 8,
      maxOutputTokens: 8,
    });
  });
});

describe('mergeFacts', () => {
  it('lets the nearer source win field by field and capability by capability', () => {
    const near = readFactKeys({ max_input_tokens: 10, supports_vision: false });
    const far = readFactKeys({ max_tokens: 99, mode: 'chat', supports_vision: true, supports_reasoning: true });
    expect(mergeFacts([near, undefined, far])).toEqual({
      maxInputTokens: 10,
      maxOutputTokens: 99,
      mode: 'chat',
      capabilities: new Set(['reasoning']),
    });
  });

  it('knows nothing of a model that no source knows', () => expect(mergeFacts([undefined])).toBeUndefined());
});

describe('supportsKeyOf', () => {
  it.each([
    ['vision', 'supports_vision'],
    ['tools', 'supports_function_calling'],
    ['json_schema', 'supports_response_schema'],
  ])('names the key of %s', (capability, key) => expect(supportsKeyOf(capability)).toBe(key));
});
