import type { JsonObject, JsonValue } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { fault } from '../../test/faults.js';
import { fromOpenAiResponse } from './from-response.js';
import { toOpenAiResponse } from './to-response.js';

const USAGE = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };

const anAnswer = (message: JsonObject, choice: JsonObject = {}, rest: JsonObject = {}): JsonObject => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop', ...choice }],
  usage: USAGE,
  ...rest,
});

const call = { id: 'call_a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } };

describe('fromOpenAiResponse', () => {
  it('reads an answer', () => {
    expect(fromOpenAiResponse(anAnswer({ content: 'Hi' }))).toEqual({
      id: 'chatcmpl-1',
      model: 'm',
      created: 1,
      choices: [
        { index: 0, content: [{ type: 'text', text: 'Hi' }], finishReason: 'stop', nativeFinishReason: 'stop' },
      ],
      usage: { inputTokens: 5, outputTokens: 2, totalTokens: 7 },
    });
  });

  it('keeps fields that have no counterpart', () => {
    const extra = { citations: ['https://a.b'], system_fingerprint: 'fp', service_tier: 'flex' };
    const { extras, systemFingerprint, serviceTier } = fromOpenAiResponse(anAnswer({ content: 'x' }, {}, extra));
    expect({ extras, systemFingerprint, serviceTier }).toEqual({
      extras: { citations: ['https://a.b'] },
      systemFingerprint: 'fp',
      serviceTier: 'flex',
    });
  });

  it('keeps log probabilities and citations', () => {
    const logprobs = { content: [{ token: 'Hi', logprob: -0.1, bytes: null, top_logprobs: [] }], refusal: null };
    const annotations = [{ type: 'url_citation', url_citation: { url: 'https://a.b' } }];
    const { choices } = fromOpenAiResponse(anAnswer({ content: 'Hi', annotations }, { logprobs }));
    expect(choices[0]).toMatchObject({ logprobs, content: [{ type: 'text', text: 'Hi', annotations }] });
  });

  it('reads sound', () => {
    const audio = { id: 'audio_1', data: 'AAAA', expires_at: 9, transcript: 'Hi' };
    expect(fromOpenAiResponse(anAnswer({ content: null, audio })).choices[0]?.content).toEqual([
      { type: 'audio', id: 'audio_1', data: 'AAAA', expiresAt: 9, transcript: 'Hi' },
    ]);
  });

  it('puts up with an answer that says next to nothing', () => {
    const before = Math.floor(Date.now() / 1_000);
    const { id, model, created, usage, choices } = fromOpenAiResponse({
      choices: [{ message: { content: 'x' } }, { message: { content: 'y' } }],
    });
    expect([id, model, usage]).toEqual(['', '', undefined]);
    expect(created).toBeGreaterThanOrEqual(before);
    expect(choices.map(({ index, finishReason }) => [index, finishReason])).toEqual([
      [0, 'stop'],
      [1, 'stop'],
    ]);
  });

  it.each<[string, JsonValue]>([
    ['no choices', { id: 'x' }],
    ['a bare text', 'Service unavailable'],
    ['null', null],
    ['a list', []],
    ['a malformed call', anAnswer({ tool_calls: [{ id: 'a' }] })],
    ['a malformed content', anAnswer({ content: 5 })],
  ])('says that %s cannot be read', (_title, body) => {
    expect(() => fromOpenAiResponse(body)).toThrow(fault('GW_UPSTREAM_INVALID_RESPONSE'));
  });
});

describe('an answer that is read and written again', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['a text', { content: 'Hi', refusal: null }, {}],
    ['a refusal', { content: null, refusal: 'I will not.' }, {}],
    [
      'calls',
      { content: null, refusal: null, tool_calls: [call, { ...call, id: 'b' }] },
      { finish_reason: 'tool_calls' },
    ],
    ['a cut', { content: 'Hi', refusal: null }, { finish_reason: 'length' }],
    ['a filter', { content: null, refusal: null }, { finish_reason: 'content_filter' }],
    ['reasoning', { content: 'x', refusal: null, reasoning_content: 'r' }, {}],
    [
      'signed reasoning',
      {
        content: 'x',
        refusal: null,
        reasoning_content: 'r',
        thinking_blocks: [{ type: 'thinking', thinking: 'r', signature: 's' }],
      },
      {},
    ],
    [
      'a signed call',
      {
        content: null,
        refusal: null,
        tool_calls: [{ ...call, extra_content: { google: { thought_signature: 's' } } }],
      },
      { finish_reason: 'tool_calls' },
    ],
    ['log probabilities', { content: 'Hi', refusal: null }, { logprobs: { content: [], refusal: null } }],
    ['sound', { content: null, refusal: null, audio: { id: 'a', data: 'AA==', expires_at: 1, transcript: 't' } }, {}],
  ])('of %s is the same', (_title, message, choice) => {
    const body = anAnswer(message, { logprobs: null, ...choice });
    expect(toOpenAiResponse(fromOpenAiResponse(body))).toEqual(body);
  });

  it('has every choice', () => {
    const choices = [0, 1, 2].map((index) => ({
      index,
      message: { role: 'assistant', content: `answer ${index}`, refusal: null },
      logprobs: null,
      finish_reason: 'stop',
    }));
    const body = anAnswer({}, {}, { choices, system_fingerprint: 'fp', service_tier: 'default', citations: [] });
    expect(toOpenAiResponse(fromOpenAiResponse(body))).toEqual(body);
  });

  it('is in proper shape where the host was careless', () => {
    const careless = {
      choices: [{ message: { tool_calls: { function: { name: 'f', arguments: { x: 1 } } } }, finish_reason: 'eos' }],
      usage: { prompt_tokens: 5, completion_tokens: 2 },
    };
    expect(toOpenAiResponse(fromOpenAiResponse(careless))).toEqual({
      id: '',
      object: 'chat.completion',
      created: expect.any(Number),
      model: '',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: null,
            refusal: null,
            tool_calls: [
              {
                id: expect.stringMatching(/^call_\w{24}$/),
                type: 'function',
                function: { name: 'f', arguments: '{"x":1}' },
              },
            ],
          },
          logprobs: null,
          finish_reason: 'tool_calls',
          provider_specific_fields: { native_finish_reason: 'eos' },
        },
      ],
      usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
    });
  });
});
