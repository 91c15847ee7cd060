import type { ChatChoice, ChatResponse } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { toOpenAiResponse } from './to-response.js';

const aResponse = (choice: Partial<ChatChoice>, rest: Partial<ChatResponse> = {}): ChatResponse => ({
  id: 'i',
  model: 'm',
  created: 1,
  choices: [{ index: 0, content: [{ type: 'text', text: 'Hi' }], finishReason: 'stop', ...choice }],
  ...rest,
});

describe('toOpenAiResponse', () => {
  it('writes every field that clients rely on, also those that say nothing', () => {
    expect(toOpenAiResponse(aResponse({ content: [] }))).toStrictEqual({
      id: 'i',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: null, refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
    });
  });

  it.each<[ChatChoice['finishReason'], string]>([
    ['stop', 'stop'],
    ['length', 'length'],
    ['tool-calls', 'tool_calls'],
    ['content-filter', 'content_filter'],
  ])('says %s as %s', (finishReason, word) => {
    expect(toOpenAiResponse(aResponse({ finishReason }))).toMatchObject({ choices: [{ finish_reason: word }] });
  });

  it("keeps the provider's own word where it is another", () => {
    const written = (native: string) =>
      toOpenAiResponse(aResponse({ finishReason: 'length', nativeFinishReason: native }))['choices'];
    expect(written('MAX_TOKENS')).toMatchObject([{ provider_specific_fields: { native_finish_reason: 'MAX_TOKENS' } }]);
    expect(written('length')).not.toMatchObject([{ provider_specific_fields: expect.anything() }]);
  });

  it('writes what stands beside the answer', () => {
    const rest = {
      usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
      systemFingerprint: 'fp',
      serviceTier: 'flex',
      extras: { citations: ['a'] },
    };
    expect(toOpenAiResponse(aResponse({}, rest))).toMatchObject({
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
      system_fingerprint: 'fp',
      service_tier: 'flex',
      citations: ['a'],
    });
  });
});
