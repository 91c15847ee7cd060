import type { AssistantPart, ContentPart, JsonObject, JsonValue } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { badField } from '../../test/faults.js';
import {
  argumentsText,
  fromOpenAiAssistant,
  fromOpenAiContent,
  thoughtSignature,
  toOpenAiAssistant,
  toOpenAiContent,
} from './content.js';

const MARK = { type: 'ephemeral' };

describe('content of a user', () => {
  it.each<[string, JsonValue, ContentPart[]]>([
    ['a text', 'x', [{ type: 'text', text: 'x' }]],
    [
      'a marked text',
      [{ type: 'text', text: 'x', cache_control: MARK }],
      [{ type: 'text', text: 'x', cacheControl: MARK }],
    ],
    [
      'an address of a picture',
      [{ type: 'image_url', image_url: { url: 'https://a.b/c.png', detail: 'high' }, cache_control: MARK }],
      [{ type: 'image', url: 'https://a.b/c.png', detail: 'high', cacheControl: MARK }],
    ],
    [
      'a picture',
      [{ type: 'image_url', image_url: { url: 'data:image/webp;base64,AAAA' } }],
      [{ type: 'image', mediaType: 'image/webp', data: 'AAAA' }],
    ],
    [
      'sound',
      [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }],
      [{ type: 'audio', data: 'AAAA', mediaType: 'audio/wav' }],
    ],
    ['a kept file', [{ type: 'file', file: { file_id: 'f1' } }], [{ type: 'file', fileId: 'f1' }]],
    [
      'a file',
      [{ type: 'file', file: { file_data: 'data:text/csv;base64,AAAA', filename: 'a.csv' }, cache_control: MARK }],
      [{ type: 'file', mediaType: 'text/csv', data: 'AAAA', filename: 'a.csv', cacheControl: MARK }],
    ],
    [
      'an address of a file',
      [{ type: 'file', file: { file_data: 'https://a.b/c.pdf' } }],
      [{ type: 'file', url: 'https://a.b/c.pdf' }],
    ],
  ])('%s is read and written', (_title, content, parts) => {
    expect(fromOpenAiContent(content, 'content')).toEqual(parts);
    expect(toOpenAiContent(parts)).toEqual(content);
  });

  it.each<[string, JsonValue | undefined, ContentPart[]]>([
    ['nothing', undefined, []],
    ['null', null, []],
    ["the Responses API's words", [{ type: 'input_text', text: 'x' }], [{ type: 'text', text: 'x' }]],
    ['a refusal', [{ type: 'refusal', refusal: 'no' }], [{ type: 'text', text: 'no' }]],
    [
      'a bare address',
      [{ type: 'image_url', image_url: 'https://a.b/c.png' }],
      [{ type: 'image', url: 'https://a.b/c.png' }],
    ],
    [
      'a file in bare base64',
      [{ type: 'file', file: { file_data: 'AAAA' } }],
      [{ type: 'file', data: 'AAAA', mediaType: 'application/pdf' }],
    ],
  ])('%s is read', (_title, content, parts) => expect(fromOpenAiContent(content, 'content')).toEqual(parts));

  it.each<[string, JsonObject]>([
    ['c[0].type', { type: 'video' }],
    ['c[0].image_url', { type: 'image_url', image_url: 5 }],
    ['c[0].image_url.url', { type: 'image_url', image_url: {} }],
    ['c[0].image_url.detail', { type: 'image_url', image_url: { url: 'x', detail: 5 } }],
    ['c[0].input_audio', { type: 'input_audio' }],
    ['c[0].input_audio.data', { type: 'input_audio', input_audio: { format: 'wav' } }],
    ['c[0].input_audio.format', { type: 'input_audio', input_audio: { data: 'AAAA' } }],
    ['c[0].file', { type: 'file', file: { filename: 'a' } }],
    ['c[0].file.file_data', { type: 'file', file: { file_data: 5 } }],
    ['c[0].cache_control', { type: 'text', text: 'x', cache_control: 'yes' }],
  ])('is refused by the path %s', (path, part) => {
    expect(() => fromOpenAiContent([part], 'c')).toThrow(badField(path));
  });

  it.each<[string, ContentPart]>([
    ['a kept picture', { type: 'image', fileId: 'f1' }],
    ['sound at an address', { type: 'audio', url: 'https://a.b/c.mp3', mediaType: 'audio/mpeg' }],
  ])('cannot be %s: this format has no words for it', (_title, part) => {
    expect(() => toOpenAiContent([part])).toThrow(badField('messages'));
  });
});

describe("a model's turn", () => {
  const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } };
  const callPart: AssistantPart = { type: 'tool-call', id: 'a', name: 'f', arguments: '{}' };

  it.each<[string, JsonObject, AssistantPart[]]>([
    ['a text', { content: 'x' }, [{ type: 'text', text: 'x' }]],
    ['a refusal', { content: null, refusal: 'no' }, [{ type: 'refusal', text: 'no' }]],
    ['a call', { content: null, tool_calls: [call] }, [callPart]],
    [
      'reasoning, text and a call',
      { content: 'x', reasoning_content: 'r', tool_calls: [call] },
      [{ type: 'reasoning', text: 'r' }, { type: 'text', text: 'x' }, callPart],
    ],
    [
      'signed reasoning',
      { content: 'x', reasoning_content: 'r', thinking_blocks: [{ type: 'thinking', thinking: 'r', signature: 's' }] },
      [
        { type: 'reasoning', text: 'r', signature: 's' },
        { type: 'text', text: 'x' },
      ],
    ],
    [
      'hidden reasoning',
      { content: null, reasoning_content: '', thinking_blocks: [{ type: 'redacted_thinking', data: 'd' }] },
      [{ type: 'reasoning', text: '', redacted: 'd' }],
    ],
    [
      'a signed text',
      { content: 'x', provider_specific_fields: { thought_signature: 's' } },
      [{ type: 'text', text: 'x', signature: 's' }],
    ],
    [
      'a signed call',
      { content: null, tool_calls: [{ ...call, extra_content: { google: { thought_signature: 's' } } }] },
      [{ ...callPart, signature: 's' }],
    ],
    [
      'a picture',
      { content: 'x', images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] },
      [
        { type: 'text', text: 'x' },
        { type: 'image', mediaType: 'image/png', data: 'AAAA' },
      ],
    ],
    ['earlier sound', { content: null, audio: { id: 'audio_1' } }, [{ type: 'audio', id: 'audio_1' }]],
  ])('of %s is read and written', (_title, fields, parts) => {
    const message = { role: 'assistant', ...fields };
    expect(fromOpenAiAssistant(message, 'm')).toEqual(parts);
    expect(toOpenAiAssistant(parts)).toEqual(message);
  });

  it.each<[string, JsonObject]>([
    ['reasoning_content', { reasoning_content: 'Hm.' }],
    ['reasoning', { reasoning: 'Hm.' }],
    ['reasoning beside an empty reasoning_content', { reasoning_content: '', reasoning: 'Hm.' }],
    [
      'reasoning_details',
      { reasoning_details: [{ type: 'reasoning.text', text: 'H' }, { summary: 'm.' }, { data: 'x' }] },
    ],
    ['reasoning with details beside it', { reasoning: 'Hm.', reasoning_details: [{ text: 'Hm.' }] }],
    [
      'a thinking block without a signature',
      { thinking_blocks: [{ type: 'thinking', thinking: 'Hm.', signature: '' }] },
    ],
  ])('may spell its reasoning as %s', (_title, message) => {
    expect(fromOpenAiAssistant(message, 'm')).toEqual([{ type: 'reasoning', text: 'Hm.' }]);
  });

  it.each<[string, JsonObject]>([
    ["Google's", { extra_content: { google: { thought_signature: 's' } } }],
    ["Vertex's", { extra_content: { vertex: { thought_signature: 's' } } }],
    ["LiteLLM's", { provider_specific_fields: { thought_signature: 's' } }],
  ])('may sign a call in %s way', (_title, fields) => expect(thoughtSignature({ ...call, ...fields })).toBe('s'));

  it('may call a tool of free text', () => {
    const custom = { id: 'a', type: 'custom', custom: { name: 'g', input: 'free text' } };
    expect(fromOpenAiAssistant({ tool_calls: [custom] }, 'm')).toEqual([
      { type: 'tool-call', id: 'a', name: 'g', arguments: 'free text' },
    ]);
  });

  it('may not hold a file', () => {
    const file = { type: 'file', file: { file_id: 'f1' } };
    expect(() => fromOpenAiAssistant({ content: [file] }, 'm')).toThrow(badField('m.content'));
  });

  it('keeps citations with its text', () => {
    const annotations = [{ type: 'url_citation', url_citation: { url: 'https://a.b' } }];
    expect(toOpenAiAssistant([{ type: 'text', text: 'x', annotations }])).toEqual({
      role: 'assistant',
      content: 'x',
      annotations,
    });
  });

  it('tells new sound with its data, old sound by its id', () => {
    const audio = (part: AssistantPart) => toOpenAiAssistant([part])['audio'];
    expect(audio({ type: 'audio', id: 'a' })).toEqual({ id: 'a' });
    expect(audio({ type: 'audio', id: 'a', data: 'AAAA', transcript: 't', expiresAt: 5 })).toEqual({
      id: 'a',
      data: 'AAAA',
      transcript: 't',
      expires_at: 5,
    });
  });
});

describe('argumentsText', () => {
  it.each<[JsonValue | undefined, string]>([
    ['{"a":1}', '{"a":1}'],
    [{ a: 1 }, '{"a":1}'],
    [null, ''],
    [undefined, ''],
    ['', ''],
  ])('of %j is %j', (value, text) => expect(argumentsText(value)).toBe(text));
});
