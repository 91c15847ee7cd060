import type { JsonObject } from '@turnpike/domain';
import { isGatewayError } from '@turnpike/errors';
import { describe, expect, it } from '@jest/globals';
import { aPolicy } from '../../test/policy.js';
import { foreignFieldEdits, mergeEdits, reasoningModelEdits } from './own-models.js';

const refused = (body: JsonObject, model: string): string | undefined => {
  try {
    reasoningModelEdits(body, model, aPolicy());
  } catch (error) {
    if (isGatewayError(error)) return error.facts.param;
  }
  return undefined;
};

describe('reasoning models', () => {
  it.each([
    ['o1', 'temperature'],
    ['o3-mini', 'temperature'],
    ['o4-mini-2025-04-16', 'temperature'],
    ['gpt-5', 'temperature'],
    ['gpt-5-mini', 'temperature'],
    ['gpt-5.2-pro', 'temperature'],
    ['gpt-5.1-codex', 'temperature'],
    ['gpt-5.2', undefined],
    ['gpt-6', undefined],
    ['gpt-5-chat-latest', undefined],
    ['gpt-5.2-chat-latest', undefined],
    ['gpt-4o', undefined],
    ['gpt-4.1', undefined],
    ['llama-3', undefined],
  ])('%s: a temperature of 0.2 is refused as %p', (model, param) => {
    expect(refused({ temperature: 0.2 }, model)).toBe(param);
  });

  it.each<[JsonObject, string | undefined]>([
    [{ temperature: 0.2, reasoning_effort: 'none' }, undefined],
    [{ temperature: 0.2, reasoning_effort: 'low' }, 'temperature'],
    [{ logprobs: true, reasoning_effort: 'high' }, 'logprobs'],
    [{ stop: ['x'] }, 'stop'],
    [{ presence_penalty: 0.5 }, 'presence_penalty'],
    [{ logit_bias: { 1: 2 } }, 'logit_bias'],
  ])('that can rest take %j: refused is %p', (body, param) => expect(refused(body, 'gpt-5.1')).toBe(param));

  it.each<[JsonObject]>([
    [{ temperature: 1 }],
    [{ top_p: 1 }],
    [{ temperature: null }],
    [{ frequency_penalty: 0, presence_penalty: 0 }],
    [{ logprobs: false, logit_bias: {} }],
    [{ stop: [] }],
  ])('are sent %j, which asks for nothing', (body) =>
    expect(reasoningModelEdits(body, 'o3', aPolicy())).toBeUndefined(),
  );

  it('are told their token limit by its newer name', () => {
    expect(reasoningModelEdits({ max_tokens: 5 }, 'o3', aPolicy())).toEqual({
      set: { max_completion_tokens: 5 },
      remove: ['max_tokens'],
    });
    expect(reasoningModelEdits({ max_tokens: 5, max_completion_tokens: 9 }, 'o3', aPolicy())).toEqual({
      set: {},
      remove: ['max_tokens'],
    });
  });

  it('lose what they lack when parameters may be dropped', () => {
    const policy = aPolicy({ drop: true });
    expect(reasoningModelEdits({ temperature: 0.2, stop: 'x' }, 'o3', policy)).toEqual({
      set: {},
      remove: ['stop', 'temperature'],
    });
    expect(policy.dropped).toEqual(['stop', 'temperature']);
  });
});

describe("OpenAI's own API", () => {
  it('is sent a body that it knows all of as it is', () => {
    const body = { messages: [{ role: 'user', content: 'x' }], tools: [{ type: 'function', function: { name: 'f' } }] };
    expect(foreignFieldEdits(body, aPolicy())).toBeUndefined();
  });

  it.each(['top_k', 'thinking'])('has no %s', (name) => {
    expect(() => foreignFieldEdits({ [name]: 5 }, aPolicy())).toThrow(name);
    expect(foreignFieldEdits({ [name]: 5 }, aPolicy({ drop: true }))).toEqual({ set: {}, remove: [name] });
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['reasoning', { role: 'assistant', content: 'x', reasoning_content: 'r' }, { role: 'assistant', content: 'x' }],
    ['signed blocks', { role: 'assistant', thinking_blocks: [] }, { role: 'assistant' }],
    [
      'signatures of tool calls',
      { role: 'assistant', tool_calls: [{ id: 'a', extra_content: {} }, { id: 'b' }] },
      { role: 'assistant', tool_calls: [{ id: 'a' }, { id: 'b' }] },
    ],
    [
      'marks of caching',
      { role: 'user', content: [{ type: 'text', text: 'x', cache_control: {} }] },
      { role: 'user', content: [{ type: 'text', text: 'x' }] },
    ],
  ])("is not shown other models' %s", (_what, message, expected) => {
    const other = { role: 'user', content: 'y' };
    const edits = foreignFieldEdits({ messages: [other, message] }, aPolicy());
    expect(edits).toEqual({ set: { messages: [other, expected] }, remove: [] });
    expect((edits?.set['messages'] as JsonObject[])[0]).toBe(other);
  });

  it('is not shown marks of caching on tools', () => {
    const tools = [{ type: 'function', function: { name: 'f' }, cache_control: {} }];
    expect(foreignFieldEdits({ tools }, aPolicy())?.set).toEqual({
      tools: [{ type: 'function', function: { name: 'f' } }],
    });
  });
});

describe('mergeEdits', () => {
  it('is undefined when there are none', () => expect(mergeEdits(undefined, undefined)).toBeUndefined());

  it('lets the later one win', () => {
    expect(mergeEdits({ set: { a: 1 }, remove: ['x'] }, undefined, { set: { a: 2, b: 3 }, remove: ['y'] })).toEqual({
      set: { a: 2, b: 3 },
      remove: ['x', 'y'],
    });
  });
});
