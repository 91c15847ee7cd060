import type { ChatRequest, JsonObject, JsonValue } from '@turnpike/domain';
import { describe, expect, it } from '@jest/globals';
import { badField } from '../../test/faults.js';
import { fromOpenAiRequest } from './from-request.js';

const MESSAGES: JsonObject[] = [{ role: 'user', content: 'Hi' }];

const read = (body: JsonObject): ChatRequest => fromOpenAiRequest({ model: 'm', messages: MESSAGES, ...body });

const firstMessage = (message: JsonObject) => read({ messages: [message] }).messages[0];

describe('fromOpenAiRequest', () => {
  it('reads a model and its messages, and takes nothing else for granted', () => {
    expect(read({})).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
      stream: false,
      includeUsage: false,
      extras: {},
    });
  });

  it.each<[JsonObject, Partial<ChatRequest>]>([
    [{ stream: true }, { stream: true }],
    [{ stream_options: { include_usage: true } }, { includeUsage: true }],
    [{ max_tokens: 5 }, { maxOutputTokens: 5 }],
    [{ max_tokens: 5, max_completion_tokens: 9 }, { maxOutputTokens: 9 }],
    [
      { temperature: 0.5, top_p: 0.9, top_k: 40 },
      { temperature: 0.5, topP: 0.9, topK: 40 },
    ],
    [
      { frequency_penalty: -1, presence_penalty: 0.5 },
      { frequencyPenalty: -1, presencePenalty: 0.5 },
    ],
    [
      { seed: 7, n: 2 },
      { seed: 7, n: 2 },
    ],
    [
      { logprobs: true, top_logprobs: 3 },
      { logprobs: true, topLogprobs: 3 },
    ],
    [{ parallel_tool_calls: false }, { parallelToolCalls: false }],
    [{ user: 'u1' }, { user: 'u1' }],
    [{ stop: 'END' }, { stop: ['END'] }],
    [{ stop: ['a', 'b'] }, { stop: ['a', 'b'] }],
    [{ stop: [] }, { stop: undefined }],
    [
      { temperature: null, stop: null, tools: null, stream: null },
      { temperature: undefined, stream: false },
    ],
  ])('reads %j', (body, expected) => expect(read(body)).toMatchObject(expected));

  it('keeps what it has no words for', () => {
    expect(read({ logit_bias: { 1: 2 }, store: true, my_field: [1] }).extras).toEqual({
      logit_bias: { 1: 2 },
      store: true,
      my_field: [1],
    });
  });

  it('takes a field called __proto__ for a field', () => {
    const body = JSON.parse('{"model":"m","messages":[],"__proto__":{"temperature":2}}') as JsonObject;
    expect(Object.keys(fromOpenAiRequest(body).extras)).toEqual(['__proto__']);
  });
});

describe('a wrong type', () => {
  const text = 'x';
  it.each<[string, JsonObject]>([
    ['model', { model: 5 }],
    ['model', { model: null }],
    ['messages', { messages: text }],
    ['messages', { messages: null }],
    ['messages[0]', { messages: [text] }],
    ['messages[1].role', { messages: [...MESSAGES, { content: text }] }],
    ['messages[0].role', { messages: [{ role: 'narrator' }] }],
    ['messages[0].name', { messages: [{ role: 'user', name: 5 }] }],
    ['messages[0].content', { messages: [{ role: 'user', content: 5 }] }],
    ['messages[0].content', { messages: [{ role: 'user', content: { type: 'text' } }] }],
    ['messages[0].content[1]', { messages: [{ role: 'user', content: [{ type: 'text', text }, text] }] }],
    ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{ text }] }] }],
    ['messages[0].content[0].text', { messages: [{ role: 'user', content: [{ type: 'text', text: 5 }] }] }],
    ['messages[0].tool_call_id', { messages: [{ role: 'tool', content: text }] }],
    ['messages[0].name', { messages: [{ role: 'function', content: text }] }],
    ['messages[0].tool_calls', { messages: [{ role: 'assistant', tool_calls: text }] }],
    ['messages[0].tool_calls[0]', { messages: [{ role: 'assistant', tool_calls: [text] }] }],
    ['messages[0].tool_calls[0].function', { messages: [{ role: 'assistant', tool_calls: [{ id: 'a' }] }] }],
    [
      'messages[0].tool_calls[0].function.name',
      { messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: {} }] }] },
    ],
    ['stream', { stream: 'true' }],
    ['stream_options', { stream_options: true }],
    ['stream_options.include_usage', { stream_options: { include_usage: 'yes' } }],
    ['max_tokens', { max_tokens: 1.5 }],
    ['max_completion_tokens', { max_completion_tokens: '9' }],
    ['temperature', { temperature: 'hot' }],
    ['top_p', { top_p: [] }],
    ['top_k', { top_k: 0.5 }],
    ['frequency_penalty', { frequency_penalty: text }],
    ['presence_penalty', { presence_penalty: {} }],
    ['seed', { seed: text }],
    ['n', { n: 1.5 }],
    ['stop', { stop: 5 }],
    ['stop', { stop: ['a', 5] }],
    ['logprobs', { logprobs: 5 }],
    ['top_logprobs', { top_logprobs: true }],
    ['tools', { tools: {} }],
    ['tools[0]', { tools: [text] }],
    ['tools[0].function', { tools: [{ type: 'function' }] }],
    ['tools[0].function.name', { tools: [{ type: 'function', function: {} }] }],
    ['tools[0].function.description', { tools: [{ type: 'function', function: { name: text, description: 5 } }] }],
    ['tools[0].function.parameters', { tools: [{ type: 'function', function: { name: text, parameters: text } }] }],
    ['tools[0].function.strict', { tools: [{ type: 'function', function: { name: text, strict: text } }] }],
    ['tools[0].cache_control', { tools: [{ type: 'function', function: { name: text }, cache_control: 5 }] }],
    ['functions', { functions: text }],
    ['functions[0].name', { functions: [{}] }],
    ['tool_choice', { tool_choice: 'maybe' }],
    ['tool_choice', { tool_choice: { type: 'function' } }],
    ['tool_choice', { tool_choice: 5 }],
    ['parallel_tool_calls', { parallel_tool_calls: 1 }],
    ['response_format', { response_format: 'json' }],
    ['response_format.type', { response_format: {} }],
    ['response_format.type', { response_format: { type: 'xml' } }],
    ['response_format.json_schema', { response_format: { type: 'json_schema' } }],
    ['response_format.json_schema.name', { response_format: { type: 'json_schema', json_schema: { name: 5 } } }],
    ['response_format.json_schema.schema', { response_format: { type: 'json_schema', json_schema: { schema: 5 } } }],
    ['response_format.json_schema.strict', { response_format: { type: 'json_schema', json_schema: { strict: 5 } } }],
    ['reasoning_effort', { reasoning_effort: 'immense' }],
    ['thinking', { thinking: true }],
    ['thinking.budget_tokens', { thinking: { type: 'enabled', budget_tokens: 'many' } }],
    ['user', { user: 5 }],
  ])('of %s is told by its path: %j', (path, body) => {
    expect(() => read(body)).toThrow(badField(path));
    expect(() => read(body)).toThrow(`'${path}'`);
  });
});

describe('a message', () => {
  const said = [{ type: 'text', text: 'x' }];
  it.each<[JsonObject, unknown]>([
    [
      { role: 'system', content: 'x' },
      { role: 'system', content: said },
    ],
    [
      { role: 'developer', content: 'x', name: 'n' },
      { role: 'system', content: said, isDeveloper: true, name: 'n' },
    ],
    [
      { role: 'user', content: 'x', name: 'n' },
      { role: 'user', content: said, name: 'n' },
    ],
    [{ role: 'user' }, { role: 'user', content: [] }],
    [
      { role: 'assistant', content: 'x' },
      { role: 'assistant', content: said },
    ],
    [
      { role: 'assistant', content: null },
      { role: 'assistant', content: [] },
    ],
    [
      { role: 'tool', tool_call_id: 'c', content: 'x' },
      { role: 'tool', toolCallId: 'c', content: said },
    ],
  ])('%j is read', (message, expected) => expect(firstMessage(message)).toEqual(expected));

  it('of the system may only hold text', () => {
    const picture = { type: 'image_url', image_url: { url: 'https://a.b/c.png' } };
    expect(() => firstMessage({ role: 'system', content: [picture] })).toThrow(badField('messages[0].content'));
  });
});

describe('functions in the deprecated words', () => {
  it('are tools', () => {
    const described = { name: 'f', description: 'd', parameters: { type: 'object' } };
    expect(read({ functions: [described] }).tools).toEqual(
      read({ tools: [{ type: 'function', function: described }] }).tools,
    );
  });

  it.each<[JsonValue, unknown]>([
    ['none', { type: 'none' }],
    ['auto', { type: 'auto' }],
    [{ name: 'f' }, { type: 'tool', name: 'f' }],
  ])('may be chosen by function_call %j', (choice, expected) => {
    expect(read({ function_call: choice }).toolChoice).toEqual(expected);
  });

  it('belong together by name: the call and its result', () => {
    const [call, result] = read({
      messages: [
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"x":1}' } },
        { role: 'function', name: 'f', content: '42' },
      ],
    }).messages;
    expect(call?.content).toEqual([{ type: 'tool-call', id: 'call_f', name: 'f', arguments: '{"x":1}' }]);
    expect(result).toEqual({
      role: 'tool',
      toolCallId: 'call_f',
      name: 'f',
      content: [{ type: 'text', text: '42' }],
    });
  });

  it('give way to tools', () => {
    const tools = [{ type: 'function', function: { name: 'new' } }];
    expect(read({ tools, functions: [{ name: 'old' }] }).tools).toMatchObject([{ name: 'new' }]);
  });
});

describe('tools', () => {
  it('keep schema, strictness and cache marks', () => {
    const tool = {
      type: 'function',
      function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
      cache_control: { type: 'ephemeral' },
    };
    expect(read({ tools: [tool] }).tools).toEqual([
      {
        type: 'function',
        name: 'f',
        description: 'd',
        parameters: { type: 'object' },
        strict: true,
        cacheControl: { type: 'ephemeral' },
      },
    ]);
  });

  it('of other kinds stay as they are', () => {
    const definition = { type: 'custom', custom: { name: 'grammar', format: { type: 'text' } } };
    expect(read({ tools: [definition] }).tools).toEqual([{ type: 'native', dialect: 'openai', definition }]);
  });

  it('are none when the list is empty', () => expect(read({ tools: [] }).tools).toBeUndefined());

  it.each<[JsonValue, unknown]>([
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'required' }],
    ['any', { type: 'required' }],
    [
      { type: 'function', function: { name: 'f' } },
      { type: 'tool', name: 'f' },
    ],
    [
      { type: 'custom', custom: { name: 'f' } },
      { type: 'tool', name: 'f' },
    ],
    [{ type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } }, { type: 'auto' }],
    [{ type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [] } }, { type: 'required' }],
  ])('may be chosen by %j', (choice, expected) => expect(read({ tool_choice: choice }).toolChoice).toEqual(expected));

  it('that are listed but not allowed are not offered', () => {
    const tools = ['f', 'g'].map((name) => ({ type: 'function', function: { name } }));
    const custom = { type: 'custom', custom: { name: 'c' } };
    const allowed = [
      { type: 'function', function: { name: 'g' } },
      { type: 'custom', custom: { name: 'c' } },
    ];
    const request = read({
      tools: [...tools, custom],
      tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: allowed } },
    });
    expect(request.tools).toMatchObject([{ name: 'g' }, { definition: custom }]);
  });
});

describe('the form of the answer', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } } };
  it.each<[JsonObject, unknown]>([
    [{ type: 'text' }, { type: 'text' }],
    [{ type: 'json_object' }, { type: 'json' }],
    [
      { type: 'json_schema', json_schema: { name: 'n', schema, strict: true, description: 'd' } },
      { type: 'json-schema', name: 'n', schema, strict: true, description: 'd' },
    ],
    [
      { type: 'json_schema', json_schema: {} },
      { type: 'json-schema', name: 'response', schema: { type: 'object' } },
    ],
  ])('%j is read', (format, expected) => expect(read({ response_format: format }).responseFormat).toEqual(expected));
});

describe('the wish to reason', () => {
  it.each<[JsonObject, unknown]>([
    [{}, undefined],
    [{ reasoning_effort: 'none' }, { effort: 'none' }],
    [{ reasoning_effort: 'disable' }, { effort: 'none' }],
    [{ reasoning_effort: 'xhigh' }, { effort: 'xhigh' }],
    [{ thinking: { type: 'enabled', budget_tokens: 2_000 } }, { budgetTokens: 2_000, includeText: true }],
    [{ thinking: { type: 'enabled' } }, { includeText: true }],
    [{ thinking: { type: 'adaptive' } }, { budgetTokens: -1, includeText: true }],
    [{ thinking: { type: 'disabled' } }, { budgetTokens: 0, includeText: true }],
    [
      { reasoning_effort: 'low', thinking: { type: 'enabled', budget_tokens: 5 } },
      { effort: 'low', budgetTokens: 5, includeText: true },
    ],
  ])('%j is read', (body, expected) => expect(read(body).reasoning).toEqual(expected));
});
