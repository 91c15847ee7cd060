import { describe, expect, it } from '@jest/globals';
import type { ChatRequest, JsonObject } from '@turnpike/domain';
import { fromAnthropicRequest, type FromAnthropicOptions } from './from-request.js';
import { toAnthropicRequest } from './to-request.js';

const PLAIN: JsonObject = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] };

const read = (fields: JsonObject, options?: FromAnthropicOptions): ChatRequest =>
  fromAnthropicRequest({ ...PLAIN, ...fields }, options);

const messagesOf = (...messages: JsonObject[]): ChatRequest['messages'] => read({ messages }).messages;

const text = (value: string) => ({ type: 'text' as const, text: value });

describe('fromAnthropicRequest', () => {
  it.each<[string, JsonObject, Partial<ChatRequest>]>([
    ['the bound', {}, { maxOutputTokens: 100, stream: false, includeUsage: false }],
    ['streams, which always tell usage', { stream: true }, { stream: true, includeUsage: true }],
    [
      'sampling',
      { temperature: 0.5, top_p: 0.9, top_k: 4, stop_sequences: ['END'] },
      { temperature: 0.5, topP: 0.9, topK: 4, stop: ['END'] },
    ],
    ['the user', { metadata: { user_id: 'u' } }, { user: 'u' }],
    ['the tier', { service_tier: 'standard_only' }, { extras: { service_tier: 'default' } }],
    ['unknown fields as extras', { future: 1 }, { extras: { future: 1 } }],
    ["no fields of Anthropic's alone", { context_management: {}, betas: ['b'], mcp_servers: [] }, { extras: {} }],
    [
      'a thinking budget',
      { thinking: { type: 'enabled', budget_tokens: 2_000 } },
      { reasoning: { budgetTokens: 2_000, includeText: true } },
    ],
    [
      'adaptive thinking',
      { thinking: { type: 'adaptive', display: 'omitted' } },
      { reasoning: { budgetTokens: -1, includeText: false } },
    ],
    [
      'no thinking',
      { thinking: { type: 'disabled' }, output_config: { effort: 'high' } },
      { reasoning: { budgetTokens: 0 } },
    ],
    ['next to no thinking', { thinking: { type: 'between_tools' } }, { reasoning: { budgetTokens: 0 } }],
    ['an effort', { output_config: { effort: 'xhigh' } }, { reasoning: { effort: 'xhigh' } }],
    [
      'a format',
      { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } },
      { responseFormat: { type: 'json-schema', name: 'response', schema: { type: 'object' }, strict: true } },
    ],
    [
      'tools',
      {
        tools: [
          {
            name: 'f',
            description: 'd',
            input_schema: { type: 'object' },
            strict: true,
            cache_control: { type: 'ephemeral' },
          },
          { type: 'bash_20250124', name: 'bash' },
        ],
        tool_choice: { type: 'any', disable_parallel_tool_use: true },
      },
      {
        tools: [
          {
            type: 'function',
            name: 'f',
            description: 'd',
            parameters: { type: 'object' },
            strict: true,
            cacheControl: { type: 'ephemeral' },
          },
          { type: 'native', dialect: 'anthropic', definition: { type: 'bash_20250124', name: 'bash' } },
        ],
        toolChoice: { type: 'required' },
        parallelToolCalls: false,
      },
    ],
    [
      'the choice of one tool',
      { tool_choice: { type: 'tool', name: 'f' } },
      { toolChoice: { type: 'tool', name: 'f' } },
    ],
    ['the choice of none', { tool_choice: { type: 'none' } }, { toolChoice: { type: 'none' } }],
  ])('reads %s', (_title, fields, expected) => expect(read(fields)).toMatchObject(expected));

  it('shortens user ids that other upstreams would refuse, each to the same every time', () => {
    const metadata = { user_id: 'u'.repeat(65) };
    expect(read({ metadata }).user).toMatch(/^[0-9a-f]{64}$/);
    expect(read({ metadata }).user).toBe(read({ metadata }).user);
    expect(read({ metadata }, { keepsOwnFields: true }).user).toBe(metadata.user_id);
  });

  it('keeps what only Anthropic reads for an upstream that does', () => {
    const own = { context_management: { edits: [] }, container: 'c' };
    const system = [text('x-anthropic-billing-header: cch=1;'), text('S')];
    expect(read({ ...own, system }, { keepsOwnFields: true })).toMatchObject({
      extras: own,
      messages: [{ role: 'system', content: system }, {}],
    });
  });

  it.each<[string, JsonObject['system']]>([
    ['block', [text('x-anthropic-billing-header: cch=1;'), text('S')]],
    ['line', 'x-anthropic-billing-header: cch=1;\n\nS'],
  ])("leaves out Claude Code's billing %s, whose hash defeats prompt caches", (_title, system) =>
    expect(read({ system }).messages[0]).toEqual({ role: 'system', content: [text('S')] }),
  );

  it('reads system text and later system messages', () =>
    expect(read({ system: 'S', messages: [{ role: 'system', content: 'T' }] }).messages).toEqual([
      { role: 'system', content: [text('S')] },
      { role: 'system', content: [text('T')] },
    ]));

  it('splits tool results from what else a turn holds, results first', () =>
    expect(
      messagesOf({
        role: 'user',
        content: [
          text('and?'),
          { type: 'tool_result', tool_use_id: 'a', content: 'ok', cache_control: { type: 'ephemeral' } },
          {
            type: 'tool_result',
            tool_use_id: 'b',
            is_error: true,
            content: [{ type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } }],
          },
        ],
      }),
    ).toEqual([
      { role: 'tool', toolCallId: 'a', content: [{ ...text('ok'), cacheControl: { type: 'ephemeral' } }] },
      { role: 'tool', toolCallId: 'b', content: [{ type: 'image', url: 'https://x.test/a.png' }], isError: true },
      { role: 'user', content: [text('and?')] },
    ]));

  it('reads what an assistant wrote, the server’s own tools left out', () =>
    expect(
      messagesOf({
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 't', signature: 's' },
          { type: 'thinking', thinking: 'u', signature: '' },
          { type: 'redacted_thinking', data: 'd' },
          { type: 'server_tool_use', id: 'srv', name: 'web_search', input: {} },
          { type: 'web_search_tool_result', tool_use_id: 'srv', content: [] },
          text('a'),
          { type: 'tool_use', id: 'a', name: 'f', input: { x: 1 } },
        ],
      }),
    ).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 't', signature: 's' },
          { type: 'reasoning', text: 'u' },
          { type: 'reasoning', text: '', redacted: 'd' },
          text('a'),
          { type: 'tool-call', id: 'a', name: 'f', arguments: '{"x":1}' },
        ],
      },
    ]));

  it.each<[string, JsonObject, JsonObject[]]>([
    [
      'base64 images',
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA' } },
      [{ type: 'image', mediaType: 'image/png', data: 'AA' }],
    ],
    [
      'images kept at the provider',
      { type: 'image', source: { type: 'file', file_id: 'f' } },
      [{ type: 'image', fileId: 'f' }],
    ],
    [
      'documents with a title',
      { type: 'document', title: 'T', source: { type: 'base64', media_type: 'application/pdf', data: 'AA' } },
      [{ type: 'file', title: 'T', filename: 'T', mediaType: 'application/pdf', data: 'AA' }],
    ],
    [
      'text documents',
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a' } },
      [{ type: 'file', mediaType: 'text/plain', data: 'YQ==' }],
    ],
    [
      'documents of parts',
      { type: 'document', source: { type: 'content', content: [text('a'), text('b')] } },
      [text('a'), text('b')],
    ],
    [
      'search results as text',
      { type: 'search_result', title: 'T', source: 'https://x.test', content: [text('a')] },
      [text('T\nhttps://x.test\na')],
    ],
    ['uploads', { type: 'container_upload', file_id: 'f' }, [{ type: 'file', fileId: 'f' }]],
  ])('reads %s', (_title, block, expected) =>
    expect(messagesOf({ role: 'user', content: [block] })).toEqual([{ role: 'user', content: expected }]),
  );

  it.each<[JsonObject, string]>([
    [{ messages: null }, 'messages'],
    [{ model: null }, 'model'],
    [{ max_tokens: 1.5 }, 'max_tokens'],
    [{ messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: [{ type: 'hologram' }] }] }, 'messages[0].content[0].type'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'x' } }] }] },
      'messages[0].content[0].source.type',
    ],
    [{ messages: [{ role: 'user', content: 7 }] }, 'messages[0].content'],
    [{ tools: [{ description: 'nameless' }] }, 'tools[0].name'],
    [{ tool_choice: { type: 'maybe' } }, 'tool_choice.type'],
    [{ output_config: { effort: 'minimal' } }, 'output_config.effort'],
  ])('refuses %j and names the path', (fields, param) =>
    expect(() => read(fields)).toThrow(
      expect.objectContaining({ code: 'GW_INVALID_REQUEST', facts: expect.objectContaining({ param }) as unknown }),
    ),
  );
});

describe('fromAnthropicRequest, then toAnthropicRequest', () => {
  const roundTrip = (body: JsonObject): JsonObject => {
    const policy = { provider: 'p', drop: false, allowed: new Set<string>(), dropped: [] };
    return toAnthropicRequest(fromAnthropicRequest(body, { keepsOwnFields: true }), String(body['model']), { policy });
  };

  it.each<[string, JsonObject]>([
    [
      'a plain question',
      { ...PLAIN, model: 'claude-sonnet-4-5', temperature: 0.5, stop_sequences: ['END'], stream: true },
    ],
    [
      'a tool loop with thinking and cache markers',
      {
        model: 'claude-sonnet-4-5',
        max_tokens: 9_000,
        system: [{ ...text('S'), cache_control: { type: 'ephemeral', ttl: '1h' } }],
        messages: [
          { role: 'user', content: [{ ...text('q'), cache_control: { type: 'ephemeral' } }] },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 't', signature: 's' },
              { type: 'redacted_thinking', data: 'd' },
              text('a'),
              { type: 'tool_use', id: 'toolu_1', name: 'f', input: { x: [1, null] } },
            ],
          },
          {
            role: 'user',
            content: [
              {
                type: 'tool_result',
                tool_use_id: 'toolu_1',
                content: 'ok',
                is_error: true,
                cache_control: { type: 'ephemeral' },
              },
              text('go on'),
              { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
              { type: 'document', source: { type: 'file', file_id: 'f' }, title: 'T' },
            ],
          },
        ],
        tools: [{ name: 'f', description: 'd', input_schema: { type: 'object', properties: {} } }],
        tool_choice: { type: 'auto', disable_parallel_tool_use: true },
        thinking: { type: 'enabled', budget_tokens: 2_000 },
        metadata: { user_id: 'u' },
        service_tier: 'auto',
        context_management: { edits: [] },
      },
    ],
    [
      'adaptive thinking and a format',
      {
        model: 'claude-opus-5',
        max_tokens: 9_000,
        messages: [{ role: 'user', content: 'q' }],
        thinking: { type: 'adaptive', display: 'omitted' },
        output_config: {
          effort: 'max',
          format: {
            type: 'json_schema',
            schema: { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false },
          },
        },
        tools: [{ type: 'web_search_20250305', name: 'web_search' }],
        tool_choice: { type: 'tool', name: 'web_search' },
      },
    ],
  ])('gives back %s', (_title, body) => expect(roundTrip(body)).toEqual(body));
});
