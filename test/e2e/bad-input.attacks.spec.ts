// Small requests that are meant to cost a lot: time, memory, series of metrics.
import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { CHAT, expectError, gatewayPid, isRunning, residentMb } from './bad-input.harness.js';
import { chat, exchange, messages, metricsOf } from './client.js';
import { startGateway, type Gateway } from './harness.js';
import { deployment, everyModelOf, upstreams, type UpstreamName } from './upstreams.js';

jest.setTimeout(30_000);

/** Generous: a busy machine takes a tenth of it. Without the bounds these take minutes. */
const MAX_MS = 2_000;

let gateway: Gateway;
let pid: number;

beforeAll(async () => {
  gateway = await startGateway({
    config: {
      model_list: [
        ...everyModelOf('openai'),
        deployment('openAi', 'openai/gpt-4o'),
        deployment('same', 'openai/same'),
        deployment('anthropic', 'anthropic/claude-sonnet-4-5'),
        deployment('gemini', 'gemini/gemini-2.0-flash'),
        deployment('gemini-json', 'gemini/gemini-2.5-pro'),
        deployment('ollama', 'ollama/llama3'),
      ],
    },
  });
  pid = gatewayPid(gateway);
});

afterEach(async () => {
  expect((await chat(gateway, { model: 'same' })).status).toBe(200);
  expect(isRunning(pid)).toBe(true);
  expect(gateway.output()).not.toMatch(/unhandled|uncaught|failed unexpectedly|could not be ended/i);
});

const ANSWERS: Record<UpstreamName, object> = {
  openAi: { choices: [{ index: 0, message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }] },
  anthropic: { type: 'message', role: 'assistant', content: [{ type: 'text', text: 'ok' }], stop_reason: 'end_turn' },
  gemini: { candidates: [{ content: { role: 'model', parts: [{ text: 'ok' }] }, finishReason: 'STOP' }] },
  ollama: { message: { role: 'assistant', content: 'ok' }, done: true, done_reason: 'stop' },
};

/** Asks with a provider that answers at once, so that only the gateway's own time counts. */
const timed = async (
  model: string,
  body: string,
  key?: null,
): Promise<{ status: number; text: string; ms: number }> => {
  const name = model.replace(/-json$/, '').replace('same', 'openAi') as UpstreamName;
  upstreams[name].script((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(ANSWERS[name]));
  });
  const start = performance.now();
  const answer = await exchange(gateway, CHAT, { body, ...(key === null && { key }) });
  return { status: answer.status, text: answer.body.toString(), ms: performance.now() - start };
};

const bodyOf = (model: string, fields: object): string =>
  JSON.stringify({ model, max_tokens: 5, messages: [{ role: 'user', content: 'x' }], ...fields });

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
const named = <T>(count: number, prefix: string, make: (index: number) => T): Record<string, T> =>
  Object.fromEntries(times(count, (index) => [prefix + index, make(index)]));

describe('nesting', () => {
  it.each([
    ['arrays', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['201 levels', '['.repeat(201) + ']'.repeat(201)],
    ['10 million arrays', '['.repeat(10_000_000) + ']'.repeat(10_000_000)],
    ['arrays without an end', '['.repeat(20_000_000)],
  ])('of the body: %s', async (_, value) => {
    for (const field of ['messages', 'tools', 'x']) {
      const { status, text, ms } = await timed('same', `{"model":"same","${field}":${value}}`);
      expect(status).toBe(400);
      expectError(JSON.parse(text), 400, { message: /nested deeper than 200 levels/ });
      expect(ms).toBeLessThan(MAX_MS);
    }
  });

  it('of the body, by somebody without a key', async () => {
    const { status, ms } = await timed('same', '['.repeat(40_000_000), null);
    expect([400, 401]).toContain(status);
    expect(ms).toBeLessThan(MAX_MS);
  });

  it('just as deep as allowed', async () => {
    const deep = '['.repeat(198) + ']'.repeat(198);
    expect((await timed('same', `{"model":"same","messages":[],"x":${deep}}`)).status).toBe(200);
  });

  it.each(['anthropic', 'gemini', 'ollama'])('inside the arguments of a tool call: %s', async (model) => {
    for (const text of [
      '{"a":'.repeat(9_000) + '1' + '}'.repeat(9_000),
      '['.repeat(8_000_000) + ']'.repeat(8_000_000),
    ]) {
      const call = { id: 'a', type: 'function', function: { name: 'f', arguments: text } };
      const said = [
        ...messages,
        { role: 'assistant', tool_calls: [call] },
        { role: 'tool', tool_call_id: 'a', content: text },
      ];
      const { status, text: answer, ms } = await timed(model, bodyOf(model, { messages: said }));
      expect(status).toBe(400);
      expectError(JSON.parse(answer), 400);
      expect(ms).toBeLessThan(MAX_MS);
    }
  });
});

describe('numbers of things', () => {
  const user = { role: 'user', content: 'x' };
  const call = (id: number) => ({ id: `c${id}`, type: 'function', function: { name: 'f', arguments: '{}' } });
  const result = (id: number) => ({ role: 'tool', tool_call_id: `c${id}`, content: 'x' });
  const cases: [string, object][] = [
    ['100,000 fields', named(100_000, 'k', () => 1)],
    ['100,000 messages', { messages: times(100_000, () => user) }],
    ['100,000 parts', { messages: [{ role: 'user', content: times(100_000, () => ({ type: 'text', text: 'x' })) }] }],
    ['50,000 tools', { tools: times(50_000, (at) => ({ type: 'function', function: { name: `f${at}` } })) }],
    [
      '20,000 tool calls',
      { messages: [user, { role: 'assistant', tool_calls: times(20_000, call) }, ...times(20_000, result)] },
    ],
    ['a megabyte of one character', { messages: [{ role: 'user', content: '<'.repeat(1_000_000) }] }],
    [
      'a strange data URL',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: `data:${';'.repeat(1_000_000)}` } }] },
        ],
      },
    ],
    [
      'a strange address',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: `http://${'a.'.repeat(500_000)}` } }] },
        ],
      },
    ],
    ['a long name', { tools: [{ type: 'function', function: { name: '-'.repeat(1_000_000) } }] }],
    ['a long role', { messages: [{ role: 'x'.repeat(1_000_000), content: 'x' }] }],
    ['allowed_openai_params', { allowed_openai_params: times(100_000, (at) => `k${at}`) }],
  ];

  describe.each(['openAi', 'anthropic', 'gemini', 'ollama'])('%s', (model) => {
    it.each(cases)('%s', async (_, fields) => {
      const { status, text, ms } = await timed(model, bodyOf(model, fields));
      expect([200, 400]).toContain(status);
      expect(text.length).toBeLessThan(10_000);
      expect(ms).toBeLessThan(MAX_MS);
    });
  });

  it.each([
    ['many', times(50_000, (at) => `k${at}`)],
    ['long', ['messages' + '[0]'.repeat(300_000)]],
  ])('%s additional_drop_params are refused', async (_, paths) => {
    const body = bodyOf('same', { ...named(50_000, 'k', () => 1), additional_drop_params: paths });
    const { status, ms } = await timed('same', body);
    expect(status).toBe(400);
    expect(ms).toBeLessThan(MAX_MS);
  });
});

describe('schemas', () => {
  const text = { type: 'string' };
  const COUNT = 10_000;
  const schemas: [string, object][] = [
    [
      'references that double at each level',
      {
        $defs: named(40, 'D', (at) => ({
          type: 'object',
          properties: named(10, 'p', () => ({ $ref: `#/$defs/D${at + 1}` })),
        })),
        properties: { x: { $ref: '#/$defs/D0' } },
      },
    ],
    [
      'a reference to itself',
      {
        $defs: { A: { properties: named(5, 'p', () => ({ $ref: '#/$defs/A' })) } },
        properties: { x: { $ref: '#/$defs/A' } },
      },
    ],
    [
      'a chain of references',
      { $defs: named(COUNT, 'D', (at) => ({ $ref: `#/$defs/D${at + 1}` })), properties: { x: { $ref: '#/$defs/D0' } } },
    ],
    ['many allOf', { allOf: times(COUNT, (at) => ({ properties: { [`p${at}`]: text }, required: [`p${at}`] })) }],
    [
      'many allOf of one property',
      { allOf: times(COUNT, (at) => ({ properties: { p: { properties: { [`q${at}`]: text } } } })) },
    ],
    [
      'many anyOf beside many properties',
      {
        properties: named(COUNT, 'p', () => text),
        anyOf: times(COUNT, (at) => ({ properties: { [`p${at}`]: text } })),
      },
    ],
    [
      'many anyOf beside many required',
      { required: times(COUNT, (at) => `p${at}`), anyOf: times(COUNT, (at) => ({ required: [`p${at}`] })) },
    ],
    ['many types', { properties: { p: { type: times(COUNT, () => 'string'), enum: times(COUNT, (at) => `e${at}`) } } }],
    ['long references', { properties: named(1_000, 'p', () => ({ $ref: `#${'/a'.repeat(1_000)}` })) }],
    [
      'one large definition, often',
      {
        $defs: { D: { properties: named(COUNT, 'p', () => text) } },
        properties: named(COUNT, 'q', () => ({ $ref: '#/$defs/D', properties: {} })),
      },
    ],
  ];

  describe.each(['anthropic', 'gemini', 'gemini-json', 'ollama'])('%s', (model) => {
    it.each(schemas)('%s', async (_, schema) => {
      const parameters = { type: 'object', ...schema };
      for (const fields of [
        { tools: [{ type: 'function', function: { name: 'f', parameters } }] },
        { response_format: { type: 'json_schema', json_schema: { name: 'f', schema: parameters } } },
      ]) {
        const { status, ms } = await timed(model, bodyOf(model, fields));
        expect([200, 400]).toContain(status);
        expect(ms).toBeLessThan(MAX_MS);
      }
    });
  });
});

describe('names that never come again', () => {
  const COUNT = 1_000;

  const flood = async (ask: (index: number) => Promise<unknown>): Promise<void> => {
    for (let from = 0; from < COUNT; from += 100) await Promise.all(times(100, (at) => ask(from + at)));
  };

  it.each<[string, (index: number) => Promise<unknown>]>([
    ['unknown models', (at) => chat(gateway, { model: `nope-${at}` })],
    ['unknown models under a wildcard', (at) => chat(gateway, { model: `openai/mock-404+nope-${at}` })],
    ['call ids', (at) => chat(gateway, { model: 'same' }, { headers: { 'x-litellm-call-id': `call-${at}` } })],
    ['wrong keys', (at) => chat(gateway, { model: 'same' }, { key: `sk-wrong-${at}` })],
    ['routes', (at) => fetch(`${gateway.url}/nope/${at}`)],
    ['users', (at) => chat(gateway, { model: 'same', user: `user-${at}` })],
  ])('%s make no series of their own', async (_, ask) => {
    const { length: before } = (await metricsOf(gateway)).text;
    await flood(async (at) => (ask(at) as Promise<Response>).then((answer) => answer.text()));
    const { length: after } = (await metricsOf(gateway)).text;
    expect(after - before).toBeLessThan(100_000);
  });

  it('models that a wildcard lets through make a bounded number, and a bounded memory', async () => {
    const before = residentMb(pid);
    await flood((at) => chat(gateway, { model: `openai/${'x'.repeat(400)}${at}` }).then((answer) => answer.text()));
    const start = performance.now();
    const { text } = await metricsOf(gateway);
    expect(performance.now() - start).toBeLessThan(MAX_MS);
    expect(text.match(/^litellm_requests_metric_total\{/gm)!.length).toBeLessThan(300);
    expect(text.length).toBeLessThan(10_000_000);
    expect(residentMb(pid) - before).toBeLessThan(150);
  });
});
