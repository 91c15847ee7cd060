import type { ChatRequest, ChatResponse } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { changeJsonTexts } from './json-texts.js';
import {
  changeRequestTexts,
  changeResponseTexts,
  textsOfRequest,
  textsOfResponse,
  withRequestTexts,
  withResponseTexts,
} from './texts.js';

/** Whatever a verdict holds. */
type Json = ReturnType<typeof JSON.parse>;

const mask = (text: string): string => text.replaceAll('secret', '***');

const request = (messages: ChatRequest['messages']): ChatRequest => ({
  model: 'm',
  messages,
  stream: false,
  includeUsage: false,
  extras: {},
});

const answer = (content: ChatResponse['choices'][number]['content']): ChatResponse => ({
  id: 'a',
  model: 'm',
  created: 1,
  choices: [{ index: 0, content, finishReason: 'stop', logprobs: { content: ['se', 'cret'] } }],
});

describe('the texts of a request', () => {
  it('are those of every role and kind', () => {
    const seen: unknown[] = [];
    const call = { type: 'tool-call', id: '1', name: 'f', arguments: '{"to":"x","list":[7]}' } as const;
    const unchanged = request([
      { role: 'system', content: [{ type: 'text', text: 'a' }] },
      {
        role: 'user',
        content: [
          { type: 'image', url: 'http://secret' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'assistant', content: [{ type: 'reasoning', text: 'c' }, { type: 'refusal', text: 'd' }, call] },
      { role: 'tool', toolCallId: '1', content: [{ type: 'text', text: 'e' }] },
    ]);
    const changed = changeRequestTexts(unchanged, (text, { role, kind, key }) => {
      seen.push([text, role, kind, key]);
      return text;
    });
    expect(changed).toBe(unchanged);
    expect(seen).toEqual([
      ['a', 'system', 'text', undefined],
      ['b', 'user', 'text', undefined],
      ['c', 'assistant', 'reasoning', undefined],
      ['d', 'assistant', 'refusal', undefined],
      ['to', 'assistant', 'argument', undefined],
      ['x', 'assistant', 'argument', 'to'],
      ['list', 'assistant', 'argument', undefined],
      ['7', 'assistant', 'argument', undefined],
      ['e', 'tool', 'text', undefined],
    ]);
  });

  it('change alone: the messages without them stay the same objects', () => {
    const first = { role: 'user', content: [{ type: 'text', text: 'hello' }] } as const;
    const before = request([
      first as never,
      { role: 'user', name: 'n', content: [{ type: 'text', text: 'secret', cacheControl: { type: 'x' } }] },
    ]);
    const after = changeRequestTexts(before, mask);
    expect(after.messages[0]).toBe(first);
    expect(after.messages[1]).toEqual({
      role: 'user',
      name: 'n',
      content: [{ type: 'text', text: '***', cacheControl: { type: 'x' } }],
    });
  });
});

describe('the texts of an answer', () => {
  it('are spelt by no log probabilities once they are changed', () => {
    expect(changeResponseTexts(answer([{ type: 'text', text: 'secret' }]), mask).choices).toEqual([
      { index: 0, content: [{ type: 'text', text: '***' }], finishReason: 'stop' },
    ]);
  });

  it('lose the signature of reasoning that was changed', () => {
    const reasoning = { type: 'reasoning', text: 'secret', signature: 's' } as const;
    expect(changeResponseTexts(answer([reasoning]), mask).choices[0]!.content).toEqual([
      { type: 'reasoning', text: '***' },
    ]);
  });

  it('stay the same object when nothing changes', () => {
    const same = answer([{ type: 'reasoning', text: 'x', signature: 's' }]);
    expect(changeResponseTexts(same, mask)).toBe(same);
  });
});

it('texts are taken out and put back in the same order', () => {
  const call = { type: 'tool-call', id: '1', name: 'f', arguments: '{"a":"b"}' } as const;
  const asked = request([{ role: 'assistant', content: [{ type: 'text', text: 'x' }, call] }]);
  expect(textsOfRequest(asked).map(({ text }) => text)).toEqual(['x', 'a', 'b']);
  expect(withRequestTexts(asked, ['X', 'a', 'B']).messages[0]!.content).toEqual([
    { type: 'text', text: 'X' },
    { ...call, arguments: '{"a":"B"}' },
  ]);
  const answered = answer([{ type: 'text', text: 'x' }, call]);
  expect(textsOfResponse(answered).map(({ text }) => text)).toEqual(['x', 'a', 'b']);
  expect(withResponseTexts(answered, ['x', 'a', 'b'])).toBe(answered);
  expect(withResponseTexts(answered, ['x', 'a', 'B']).choices[0]!.content[1]).toMatchObject({ arguments: '{"a":"B"}' });
});

describe('texts inside JSON', () => {
  it.each([
    ['a string', '{"a":"secret"}', '{"a":"***"}'],
    ['what is written in escapes', String.raw`{"a":"s\u0065cret\n"}`, String.raw`{"a":"***\n"}`],
    ['a name', '{"secret":1}', '{"***":1}'],
    [
      'and leaves all else byte for byte',
      '{ "n": 12345678901234567890, "n": 1.0,\n "a":"secret" }',
      '{ "n": 12345678901234567890, "n": 1.0,\n "a":"***" }',
    ],
    ['a string with quotes', String.raw`{"a":"\"secret\" \\"}`, String.raw`{"a":"\"***\" \\"}`],
    ['what is no JSON, as one text', '{"a":"secret', '{"a":"***'],
    ['a bare string', '"secret"', '"***"'],
  ])('change: %s', (_what, json, expected) => expect(changeJsonTexts(json, mask)).toBe(expected));

  it.each([
    ['{"a":41}', '{"a":"**"}'],
    ['[-41e2, 7]', '["**", 7]'],
  ])('turn a number that is hidden into a string: %s', (json, expected) =>
    expect(changeJsonTexts(json, (text) => (/^-?41/.test(text) ? '**' : text))).toBe(expected),
  );

  it('know the property that they are the value of', () => {
    const seen: unknown[] = [];
    changeJsonTexts('{"a":{"b":"1"},"c":["2"],"d":"3"}', (text, key) => {
      seen.push([text, key]);
      return text;
    });
    expect(seen.filter(([text]: Json) => /\d/.test(text))).toEqual([
      ['1', 'b'],
      ['2', undefined],
      ['3', 'd'],
    ]);
  });
});
