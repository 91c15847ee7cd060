import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@turnpike/domain';
import { fromOpenAiRequest } from '../openai/from-request.js';
import { anthropicModel } from './models.js';
import { toAnthropicRequest } from './to-request.js';

interface Leave {
  drop?: boolean;
  allowed?: string[];
}

const send = (fields: JsonObject, model = 'claude-sonnet-4-5', { drop = false, allowed = [] }: Leave = {}) => {
  const policy = { provider: 'provider.test', drop, allowed: new Set(allowed), dropped: [] as string[] };
  const request = fromOpenAiRequest({ model: 'any', messages: [{ role: 'user', content: 'hi' }], ...fields });
  return { body: toAnthropicRequest(request, model, { policy }), dropped: policy.dropped };
};

const PLAIN: JsonObject = {
  model: 'claude-sonnet-4-5',
  max_tokens: 64_000,
  messages: [{ role: 'user', content: 'hi' }],
};

const TOOL: JsonObject = {
  type: 'function',
  function: { name: 'f', description: 'd', parameters: { type: 'object', properties: { x: { type: 'integer' } } } },
};
const OWN_TOOL: JsonObject = {
  name: 'f',
  description: 'd',
  input_schema: { type: 'object', properties: { x: { type: 'integer' } } },
};
const SCHEMA: JsonObject = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
const JSON_SCHEMA: JsonObject = {
  response_format: { type: 'json_schema', json_schema: { name: 'n', strict: true, schema: SCHEMA } },
};
const JSON_TOOL: JsonObject = {
  name: 'json_tool_call',
  description: 'Call this tool to give your answer: its input is the whole answer.',
  input_schema: SCHEMA,
};

describe('toAnthropicRequest', () => {
  it.each<[string, JsonObject, JsonObject]>([
    ['asks for all the model can write when the client does not say', {}, {}],
    ['passes max_completion_tokens', { max_completion_tokens: 10 }, { max_tokens: 10 }],
    ['streams', { stream: true, stream_options: { include_usage: true } }, { stream: true }],
    [
      'sends system text apart',
      {
        messages: [
          { role: 'system', content: 'S' },
          { role: 'user', content: 'hi' },
        ],
      },
      { system: 'S' },
    ],
    ['passes temperature up to 1', { temperature: 0.3 }, { temperature: 0.3 }],
    ['passes top_p alone', { top_p: 0.9 }, { top_p: 0.9 }],
    ['prefers top_p to a temperature that says nothing', { temperature: 1, top_p: 0.9 }, { top_p: 0.9 }],
    ['leaves out a top_p that says nothing beside temperature', { temperature: 0.2, top_p: 1 }, { temperature: 0.2 }],
    ['passes top_k', { top_k: 5 }, { top_k: 5 }],
    ['makes a list of one stop sequence', { stop: 'END' }, { stop_sequences: ['END'] }],
    ['sends the user as opaque id', { user: 'u-1' }, { metadata: { user_id: 'u-1' } }],
    ['sends the safety identifier as user', { safety_identifier: 's-1' }, { metadata: { user_id: 's-1' } }],
    ['keeps the user id of metadata', { metadata: { user_id: 'm-1' } }, { metadata: { user_id: 'm-1' } }],
    ['translates the default tier', { service_tier: 'default' }, { service_tier: 'standard_only' }],
    ['keeps the automatic tier', { service_tier: 'auto' }, { service_tier: 'auto' }],
    [
      'asks for web search by a tool of the server',
      {
        web_search_options: {
          search_context_size: 'low',
          user_location: { type: 'approximate', approximate: { country: 'DE', city: 'Ulm' } },
        },
      },
      {
        tools: [
          {
            type: 'web_search_20250305',
            name: 'web_search',
            max_uses: 1,
            user_location: { type: 'approximate', country: 'DE', city: 'Ulm' },
          },
        ],
      },
    ],
    [
      'passes what OpenAI does not know',
      { container: 'c', mcp_servers: [{ url: 'u' }], cache_control: { type: 'ephemeral' }, context_management: {} },
      { container: 'c', mcp_servers: [{ url: 'u' }], cache_control: { type: 'ephemeral' }, context_management: {} },
    ],
    [
      'ignores values that ask for nothing',
      {
        n: 1,
        frequency_penalty: 0,
        presence_penalty: 0,
        logprobs: false,
        logit_bias: {},
        store: false,
        modalities: ['text'],
        verbosity: 'medium',
        parallel_tool_calls: true,
        response_format: { type: 'text' },
      },
      {},
    ],
    ['thinks with a budget', { reasoning_effort: 'low' }, { thinking: { type: 'enabled', budget_tokens: 1_024 } }],
    ['sends tools', { tools: [TOOL] }, { tools: [OWN_TOOL] }],
    [
      'keeps cache markers of tools',
      { tools: [{ ...TOOL, cache_control: { type: 'ephemeral', ttl: '1h' } }] },
      { tools: [{ ...OWN_TOOL, cache_control: { type: 'ephemeral', ttl: '1h' } }] },
    ],
    [
      'sends strict tools with a schema that can be held to',
      { tools: [{ type: 'function', function: { ...(TOOL['function'] as JsonObject), strict: true } }] },
      {
        tools: [
          {
            ...OWN_TOOL,
            input_schema: { type: 'object', properties: { x: { type: 'integer' } }, additionalProperties: false },
            strict: true,
          },
        ],
      },
    ],
    [
      'offers tools freely',
      { tools: [TOOL], tool_choice: 'auto' },
      { tools: [OWN_TOOL], tool_choice: { type: 'auto' } },
    ],
    ['offers no tool', { tools: [TOOL], tool_choice: 'none' }, { tools: [OWN_TOOL], tool_choice: { type: 'none' } }],
    ['wants any tool', { tools: [TOOL], tool_choice: 'required' }, { tools: [OWN_TOOL], tool_choice: { type: 'any' } }],
    [
      'wants one tool, once',
      { tools: [TOOL], tool_choice: { type: 'function', function: { name: 'f' } }, parallel_tool_calls: false },
      { tools: [OWN_TOOL], tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true } },
    ],
    [
      'wants one call at a time',
      { tools: [TOOL], parallel_tool_calls: false },
      { tools: [OWN_TOOL], tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    ],
    ['needs no tools for no choice', { tool_choice: 'auto', parallel_tool_calls: false }, {}],
    [
      "passes Anthropic's own tools, wrapped or not",
      {
        tools: [
          { type: 'web_fetch_20250910', name: 'web_fetch', max_uses: 2 },
          { type: 'computer_20250124', function: { name: 'computer', parameters: { display_width_px: 10 } } },
        ],
      },
      {
        tools: [
          { type: 'web_fetch_20250910', name: 'web_fetch', max_uses: 2 },
          { type: 'computer_20250124', name: 'computer', display_width_px: 10 },
        ],
      },
    ],
    [
      'answers by schema natively',
      JSON_SCHEMA,
      { output_config: { format: { type: 'json_schema', schema: { ...SCHEMA, additionalProperties: false } } } },
    ],
    [
      'answers by an open schema through a tool',
      { response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } } },
      {
        tools: [{ ...JSON_TOOL, input_schema: { type: 'object' } }],
        tool_choice: { type: 'tool', name: 'json_tool_call', disable_parallel_tool_use: true },
      },
    ],
    [
      'asks for JSON in words where there is no schema',
      { response_format: { type: 'json_object' } },
      { system: 'Answer with exactly one JSON object. Write nothing before or after it, and no code fence.' },
    ],
  ])('%s', (_title, fields, expected) => {
    const { body, dropped } = send(fields);
    expect(body).toEqual({ ...PLAIN, ...expected });
    expect(dropped).toEqual([]);
  });

  describe('on a model without structured outputs', () => {
    const MODEL = 'claude-sonnet-4-20250514';

    it.each<[string, JsonObject, JsonObject]>([
      [
        'forces the JSON tool',
        JSON_SCHEMA,
        { tools: [JSON_TOOL], tool_choice: { type: 'tool', name: 'json_tool_call', disable_parallel_tool_use: true } },
      ],
      [
        'lets the model choose between tools and answer',
        { ...JSON_SCHEMA, tools: [TOOL] },
        { tools: [OWN_TOOL, JSON_TOOL], tool_choice: { type: 'any' } },
      ],
      [
        'hides the tools that are not to be called',
        { ...JSON_SCHEMA, tools: [TOOL], tool_choice: 'none' },
        { tools: [JSON_TOOL], tool_choice: { type: 'tool', name: 'json_tool_call', disable_parallel_tool_use: true } },
      ],
      [
        'offers no JSON tool where a tool must be called',
        { ...JSON_SCHEMA, tools: [TOOL], tool_choice: 'required' },
        { tools: [OWN_TOOL], tool_choice: { type: 'any' } },
      ],
      [
        'does not force the JSON tool while thinking',
        { ...JSON_SCHEMA, reasoning_effort: 'low' },
        {
          tools: [JSON_TOOL],
          tool_choice: { type: 'auto', disable_parallel_tool_use: true },
          thinking: { type: 'enabled', budget_tokens: 1_024 },
        },
      ],
    ])('%s', (_title, fields, expected) =>
      expect(send(fields, MODEL).body).toEqual({ ...PLAIN, model: MODEL, ...expected }),
    );
  });

  it.each<[string, JsonObject, string, string, JsonObject]>([
    ['a temperature above 1', { temperature: 1.5 }, 'claude-sonnet-4-5', 'temperature', { temperature: 1 }],
    ['temperature', { temperature: 0.5 }, 'claude-opus-4-7', 'temperature', {}],
    ['top_p', { top_p: 0.5 }, 'claude-opus-5', 'top_p', {}],
    ['top_k', { top_k: 5 }, 'claude-opus-5', 'top_k', {}],
    ['top_p beside temperature', { temperature: 0.5, top_p: 0.5 }, 'claude-sonnet-4-6', 'top_p', { temperature: 0.5 }],
    [
      'temperature while thinking',
      { temperature: 0.5, reasoning_effort: 'low' },
      'claude-sonnet-4-5',
      'temperature',
      { thinking: { type: 'enabled', budget_tokens: 1_024 } },
    ],
    [
      'a low top_p while thinking',
      { top_p: 0.5, reasoning_effort: 'low' },
      'claude-sonnet-4-5',
      'top_p',
      { thinking: { type: 'enabled', budget_tokens: 1_024 } },
    ],
    [
      'stop sequences of white space',
      { stop: ['\n\n', 'END'] },
      'claude-sonnet-4-5',
      'stop',
      { stop_sequences: ['END'] },
    ],
    ['frequency_penalty', { frequency_penalty: 1 }, 'claude-sonnet-4-5', 'frequency_penalty', {}],
    ['presence_penalty', { presence_penalty: -1 }, 'claude-sonnet-4-5', 'presence_penalty', {}],
    ['seed', { seed: 7 }, 'claude-sonnet-4-5', 'seed', {}],
    ['several answers', { n: 2 }, 'claude-sonnet-4-5', 'n', {}],
    ['logprobs', { logprobs: true }, 'claude-sonnet-4-5', 'logprobs', {}],
    ['top_logprobs', { top_logprobs: 3 }, 'claude-sonnet-4-5', 'top_logprobs', {}],
    ['logit_bias', { logit_bias: { '1': 1 } }, 'claude-sonnet-4-5', 'logit_bias', {}],
    ['prediction', { prediction: { type: 'content', content: 'x' } }, 'claude-sonnet-4-5', 'prediction', {}],
    ['store', { store: true }, 'claude-sonnet-4-5', 'store', {}],
    ['spoken answers', { modalities: ['text', 'audio'] }, 'claude-sonnet-4-5', 'modalities', {}],
    ['verbosity', { verbosity: 'low' }, 'claude-sonnet-4-5', 'verbosity', {}],
    ['prompt_cache_key', { prompt_cache_key: 'k' }, 'claude-sonnet-4-5', 'prompt_cache_key', {}],
    ['other tiers', { service_tier: 'flex' }, 'claude-sonnet-4-5', 'service_tier', {}],
    [
      'tools of other dialects',
      { tools: [{ type: 'custom', custom: { name: 'g' } }] },
      'claude-sonnet-4-5',
      'tools',
      {},
    ],
    [
      'strict tools on older models',
      { tools: [{ type: 'function', function: { ...(TOOL['function'] as JsonObject), strict: true } }] },
      'claude-sonnet-4-20250514',
      'tools.function.strict',
      { tools: [OWN_TOOL] },
    ],
    [
      'a forced tool while thinking with a budget',
      { tools: [TOOL], tool_choice: 'required', reasoning_effort: 'low' },
      'claude-sonnet-4-5',
      'tool_choice',
      { tools: [OWN_TOOL], tool_choice: { type: 'auto' }, thinking: { type: 'enabled', budget_tokens: 1_024 } },
    ],
    [
      'a forced tool on a model that takes none, where only that tool is offered then',
      {
        tools: [TOOL, { type: 'function', function: { name: 'g' } }],
        tool_choice: { type: 'function', function: { name: 'f' } },
      },
      'claude-opus-5-5',
      'tool_choice',
      { tools: [OWN_TOOL], tool_choice: { type: 'auto' } },
    ],
  ])('refuses %s, or drops it on request', (_title, fields, model, param, dropped) => {
    expect(() => send(fields, model)).toThrow(
      expect.objectContaining({
        code: 'GW_UNSUPPORTED_PARAMETER',
        facts: expect.objectContaining({ param }) as unknown,
      }),
    );
    const sent = send(fields, model, { drop: true });
    expect(sent.body).toEqual({ ...PLAIN, model, max_tokens: anthropicModel(model).maxOutputTokens, ...dropped });
    expect(sent.dropped).toEqual([param]);
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['temperature', { temperature: 1.5 }, { temperature: 1.5 }],
    ['seed', { seed: 7 }, { seed: 7 }],
    ['logit_bias', { logit_bias: { '1': 1 } }, { logit_bias: { '1': 1 } }],
    ['max_tokens', { max_tokens: 100_000 }, { max_tokens: 100_000 }],
  ])('passes %s as it is when the operator allows it', (param, fields, expected) =>
    expect(send(fields, 'claude-sonnet-4-5', { allowed: [param] }).body).toEqual({ ...PLAIN, ...expected }),
  );

  it.each<[string, JsonObject, JsonObject, string]>([
    ['a bound above the model’s own', { max_tokens: 100_000 }, { max_tokens: 64_000 }, 'max_tokens'],
    ['labels', { metadata: { user_id: 'u', project: 'p' } }, { metadata: { user_id: 'u' } }, 'metadata'],
    ['e-mail addresses', { user: 'ann@example.com' }, {}, 'user'],
    ['phone numbers', { user: '+49 731 123456' }, {}, 'user'],
  ])('leaves out %s and tells it', (_title, fields, expected, param) => {
    const { body, dropped } = send(fields);
    expect(body).toEqual({ ...PLAIN, ...expected });
    expect(dropped).toEqual([param]);
  });

  it('holds no bound of a model it does not know', () =>
    expect(send({ max_tokens: 900_000 }, 'kimi-k2').body['max_tokens']).toBe(900_000));

  it('goes by the given capabilities where the name tells nothing', () => {
    const policy = { provider: 'p', drop: false, allowed: new Set<string>(), dropped: [] };
    const request = fromOpenAiRequest({
      model: 'x',
      messages: [{ role: 'user', content: 'hi' }],
      reasoning_effort: 'high',
    });
    const body = toAnthropicRequest(request, 'my-alias', { policy, capabilities: anthropicModel('claude-opus-5') });
    expect(body).toMatchObject({
      model: 'my-alias',
      max_tokens: 128_000,
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: { effort: 'high' },
    });
  });

  it('joins effort, format and what the client sent in output_config', () =>
    expect(
      send({ ...JSON_SCHEMA, reasoning_effort: 'low', output_config: { task_budget: 1 } }, 'claude-opus-4-8').body[
        'output_config'
      ],
    ).toEqual({
      task_budget: 1,
      effort: 'low',
      format: { type: 'json_schema', schema: { ...SCHEMA, additionalProperties: false } },
    }));

  it('defines the tools of the history when none is offered', () => {
    const messages: JsonObject[] = [
      { role: 'user', content: 'q' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'a', content: 'ok' },
    ];
    expect(send({ messages }).body).toMatchObject({
      tools: [{ name: 'f', input_schema: { type: 'object', properties: {} } }],
      tool_choice: { type: 'none' },
    });
  });

  it('offers every tool where the one to be forced is not among them', () =>
    expect(
      send({ tools: [TOOL], tool_choice: { type: 'function', function: { name: 'nowhere' } } }, 'claude-opus-5-5', {
        drop: true,
      }).body,
    ).toMatchObject({ tools: [OWN_TOOL], tool_choice: { type: 'auto' } }));

  it('keeps no thinking beside a forced tool call', () => {
    const messages: JsonObject[] = [
      { role: 'user', content: 'q' },
      { role: 'assistant', content: 'a', thinking_blocks: [{ thinking: 't', signature: 's' }] },
      { role: 'user', content: 'q2' },
    ];
    const answer = (fields: JsonObject, model?: string) =>
      (send({ messages, ...fields }, model).body['messages'] as JsonObject[])[1]?.['content'];
    const thought = [
      { type: 'thinking', thinking: 't', signature: 's' },
      { type: 'text', text: 'a' },
    ];
    expect(answer({})).toEqual(thought);
    expect(answer({ tools: [TOOL], tool_choice: 'required' })).toBe('a');
    expect(answer({ tools: [TOOL], tool_choice: 'required' }, 'claude-sonnet-5')).toEqual(thought);
  });

  it.each<[string, JsonObject, string]>([
    ['a forced call without tools', { tool_choice: 'required' }, 'tool_choice'],
    ['a tool named like its own', { tools: [{ type: 'function', function: { name: 'json_tool_call' } }] }, 'tools'],
  ])('calls %s an invalid request', (_title, fields, param) =>
    expect(() => send(fields, undefined, { drop: true })).toThrow(
      expect.objectContaining({ code: 'GW_INVALID_REQUEST', facts: expect.objectContaining({ param }) as unknown }),
    ),
  );
});
