import type { ChatChunk, CompletionRequest } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { badField, fault } from '../../test/faults.js';
import { aPolicy } from '../../test/policy.js';
import { chatChunkToCompletion, chatToCompletion, completionToChat } from './completions-over-chat.js';

const aRequest = (changes: Partial<CompletionRequest> = {}): CompletionRequest => ({
  model: 'm',
  prompt: 'Once',
  stream: false,
  includeUsage: false,
  extras: {},
  ...changes,
});

describe('a completion asked of a chat model', () => {
  it.each<[CompletionRequest['prompt']]>([['Once'], [['Once']]])('says its prompt %j as the user', (prompt) => {
    expect(completionToChat(aRequest({ prompt }), aPolicy()).messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Once' }] },
    ]);
  });

  it('keeps what chat knows as well', () => {
    const shared = { stream: true, includeUsage: true, maxOutputTokens: 5, temperature: 0, stop: ['x'], user: 'u' };
    const request = completionToChat(aRequest({ ...shared, extras: { logit_bias: {}, mine: 1 } }), aPolicy());
    expect(request).toMatchObject({ ...shared, extras: { logit_bias: {}, mine: 1 } });
    expect(request).not.toHaveProperty('prompt');
    expect(request).not.toHaveProperty('echo');
  });

  it.each<[CompletionRequest['prompt']]>([[['a', 'b']], [[1, 2]], [[[1], [2]]]])(
    'cannot have the prompt %j',
    (prompt) => expect(() => completionToChat(aRequest({ prompt }), aPolicy())).toThrow(badField('prompt')),
  );

  it.each<[string, Partial<CompletionRequest>]>([
    ['suffix', { extras: { suffix: 'The end.' } }],
    ['best_of', { extras: { best_of: 3 } }],
    ['logprobs', { extras: { logprobs: 5 } }],
    ['echo', { echo: true }],
  ])('has no %s', (name, changes) => {
    const request = aRequest(changes);
    expect(() => completionToChat(request, aPolicy())).toThrow(fault('GW_UNSUPPORTED_PARAMETER', name));
    const dropping = aPolicy({ drop: true });
    expect(completionToChat(request, dropping).extras).toEqual({});
    expect(dropping.dropped).toEqual([name]);
    const allowed = completionToChat(request, aPolicy({ allowed: new Set([name]) }));
    expect(allowed.extras).toEqual(changes.extras ?? { echo: true });
  });

  it.each<[Partial<CompletionRequest>]>([
    [{ extras: { suffix: null, best_of: 1, logprobs: null } }],
    [{ echo: false }],
  ])('may say %j, which asks for nothing', (changes) => {
    expect(completionToChat(aRequest(changes), aPolicy()).extras).toEqual({});
  });
});

describe("a chat model's answer as a completion", () => {
  it('is its text', () => {
    const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
    expect(
      chatToCompletion({
        id: 'i',
        model: 'm',
        created: 1,
        choices: [
          {
            index: 0,
            content: [
              { type: 'reasoning', text: 'Hm.' },
              { type: 'text', text: 'upon ' },
              { type: 'text', text: 'a time' },
            ],
            finishReason: 'length',
          },
          { index: 1, content: [], finishReason: 'stop' },
        ],
        usage,
      }),
    ).toEqual({
      id: 'i',
      model: 'm',
      created: 1,
      choices: [
        { index: 0, text: 'upon a time', finishReason: 'length' },
        { index: 1, text: '', finishReason: 'stop' },
      ],
      usage,
    });
  });

  it.each<[ChatChunk, boolean]>([
    [{ type: 'start', id: 'i', model: 'm', created: 1 }, true],
    [{ type: 'text-delta', choice: 0, text: 'x' }, true],
    [{ type: 'finish', choice: 0, reason: 'stop' }, true],
    [{ type: 'usage', usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } }, true],
    [{ type: 'reasoning-delta', choice: 0, text: 'x' }, false],
    [{ type: 'tool-call-delta', choice: 0, index: 0, arguments: '{}' }, false],
    [{ type: 'image', choice: 0, mediaType: 'image/png', data: '' }, false],
  ])('has words for %j: %p', (chunk, hasWords) => {
    expect(chatChunkToCompletion(chunk)).toEqual(hasWords ? chunk : undefined);
  });
});
