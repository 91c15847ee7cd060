import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ChatResponse, JsonObject } from '@turnpike/domain';
import { fromAnthropicResponse } from './from-response.js';
import { toAnthropicResponse } from './to-response.js';

beforeAll(() => void jest.useFakeTimers({ now: 1_700_000_000_000 }));
afterAll(() => void jest.useRealTimers());

const aMessage = (fields: JsonObject): JsonObject => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  content: [],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 4, output_tokens: 2 },
  ...fields,
});

const contentOf = (...content: JsonObject[]) => fromAnthropicResponse(aMessage({ content })).choices[0]?.content;

describe('fromAnthropicResponse', () => {
  it('reads id, model, time, usage and tier', () =>
    expect(
      fromAnthropicResponse(
        aMessage({
          content: [{ type: 'text', text: 'Hi' }],
          usage: { input_tokens: 4, output_tokens: 2, service_tier: 'standard' },
        }),
      ),
    ).toEqual({
      id: 'msg_1',
      model: 'claude-x',
      created: 1_700_000_000,
      choices: [
        { index: 0, content: [{ type: 'text', text: 'Hi' }], finishReason: 'stop', nativeFinishReason: 'end_turn' },
      ],
      usage: { inputTokens: 4, outputTokens: 2, totalTokens: 6 },
      serviceTier: 'default',
    }));

  it('reads thinking, text and calls in their order', () =>
    expect(
      contentOf(
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'redacted_thinking', data: 'd' },
        { type: 'text', text: 'a' },
        { type: 'tool_use', id: 'toolu_1', name: 'f', input: { x: 1 } },
        { type: 'tool_use', id: 'toolu_2', name: 'now', input: {} },
        { type: 'text', text: 'b' },
      ),
    ).toEqual([
      { type: 'reasoning', text: 'hm', signature: 's' },
      { type: 'reasoning', text: '', redacted: 'd' },
      { type: 'text', text: 'a' },
      { type: 'tool-call', id: 'toolu_1', name: 'f', arguments: '{"x":1}' },
      { type: 'tool-call', id: 'toolu_2', name: 'now', arguments: '{}' },
      { type: 'text', text: 'b' },
    ]));

  it('joins texts and places their citations in the whole', () => {
    const web = {
      type: 'web_search_result_location',
      url: 'https://x.test',
      title: 'X',
      cited_text: 'c',
      encrypted_index: 'e',
    };
    const page = {
      type: 'page_location',
      document_index: 0,
      document_title: 'D',
      start_page_number: 1,
      cited_text: 'c',
    };
    expect(
      contentOf(
        { type: 'text', text: 'See ' },
        { type: 'text', text: 'this', citations: [web] },
        { type: 'text', text: ' and ', citations: null },
        { type: 'text', text: 'that', citations: [page] },
      ),
    ).toEqual([
      {
        type: 'text',
        text: 'See this and that',
        annotations: [
          { type: 'url_citation', url_citation: { ...web, start_index: 4, end_index: 8 } },
          { type: 'file_citation', file_citation: { ...page, start_index: 13, end_index: 17 } },
        ],
      },
    ]);
  });

  it('takes the call of the JSON tool for the answer', () =>
    expect(
      fromAnthropicResponse(
        aMessage({
          content: [{ type: 'tool_use', id: 't', name: 'json_tool_call', input: { a: 1 } }],
          stop_reason: 'tool_use',
        }),
      ).choices[0],
    ).toMatchObject({ content: [{ type: 'text', text: '{"a":1}' }], finishReason: 'stop' }));

  it("keeps the blocks of the server's tools beside the answer, as no calls of the client's", () => {
    const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } };
    const found = { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] };
    const response = fromAnthropicResponse(
      aMessage({ content: [search, found, { type: 'text', text: 'a' }], container: { id: 'c' }, stop_details: null }),
    );
    expect(response.choices[0]).toMatchObject({ content: [{ type: 'text', text: 'a' }], finishReason: 'stop' });
    expect(response.extras).toEqual({
      container: { id: 'c' },
      provider_specific_fields: { server_tool_blocks: [search, found] },
    });
  });

  it.each([
    [null],
    ['<html></html>'],
    [{}],
    [{ content: 'text' }],
    [aMessage({ content: [{ type: 'tool_use', input: {} }] })],
  ])('cannot read %j', (body) =>
    expect(() => fromAnthropicResponse(body)).toThrow(
      expect.objectContaining({ code: 'GW_UPSTREAM_INVALID_RESPONSE' }),
    ),
  );

  it('throws the error that came in a 200', () =>
    expect(() =>
      fromAnthropicResponse({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
    ).toThrow(expect.objectContaining({ code: 'GW_UPSTREAM_UNAVAILABLE' })));
});

describe('toAnthropicResponse', () => {
  const anAnswer = (fields: Partial<ChatResponse['choices'][0]>, more: Partial<ChatResponse> = {}): ChatResponse => ({
    id: 'chatcmpl-1',
    model: 'gpt-x',
    created: 1,
    choices: [{ index: 0, content: [], finishReason: 'stop', ...fields }],
    ...more,
  });

  it('writes a message, zeros where nothing is known', () =>
    expect(
      toAnthropicResponse(anAnswer({ content: [{ type: 'text', text: 'Hi' }], nativeFinishReason: 'stop' })),
    ).toEqual({
      id: 'msg_chatcmpl-1',
      type: 'message',
      role: 'assistant',
      model: 'gpt-x',
      content: [{ type: 'text', text: 'Hi' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: {
        input_tokens: 0,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
        output_tokens: 0,
        service_tier: 'standard',
      },
    }));

  it('writes every kind of part', () =>
    expect(
      toAnthropicResponse(
        anAnswer({
          finishReason: 'tool-calls',
          content: [
            { type: 'reasoning', text: 'r' },
            {
              type: 'text',
              text: 't',
              annotations: [
                {
                  type: 'url_citation',
                  url_citation: { url: 'https://x.test', title: 'X', start_index: 0, end_index: 1 },
                },
              ],
            },
            { type: 'audio', transcript: 'spoken' },
            { type: 'image', data: 'AA', mediaType: 'image/png' },
            { type: 'tool-call', id: 'functions.f:0', name: 'f', arguments: '{"x":1}' },
            { type: 'tool-call', id: 'b', name: 'f', arguments: '{"x":' },
          ],
        }),
      ),
    ).toMatchObject({
      stop_reason: 'tool_use',
      content: [
        { type: 'thinking', thinking: 'r', signature: '' },
        {
          type: 'text',
          text: 't',
          citations: [
            {
              type: 'web_search_result_location',
              url: 'https://x.test',
              title: 'X',
              cited_text: '',
              encrypted_index: '',
            },
          ],
        },
        { type: 'text', text: 'spoken' },
        { type: 'tool_use', id: 'functions_f_0', name: 'f', input: { x: 1 } },
        { type: 'tool_use', id: 'b', name: 'f', input: {} },
      ],
    }));

  it('calls a refusal one', () =>
    expect(toAnthropicResponse(anAnswer({ content: [{ type: 'refusal', text: 'No.' }] }))).toMatchObject({
      content: [{ type: 'text', text: 'No.' }],
      stop_reason: 'refusal',
    }));

  it('keeps reasoning from a client that did not ask', () =>
    expect(
      toAnthropicResponse(
        anAnswer({
          content: [
            { type: 'reasoning', text: 'r' },
            { type: 'text', text: 't' },
          ],
        }),
        { includeReasoning: false },
      )['content'],
    ).toEqual([{ type: 'text', text: 't' }]));

  it('makes ids where there are none', () => {
    const message = toAnthropicResponse(
      anAnswer({ content: [{ type: 'tool-call', id: '', name: 'f', arguments: '{}' }] }, { id: '' }),
    );
    expect(message['id']).toMatch(/^msg_[0-9a-f]{32}$/);
    expect(message['content']).toEqual([
      { type: 'tool_use', id: expect.stringMatching(/^toolu_[0-9a-f]{24}$/) as unknown, name: 'f', input: {} },
    ]);
  });

  it('is never without content', () =>
    expect(toAnthropicResponse(anAnswer({}))['content']).toEqual([{ type: 'text', text: '' }]));

  it('gives back what fromAnthropicResponse read', () => {
    const message = aMessage({
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'redacted_thinking', data: 'd' },
        {
          type: 'text',
          text: 'a',
          citations: [
            { type: 'char_location', document_index: 0, start_char_index: 1, end_char_index: 2, cited_text: 'c' },
          ],
        },
        { type: 'tool_use', id: 'toolu_1', name: 'f', input: { x: 1 } },
      ],
      stop_reason: 'tool_use',
      container: { id: 'c' },
      usage: {
        input_tokens: 4,
        cache_creation_input_tokens: 3,
        cache_read_input_tokens: 2,
        cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 1 },
        output_tokens: 2,
        service_tier: 'priority',
      },
    });
    expect(toAnthropicResponse(fromAnthropicResponse(message))).toEqual(message);
  });
});
