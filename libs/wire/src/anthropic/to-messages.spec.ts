import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@turnpike/domain';
import { fromOpenAiRequest } from '../openai/from-request.js';
import { toAnthropicMessages, type TurnOptions } from './to-messages.js';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const turnsOf = (messages: JsonObject[], options: Partial<TurnOptions> = {}) => {
  const policy = { provider: 'provider.test', drop: false, allowed: new Set<string>(), dropped: [] as string[] };
  const request = fromOpenAiRequest({ model: 'm', messages });
  return {
    ...toAnthropicMessages(request.messages, { keepsThinking: true, takesPrefill: true, policy, ...options }),
    dropped: policy.dropped,
  };
};

const user = (content: JsonObject['content']): JsonObject => ({ role: 'user', content });
const assistant = (content: JsonObject['content'], more: JsonObject = {}): JsonObject => ({
  role: 'assistant',
  content,
  ...more,
});
const calling = (...ids: string[]): JsonObject =>
  assistant(null, {
    tool_calls: ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{"x":1}' } })),
  });
const result = (id: string, content: JsonObject['content'] = 'ok'): JsonObject => ({
  role: 'tool',
  tool_call_id: id,
  content,
});
const used = (id: string): JsonObject => ({ type: 'tool_use', id, name: 'f', input: { x: 1 } });
const answered = (id: string, content = 'ok'): JsonObject => ({ type: 'tool_result', tool_use_id: id, content });
const missing = (id: string): JsonObject => ({
  type: 'tool_result',
  tool_use_id: id,
  content: 'This tool call was given no result.',
  is_error: true,
});

describe('toAnthropicMessages', () => {
  it('gathers system and developer messages in their order, markers kept', () => {
    const { system, messages } = turnsOf([
      { role: 'system', content: 'A' },
      user('hi'),
      { role: 'developer', content: [{ type: 'text', text: 'B', cache_control: { type: 'ephemeral' } }] },
    ]);
    expect(system).toEqual([
      { type: 'text', text: 'A' },
      { type: 'text', text: 'B', cache_control: { type: 'ephemeral' } },
    ]);
    expect(messages).toEqual([user('hi')]);
  });

  it.each<[string, JsonObject[], JsonObject[]]>([
    ['puts a placeholder where only a system message is', [{ role: 'system', content: 'A' }], [user('.')]],
    [
      'puts a placeholder for an empty user turn',
      [user(''), assistant('a'), user(' \n')],
      [user('.'), assistant('a'), user('.')],
    ],
    ['begins with a user turn', [assistant('a'), user('b')], [user('.'), assistant('a'), user('b')]],
    [
      'merges turns of the same role',
      [user('a'), user('b'), assistant('c'), assistant('d'), user('e')],
      [
        user([
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ]),
        assistant([
          { type: 'text', text: 'c' },
          { type: 'text', text: 'd' },
        ]),
        user('e'),
      ],
    ],
    [
      'leaves out an assistant message that says nothing',
      [user('a'), assistant(''), user('b')],
      [
        user([
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ]),
      ],
    ],
    [
      'merges results and the text after them, results first',
      [user('q'), calling('a', 'b'), result('a'), user('and?'), result('b', '2')],
      [
        user('q'),
        assistant([used('a'), used('b')]),
        user([answered('a'), answered('b', '2'), { type: 'text', text: 'and?' }]),
      ],
    ],
    [
      'makes up a result that is missing',
      [user('q'), calling('a', 'b'), result('b'), calling('c'), user('stop')],
      [
        user('q'),
        assistant([used('a'), used('b')]),
        user([answered('b'), missing('a')]),
        assistant([used('c')]),
        user([missing('c'), { type: 'text', text: 'stop' }]),
      ],
    ],
    [
      'answers a call at the end of the history',
      [user('q'), calling('a')],
      [user('q'), assistant([used('a')]), user([missing('a')])],
    ],
    [
      'sends ids that Anthropic takes',
      [user('q'), calling('functions.f:0'), result('functions.f:0')],
      [user('q'), assistant([used('functions_f_0')]), user([answered('functions_f_0')])],
    ],
    ['trims the end of a prefill', [user('q'), assistant('The answer is \n')], [user('q'), assistant('The answer is')]],
    [
      'keeps signed thinking, drops what another provider thought',
      [
        user('q'),
        assistant('a', {
          thinking_blocks: [
            { type: 'thinking', thinking: 't', signature: 's' },
            { type: 'redacted_thinking', data: 'd' },
          ],
        }),
        user('q2'),
        assistant('b', { reasoning_content: 'unsigned' }),
        user('q3'),
      ],
      [
        user('q'),
        assistant([
          { type: 'thinking', thinking: 't', signature: 's' },
          { type: 'redacted_thinking', data: 'd' },
          { type: 'text', text: 'a' },
        ]),
        user('q2'),
        assistant('b'),
        user('q3'),
      ],
    ],
    [
      'keeps a refusal as text',
      [user('q'), assistant(null, { refusal: 'No.' }), user('why')],
      [user('q'), assistant('No.'), user('why')],
    ],
    [
      'reads empty arguments as an empty object',
      [
        user('q'),
        assistant(null, { tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] }),
        result('a', ''),
      ],
      [
        user('q'),
        assistant([{ type: 'tool_use', id: 'a', name: 'f', input: {} }]),
        user([{ type: 'tool_result', tool_use_id: 'a' }]),
      ],
    ],
    [
      'marks a whole result where a part of it is marked',
      [
        user('q'),
        calling('a'),
        result('a', [
          { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
        ]),
      ],
      [
        user('q'),
        assistant([used('a')]),
        user([
          {
            type: 'tool_result',
            tool_use_id: 'a',
            content: [
              { type: 'text', text: 'x' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
            ],
            cache_control: { type: 'ephemeral' },
          },
        ]),
      ],
    ],
  ])('%s', (_title, messages, expected) => expect(turnsOf(messages).messages).toEqual(expected));

  it('ends with a user turn where the model takes no prefill', () =>
    expect(turnsOf([user('q'), assistant('a')], { takesPrefill: false }).messages).toEqual([
      user('q'),
      assistant('a'),
      user('Continue.'),
    ]));

  it('leaves thinking out on demand', () =>
    expect(
      turnsOf([user('q'), assistant('a', { thinking_blocks: [{ thinking: 't', signature: 's' }] }), user('b')], {
        keepsThinking: false,
      }).messages[1],
    ).toEqual(assistant('a')));

  it.each<[string, JsonObject, JsonObject]>([
    [
      'an https image by its address',
      { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
      { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
    ],
    [
      'an image by what its bytes are',
      { type: 'image_url', image_url: { url: `data:image/jpg;base64,${PNG}` } },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
    ],
    [
      'a PDF as a document with its name',
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0xLjQ=' } },
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0xLjQ=' },
        title: 'a.pdf',
      },
    ],
    [
      'a PDF that was called an image',
      { type: 'image_url', image_url: { url: 'data:image/png;base64,JVBERi0xLjQ=' } },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0xLjQ=' } },
    ],
    [
      'text files as text',
      { type: 'file', file: { filename: 'a.csv', file_data: 'data:text/csv;base64,YSxi' } },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a,b' }, title: 'a.csv' },
    ],
    [
      'a file kept at Anthropic by its id',
      { type: 'file', file: { file_id: 'file_1' }, cache_control: { type: 'ephemeral' } },
      { type: 'document', source: { type: 'file', file_id: 'file_1' }, cache_control: { type: 'ephemeral' } },
    ],
  ])('sends %s', (_title, part, expected) =>
    expect(turnsOf([user([part])]).messages[0]?.['content']).toEqual([expected]),
  );

  it.each<[string, JsonObject[], string]>([
    ['audio', [user([{ type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }])], 'messages[0].content[0]'],
    [
      'a file of another kind',
      [user([{ type: 'file', file: { file_data: 'data:application/zip;base64,UEsDBA==' } }])],
      'messages[0].content[0]',
    ],
    [
      'arguments that are no JSON object',
      [
        user('q'),
        assistant(null, { tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":' } }] }),
      ],
      'messages[1]',
    ],
  ])('refuses %s and names the place', (_title, messages, param) =>
    expect(() => turnsOf(messages)).toThrow(
      expect.objectContaining({ code: 'GW_INVALID_REQUEST', facts: expect.objectContaining({ param }) as unknown }),
    ),
  );

  it('tells which hints it left out', () => {
    const { dropped } = turnsOf([
      { ...user([{ type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' } }]), name: 'ann' },
      { ...user('b'), name: 'bob' },
    ]);
    expect(dropped).toEqual(['messages.name', 'messages.image_url.detail']);
  });
});
