import type { ChatChunk } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import { splitThinkTags, ThinkTagSplitter } from './think-tags.js';

/** Reasoning and answer of a text that comes in these pieces, each joined. */
const streamed = (pieces: readonly string[], isUnopened = false, ends: 'finish' | 'cut' = 'finish') => {
  const chunks: ChatChunk[] = [];
  const splitter = new ThinkTagSplitter({ isUnopened }, (chunk) => chunks.push(chunk));
  for (const text of pieces) splitter.push({ type: 'text-delta', choice: 0, text });
  if (ends === 'finish') splitter.push({ type: 'finish', choice: 0, reason: 'stop' });
  else splitter.flush();
  const join = (type: ChatChunk['type']) =>
    chunks.map((chunk) => (chunk.type === type && 'text' in chunk ? chunk.text : '')).join('');
  return { chunks, reasoning: join('reasoning-delta'), text: join('text-delta') };
};

const whole = (text: string, isUnopened = false, isCutShort = false) =>
  splitThinkTags([{ type: 'text', text }], isCutShort, { isUnopened });

const CASES: readonly [string, string, string, string][] = [
  ['reasoning and answer', '<think>Hm.</think>So.', 'Hm.', 'So.'],
  ['blanks around the tags', ' \n<think>\nHm.\n\nYes.\n</think>\n\nSo. ', 'Hm.\n\nYes.', 'So. '],
  ['no tags', 'So < that > it is.', '', 'So < that > it is.'],
  ['an empty reasoning', '<think>\n\n</think>\n\nSo.', '', 'So.'],
  ['a tag in the middle', 'The tag <think> opens, </think> closes.', '', 'The tag <think> opens, </think> closes.'],
  ['a second pair', '<think>a</think>b<think>c</think>', 'a', 'b<think>c</think>'],
  ['what only begins like a tag', '<thinker>', '', '<thinker>'],
  ['reasoning without an answer', '<think>Hm.</think>', 'Hm.', ''],
  ['reasoning that is cut short', '<think>Hm, so', 'Hm, so', ''],
  ['part of a closing tag at the end', '<think>a</thi', 'a</thi', ''],
  ['part of an opening tag alone', '<thi', '', '<thi'],
  ['smaller signs in the reasoning', '<think>a < b </ c</think>d', 'a < b </ c', 'd'],
];

describe.each(CASES)('%s', (_title, text, reasoning, answer) => {
  it('is told apart in one piece', () => expect(streamed([text])).toMatchObject({ reasoning, text: answer }));

  it('is told apart wherever it is cut', () => {
    for (let at = 1; at < text.length; at += 1) {
      expect(streamed([text.slice(0, at), text.slice(at)])).toMatchObject({ reasoning, text: answer });
    }
    expect(streamed([...text])).toMatchObject({ reasoning, text: answer });
  });

  it('is told apart in a whole answer', () => {
    expect(whole(text)).toEqual([
      ...(reasoning ? [{ type: 'reasoning', text: reasoning }] : []),
      ...(answer ? [{ type: 'text', text: answer }] : []),
    ]);
  });
});

describe('a model whose template holds the opening tag', () => {
  it.each([
    ['Hm.</think>So.', 'Hm.', 'So.'],
    ['<think>Hm.</think>So.', 'Hm.', 'So.'],
  ])('%j has its reasoning before the closing tag', (text, reasoning, answer) => {
    expect(streamed([...text], true)).toMatchObject({ reasoning, text: answer });
    expect(whole(text, true)).toEqual([
      { type: 'reasoning', text: reasoning },
      { type: 'text', text: answer },
    ]);
  });

  it('has nothing but reasoning when it is cut short', () => {
    expect(whole('Hm, so', true, true)).toEqual([{ type: 'reasoning', text: 'Hm, so' }]);
  });

  it('has no reasoning in a whole answer without any tag', () => {
    expect(whole('So.', true)).toEqual([{ type: 'text', text: 'So.' }]);
  });
});

describe('a stream', () => {
  it('passes text on at once when the reasoning is over', () => {
    expect(streamed(['<think>a</think>', 'b', 'c']).chunks.map((chunk) => chunk.type)).toEqual([
      'reasoning-delta',
      'text-delta',
      'text-delta',
      'finish',
    ]);
  });

  it('gives out what it held back before a tool call begins', () => {
    const chunks: ChatChunk[] = [];
    const splitter = new ThinkTagSplitter({ isUnopened: false }, (chunk) => chunks.push(chunk));
    splitter.push({ type: 'text-delta', choice: 0, text: '<th' });
    splitter.push({ type: 'tool-call-start', choice: 0, index: 0, id: 'call_1', name: 'f' });
    expect(chunks.map((chunk) => chunk.type)).toEqual(['text-delta', 'tool-call-start']);
  });

  it('gives out what it held back when it is cut', () => {
    expect(streamed(['<think>a</th'], false, 'cut')).toMatchObject({ reasoning: 'a</th' });
  });

  it('keeps choices apart', () => {
    const chunks: ChatChunk[] = [];
    const splitter = new ThinkTagSplitter({ isUnopened: false }, (chunk) => chunks.push(chunk));
    splitter.push({ type: 'text-delta', choice: 0, text: '<think>' });
    splitter.push({ type: 'text-delta', choice: 1, text: 'plain' });
    splitter.push({ type: 'text-delta', choice: 0, text: 'a</think>' });
    expect(chunks).toEqual([
      { type: 'text-delta', choice: 1, text: 'plain' },
      { type: 'reasoning-delta', choice: 0, text: 'a' },
    ]);
  });
});
