import { isGatewayError, type Call, type JsonObject } from '@turnpike/plugin-sdk';
import { describe, expect, it } from '@jest/globals';
import type { Quirks } from './host-row.js';
import { adaptBody } from './quirks.js';
import { nineCharacterId } from './tool-call-ids.js';

const aCall = (changes: Partial<Call> & { drop?: boolean; allowed?: string[] } = {}): Call => ({
  model: 'm',
  stream: false,
  deploymentId: 'd',
  policy: { provider: 'provider.test', drop: changes.drop ?? false, allowed: new Set(changes.allowed), dropped: [] },
  headers: {},
  info: {},
  ...changes,
});

/** The body that goes up; the one given stays as it is. */
const sent = (quirks: Quirks, body: JsonObject, call = aCall(), path = 'chat/completions'): JsonObject => {
  const before = JSON.stringify(body);
  const edits = adaptBody(path, body, call, quirks);
  expect(JSON.stringify(body)).toBe(before);
  const result = { ...body, ...edits?.set };
  for (const name of edits?.remove ?? []) delete result[name];
  return result;
};

const refusedParam = (quirks: Quirks, body: JsonObject, call = aCall()): string | undefined => {
  try {
    adaptBody('chat/completions', body, call, quirks);
  } catch (error) {
    if (isGatewayError(error)) return error.facts.param;
  }
  return undefined;
};

const assistant = (fields: JsonObject): JsonObject => ({ messages: [{ role: 'assistant', ...fields }] });

describe('a body that needs nothing', () => {
  const body: JsonObject = {
    model: 'm',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'Why?' }] },
      { role: 'assistant', content: null, tool_calls: [{ id: 'abcdefghi', function: { name: 'f', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'abcdefghi', content: '1' },
    ],
    tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }],
    max_tokens: 5,
    some_extra: { a: 1 },
  };

  it.each<[string, Quirks]>([
    ['no quirks', {}],
    [
      'all that look at messages and tools',
      {
        toolStrict: false,
        schemaLacks: ['$schema', 'additionalProperties'],
        stripNulls: true,
        messageLacks: ['name'],
        dropEmptyTurns: true,
        toolCallIds: 'nine-characters',
        reasoningHistory: { as: 'none' },
      },
    ],
  ])('keeps its bytes with %s', (_title, quirks) => {
    expect(adaptBody('chat/completions', body, aCall(), quirks)).toBeUndefined();
  });

  it('keeps its bytes for a host that is a proxy, whatever it holds', () => {
    const full: JsonObject = {
      ...body,
      messages: [{ role: 'developer', content: [{ type: 'text', text: 'x', cache_control: {} }], name: 'ann' }],
      max_completion_tokens: 5,
      store: true,
      functions: [],
    };
    expect(adaptBody('chat/completions', full, aCall(), { isTransparent: true })).toBeUndefined();
  });
});

describe('parameters', () => {
  it.each<[string, Quirks, JsonObject, JsonObject]>([
    ['max_completion_tokens gets its old name', {}, { max_completion_tokens: 5 }, { max_tokens: 5 }],
    ['the newer limit counts where both are given', {}, { max_completion_tokens: 5, max_tokens: 9 }, { max_tokens: 5 }],
    ['a limit of null is none', {}, { max_completion_tokens: null }, {}],
    [
      'the newer name stays where the host has it',
      { takesMaxCompletionTokens: true },
      { max_completion_tokens: 5 },
      { max_completion_tokens: 5 },
    ],
    ['a field is renamed', { rename: { seed: 'random_seed' } }, { seed: 1 }, { random_seed: 1 }],
    ["the host's own name wins", { rename: { seed: 'random_seed' } }, { seed: 1, random_seed: 2 }, { random_seed: 2 }],
    ['what changes nothing is removed', { ignores: ['user'] }, { user: 'u' }, {}],
    ['stream_options go with streams only', {}, { stream_options: { include_usage: true } }, {}],
    [
      'stream_options never go to a host without them',
      { streamUsage: 'never' },
      { stream: true, stream_options: { include_usage: true } },
      { stream: true },
    ],
    ['a temperature within bounds stays', { temperature: { max: 1 } }, { temperature: 1 }, { temperature: 1 }],
    ['a lacking parameter that asks for nothing is removed', { lacks: ['n'] }, { n: 1 }, {}],
  ])('%s', (_title, quirks, body, expected) => expect(sent(quirks, body)).toEqual(expected));

  it.each<[string, Quirks, JsonObject, Partial<Call>]>([
    ['store', {}, { store: true }, {}],
    ['n', { lacks: ['n'] }, { n: 2 }, {}],
    ['stop', { lacksFor: [{ models: /^m$/, parameters: ['stop'] }] }, { stop: 'x' }, {}],
    [
      'response_format',
      { lacksInStreams: ['response_format'] },
      { response_format: { type: 'json_object' } },
      { stream: true },
    ],
    ['temperature', { temperature: { max: 1 } }, { temperature: 1.1 }, {}],
    ['temperature', { temperature: { min: 0.01 } }, { temperature: 0 }, {}],
  ])('%s is refused, dropped on request, and passed when the operator says so', (param, quirks, body, changes) => {
    expect(refusedParam(quirks, body, aCall(changes))).toBe(param);
    const dropping = aCall({ ...changes, drop: true });
    expect(sent(quirks, body, dropping)[param]).not.toEqual(body[param]);
    expect(dropping.policy.dropped).toEqual([param]);
    expect(sent(quirks, body, aCall({ ...changes, allowed: [param] }))).toEqual(body);
  });

  it('are lacking for the models that lack them only', () => {
    const quirks: Quirks = { lacksFor: [{ models: /^other$/, parameters: ['stop'] }], lacksInStreams: ['n'] };
    expect(sent(quirks, { stop: 'x', n: 2 })).toEqual({ stop: 'x', n: 2 });
  });

  it('that only OpenAI has pass to a host that knows them', () => {
    expect(sent({ knows: ['service_tier'] }, { service_tier: 'flex' })).toEqual({ service_tier: 'flex' });
  });

  it('say the whole name of a model that was shortened', () => {
    expect(sent({ modelPrefix: 'accounts/x/' }, { model: 'm' })).toEqual({ model: 'accounts/x/m' });
    expect(sent({ modelPrefix: 'accounts/x/' }, { model: 'a/m' }, aCall({ model: 'a/m' }))).toEqual({ model: 'a/m' });
  });
});

describe('messages', () => {
  it.each<[string, Quirks, JsonObject, JsonObject]>([
    ['developers are systems', {}, { role: 'developer', content: 'x' }, { role: 'system', content: 'x' }],
    [
      'developers stay where they are known',
      { knowsDeveloperRole: true },
      { role: 'developer', content: 'x' },
      { role: 'developer', content: 'x' },
    ],
    [
      'marks of caching are taken out',
      {},
      { role: 'user', content: [{ type: 'text', text: 'x', cache_control: {} }] },
      { role: 'user', content: [{ type: 'text', text: 'x' }] },
    ],
    [
      'marks of caching stay where they are known',
      { knowsCacheControl: true },
      { role: 'user', content: [{ type: 'text', text: 'x', cache_control: {} }] },
      { role: 'user', content: [{ type: 'text', text: 'x', cache_control: {} }] },
    ],
    [
      'nulls go, except what an assistant did not say',
      { stripNulls: true },
      { role: 'assistant', content: null, audio: null },
      { role: 'assistant', content: null },
    ],
    [
      'text parts become a string',
      { flattenContent: true },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'user', content: 'ab' },
    ],
    [
      'lists with pictures stay',
      { flattenContent: true },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] },
    ],
    [
      'what other models left behind goes',
      {},
      {
        role: 'assistant',
        content: 'x',
        thinking_blocks: [],
        images: [],
        tool_calls: [{ id: 'a', extra_content: {} }],
      },
      { role: 'assistant', content: 'x', tool_calls: [{ id: 'a' }] },
    ],
    [
      'reasoning stays by default',
      {},
      { role: 'assistant', content: 'x', reasoning_content: 'r' },
      { role: 'assistant', content: 'x', reasoning_content: 'r' },
    ],
  ])('%s', (_title, quirks, message, expected) => {
    expect(sent(quirks, { messages: [message] })).toEqual({ messages: [expected] });
  });

  it('lose a name with a note, once', () => {
    const call = aCall();
    const messages = [
      { role: 'user', content: 'x', name: 'ann' },
      { role: 'user', content: 'y', name: 'bob' },
    ];
    expect(sent({ messageLacks: ['name'] }, { messages }, call)).toEqual({
      messages: [
        { role: 'user', content: 'x' },
        { role: 'user', content: 'y' },
      ],
    });
    expect(call.policy.dropped).toEqual(['messages[*].name']);
  });

  it.each<[string, JsonObject]>([
    ['no content', { content: null }],
    ['an empty text', { content: '', tool_calls: [] }],
    ['an empty list', { content: [] }],
  ])('of an assistant with %s are left out where the host refuses them', (_title, fields) => {
    expect(sent({ dropEmptyTurns: true }, assistant(fields))).toEqual({ messages: [] });
  });
});

describe('reasoning of earlier turns', () => {
  const spellings: [string, JsonObject][] = [
    ['reasoning_content', { reasoning_content: 'r' }],
    ['reasoning', { reasoning: 'r' }],
    ['thinking_blocks', { thinking_blocks: [{ type: 'thinking', thinking: 'r', signature: 's' }] }],
  ];

  it.each(spellings)('is read from %s', (_spelling, fields) => {
    const quirks: Quirks = { reasoningHistory: { as: 'reasoning' } };
    expect(sent(quirks, assistant({ content: 'x', ...fields }))).toEqual(assistant({ content: 'x', reasoning: 'r' }));
  });

  it.each<[NonNullable<Quirks['reasoningHistory']>['as'], JsonObject]>([
    ['none', { content: 'x' }],
    ['reasoning', { content: 'x', reasoning: 'r' }],
    ['think-tags', { content: '<think>\nr\n</think>\n\nx' }],
    [
      'thinking-parts',
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'r' }] },
          { type: 'text', text: 'x' },
        ],
      },
    ],
    ['tool-turns', { content: 'x' }],
  ])('goes back as %s', (as, expected) => {
    const body = assistant({ content: 'x', reasoning_content: 'r' });
    expect(sent({ reasoningHistory: { as } }, body)).toEqual(assistant(expected));
  });

  it('goes before a list of parts', () => {
    const body = assistant({ content: [{ type: 'text', text: 'x' }], reasoning_content: 'r' });
    expect(sent({ reasoningHistory: { as: 'think-tags' } }, body)).toEqual(
      assistant({
        content: [
          { type: 'text', text: '<think>\nr\n</think>\n\n' },
          { type: 'text', text: 'x' },
        ],
      }),
    );
  });

  it('stays away from models that do not reason', () => {
    const quirks: Quirks = { reasoningHistory: { as: 'reasoning', models: /thinker/ } };
    expect(sent(quirks, assistant({ content: 'x', reasoning: 'r' }))).toEqual(assistant({ content: 'x' }));
  });
});

describe('the switch of reasoning', () => {
  it.each<[NonNullable<Quirks['reasoningControl']>, JsonObject, JsonObject]>([
    ['thinking', { reasoning_effort: 'none' }, { thinking: { type: 'disabled' } }],
    ['thinking', { reasoning_effort: 'low' }, { thinking: { type: 'enabled' } }],
    ['thinking', { thinking: { type: 'auto' }, reasoning_effort: 'low' }, { thinking: { type: 'auto' } }],
    ['thinking-and-effort', { reasoning_effort: 'low' }, { reasoning_effort: 'low' }],
    ['thinking-and-effort', { reasoning_effort: 'none' }, { thinking: { type: 'disabled' } }],
    ['enable-thinking', { reasoning_effort: 'none' }, { enable_thinking: false }],
    [
      'enable-thinking',
      { thinking: { type: 'enabled', budget_tokens: 512 } },
      { enable_thinking: true, thinking_budget: 512 },
    ],
    ['enable-thinking', {}, {}],
  ])('%s: %j becomes %j', (reasoningControl, body, expected) => {
    expect(sent({ reasoningControl }, body)).toEqual(expected);
  });

  it('notes a budget that the host has no place for', () => {
    const call = aCall();
    const body = { thinking: { type: 'enabled', budget_tokens: 512 } };
    expect(sent({ reasoningControl: 'thinking' }, body, call)).toEqual({ thinking: { type: 'enabled' } });
    expect(call.policy.dropped).toEqual(['thinking.budget_tokens']);
  });
});

describe('tools', () => {
  const f = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } };
  const g = { type: 'function', function: { name: 'g' } };
  const one = { type: 'function', function: { name: 'g' } };

  it.each<[string, NonNullable<Quirks['toolChoice']>, JsonObject, JsonObject]>([
    ['"none" takes the tools away', { none: 'no-tools' }, { tools: [f], tool_choice: 'none' }, {}],
    [
      '"required" has another word',
      { required: 'any' },
      { tools: [f], tool_choice: 'required' },
      { tools: [f], tool_choice: 'any' },
    ],
    [
      'a named tool is offered alone',
      { tool: 'alone' },
      { tools: [f, g], tool_choice: one },
      { tools: [g], tool_choice: 'required' },
    ],
    [
      '"auto" stays',
      { required: 'refused', tool: 'refused', none: 'no-tools' },
      { tools: [f], tool_choice: 'auto' },
      { tools: [f], tool_choice: 'auto' },
    ],
  ])('%s', (_title, toolChoice, body, expected) => expect(sent({ toolChoice }, body)).toEqual(expected));

  it.each<[JsonObject]>([[{ tools: [f], tool_choice: 'required' }], [{ tools: [f, g], tool_choice: one }]])(
    'that must be called are refused where the model chooses: %j',
    (body) => {
      const quirks: Quirks = { toolChoice: { required: 'refused', tool: 'refused' } };
      expect(refusedParam(quirks, body)).toBe('tool_choice');
      expect(sent(quirks, body, aCall({ drop: true }))).toEqual({ tools: body['tools'] });
    },
  );

  it('lose their promise of strictness with a note', () => {
    const call = aCall();
    const strict = { type: 'function', function: { name: 'f', strict: true } };
    expect(sent({ toolStrict: false }, { tools: [strict, { ...g, cache_control: {} }] }, call)).toEqual({
      tools: [{ type: 'function', function: { name: 'f' } }, g],
    });
    expect(call.policy.dropped).toEqual(['tools[*].function.strict']);
  });

  it('keep properties that are named like a keyword', () => {
    const schema = (extra: JsonObject): JsonObject => ({
      type: 'object',
      properties: { $id: { type: 'string', ...extra }, list: { type: 'array', items: [{ type: 'object', ...extra }] } },
      ...extra,
    });
    const tool = (parameters: JsonObject) => ({ tools: [{ type: 'function', function: { name: 'f', parameters } }] });
    expect(sent({ schemaLacks: ['$id'] }, tool(schema({ $id: 'x' })))).toEqual(tool(schema({})));
  });

  it('are read from the first spelling that OpenAI had', () => {
    const body = { functions: [{ name: 'g' }], function_call: { name: 'g' } };
    expect(sent({}, body)).toEqual({ tools: [g], tool_choice: one });
  });
});

describe('embeddings', () => {
  const send = (quirks: Quirks['embeddings'], body: JsonObject) =>
    sent({ embeddings: quirks }, body, aCall(), 'embeddings');

  it.each<[string, Quirks['embeddings'], JsonObject, JsonObject]>([
    [
      'stay as they are',
      {},
      { dimensions: 2, encoding_format: 'base64' },
      { dimensions: 2, encoding_format: 'base64' },
    ],
    ['rename', { rename: { dimensions: 'output_dimension' } }, { dimensions: 2 }, { output_dimension: 2 }],
    ['never ask for an encoding', { floatsOnly: true }, { encoding_format: 'base64' }, {}],
    ['do not say "float"', { lacksFloatWord: true }, { encoding_format: 'float' }, {}],
    ['do say "base64"', { lacksFloatWord: true }, { encoding_format: 'base64' }, { encoding_format: 'base64' }],
  ])('%s', (_title, quirks, body, expected) => expect(send(quirks, body)).toEqual(expected));
});

describe('nineCharacterId', () => {
  it('keeps an id that has the form', () => expect(nineCharacterId('aB3dE6gH9')).toBe('aB3dE6gH9'));

  it('gives another id the form, always the same one', () => {
    expect(nineCharacterId('call_1')).toMatch(/^[a-zA-Z0-9]{9}$/);
    expect(nineCharacterId('call_1')).toBe(nineCharacterId('call_1'));
    expect(nineCharacterId('call_1')).not.toBe(nineCharacterId('call_2'));
  });
});
