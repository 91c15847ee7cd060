import type { AssistantPart, ChatChunk, ChatResponse } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { toChunks } from './chunks.js';

const aResponse = (content: AssistantPart[], rest: Partial<ChatResponse> = {}): ChatResponse => ({
  id: 'i',
  model: 'm',
  created: 1,
  choices: [{ index: 0, content, finishReason: 'stop' }],
  ...rest,
});

const chunksOf = (...content: AssistantPart[]): ChatChunk[] => [...toChunks(aResponse(content))].slice(1, -1);

describe('a whole answer played as a stream', () => {
  it('begins once, ends every choice, and tells its usage last', () => {
    const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
    const choices: ChatResponse['choices'] = [
      { index: 0, content: [{ type: 'text', text: 'a' }], finishReason: 'length', nativeFinishReason: 'MAX_TOKENS' },
      { index: 1, content: [], finishReason: 'stop' },
    ];
    expect([...toChunks(aResponse([], { choices, usage, systemFingerprint: 'fp', serviceTier: 'flex' }))]).toEqual([
      { type: 'start', id: 'i', model: 'm', created: 1, systemFingerprint: 'fp', serviceTier: 'flex' },
      { type: 'text-delta', choice: 0, text: 'a' },
      { type: 'finish', choice: 0, reason: 'length', native: 'MAX_TOKENS' },
      { type: 'finish', choice: 1, reason: 'stop' },
      { type: 'usage', usage },
    ]);
  });

  it('tells no usage that is not known', () => {
    expect([...toChunks(aResponse([]))].map(({ type }) => type)).toEqual(['start', 'finish']);
  });

  it('puts log probabilities before the finish', () => {
    const logprobs = { content: [] };
    const choices: ChatResponse['choices'] = [{ index: 0, content: [], finishReason: 'stop', logprobs }];
    expect([...toChunks(aResponse([], { choices }))][1]).toEqual({ type: 'logprobs', choice: 0, logprobs });
  });

  it.each<[AssistantPart, object[]]>([
    [
      { type: 'text', text: 'x', annotations: [{ a: 1 }] },
      [
        { type: 'text-delta', choice: 0, text: 'x' },
        { type: 'annotations', choice: 0, annotations: [{ a: 1 }] },
      ],
    ],
    [{ type: 'refusal', text: 'no' }, [{ type: 'refusal-delta', choice: 0, text: 'no' }]],
    [{ type: 'reasoning', text: 'r' }, [{ type: 'reasoning-delta', choice: 0, text: 'r' }]],
    [
      { type: 'reasoning', text: 'r', signature: 's' },
      [
        { type: 'reasoning-delta', choice: 0, text: 'r' },
        { type: 'reasoning-signature', choice: 0, signature: 's' },
      ],
    ],
    [{ type: 'reasoning', text: '', redacted: 'd' }, [{ type: 'reasoning-signature', choice: 0, redacted: 'd' }]],
    [
      { type: 'image', mediaType: 'image/webp', data: 'AAAA' },
      [{ type: 'image', choice: 0, mediaType: 'image/webp', data: 'AAAA' }],
    ],
    [
      { type: 'audio', id: 'a', data: 'AAAA', transcript: 't', expiresAt: 5 },
      [{ type: 'audio-delta', choice: 0, audio: { id: 'a', data: 'AAAA', transcript: 't', expires_at: 5 } }],
    ],
  ])('has %j', (part, expected) => expect(chunksOf(part)).toEqual(expected));

  it('counts its tool calls, and only them', () => {
    const call = (id: string): AssistantPart => ({ type: 'tool-call', id, name: 'f', arguments: '{}' });
    const calls = chunksOf({ type: 'text', text: 'x' }, call('a'), call('b')).slice(1);
    expect(calls).toMatchObject([
      { type: 'tool-call-start', index: 0, id: 'a', name: 'f' },
      { type: 'tool-call-delta', index: 0, arguments: '{}' },
      { type: 'tool-call-start', index: 1, id: 'b' },
      { type: 'tool-call-delta', index: 1 },
    ]);
  });
});
