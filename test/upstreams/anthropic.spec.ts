// The Anthropic mock's shapes, against plain fetch.
import { describe, expect, it } from '@jest/globals';
import { countTokens } from './index.mjs';
import {
  anthropic,
  chat,
  eventsOf,
  jsonOf,
  messages,
  post,
  type Body,
  type Json,
  type Options,
} from './spec-clients.js';

describe('the Anthropic mock', () => {
  it('streams the official order of events', async () => {
    const events = await eventsOf(await chat.anthropic('mock-reasoning+parallel-tools', { stream: true }));
    expect(events.map(([name]) => name).join(' ')).toMatch(
      /^message_start content_block_start ping( content_block_delta)+ content_block_stop( content_block_start( content_block_delta)+ content_block_stop){2} message_delta message_stop$/,
    );
    const bodies = events.map(([name, data]): Json => ({ name, ...JSON.parse(data) }));
    expect(bodies.every(({ name, type }) => name === type)).toBe(true);
    expect(bodies.flatMap(({ content_block }) => content_block?.type ?? [])).toEqual([
      'thinking',
      'tool_use',
      'tool_use',
    ]);
    expect(bodies.flatMap(({ delta }) => (delta?.type === 'signature_delta' ? [delta.signature] : []))).toHaveLength(1);
    expect(bodies.at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 18 } });
  });

  it('sends an empty fragment only for a tool without arguments', async () => {
    const tools = [{ name: 'now', input_schema: { type: 'object' } }];
    const events = await eventsOf(await chat.anthropic('any', { stream: true, tools }));
    const fragments = events.flatMap(([, data]) => JSON.parse(data).delta?.partial_json ?? []);
    expect(fragments).toEqual(['']);
  });

  it('counts cached tokens apart from input_tokens', async () => {
    const { usage } = await jsonOf(await chat.anthropic('mock-cached-5'));
    expect(usage).toMatchObject({ input_tokens: 4, cache_read_input_tokens: 5, output_tokens: 4 });
  });

  it.each([
    ['a wrong key', { key: 'sk-bad' }, {}, 401, 'authentication_error', 'invalid x-api-key'],
    ['no max_tokens', {}, { max_tokens: undefined }, 400, 'invalid_request_error', 'max_tokens: Field required'],
    ['an unknown field', {}, { seed: 1 }, 400, 'invalid_request_error', 'seed: Extra inputs are not permitted'],
    [
      'a tool call without result',
      {},
      { messages: [...messages, { role: 'assistant', content: [{ type: 'tool_use', id: 't1' }] }, ...messages] },
      400,
      'invalid_request_error',
      't1',
    ],
  ])('refuses %s', async (_name, options: Options, extra: Body, status, type, message) => {
    const response = await chat.anthropic('any', extra, options);
    expect(response.status).toBe(status);
    expect(await jsonOf(response)).toMatchObject({
      type: 'error',
      error: { type, message: expect.stringContaining(message) },
      request_id: expect.stringMatching(/^req_/),
    });
  });

  it('reports overload inside a stream', async () => {
    const events = await eventsOf(await chat.anthropic('mock-error-in-stream', { stream: true }));
    expect(events).toHaveLength(4);
    expect(events.at(-1)?.[0]).toBe('error');
  });

  it('counts tokens', async () => {
    const url = `${anthropic.url}/v1/messages/count_tokens`;
    const response = await post(url, { model: 'm', messages }, { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' });
    expect(await jsonOf(response)).toEqual({ input_tokens: 7 + countTokens('Hello') });
  });
});
