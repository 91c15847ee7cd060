import type { ChatChunk, ChatResponse } from '@turnpike/domain';
import { joinChunks, toChunks } from '@turnpike/wire';
import { describe, expect, it } from '@jest/globals';
import { guardAnswerTexts, isGuardrailBlock } from './answer-texts.js';
import { FindingStream } from './finding-stream.js';
import { replaceFindings, type Finding } from './findings.js';
import { AnswerBlocked, type TextStream } from './text-stream.js';
import { changeResponseTexts, type TextPlace } from './texts.js';

const SECRET = /secret|\d{4}/g;
const BEGUN = /(?:s(?:e(?:c(?:r(?:e)?)?)?)?|\d{1,3})$/;

const find = (text: string): Finding[] =>
  Array.from(text.matchAll(SECRET), ({ 0: found, index }) => ({ start: index, end: index + found.length }));

const hiding = (): TextStream =>
  new FindingStream({
    find,
    openFrom: (text) => BEGUN.exec(text)?.index ?? text.length,
    isMasked: () => true,
    replacementOf: () => '***',
  });

const whole = (response: ChatResponse): ChatResponse =>
  changeResponseTexts(response, (text) => replaceFindings(text, find(text), () => '***'));

const answer = (content: ChatResponse['choices'][number]['content'], more: object = {}): ChatResponse => ({
  id: 'i',
  model: 'm',
  created: 1,
  choices: [{ index: 0, content, finishReason: 'stop', ...more }],
});

const TEXTS = ['text-delta', 'refusal-delta', 'reasoning-delta', 'tool-call-delta'];

/** Every text of the chunks in pieces of so many characters. */
const cut = (chunks: Iterable<ChatChunk>, length: number): ChatChunk[] =>
  [...chunks].flatMap((chunk): ChatChunk[] => {
    if (!TEXTS.includes(chunk.type)) return [chunk];
    const field = 'text' in chunk ? 'text' : 'arguments';
    const text = (chunk as unknown as Record<string, string>)[field]!;
    const pieces = text.match(new RegExp(`.{1,${length}}`, 'gs')) ?? [''];
    return pieces.map((piece) => ({ ...chunk, [field]: piece }));
  });

const guarded = (chunks: Iterable<ChatChunk>, open: (place: TextPlace) => TextStream = hiding): ChatChunk[] => {
  const stream = guardAnswerTexts(open);
  const out: ChatChunk[] = [];
  for (const chunk of chunks) {
    const verdict = stream.push(chunk);
    if (isGuardrailBlock(verdict)) throw new Error(verdict.message);
    out.push(...verdict);
  }
  const rest = stream.end();
  return isGuardrailBlock(rest) ? out : [...out, ...rest];
};

describe('an answer in chunks is changed as the whole would be', () => {
  it.each<[string, ChatResponse]>([
    ['a text', answer([{ type: 'text', text: 'a secret, 1234 and se' }])],
    ['nothing', answer([{ type: 'text', text: 'Hello' }])],
    ['a refusal', answer([{ type: 'refusal', text: 'no secret for you' }])],
    [
      'reasoning, whose signature goes',
      answer([
        { type: 'reasoning', text: 'the secret is out', signature: 's' },
        { type: 'text', text: 'Fine.' },
      ]),
    ],
    [
      'reasoning that stays, with its signature',
      answer([
        { type: 'reasoning', text: 'nothing', signature: 's' },
        { type: 'reasoning', text: '', redacted: 'r' },
        { type: 'text', text: 'secret' },
      ]),
    ],
    [
      'arguments, which stay JSON',
      answer([
        { type: 'text', text: 'I call a secret' },
        { type: 'tool-call', id: '1', name: 'f', arguments: '{"a": "my \\"secret\\" }", "n": 1234, "x": [1.0]}' },
        { type: 'tool-call', id: '2', name: 'g', arguments: '{}' },
      ]),
    ],
    ['arguments that are no JSON', answer([{ type: 'tool-call', id: '1', name: 'f', arguments: 'the secret {' }])],
    [
      'several choices',
      {
        ...answer([]),
        choices: [0, 1].map((index) => ({
          index,
          content: [{ type: 'text' as const, text: `secret ${index}` }],
          finishReason: 'stop' as const,
        })),
      },
    ],
  ])('%s', (_what, response) => {
    for (const length of [1, 2, 3, 5, 7, 1_000])
      expect(joinChunks(guarded(cut(toChunks(response), length)))).toEqual(whole(response));
  });

  it('what is said in a sound, which passes itself', () => {
    const audio = (...pieces: object[]): ChatChunk[] =>
      pieces.map((piece) => ({ type: 'audio-delta', choice: 0, audio: piece }) as ChatChunk);
    const chunks: ChatChunk[] = [
      { type: 'start', id: 'i', model: 'm', created: 1 },
      ...audio({ id: 'a' }, { transcript: 'my sec', data: 'AAAA' }, { transcript: 'ret!' }, { expires_at: 5 }),
      { type: 'finish', choice: 0, reason: 'stop' },
    ];
    expect(joinChunks(guarded(chunks)).choices[0]!.content).toEqual([
      { type: 'audio', id: 'a', transcript: 'my ***!', data: 'AAAA', expiresAt: 5 },
    ]);
  });
});

describe('a chunk passes', () => {
  const text = (given: string): ChatChunk => ({ type: 'text-delta', choice: 0, text: given });
  const spelt = (token: string): ChatChunk => ({ type: 'logprobs', choice: 0, logprobs: { content: [{ token }] } });

  it('as soon as nothing can change it, each choice by itself', () => {
    const stream = guardAnswerTexts(hiding);
    expect(stream.push(text('Hello se'))).toEqual([text('Hello ')]);
    expect(stream.push({ ...text('Good day '), choice: 1 } as ChatChunk)).toEqual([
      { ...text('Good day '), choice: 1 },
    ]);
    expect(stream.push(text('ts '))).toEqual([text('sets ')]);
  });

  it('with the log probabilities that spell it, until something was changed', () => {
    const chunks = [
      text('Hello se'),
      spelt('Hello'),
      spelt(' se'),
      text('ts '),
      spelt('ts'),
      text('1234 '),
      spelt('1234'),
    ];
    expect(guarded(chunks)).toEqual([
      text('Hello '),
      text('sets '),
      spelt('Hello'),
      spelt(' se'),
      spelt('ts'),
      text('*** '),
    ]);
  });

  it('with its citations, behind it', () => {
    const cited: ChatChunk = { type: 'annotations', choice: 0, annotations: [{ url: 'u' }] };
    expect(guarded([text('as the se'), cited, text('a')])).toEqual([text('as the '), text('sea'), cited]);
  });

  it('of a tool call when its arguments are complete', () => {
    const stream = guardAnswerTexts(hiding);
    const piece = (json: string): ChatChunk => ({ type: 'tool-call-delta', choice: 0, index: 0, arguments: json });
    expect(stream.push({ type: 'tool-call-start', choice: 0, index: 0, id: '1', name: 'f' })).toHaveLength(1);
    expect(stream.push(piece('{"a": "}'))).toEqual([]);
    expect(stream.push(piece('\\"} sec'))).toEqual([]);
    expect(stream.push(piece('ret", "b": {}'))).toEqual([]);
    expect(stream.push(piece('}'))).toEqual([piece(String.raw`{"a": "}\"} ***", "b": {}}`)]);
    expect(stream.push(piece(' '))).toEqual([]);
    expect(stream.end()).toEqual([piece(' ')]);
  });
});

it('a text that must not be seen ends the answer, with a reason', () => {
  const refusing = (): TextStream =>
    new FindingStream({
      find,
      openFrom: (text) => BEGUN.exec(text)?.index ?? text.length,
      isMasked: () => false,
      replacementOf: () => '',
      onFound: () => {
        throw new AnswerBlocked('no secrets', { kind: 'secret' });
      },
    });
  const stream = guardAnswerTexts(refusing);
  expect(stream.push({ type: 'text-delta', choice: 0, text: 'a sec' })).toHaveLength(1);
  expect(stream.push({ type: 'text-delta', choice: 0, text: 'ret!' })).toEqual({
    action: 'block',
    message: 'no secrets',
    details: { kind: 'secret' },
  });
});

it('a fault is a fault, not a verdict', () => {
  const stream = guardAnswerTexts(() => ({
    push: () => {
      throw new Error('broken');
    },
    end: () => '',
    held: 0,
    isChanged: false,
  }));
  expect(() => stream.push({ type: 'text-delta', choice: 0, text: 'a' })).toThrow('broken');
});
