// When guardrails look at a call, and at which calls: beside it, along its stream, for logs alone; by request, key and tag.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chat, chunksOf, eventsOf, jsonOf, metricsOf, okJson, open, send, type Json } from './client.js';
import { eventually, readText, ROOT, startGateway, type Gateway } from './harness.js';
import { deployment, everyModelOf, openAi } from './upstreams.js';

jest.setTimeout(120_000);

const MODEL = 'openai/m';
const TOKEN = `ghp_${'aB3dE5gH7'.repeat(4)}`;

const guardrail = (name: string, kind: string, mode: unknown, settings: object = {}): object => ({
  guardrail_name: name,
  litellm_params: { guardrail: kind, mode, ...settings },
});
const saying = (content: string, more: object = {}): object => ({
  model: MODEL,
  messages: [{ role: 'user', content }],
  ...more,
});
const textOf = async (answer: Promise<Response>): Promise<string> => (await okJson(answer)).choices[0].message.content;
const streamedText = async (answer: Promise<Response>): Promise<string> =>
  (await chunksOf(answer)).map(({ choices }) => choices[0]?.delta?.content ?? '').join('');
const refusal = async (answer: Promise<Response>): Promise<[number, string]> => {
  const response = await answer;
  return [response.status, (await jsonOf(response)).error.message];
};
const heard = (): string => openAi.requests.at(-1)!.body.messages.at(-1).content;

/**
 * A service that speaks LiteLLM's generic guardrail API, and judges when it is told to.
 * docs: https://docs.litellm.ai/docs/adding_provider/generic_guardrail_api
 */
class Judge {
  readonly asked: Json[] = [];
  private readonly waiting: ((judgement: object) => void)[] = [];
  private readonly ready: object[] = [];
  private readonly server: Server = createServer((request, response) => void this.judge(request, response));

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** For the question that waits, or the next one. */
  says(judgement: object): void {
    const waiting = this.waiting.shift();
    if (waiting) waiting(judgement);
    else this.ready.push(judgement);
  }

  isAsked(times: number): Promise<number> {
    return eventually(
      () => this.asked.length,
      (count) => count === times,
    );
  }

  private async judge(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const piece of request) body += String(piece);
    this.asked.push(JSON.parse(body));
    const judgement = this.ready.shift() ?? (await new Promise<object>((resolve) => this.waiting.push(resolve)));
    response.setHeader('content-type', 'application/json').end(JSON.stringify(judgement));
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const NONE = { action: 'NONE' };
const BLOCKED = { action: 'BLOCKED', blocked_reason: 'too loud' };

const judge = new Judge();
let gateway: Gateway;

beforeAll(async () => {
  const api_base = await judge.open();
  const EMP = { rules: [{ name: 'employee', pattern: String.raw`\bEMP-\d+\b`, action: 'mask' }] };
  gateway = await startGateway({
    hasLedger: true,
    config: {
      model_list: [
        ...everyModelOf('openai', 'anthropic', 'echo'),
        deployment('careful', 'openai/m', { guardrails: ['employees'] }),
        deployment('broken', 'openai/mock-500'),
        deployment('broken-too', 'openai/mock-500'),
      ],
      plugins: [{ path: './diary.mjs' }],
      litellm_settings: { callbacks: ['diary'] },
      router_settings: {
        num_retries: 2,
        allowed_fails: 0,
        cooldown_time: 60,
        fallbacks: [{ broken: ['careful'] }, { 'broken-too': ['careful', MODEL] }],
      },
      guardrails: [
        guardrail('judge-beside', 'generic_guardrail_api', 'during_call', { api_base }),
        guardrail('judge-after', 'generic_guardrail_api', 'post_call', { api_base }),
        guardrail('employees', 'regex', 'post_call', EMP),
        guardrail('no-dragons', 'regex', 'post_call', { rules: [{ name: 'dragons', keywords: ['dragon'] }] }),
        guardrail('pii', 'pii', ['pre_call', 'post_call']),
        guardrail('secrets', 'hide-secrets', 'post_call'),
        guardrail('for-logs', 'hide-secrets', 'logging_only'),
        guardrail('never-logged', 'regex', 'logging_only', { rules: [{ name: 'whales', keywords: ['whale'] }] }),
        guardrail(
          'by-tag',
          'regex',
          { tags: { strict: 'pre_call' } },
          {
            default_on: true,
            rules: [{ name: 'eels', keywords: ['eel'] }],
          },
        ),
        guardrail('away', 'generic_guardrail_api', 'pre_call', {
          api_base: 'http://127.0.0.1:9',
          fail_on_error: false,
        }),
        guardrail('slow', 'generic_guardrail_api', 'pre_call', { api_base, timeout: 0.2 }),
      ],
    },
    files: { 'diary.mjs': readText(join(ROOT, 'test', 'e2e', 'fixtures', 'plugins', 'diary.mjs')) },
  });
  // A new ledger makes its tables first.
  await eventually(
    async () => (await send(gateway, '/key/list')).status,
    (status) => status === 200,
    30_000,
  );
});
afterAll(async () => {
  judge.close();
  await gateway.kill();
});

describe('beside the call', () => {
  const beside = { guardrails: ['judge-beside'] };

  it.each([false, true])('the answer waits for the judgement (stream: %s)', async (stream) => {
    const from = judge.asked.length;
    const answer = chat(gateway, saying('Hello', { ...beside, stream }));
    let isAnswered = false;
    void answer.then(() => (isAnswered = true));
    await judge.isAsked(from + 1);
    await eventually(
      () => openAi.requests.length,
      (count) => count === 1,
    );
    expect(isAnswered).toBe(false);
    judge.says(NONE);
    const response = await answer;
    expect([response.status, response.headers.get('x-litellm-applied-guardrails')]).toEqual([200, 'judge-beside']);
    expect(await response.text()).toContain('Mock');
  });

  it.each([
    ['while the provider works on it', 'openai/mock-hang', false],
    ['while the provider works on it, a stream', 'openai/mock-hang', true],
    ['while the answer comes', 'openai/mock-late-60000', false],
    ['while a stream comes', 'openai/mock-long-500+pace-100', true],
  ])('a block ends it %s', async (_when, model, stream) => {
    const from = judge.asked.length;
    const answer = chat(gateway, saying('Hello', { ...beside, model, stream }));
    await judge.isAsked(from + 1);
    await eventually(
      () => openAi.requests.length,
      (count) => count === 1,
    );
    judge.says(BLOCKED);
    expect(await refusal(answer)).toEqual([400, expect.stringContaining("'judge-beside': too loud")]);
    const [request] = openAi.requests;
    await eventually(
      () => request!.clientLeft,
      (hasLeft) => hasLeft,
    );
    expect(openAi.requests).toHaveLength(1);
  });

  it.each([false, true])('a block keeps an answer that was quicker (stream: %s)', async (stream) => {
    const from = judge.asked.length;
    const answer = chat(gateway, saying('Hello', { ...beside, stream }));
    await judge.isAsked(from + 1);
    await eventually(
      () => openAi.requests.length,
      (count) => count === 1,
    );
    judge.says(BLOCKED);
    expect((await refusal(answer))[0]).toBe(400);
    // The deployment did nothing wrong: it is asked again at once.
    expect(await textOf(chat(gateway, saying('Again')))).toBe('Mock answer to: Again');
  });

  it('what those before the call hid is not shown', async () => {
    judge.says(NONE);
    const guardrails = ['pii', 'judge-beside'];
    expect(await textOf(chat(gateway, saying('I am jane@example.org', { guardrails })))).toBe(
      'Mock answer to: I am jane@example.org',
    );
    expect(judge.asked.at(-1)).toMatchObject({ texts: ['I am <EMAIL_1>'], litellm_call_id: expect.any(String) });
  });

  it.each([
    ['/v1/completions', { prompt: 'Hello' }],
    ['/v1/embeddings', { input: 'Hello' }],
  ])('also at %s', async (path, body) => {
    judge.says(BLOCKED);
    expect((await refusal(send(gateway, path, { body: { model: MODEL, ...beside, ...body } })))[0]).toBe(400);
    expect(judge.asked.at(-1).texts).toEqual(['Hello']);
  });
});

describe('along a stream', () => {
  it('what is masked never shows, however the provider cuts it; the rest passes as it comes', async () => {
    const text = 'EMP-12345678, EMP-1, EMP-x, AKIAIOSFODNN7EXAMPLE!';
    const body = saying(text, { guardrails: ['employees', 'secrets'], stream: true });
    const chunks = await chunksOf(chat(gateway, body));
    const pieces = chunks.map(({ choices }) => choices[0]?.delta?.content ?? '').filter((piece) => piece !== '');
    expect(pieces.join('')).toBe('Mock answer to: [EMPLOYEE_REDACTED], [EMPLOYEE_REDACTED], EMP-x, [REDACTED]!');
    expect(pieces.length).toBeGreaterThan(2);
    expect(openAi.requests.at(-1)!.body.stream).toBe(true);
  });

  it('its beginning is there before its end', async () => {
    const body = saying('Hi', { model: 'openai/mock-long-200+pace-20', guardrails: ['employees'], stream: true });
    const response = await open(gateway, '/v1/chat/completions', { body });
    const [first] = (await new Promise<Buffer>((resolve) => response.once('data', resolve))).toString().split('\n\n');
    expect(first).toContain('"role":"assistant"');
    expect(openAi.requests.at(-1)!.clientLeft).toBe(false);
    response.destroy();
    await eventually(
      () => openAi.requests.at(-1)!.clientLeft,
      (hasLeft) => hasLeft,
    );
  });

  it.each([MODEL, 'anthropic/m', 'echo/echo'])('personal data comes back in the stream of %s', async (model) => {
    const text = 'Write to jane.doe@example.org and to joe@example.org, please.';
    const answer = await streamedText(chat(gateway, saying(text, { model, guardrails: ['pii'], stream: true })));
    expect(answer).toContain(text);
    if (model === MODEL) expect(heard()).toBe('Write to <EMAIL_1> and to <EMAIL_2>, please.');
  });

  it('also in a stream of a text completion', async () => {
    const body = { model: MODEL, prompt: 'I am jane@example.org', guardrails: ['pii'], stream: true };
    const chunks = await chunksOf(send(gateway, '/v1/completions', { body }));
    expect(chunks.map(({ choices }) => choices[0]?.text ?? '').join('')).toContain('I am jane@example.org');
    expect(openAi.requests.at(-1)!.body).toMatchObject({ prompt: 'I am <EMAIL_1>', stream: true });
  });

  it('also in the arguments of tool calls, which stay JSON', async () => {
    const city = { type: 'string', enum: ['<EMAIL_1>'] };
    const tools = [
      {
        type: 'function',
        function: { name: 'send', parameters: { type: 'object', properties: { city }, required: ['city'] } },
      },
    ];
    const body = saying('I am "jane"@example.org or jane@example.org', { guardrails: ['pii'], stream: true, tools });
    const chunks = await chunksOf(chat(gateway, body));
    const json = chunks
      .flatMap(({ choices }) => choices[0]?.delta?.tool_calls ?? [])
      .map(({ function: called }) => called?.arguments ?? '')
      .join('');
    expect(JSON.parse(json)).toEqual({ city: 'jane@example.org' });
    expect(chunks.at(-1)!.choices[0]?.finish_reason).toBe('tool_calls');
  });

  it('usage is told where it was asked for', async () => {
    const body = saying('EMP-1', { guardrails: ['employees'], stream: true, stream_options: { include_usage: true } });
    expect((await chunksOf(chat(gateway, body))).at(-1)!.usage.total_tokens).toBeGreaterThan(0);
  });

  it('a block at its beginning is an answer of its own', async () => {
    const body = saying('dragon', { model: 'echo/echo', guardrails: ['no-dragons'], stream: true });
    const response = await chat(gateway, body);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect([response.status, (await jsonOf(response)).error.message]).toEqual([
      400,
      expect.stringContaining("'no-dragons'"),
    ]);
  });

  it('a block in its middle ends it with an error, without the words and without [DONE]', async () => {
    const response = await chat(gateway, saying('here be a dragon now', { guardrails: ['no-dragons'], stream: true }));
    const text = await response.text();
    expect(response.status).toBe(200);
    const events = eventsOf(text);
    expect(JSON.parse(events.at(-1)!).error).toMatchObject({
      code: 'guardrail_blocked',
      message: expect.stringContaining("'no-dragons'"),
    });
    expect(text).toContain('Moc');
    expect(text.replace(/"error".*/s, '')).not.toContain('dragon');
    expect(openAi.requests).toHaveLength(1);
  });

  it('one that needs the whole has it, before the client sees any of it', async () => {
    const from = judge.asked.length;
    judge.says({ action: 'GUARDRAIL_INTERVENED', texts: ['Something else'] });
    const body = saying('Hello', { guardrails: ['judge-after'], stream: true });
    expect(await streamedText(chat(gateway, body))).toBe('Something else');
    expect(judge.asked).toHaveLength(from + 1);
    expect(openAi.requests.at(-1)!.body.stream).toBe(false);
  });

  it('without guardrails the provider’s bytes pass', async () => {
    const response = await send(gateway, '/v1/chat/completions', { body: saying('EMP-1', { stream: true }) });
    // The usage chunk was not asked for, and is left out.
    const sent = openAi.requests.at(-1)!.answer.toString().split('\n\n');
    expect((await response.text()).split('\n\n')).toEqual(sent.filter((event) => !event.includes('"choices":[]')));
    expect(response.headers.get('x-litellm-applied-guardrails')).toBeNull();
  });
});

describe('an answer that is kept', () => {
  it.each([false, true])('was asked for once, and is paid (stream: %s)', async (stream) => {
    judge.says(BLOCKED);
    const before = await metricsOf(gateway);
    const body = saying('Hello', { guardrails: ['judge-after'], stream });
    expect((await refusal(chat(gateway, body)))[0]).toBe(400);
    expect(openAi.requests).toHaveLength(1);
    const labels = { requested_model: MODEL };
    const name = 'litellm_output_tokens_metric_total';
    const after = await metricsOf(gateway);
    expect(after.sum(name, labels)).toBeGreaterThan(before.sum(name, labels));
    expect(after.sum('litellm_deployment_failure_responses_total')).toBe(
      before.sum('litellm_deployment_failure_responses_total'),
    );
  });
});

describe('one that fails', () => {
  it('lets the call pass where it may, and says so', async () => {
    const from = gateway.output().length;
    expect(await textOf(chat(gateway, saying('Hello', { guardrails: ['away'] })))).toBe('Mock answer to: Hello');
    await gateway.waitForOutput(/a guardrail failed, and the call went on without it/, from);
  });

  it('stops the call when its time is over', async () => {
    const from = judge.asked.length;
    const response = await chat(gateway, saying('Hello', { guardrails: ['slow'] }));
    const { error } = await jsonOf(response);
    expect([response.status, error.message]).toEqual([500, expect.stringContaining('took longer than 200 ms')]);
    expect([openAi.requests.length, judge.asked.length]).toEqual([0, from + 1]);
    judge.says(NONE);
  });
});

describe('for logs alone', () => {
  const diary = (): Json[] =>
    readFileSync(join(gateway.folder, '.turnpike', 'plugins', 'callback.diary', 'diary.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  const entryOf = (callId: string | null): Promise<Json> =>
    eventually(
      () => {
        try {
          return diary().find((entry) => entry.callId === callId);
        } catch {
          return undefined;
        }
      },
      (entry) => entry !== undefined,
    );

  it('callbacks are told less than provider and client', async () => {
    const text = `push with ${TOKEN}`;
    const response = await chat(gateway, saying(text, { temperature: 0 }));
    expect((await jsonOf(response)).choices[0].message.content).toContain(TOKEN);
    expect(response.headers.get('x-litellm-applied-guardrails')).toBeNull();
    expect(heard()).toBe(text);
    const entry = await entryOf(response.headers.get('x-litellm-call-id'));
    expect(entry.request).toMatchObject({
      messages: [{ role: 'user', content: 'push with [REDACTED]' }],
      temperature: 0,
      model: MODEL,
    });
    expect(entry.response).toMatchObject({
      choices: [{ message: { content: expect.stringContaining('[REDACTED]') } }],
    });
    const ofOneText = [
      { name: 'for-logs', mode: 'logging_only', status: 'success', masked: { 'github-token': 1 } },
      { name: 'never-logged', status: 'success' },
    ];
    expect(entry.guardrails).toMatchObject([...ofOneText, ...ofOneText]);
    expect(JSON.stringify(entry)).not.toContain(TOKEN);
  });

  it('what may not be logged is not told at all', async () => {
    const response = await chat(gateway, saying('a whale'));
    expect((await jsonOf(response)).choices[0].message.content).toContain('whale');
    const entry = await entryOf(response.headers.get('x-litellm-call-id'));
    expect(entry).not.toHaveProperty('request');
    expect(entry.guardrails.at(-1)).toMatchObject({ name: 'never-logged', status: 'guardrail_intervened' });
  });

  it('callbacks are told who looked at a call, and what came of it', async () => {
    judge.says(BLOCKED);
    const response = await chat(gateway, saying('I am jane@example.org', { guardrails: ['pii', 'judge-after'] }));
    expect(response.status).toBe(400);
    const { guardrails } = await entryOf(response.headers.get('x-litellm-call-id'));
    const ofTheCall = guardrails.filter(({ mode }: Json) => mode !== 'logging_only');
    expect(ofTheCall.map(({ name, mode, status, masked }: Json) => [name, mode, status, masked])).toEqual([
      ['pii', 'pre_call', 'success', { EMAIL: 1 }],
      ['judge-after', 'post_call', 'guardrail_intervened', undefined],
    ]);
  });
});

describe('by whom and what', () => {
  const post = (path: string, body: object): Promise<Json> => okJson(send(gateway, path, { body }));
  const keyFor = async (wish: object): Promise<string> => (await post('/key/generate', wish)).key;
  const EEL = 'an eel';

  it.each([
    [{}, {}, 200],
    [{ metadata: { tags: ['strict'] } }, {}, 400],
    [{}, { 'x-litellm-tags': 'strict' }, 400],
    [{ metadata: { tags: ['lax'] } }, {}, 200],
  ])('a tag says when one looks: %j %j', async (more, headers, status) => {
    const response = await chat(gateway, saying(EEL, more), { headers });
    expect(response.status).toBe(status);
    await response.text();
  });

  it('a key has its guardrails with every call', async () => {
    const key = await keyFor({ guardrails: ['employees'] });
    expect(await textOf(chat(gateway, saying('EMP-1'), { key }))).toBe('Mock answer to: [EMPLOYEE_REDACTED]');
    expect(await textOf(chat(gateway, saying('EMP-1')))).toBe('Mock answer to: EMP-1');
  });

  it('a team has them for its keys, and may forbid these to choose', async () => {
    const { team_id: team } = await post('/team/new', { guardrails: ['employees'] });
    const key = await keyFor({ team_id: team });
    expect(await textOf(chat(gateway, saying('EMP-1'), { key }))).toContain('[EMPLOYEE_REDACTED]');
    const bound = await post('/team/new', { metadata: { guardrails: { modify_guardrails: false } } });
    const other = await keyFor({ team_id: bound.team_id });
    expect(await refusal(chat(gateway, saying('Hi', { guardrails: [] }), { key: other }))).toEqual([
      403,
      expect.stringContaining('does not have permission to modify guardrails'),
    ]);
    expect(await textOf(chat(gateway, saying('Hi'), { key: other }))).toBe('Mock answer to: Hi');
  });

  it.each([false, true])('a model has them, whoever asks for it (stream: %s)', async (stream) => {
    const response = await chat(gateway, saying('EMP-1', { model: 'careful', stream }));
    expect([response.status, response.headers.get('x-litellm-applied-guardrails')]).toEqual([200, 'employees']);
    expect(await response.text()).not.toContain('EMP-1');
  });

  it('a model does not answer as the fallback of one without them', async () => {
    expect((await chat(gateway, saying('EMP-1', { model: 'broken' }))).status).toBe(500);
    expect(await textOf(chat(gateway, saying('EMP-1', { model: 'broken-too' })))).toBe('Mock answer to: EMP-1');
    const guarded = saying('EMP-1', { model: 'broken-too', guardrails: ['employees'] });
    expect(await textOf(chat(gateway, guarded))).toContain('[EMPLOYEE_REDACTED]');
  });

  it('a key may be without those that are on by default, its client may not', async () => {
    const strict = { metadata: { tags: ['strict'] } };
    const key = await keyFor({ disable_global_guardrails: true });
    expect(await textOf(chat(gateway, saying(EEL, strict), { key }))).toContain('eel');
    expect((await refusal(chat(gateway, saying(EEL, { ...strict, disable_global_guardrails: true }))))[0]).toBe(400);
  });

  it('a call with one that is not there is refused, whoever asks for it', async () => {
    const key = await keyFor({ guardrails: ['ghost'] });
    expect(await refusal(chat(gateway, saying('Hi'), { key }))).toEqual([400, expect.stringContaining("'ghost'")]);
    expect(await refusal(chat(gateway, saying('Hi', { guardrails: ['ghost'] })))).toEqual([
      400,
      expect.stringContaining("'ghost' is not configured"),
    ]);
    expect(openAi.requests).toHaveLength(0);
  });

  it('what a client says to one of them reaches it', async () => {
    judge.says(NONE);
    const guardrails = [{ 'judge-beside': { extra_body: { threshold: 0.3 } } }];
    await textOf(chat(gateway, saying('Hi', { guardrails, user: 'jane' })));
    expect(judge.asked.at(-1)).toMatchObject({
      additional_provider_specific_params: { threshold: 0.3 },
      request_data: { user_api_key_end_user_id: 'jane', user_api_key_alias: 'master' },
    });
    expect(openAi.requests.at(-1)!.body).not.toHaveProperty('guardrails');
  });

  it('a fallback may not change what they have seen', async () => {
    const fallbacks = [{ model: MODEL, messages: [{ role: 'user', content: 'EMP-1' }] }];
    expect(await refusal(chat(gateway, saying('Hi', { guardrails: ['pii'], fallbacks })))).toEqual([
      400,
      expect.stringContaining('may only name models'),
    ]);
    expect((await chat(gateway, saying('Hi', { fallbacks }))).status).toBe(200);
  });
});

describe('the routes', () => {
  const get = (path: string, key?: string | null): Promise<Response> => send(gateway, path, { key });

  it.each(['/guardrails/list', '/v2/guardrails/list'])('%s lists them, to admins with their settings', async (path) => {
    const { guardrails } = await okJson(get(path));
    expect(guardrails).toHaveLength(11);
    expect(guardrails[10]).toEqual({
      guardrail_id: 'slow',
      guardrail_name: 'slow',
      litellm_params: {
        guardrail: 'generic_guardrail_api',
        mode: 'pre_call',
        default_on: false,
        api_base: expect.stringContaining('http://127.0.0.1'),
      },
      guardrail_info: {},
      guardrail_definition_location: 'config',
      created_at: null,
      updated_at: null,
    });
    expect(guardrails[8].litellm_params).toMatchObject({ mode: { tags: { strict: 'pre_call' } }, default_on: true });
  });

  it('others see which there are', async () => {
    const { key } = await okJson(send(gateway, '/key/generate', { body: {} }));
    const { guardrails } = await okJson(get('/guardrails/list', key));
    expect(guardrails[10].litellm_params).toEqual({
      guardrail: 'generic_guardrail_api',
      mode: 'pre_call',
      default_on: false,
    });
    expect((await get('/guardrails/slow/info', key)).status).toBe(403);
    expect((await get('/guardrails/list', null)).status).toBe(401);
  });

  it('one of them is shown, or there is none', async () => {
    expect((await okJson(get('/guardrails/pii/info'))).litellm_params.guardrail).toBe('pii');
    expect((await get('/guardrails/ghost/info')).status).toBe(404);
  });

  it.each([
    ['pii', { text: 'I am jane@example.org' }, 200, 'I am <EMAIL_1>'],
    ['employees', { text: 'I am EMP-7' }, 200, 'I am [EMPLOYEE_REDACTED]'],
    ['employees', { text: 'I am EMP-7', input_type: 'response' }, 200, 'I am [EMPLOYEE_REDACTED]'],
    ['no-dragons', { text: 'a dragon' }, 400, "'no-dragons'"],
    ['for-logs', { text: `a ${TOKEN}` }, 200, 'a [REDACTED]'],
    ['ghost', { text: 'a' }, 404, "Guardrail 'ghost' not found."],
    ['pii', { text: 5 }, 400, "'text' must be a text"],
    ['pii', { text: 'a', input_type: 'both' }, 400, "'input_type' must be request or response"],
  ])('%s is tried out on %j', async (guardrail_name, body, status, expected) => {
    const { key } = await okJson(send(gateway, '/key/generate', { body: {} }));
    for (const path of ['/guardrails/apply_guardrail', '/apply_guardrail']) {
      const response = await send(gateway, path, { body: { guardrail_name, ...body }, key });
      const answer = await jsonOf(response);
      expect([response.status, answer.response_text ?? answer.error.message]).toEqual([
        status,
        expect.stringContaining(expected),
      ]);
    }
    expect(openAi.requests).toHaveLength(0);
  });
});
