import { describe, expect, it } from '@jest/globals';
import type { FinishReason } from '@turnpike/domain';
import { blockReason, fromGeminiFinishReason, toGeminiFinishReason } from './finish-reason.js';

const WORDS: Readonly<Record<FinishReason, readonly string[]>> = {
  stop: ['STOP', 'OTHER', 'NO_IMAGE', 'IMAGE_OTHER', 'FINISH_REASON_UNSPECIFIED'],
  length: ['MAX_TOKENS'],
  'content-filter': [
    'SAFETY',
    'RECITATION',
    'LANGUAGE',
    'BLOCKLIST',
    'PROHIBITED_CONTENT',
    'SPII',
    'ESCALATION',
    'IMAGE_SAFETY',
    'IMAGE_PROHIBITED_CONTENT',
    'IMAGE_RECITATION',
  ],
  'tool-calls': [],
};

const pairs = Object.entries(WORDS).flatMap(([reason, words]) =>
  words.map((word): [string, FinishReason] => [word, reason as FinishReason]),
);

describe('finish reasons', () => {
  it.each(pairs)('%s is %s, and the same word on the way back', (word, reason) => {
    expect(fromGeminiFinishReason(word, false)).toBe(reason);
    expect(toGeminiFinishReason(reason, word)).toBe(word);
  });

  it.each(['STOP', 'OTHER', 'NEW_WORD', ''])('%s with calls asks for tools', (word) => {
    expect(fromGeminiFinishReason(word, true)).toBe('tool-calls');
  });

  it.each(['MAX_TOKENS', 'SAFETY'])('%s stays what it is beside calls', (word) => {
    expect(fromGeminiFinishReason(word, true)).toBe(fromGeminiFinishReason(word, false));
  });

  it.each([
    'MALFORMED_FUNCTION_CALL',
    'MALFORMED_RESPONSE',
    'UNEXPECTED_TOOL_CALL',
    'TOO_MANY_TOOL_CALLS',
    'MISSING_THOUGHT_SIGNATURE',
  ])('%s is no answer', (word) => {
    expect(() => fromGeminiFinishReason(word, false)).toThrow(
      expect.objectContaining({ code: 'GW_UPSTREAM_INVALID_RESPONSE', facts: { upstreamCode: word } }),
    );
  });
});

describe('blockReason', () => {
  it.each<[unknown, string | undefined]>([
    [{ blockReason: 'SAFETY' }, 'SAFETY'],
    [{ blockReason: 'BLOCK_REASON_UNSPECIFIED' }, undefined],
    [{ blockReason: '' }, undefined],
    [{ safetyRatings: [] }, undefined],
    [null, undefined],
    [undefined, undefined],
  ])('reads %j as %p', (feedback, expected) => {
    expect(blockReason(feedback)).toBe(expected);
  });
});
