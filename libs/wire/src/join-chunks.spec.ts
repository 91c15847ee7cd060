import type { ChatChoice, ChatChunk, ChatResponse } from '@turnpike/domain';
import { toChunks } from './chunks.js';
import { describe, expect, it } from '@jest/globals';
import { joinChunks, joinCompletionChunks } from './join-chunks.js';

const start: ChatChunk = { type: 'start', id: 'a', model: 'm', created: 1 };
const finish: ChatChunk = { type: 'finish', choice: 0, reason: 'stop' };
const text = (value: string, choice = 0): ChatChunk => ({ type: 'text-delta', choice, text: value });

const contentOf = (...chunks: ChatChunk[]): ChatChoice['content'] =>
  joinChunks([start, ...chunks, finish]).choices[0]!.content;

describe('joined chunks', () => {
  it('keep the head, and the last usage', () => {
    const usage = (outputTokens: number) => ({ inputTokens: 1, outputTokens, totalTokens: 1 + outputTokens });
    const joined = joinChunks([
      { ...start, systemFingerprint: 'f', serviceTier: 's', usage: usage(0) },
      text('Hi'),
      { ...finish, native: 'end_turn' },
      { type: 'usage', usage: usage(1) },
      { type: 'usage', usage: usage(2) },
    ]);
    expect(joined).toEqual({
      id: 'a',
      model: 'm',
      created: 1,
      choices: [
        { index: 0, content: [{ type: 'text', text: 'Hi' }], finishReason: 'stop', nativeFinishReason: 'end_turn' },
      ],
      usage: usage(2),
      systemFingerprint: 'f',
      serviceTier: 's',
    });
  });

  it('sort choices that came mixed', () => {
    const other: ChatChunk = { type: 'finish', choice: 1, reason: 'length' };
    const { choices } = joinChunks([start, text('b', 1), text('a'), text('B', 1), other, finish]);
    expect(choices.map(({ index, content, finishReason }) => [index, content, finishReason])).toEqual([
      [0, [{ type: 'text', text: 'a' }], 'stop'],
      [1, [{ type: 'text', text: 'bB' }], 'length'],
    ]);
  });

  it('keep parts in the order in which they began', () => {
    expect(
      contentOf(
        { type: 'reasoning-delta', choice: 0, text: 'Hm' },
        { type: 'reasoning-delta', choice: 0, text: 'm.' },
        { type: 'reasoning-signature', choice: 0, signature: 's1' },
        { type: 'reasoning-signature', choice: 0, redacted: 'r' },
        { type: 'reasoning-delta', choice: 0, text: 'More' },
        text('A'),
        text('B'),
        { type: 'refusal-delta', choice: 0, text: 'no' },
        text('C'),
        { type: 'image', choice: 0, mediaType: 'image/png', data: 'AAAA' },
      ),
    ).toEqual([
      { type: 'reasoning', text: 'Hmm.', signature: 's1' },
      { type: 'reasoning', text: '', redacted: 'r' },
      { type: 'reasoning', text: 'More' },
      { type: 'text', text: 'AB' },
      { type: 'refusal', text: 'no' },
      { type: 'text', text: 'C' },
      { type: 'image', mediaType: 'image/png', data: 'AAAA' },
    ]);
  });

  it('sort the arguments of parallel tool calls to their calls', () => {
    const call = (index: number, id: string): ChatChunk => ({
      type: 'tool-call-start',
      choice: 0,
      index,
      id,
      name: 'f',
    });
    const piece = (index: number, value: string): ChatChunk => ({
      type: 'tool-call-delta',
      choice: 0,
      index,
      arguments: value,
    });
    expect(contentOf(call(0, 'x'), piece(0, '{"a"'), call(1, 'y'), piece(1, '{}'), piece(0, ':1}'))).toEqual([
      { type: 'tool-call', id: 'x', name: 'f', arguments: '{"a":1}' },
      { type: 'tool-call', id: 'y', name: 'f', arguments: '{}' },
    ]);
  });

  it('gather log probabilities, annotations and audio', () => {
    const base64 = (value: string) => Buffer.from(value).toString('base64');
    const { choices } = joinChunks([
      start,
      text('Hi'),
      { type: 'logprobs', choice: 0, logprobs: { content: [{ token: 'H' }] } },
      { type: 'logprobs', choice: 0, logprobs: { content: [{ token: 'i' }] } },
      { type: 'annotations', choice: 0, annotations: [{ type: 'url_citation' }] },
      { type: 'audio-delta', choice: 0, audio: { id: 'au', data: base64('so'), transcript: 'So' } },
      { type: 'audio-delta', choice: 0, audio: { data: base64('und'), transcript: 'und', expires_at: 9 } },
      finish,
    ]);
    expect(choices[0]).toMatchObject({
      content: [
        { type: 'text', text: 'Hi', annotations: [{ type: 'url_citation' }] },
        { type: 'audio', id: 'au', data: base64('sound'), transcript: 'Sound', expiresAt: 9 },
      ],
      logprobs: { content: [{ token: 'H' }, { token: 'i' }] },
    });
  });

  it('undo what taking an answer apart does', () => {
    const response: ChatResponse = {
      id: 'a',
      model: 'm',
      created: 1,
      choices: [
        {
          index: 0,
          content: [
            { type: 'reasoning', text: 'Hmm.', signature: 's' },
            { type: 'text', text: 'Hi', annotations: [{ type: 'url_citation' }] },
            { type: 'tool-call', id: 'x', name: 'f', arguments: '{}' },
            { type: 'tool-call', id: 'y', name: 'g', arguments: '{"a":1}' },
          ],
          finishReason: 'tool-calls',
        },
      ],
      usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
    };
    expect(joinChunks([...toChunks(response)])).toEqual(response);
  });

  it.each<[string, ChatChunk[], string]>([
    ['no start', [text('a'), finish], "no 'start'"],
    ['no finish', [start, text('a')], "Choice 0 has no 'finish'"],
    [
      'a delta before its call',
      [start, { type: 'tool-call-delta', choice: 0, index: 0, arguments: '' }],
      'before its start',
    ],
    ['annotations of nothing', [start, { type: 'annotations', choice: 0, annotations: [{}] }], 'before any text'],
  ])('must not have %s', (_title, chunks, message) => {
    expect(() => joinChunks(chunks)).toThrow(message);
  });
});

it('joins legacy completions', () => {
  const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
  expect(
    joinCompletionChunks([
      { type: 'start', id: 'c', model: 'm', created: 1 },
      { type: 'text-delta', choice: 1, text: 'b' },
      { type: 'text-delta', choice: 0, text: 'a' },
      { type: 'finish', choice: 0, reason: 'stop' },
      { type: 'finish', choice: 1, reason: 'length' },
      { type: 'usage', usage },
    ]),
  ).toEqual({
    id: 'c',
    model: 'm',
    created: 1,
    choices: [
      { index: 0, text: 'a', finishReason: 'stop' },
      { index: 1, text: 'b', finishReason: 'length' },
    ],
    usage,
  });
  expect(() =>
    joinCompletionChunks([
      { type: 'start', id: 'c', model: 'm', created: 1 },
      { type: 'text-delta', choice: 0, text: 'a' },
    ]),
  ).toThrow("no 'finish'");
});
