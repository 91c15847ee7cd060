import type { ChatRequest, JsonObject, ReasoningOptions, Tool } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { badField, fault } from '../../test/faults.js';
import { aPolicy } from '../../test/policy.js';
import { fromOpenAiRequest } from './from-request.js';
import { toOpenAiRequest } from './to-request.js';

const aRequest = (changes: Partial<ChatRequest> = {}): ChatRequest => ({
  model: 'asked',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
  stream: false,
  includeUsage: false,
  extras: {},
  ...changes,
});

const write = (changes: Partial<ChatRequest> = {}, policy = aPolicy()): JsonObject =>
  toOpenAiRequest(aRequest(changes), 'upstream', policy);

describe('toOpenAiRequest', () => {
  it('writes nothing that was not asked for', () => {
    expect(write()).toStrictEqual({ model: 'upstream', messages: [{ role: 'user', content: 'Hi' }] });
  });

  it.each<[Partial<ChatRequest>, JsonObject]>([
    [{ maxOutputTokens: 5 }, { max_completion_tokens: 5 }],
    [
      { temperature: 0, topP: 0.5, topK: 3 },
      { temperature: 0, top_p: 0.5, top_k: 3 },
    ],
    [
      { frequencyPenalty: 1, presencePenalty: -1 },
      { frequency_penalty: 1, presence_penalty: -1 },
    ],
    [
      { seed: 0, n: 2, stop: ['x'] },
      { seed: 0, n: 2, stop: ['x'] },
    ],
    [
      { logprobs: false, topLogprobs: 0 },
      { logprobs: false, top_logprobs: 0 },
    ],
    [
      { parallelToolCalls: false, user: 'u' },
      { parallel_tool_calls: false, user: 'u' },
    ],
    [{ responseFormat: { type: 'text' } }, { response_format: { type: 'text' } }],
    [{ responseFormat: { type: 'json' } }, { response_format: { type: 'json_object' } }],
    [
      { responseFormat: { type: 'json-schema', name: 'n', schema: {}, strict: false, description: 'd' } },
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'n', schema: {}, strict: false, description: 'd' },
        },
      },
    ],
    [{ toolChoice: { type: 'required' } }, { tool_choice: 'required' }],
    [{ toolChoice: { type: 'tool', name: 'f' } }, { tool_choice: { type: 'function', function: { name: 'f' } } }],
    [{ extras: { store: true, model: 'sneaky' } }, { store: true }],
  ])('writes %j', (changes, expected) => {
    expect(write(changes)).toStrictEqual({ ...write(), ...expected });
  });

  it('asks every stream for its usage, and only streams', () => {
    expect(write({ stream: true })).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    expect(write({ includeUsage: true })).not.toHaveProperty('stream_options');
  });

  it('calls a tool by its kind when it must be used', () => {
    const definition = { type: 'custom', custom: { name: 'c' } };
    const tools: Tool[] = [{ type: 'native', dialect: 'openai', definition }];
    expect(write({ tools, toolChoice: { type: 'tool', name: 'c' } })).toMatchObject({
      tools: [definition],
      tool_choice: { type: 'custom', custom: { name: 'c' } },
    });
  });

  it.each<[ReasoningOptions, string | undefined]>([
    [{ effort: 'xhigh' }, 'xhigh'],
    [{ effort: 'low', budgetTokens: 50_000 }, 'low'],
    [{ budgetTokens: 0 }, 'none'],
    [{ budgetTokens: 1_024 }, 'low'],
    [{ budgetTokens: 1_025 }, 'medium'],
    [{ budgetTokens: 2_048 }, 'medium'],
    [{ budgetTokens: 2_049 }, 'high'],
    [{ budgetTokens: -1 }, undefined],
    [{ includeText: true }, undefined],
  ])('turns the reasoning %j into the effort %p', (reasoning, effort) => {
    expect(write({ reasoning })['reasoning_effort']).toBe(effort);
  });
});

describe('a tool of another dialect', () => {
  const definition = { type: 'web_search_20250305', name: 'web_search' };
  const tools: Tool[] = [
    { type: 'native', dialect: 'anthropic', definition },
    { type: 'function', name: 'f' },
  ];

  it('is refused', () => {
    expect(() => write({ tools })).toThrow(fault('GW_UNSUPPORTED_PARAMETER', 'tools'));
  });

  it('is dropped where parameters may be, and named', () => {
    const policy = aPolicy({ drop: true });
    expect(write({ tools }, policy)['tools']).toEqual([{ type: 'function', function: { name: 'f' } }]);
    expect(policy.dropped).toEqual(['tools']);
  });

  it('passes where the operator allows it', () => {
    expect(write({ tools }, aPolicy({ allowed: new Set(['tools']) }))['tools']).toContainEqual(definition);
  });

  it('leaves no empty list behind', () => {
    expect(write({ tools: tools.slice(0, 1) }, aPolicy({ drop: true }))).not.toHaveProperty('tools');
  });
});

describe('a message', () => {
  const said = [{ type: 'text' as const, text: 'x' }];
  it.each<[ChatRequest['messages'][number], JsonObject]>([
    [
      { role: 'system', content: said },
      { role: 'system', content: 'x' },
    ],
    [
      { role: 'system', content: said, isDeveloper: true },
      { role: 'developer', content: 'x' },
    ],
    [
      { role: 'user', content: said, name: 'n' },
      { role: 'user', content: 'x', name: 'n' },
    ],
    [
      { role: 'assistant', content: said, name: 'n' },
      { role: 'assistant', content: 'x', name: 'n' },
    ],
    [
      { role: 'tool', toolCallId: 'c', content: said, name: 'f', isError: true },
      { role: 'tool', tool_call_id: 'c', content: 'x' },
    ],
  ])('%j is written', (message, expected) => {
    expect(write({ messages: [message] })['messages']).toStrictEqual([expected]);
  });

  it('with media that only another provider can read is refused', () => {
    const content = [{ type: 'image' as const, fileId: 'file-1' }];
    expect(() => write({ messages: [{ role: 'user', content }] })).toThrow(badField('messages'));
  });
});

describe('a request that is read and written again', () => {
  const body: JsonObject = {
    model: 'upstream',
    messages: [
      { role: 'developer', content: 'Be brief.' },
      { role: 'system', content: [{ type: 'text', text: 'Cached.', cache_control: { type: 'ephemeral' } }] },
      {
        role: 'user',
        name: 'ann',
        content: [
          { type: 'text', text: 'Look:' },
          { type: 'image_url', image_url: { url: 'https://a.b/c.png', detail: 'low' } },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
          { type: 'file', file: { file_id: 'file-1' } },
          { type: 'file', file: { file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        reasoning_content: 'Hm.',
        thinking_blocks: [
          { type: 'thinking', thinking: 'Hm.', signature: 's' },
          { type: 'redacted_thinking', data: 'r' },
        ],
        tool_calls: [
          {
            id: 'a',
            type: 'function',
            function: { name: 'f', arguments: '{"x":1}' },
            extra_content: { google: { thought_signature: 't' } },
          },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: '42' },
      { role: 'assistant', content: 'No.', refusal: 'I will not.' },
      {
        role: 'assistant',
        content: 'Here:',
        images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
      },
    ],
    stream: true,
    stream_options: { include_usage: true },
    max_completion_tokens: 9,
    temperature: 0.5,
    stop: ['x'],
    tools: [
      { type: 'function', function: { name: 'f', parameters: { type: 'object' }, strict: true } },
      { type: 'custom', custom: { name: 'c' } },
    ],
    tool_choice: { type: 'custom', custom: { name: 'c' } },
    response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } },
    reasoning_effort: 'high',
    user: 'u',
    logit_bias: { 1: 2 },
    x_of_my_own: [1, { a: null }],
  };

  it('is the same request', () => {
    const request = fromOpenAiRequest(body);
    const written = toOpenAiRequest(request, 'upstream', aPolicy());
    expect(written).toEqual(body);
    expect(fromOpenAiRequest(written)).toEqual(request);
  });
});
