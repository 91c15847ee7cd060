import type { AssistantPart, ChatChunk, ChatResponse, FinishReason, JsonObject } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { decode } from '../../test/streams.js';
import { toChunks } from '../chunks.js';
import { fromOpenAiResponse } from './from-response.js';
import { openAiStreamDecoder } from './stream-decoder.js';
import { openAiStreamEncoder } from './stream-encoder.js';
import { toOpenAiResponse } from './to-response.js';
import { asksInFunctions } from './tool-words.js';

const call = (name: string, id = `call_${name}`): AssistantPart => ({
  type: 'tool-call',
  id,
  name,
  arguments: '{"city":"Oslo"}',
  signature: 'opaque',
});

const answer = (content: AssistantPart[], finishReason: FinishReason = 'tool-calls'): ChatResponse => ({
  id: 'i',
  model: 'm',
  created: 1,
  choices: [{ index: 0, content, finishReason }],
});

const choiceOf = (response: ChatResponse): unknown =>
  (toOpenAiResponse(response, { inFunctions: true })['choices'] as JsonObject[])[0];

const streamOf = (response: ChatResponse): string => {
  const encoder = openAiStreamEncoder({ includeUsage: false, inFunctions: true });
  return [...toChunks(response)].map((chunk) => encoder.encode(chunk)).join('') + encoder.end();
};

const eventsOf = (text: string): { delta: JsonObject; finish_reason: string | null }[] =>
  text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => (JSON.parse(event.slice('data: '.length)) as { choices: never[] }).choices[0]!);

describe('a client', () => {
  it.each<[JsonObject, boolean]>([
    [{ functions: [{ name: 'f' }] }, true],
    [{ functions: [{ name: 'f' }], tools: null }, true],
    [{ functions: [{ name: 'f' }], tools: [] }, false],
    [{ functions: null }, false],
    [{ tools: [{ type: 'function', function: { name: 'f' } }] }, false],
    [{ function_call: 'auto' }, false],
    [{}, false],
  ])('that sends %j asks in functions: %p', (body, expected) => expect(asksInFunctions(body)).toBe(expected));
});

describe('a whole answer in functions', () => {
  it('calls one by its name, without an id', () => {
    expect(choiceOf(answer([{ type: 'text', text: 'Let me see.' }, call('weather')]))).toEqual({
      index: 0,
      message: {
        role: 'assistant',
        content: 'Let me see.',
        refusal: null,
        function_call: { name: 'weather', arguments: '{"city":"Oslo"}' },
      },
      logprobs: null,
      finish_reason: 'function_call',
    });
  });

  it('calls the first of several: there is room for one', () => {
    const [first] = (toOpenAiResponse(answer([call('a'), call('b')]), { inFunctions: true })['choices'] ??
      []) as JsonObject[];
    expect(first?.['message']).toMatchObject({ function_call: { name: 'a' } });
    expect(first?.['message']).not.toHaveProperty('tool_calls');
  });

  it.each<[FinishReason, string]>([
    ['stop', 'stop'],
    ['length', 'length'],
    ['content-filter', 'content_filter'],
  ])('without a call is as ever: %s', (reason, word) => {
    const text = answer([{ type: 'text', text: 'Hi' }], reason);
    expect(choiceOf(text)).toMatchObject({ message: { content: 'Hi' }, finish_reason: word });
    expect(toOpenAiResponse(text, { inFunctions: true })).toEqual(toOpenAiResponse(text));
  });

  it('does not repeat the word for its end as the provider’s own', () => {
    const response = answer([call('a')]);
    response.choices[0]!.nativeFinishReason = 'function_call';
    expect(choiceOf(response)).not.toHaveProperty('provider_specific_fields');
  });

  it('reads back as the call that it was', () => {
    const response = toOpenAiResponse(answer([call('a')]), { inFunctions: true });
    expect(fromOpenAiResponse(response).choices[0]).toMatchObject({
      content: [{ type: 'tool-call', id: 'call_a', name: 'a', arguments: '{"city":"Oslo"}' }],
      finishReason: 'tool-calls',
    });
  });
});

describe('a stream in functions', () => {
  it('names the function, then tells its arguments, then its end', () => {
    const events = eventsOf(streamOf(answer([call('weather')])));
    expect(events.map(({ delta, finish_reason: finish }) => finish ?? delta)).toEqual([
      { role: 'assistant', content: '', refusal: null },
      { function_call: { name: 'weather', arguments: '' } },
      { function_call: { arguments: '{"city":"Oslo"}' } },
      'function_call',
    ]);
  });

  it('says nothing of further calls', () => {
    expect(streamOf(answer([call('a'), call('b')]))).toBe(streamOf(answer([call('a')])));
  });

  it('opens a choice whose calls it must leave out, when that choice ends', () => {
    const encoder = openAiStreamEncoder({ includeUsage: false, inFunctions: true });
    const chunks: ChatChunk[] = [
      { type: 'start', id: 'i', model: 'm', created: 1 },
      { type: 'tool-call-start', choice: 1, index: 1, id: 'x', name: 'b' },
      { type: 'finish', choice: 1, reason: 'tool-calls' },
    ];
    expect(eventsOf(chunks.map((chunk) => encoder.encode(chunk)).join('')).map(({ delta }) => delta)).toEqual([
      { role: 'assistant', content: '', refusal: null },
      { role: 'assistant', content: '', refusal: null },
      {},
    ]);
  });

  it('reads back as the call that it was', () => {
    expect(decode(openAiStreamDecoder, streamOf(answer([call('a')])))).toEqual(
      expect.arrayContaining([
        { type: 'tool-call-start', choice: 0, index: 0, id: 'call_a', name: 'a' },
        { type: 'tool-call-delta', choice: 0, index: 0, arguments: '{"city":"Oslo"}' },
      ]),
    );
  });
});
