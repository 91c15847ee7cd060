// Clients that know `functions` and no tools, whatever the provider's own words are.
/* eslint-disable @typescript-eslint/no-deprecated -- the deprecated words are what is tested */
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import OpenAI from 'openai';
import { chat, okJson } from './client.js';
import { MASTER_KEY, startGateway, type Gateway } from './harness.js';
import { everyModelOf, openAi } from './upstreams.js';

jest.setTimeout(30_000);

let gateway: Gateway;
let client: OpenAI;

beforeAll(async () => {
  gateway = await startGateway({
    config: {
      model_list: everyModelOf('openai', 'groq', 'anthropic', 'gemini', 'ollama'),
      router_settings: { num_retries: 0, disable_cooldowns: true },
    },
  });
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: MASTER_KEY, maxRetries: 0 });
});

const messages = [{ role: 'user' as const, content: 'How is the weather in Oslo?' }];
const functions = [
  {
    name: 'get_weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
];

/** Groq speaks OpenAI's dialect: its answers would be the client's, byte for byte. */
const TRANSLATED = ['groq', 'anthropic', 'gemini', 'ollama'];

describe.each(TRANSLATED)('a model of %s', (prefix) => {
  const model = `${prefix}/some-model`;

  it('answers with a function call', async () => {
    const { choices } = await client.chat.completions.create({ model, messages, functions });
    expect(choices[0]?.finish_reason).toBe('function_call');
    const { message } = choices[0]!;
    expect(message).not.toHaveProperty('tool_calls');
    expect(message.function_call!.name).toBe('get_weather');
    expect(JSON.parse(message.function_call!.arguments)).toEqual({ city: expect.any(String) });
  });

  it('streams a function call', async () => {
    const stream = await client.chat.completions.create({ model, messages, functions, stream: true });
    let [name, written, finish] = ['', '', ''];
    for await (const { choices } of stream) {
      for (const { delta, finish_reason: word } of choices) {
        expect(delta).not.toHaveProperty('tool_calls');
        name += delta.function_call?.name ?? '';
        written += delta.function_call?.arguments ?? '';
        finish = word ?? finish;
      }
    }
    expect([name, finish]).toEqual(['get_weather', 'function_call']);
    expect(JSON.parse(written)).toEqual({ city: expect.any(String) });
  });

  it('takes the result of a function', async () => {
    const { choices } = await client.chat.completions.create({
      model,
      functions,
      messages: [
        ...messages,
        { role: 'assistant', content: null, function_call: { name: 'get_weather', arguments: '{"city":"Oslo"}' } },
        { role: 'function', name: 'get_weather', content: 'rain' },
      ],
    });
    expect(choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: expect.stringMatching(/\S/) } });
    expect(choices[0]!.message).not.toHaveProperty('function_call');
  });

  it('answers a client that knows tools with tools', async () => {
    const tools = functions.map((one) => ({ type: 'function' as const, function: one }));
    const { choices } = await client.chat.completions.create({ model, messages, tools });
    expect(choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ function: { name: 'get_weather' } }] },
    });
  });
});

it('a provider that knows functions gets them as they are, and its bytes are the answer', async () => {
  await okJson(chat(gateway, { model: 'openai/gpt-4o', functions, function_call: 'auto' }));
  const { body } = openAi.requests.at(-1)!;
  expect(body).toMatchObject({ functions, function_call: 'auto' });
  expect(body).not.toHaveProperty('tools');
});
