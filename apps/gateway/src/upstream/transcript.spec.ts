import type { ChatChunk } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { Transcript } from './transcript.js';

const START: ChatChunk = { type: 'start', id: 'first', model: 'm', created: 1 };
const text = (words: string, choice = 0): ChatChunk => ({ type: 'text-delta', choice, text: words });

const heard = (chunks: readonly ChatChunk[], former?: Transcript): Transcript => {
  const transcript = new Transcript(former);
  for (const chunk of chunks) transcript.hear(chunk);
  return transcript;
};

describe('what a stream has said', () => {
  it('is its text, under its names', () => {
    const transcript = heard([START, text('Once '), text('upon')]);
    expect(transcript).toMatchObject({ id: 'first', model: 'm', text: 'Once upon', mayContinue: true });
  });

  it('is what the one before had said, and then its own; the names stay the first ones', () => {
    const former = heard([START, text('Once ')]);
    const transcript = heard([{ ...START, id: 'second', model: 'other' }, text('upon')], former);
    expect(transcript).toMatchObject({ id: 'first', model: 'm', text: 'Once upon', mayContinue: true });
    expect(former.text).toBe('Once ');
  });
});

describe('another deployment may go on', () => {
  const usage: ChatChunk = { type: 'usage', usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } };

  it.each<[string, readonly ChatChunk[], boolean]>([
    ['when words were said', [START, text('a'), usage], true],
    ['when it has only begun: then there is nothing to go on with, and it is asked anew', [START], true],
    [
      'not when a tool is called',
      [text('a'), { type: 'tool-call-start', choice: 0, index: 0, id: 'x', name: 'f' }],
      false,
    ],
    [
      'not when a tool is being told something',
      [text('a'), { type: 'tool-call-delta', choice: 0, index: 0, arguments: '{' }],
      false,
    ],
    ['not when it reasons', [text('a'), { type: 'reasoning-delta', choice: 0, text: 'b' }], false],
    ['not when it refuses', [text('a'), { type: 'refusal-delta', choice: 0, text: 'b' }], false],
    ['not when the answer is complete', [text('a'), { type: 'finish', choice: 0, reason: 'stop' }], false],
    ['not when there are several answers', [text('a'), text('b', 1)], false],
    ['when much was said', [text('a'.repeat(400_000))], true],
    ['not when it is too much to be said again', [text('a'.repeat(400_001))], false],
  ])('%s', (_title, chunks, expected) => expect(heard(chunks).mayContinue).toBe(expected));

  it('when the second broke off before it said anything', () => {
    expect(heard([], heard([text('a')])).mayContinue).toBe(true);
  });

  it('not when the second said what cannot be gone on with', () => {
    const refusal: ChatChunk = { type: 'refusal-delta', choice: 0, text: 'b' };
    expect(heard([refusal], heard([text('a')])).mayContinue).toBe(false);
  });
});
