import type { CompletionRequest, JsonObject, JsonValue } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { badField, fault } from '../../test/faults.js';
import {
  fromOpenAiCompletionRequest,
  fromOpenAiCompletionResponse,
  toOpenAiCompletionRequest,
  toOpenAiCompletionResponse,
} from './completions.js';

const read = (body: JsonObject): CompletionRequest =>
  fromOpenAiCompletionRequest({ model: 'm', prompt: 'Once', ...body });

describe('a completion request', () => {
  it('takes nothing for granted', () => {
    expect(read({})).toEqual({ model: 'm', prompt: 'Once', stream: false, includeUsage: false, extras: {} });
  });

  it.each<[JsonValue]>([['Once'], [['Once', 'Twice']], [[1, 2, 3]], [[[1, 2], [3]]]])(
    'may have the prompt %j',
    (prompt) => expect(read({ prompt }).prompt).toEqual(prompt),
  );

  it.each<[JsonValue | undefined]>([[undefined], [null], [[]], [{}], [5], [['a', 1]], [[[1], 'a']], [[['a']]]])(
    'may not have the prompt %j',
    (prompt) => expect(() => read({ prompt })).toThrow(badField('prompt')),
  );

  it.each<[string, JsonValue]>([
    ['model', 5],
    ['stream', 'true'],
    ['stream_options', 5],
    ['max_tokens', 1.5],
    ['temperature', 'hot'],
    ['top_p', 'x'],
    ['frequency_penalty', 'x'],
    ['presence_penalty', 'x'],
    ['seed', 'x'],
    ['n', 0.5],
    ['stop', 5],
    ['echo', 'yes'],
    ['user', 5],
  ])('names %s when its type is wrong', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(badField(name));
  });

  it('is the same when it is read and written again', () => {
    const body: JsonObject = {
      model: 'm',
      prompt: ['Once'],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 5,
      temperature: 0.5,
      top_p: 0.9,
      frequency_penalty: 1,
      presence_penalty: 1,
      seed: 1,
      n: 2,
      stop: ['x'],
      echo: true,
      user: 'u',
      suffix: 's',
      best_of: 3,
    };
    expect(toOpenAiCompletionRequest(fromOpenAiCompletionRequest(body), 'm')).toEqual(body);
  });

  it('asks every stream for its usage, and only streams', () => {
    expect(toOpenAiCompletionRequest(read({ stream: true }), 'm')).toMatchObject({
      stream_options: { include_usage: true },
    });
    expect(toOpenAiCompletionRequest(read({}), 'm')).toStrictEqual({ model: 'm', prompt: 'Once' });
  });
});

describe('a completion', () => {
  const logprobs = { tokens: ['a'], token_logprobs: [-1], top_logprobs: null, text_offset: [0] };
  const body: JsonObject = {
    id: 'cmpl-1',
    object: 'text_completion',
    created: 1,
    model: 'm',
    choices: [
      { text: 'a', index: 0, logprobs, finish_reason: 'length' },
      { text: 'b', index: 1, logprobs: null, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
  };

  it('is the same when it is read and written again', () => {
    expect(toOpenAiCompletionResponse(fromOpenAiCompletionResponse(body))).toEqual(body);
  });

  it('may say next to nothing', () => {
    expect(fromOpenAiCompletionResponse({ choices: [{ text: 'x' }, {}] })).toMatchObject({
      id: '',
      model: '',
      choices: [
        { index: 0, text: 'x', finishReason: 'stop' },
        { index: 1, text: '', finishReason: 'stop' },
      ],
    });
  });

  it.each<[JsonValue]>([[{}], ['text'], [{ choices: null }]])('cannot be read from %j', (answer) => {
    expect(() => fromOpenAiCompletionResponse(answer)).toThrow(fault('GW_UPSTREAM_INVALID_RESPONSE'));
  });

  it('that failed is no completion', () => {
    const failed = { ...body, choices: [{ text: '', finish_reason: 'error', error: { code: 429, message: 'slow' } }] };
    expect(() => fromOpenAiCompletionResponse(failed)).toThrow(fault('GW_UPSTREAM_RATE_LIMITED'));
  });
});
