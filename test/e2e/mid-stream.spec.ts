// `mid_stream_failover`: a stream that breaks after its client has read some of it goes on at the next deployment, and
// its client reads one answer.
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { chat, eventsOf, messages, metricsOf, open, send, type Json } from './client.js';
import { ask, at, attemptsOf, blue, gatewayFor, green, recordOf, red, type Mock, type Told } from './fleet.js';
import { eventually } from './harness.js';
import { anthropic } from './upstreams.js';

jest.setTimeout(30_000);

const CHAT = '/v1/chat/completions';
const IDLE_SECONDS = 0.3;
/** Of a token, both ways: costs are then easy to add up. */
const PRICES = { input_cost_per_token: 0.001, output_cost_per_token: 0.001 };

/** Asked one after the other: a deployment with a higher order is asked when those before it have failed. */
const inOrder = (name: string, ...mocks: readonly Mock[]): object[] =>
  mocks.map((mock, index) => at(mock, name, { model: name, order: index + 1, ...PRICES }));

const model_list = [
  ...inOrder('story', red, green, blue),
  ...inOrder('lonely', red),
  ...inOrder('other group', green),
  ...inOrder('falls back', red),
  ...inOrder('half spoken', red),
  at(green, 'half spoken', { model: 'anthropic/claude-sonnet-4-5', api_base: anthropic.url, order: 2 }),
  ...inOrder('echoed', red),
  { model_name: 'echoed', litellm_params: { model: 'echo/any', order: 2 }, model_info: { id: 'echoed.echo' } },
];

const router_settings = {
  disable_cooldowns: true,
  stream_idle_timeout: IDLE_SECONDS,
  retry_after: 0,
  num_retries: 0,
  fallbacks: [{ 'falls back': ['other group'] }],
};

const guardrails = [
  { guardrail_name: 'pii', litellm_params: { guardrail: 'pii', mode: ['pre_call', 'post_call'] } },
  {
    guardrail_name: 'no-dragons',
    litellm_params: { guardrail: 'regex', mode: 'post_call', rules: [{ name: 'dragons', keywords: ['dragon'] }] },
  },
];

const gateway = gatewayFor(() => ({
  config: { model_list, guardrails, router_settings: { ...router_settings, mid_stream_failover: true } },
}));

type Script = (request: IncomingMessage, response: ServerResponse) => void;

const frame = (event: object | string): string =>
  `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`;
const chunk = (delta: object, finish: string | null = null): string =>
  frame({
    id: 'theirs',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'their-model',
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
const usage = (prompt_tokens: number, completion_tokens: number): string =>
  frame({
    id: 'theirs',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'their-model',
    choices: [],
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  });

/** The head of a stream and these words, and then whatever the script wants. */
const saying =
  (words: readonly string[], then: (response: ServerResponse) => void): Script =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(chunk({ role: 'assistant', content: '' }));
    for (const word of words) response.write(chunk({ content: word }));
    then(response);
  };
/** Lets what was written leave first: a reset would take it back. */
const cut = (response: ServerResponse): void => void setTimeout(() => response.destroy(), 20);
const breaksOff = (...words: string[]): Script => saying(words, cut);
const ends = (...words: string[]): Script =>
  saying(words, (response) => response.end(chunk({}, 'stop') + usage(30, 4) + frame('[DONE]')));
const refuses: Script = (_request, response) => {
  response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"down"}}');
};

const tell = (body: { model: string; [field: string]: unknown }): Promise<Told> =>
  ask(gateway(), { stream: true, ...body });
const asked = (...mocks: readonly Mock[]): number[] => mocks.map(({ requests }) => requests.length);

/** The chunks of an answer that was said to be complete. */
const chunksOf = async (body: object): Promise<Json[]> => {
  const events = eventsOf(await (await chat(gateway(), { stream: true, ...body })).text());
  expect(events.at(-1)).toBe('[DONE]');
  return events.slice(0, -1).map((event) => JSON.parse(event));
};

/** What the client read, and then the truth. */
const expectBroken = (told: Told, content: string, code: string): void => {
  expect(told).toMatchObject({ status: 200, content, isDone: false, error: { code } });
};

const gone: [manner: string, Script, code: string][] = [
  ['is cut', breaksOff('Once ', 'upon '), 'GW_STREAM_CUT'],
  ['ends too early', saying(['Once ', 'upon '], (response) => response.end()), 'GW_STREAM_CUT'],
  ['falls silent', saying(['Once ', 'upon '], () => undefined), 'GW_TIMEOUT'],
  [
    'tells of an error',
    saying(['Once ', 'upon '], (response) =>
      response.end(frame({ error: { message: 'overloaded', type: 'server_error', code: 503 } })),
    ),
    'GW_UPSTREAM_UNAVAILABLE',
  ],
];

describe('a stream', () => {
  it.each(gone)('that %s goes on at the next deployment', async (_manner, script, code) => {
    red.script(script);
    green.script(ends('a ', 'time.'));
    const told = await tell({ model: 'story' });
    expect(told).toMatchObject({ content: 'Once upon a time.', error: undefined, isDone: true });
    // The head was out before anybody knew.
    expect(told).toMatchObject({ deployment: 'story.red', retries: 0 });
    expect(await attemptsOf(gateway(), told)).toEqual([`story.red ${code}`, 'story.green success']);
    expect(asked(red, green, blue)).toEqual([1, 1, 0]);
  });

  it('is one answer: one id, one model, one beginning and one end', async () => {
    red.script(breaksOff('Once '));
    green.script((request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const others = (text: string): string => text.replaceAll('theirs', 'another').replaceAll('their-model', 'b');
      response.end(
        others(chunk({ role: 'assistant', content: '' }) + chunk({ content: 'upon' }) + chunk({}, 'stop')) +
          frame('[DONE]'),
      );
    });
    const chunks = await chunksOf({ model: 'story' });
    expect(new Set(chunks.map(({ id, model }) => `${id} ${model}`))).toEqual(new Set(['theirs their-model']));
    const choices = chunks.map(({ choices: [choice] }) => choice);
    expect(choices.filter(({ delta }) => delta.role !== undefined)).toHaveLength(1);
    expect(choices.map(({ finish_reason }) => finish_reason).filter((reason) => reason !== null)).toEqual(['stop']);
    expect(choices.map(({ delta }) => delta.content ?? '').join('')).toBe('Once upon');
  });

  it('is asked for with what was delivered, and otherwise as the client asked', async () => {
    red.script(breaksOff('Once ', 'upon '));
    green.script(ends('a time.'));
    await tell({ model: 'story', temperature: 0.5, user: 'someone', stop: ['x'], unknown_field: { a: 1 } });
    const [first, second] = [red.requests[0]?.body, green.requests[0]?.body];
    const { messages: sent, ...others } = second;
    expect(sent).toEqual([
      ...messages,
      { role: 'assistant', content: 'Once upon ' },
      { role: 'user', content: expect.stringMatching(/continue/i) },
    ]);
    expect({ ...others, messages }).toEqual(first);
    expect(others).toMatchObject({ temperature: 0.5, user: 'someone', stop: ['x'], unknown_field: { a: 1 } });
  });

  it('goes on as often as it breaks, each time with all that was said', async () => {
    red.script(breaksOff('Once '));
    green.script(breaksOff('upon '));
    blue.script(ends('a time.'));
    const told = await tell({ model: 'story' });
    expect(told).toMatchObject({ content: 'Once upon a time.', isDone: true });
    expect(blue.requests[0]?.body.messages).toEqual([
      ...messages,
      { role: 'assistant', content: 'Once upon ' },
      expect.objectContaining({ role: 'user' }),
    ]);
    expect(await attemptsOf(gateway(), told)).toEqual([
      'story.red GW_STREAM_CUT',
      'story.green GW_STREAM_CUT',
      'story.blue success',
    ]);
  });

  it('goes on behind a deployment that cannot', async () => {
    red.script(breaksOff('Once '));
    green.script(refuses);
    blue.script(ends('upon a time.'));
    const told = await tell({ model: 'story' });
    expect(told).toMatchObject({ content: 'Once upon a time.', isDone: true });
    expect(await attemptsOf(gateway(), told)).toEqual([
      'story.red GW_STREAM_CUT',
      'story.green GW_UPSTREAM_ERROR',
      'story.blue success',
    ]);
  });

  it('goes on in another group', async () => {
    red.script(breaksOff('Once '));
    green.script(ends('upon a time.'));
    const told = await tell({ model: 'falls back' });
    expect(told).toMatchObject({ content: 'Once upon a time.', isDone: true });
    const { attempts } = await recordOf(gateway(), told.callId);
    expect(attempts.map(({ group, fallback }: Json) => [group, fallback])).toEqual([
      ['falls back', 0],
      ['other group', 1],
    ]);
  });

  it('goes on at the same deployment where there is no other and retries are left', async () => {
    red.script(breaksOff('Once '), ends('upon a time.'));
    const told = await tell({ model: 'lonely', num_retries: 1 });
    expect(told).toMatchObject({ content: 'Once upon a time.', isDone: true });
    expect(await attemptsOf(gateway(), told)).toEqual(['lonely.red GW_STREAM_CUT', 'lonely.red success']);
  });

  it('goes on at a provider of another dialect', async () => {
    red.script(breaksOff('Once '));
    const told = await tell({ model: 'half spoken', max_tokens: 100 });
    expect(told).toMatchObject({ content: expect.stringMatching(/^Once Mock answer to: /), isDone: true });
    expect(anthropic.requests[0]?.body.messages.map(({ role }: Json) => role)).toEqual(['user', 'assistant', 'user']);
  });

  it.each<[string, string, Script | undefined]>([
    ['a provider that answers by itself', 'echoed', undefined],
    [
      'one that answers in a whole document instead of a stream',
      'story',
      (_request, response) =>
        void response.writeHead(200, { 'content-type': 'application/json' }).end(
          JSON.stringify({
            id: 'another',
            object: 'chat.completion',
            created: 1,
            model: 'b',
            choices: [{ index: 0, message: { role: 'assistant', content: 'upon' }, finish_reason: 'stop' }],
          }),
        ),
    ],
  ])('goes on at %s, and begins no second time', async (_title, model, script) => {
    red.script(breaksOff('Once '));
    if (script) green.script(script);
    const chunks = await chunksOf({ model });
    expect(new Set(chunks.map(({ id }) => id))).toEqual(new Set(['theirs']));
    expect(chunks.filter(({ choices: [choice] }) => choice.delta.role !== undefined)).toHaveLength(1);
    expect(chunks.map(({ choices: [choice] }) => choice.delta.content ?? '').join('')).toMatch(/^Once \S/);
  });

  it('tells its usage last and once, where the client asked', async () => {
    red.script(breaksOff('Once '));
    green.script(ends('upon a time.'));
    const chunks = await chunksOf({ model: 'story', stream_options: { include_usage: true } });
    expect(chunks.map((one) => one.usage).filter((told) => told !== null)).toEqual([
      { prompt_tokens: 30, completion_tokens: 4, total_tokens: 34 },
    ]);
    expect(chunks.at(-1).choices).toEqual([]);
  });

  it('that breaks before its first word is asked for anew, and begins no second time', async () => {
    red.script(breaksOff());
    green.script(ends('Once upon a time.'));
    const chunks = await chunksOf({ model: 'story' });
    expect(chunks.filter(({ choices: [choice] }) => choice.delta.role !== undefined)).toHaveLength(1);
    expect(chunks.map(({ choices: [choice] }) => choice.delta.content ?? '').join('')).toBe('Once upon a time.');
    expect(green.requests[0]?.body.messages).toEqual(messages);
  });
});

describe('under guardrails', () => {
  const asked = [{ role: 'user', content: 'I am jane@example.org' }];
  const guarded = { model: 'story', messages: asked, guardrails: ['pii', 'no-dragons'] };

  it('what is hidden from the providers is given back over the break', async () => {
    red.script(breaksOff('Hello <EM'));
    green.script(ends('AIL_1', '>, hello.'));
    expect(await tell(guarded)).toMatchObject({
      content: 'Hello jane@example.org, hello.',
      isDone: true,
      error: undefined,
    });
    expect(green.requests[0]?.body.messages).toEqual([
      { role: 'user', content: 'I am <EMAIL_1>' },
      { role: 'assistant', content: 'Hello <EM' },
      expect.objectContaining({ role: 'user' }),
    ]);
  });

  it('what is forbidden is seen over the break', async () => {
    red.script(breaksOff('A dra'));
    green.script(ends('gon', ' flies'));
    const told = await tell(guarded);
    expect(told).toMatchObject({ isDone: false, error: { code: 'guardrail_blocked' } });
    expect(told.content).not.toContain('dra');
    expect(blue.requests).toHaveLength(0);
  });

  it('what is forbidden is not asked for elsewhere', async () => {
    red.script(ends('Once upon ', 'a dragon ', 'flew.'));
    const told = await tell(guarded);
    expect(told).toMatchObject({ isDone: false, error: { code: 'guardrail_blocked' } });
    expect([green.requests.length, blue.requests.length]).toEqual([0, 0]);
  });

  it('begins once, also where nothing could be sent of what broke', async () => {
    red.script(breaksOff('dra'));
    green.script(ends('ma.'));
    const chunks = await chunksOf(guarded);
    expect(chunks.filter(({ choices: [choice] }) => choice.delta.role !== undefined)).toHaveLength(1);
    expect(chunks.map(({ choices: [choice] }) => choice.delta.content ?? '').join('')).toBe('drama.');
  });
});

describe('what an admin is told of it', () => {
  it('is what each part used and cost; the call costs what all of them cost', async () => {
    red.script(breaksOff('x'.repeat(400)));
    green.script(ends('y'));
    const told = await tell({ model: 'story' });
    const { attempts, ...call } = await recordOf(gateway(), told.callId);
    const [first, second] = attempts;
    expect(first).toMatchObject({ reason: 'only', status: 'failure', isUsageEstimated: true });
    expect(first.usage).toMatchObject({ outputTokens: 100 });
    expect(second).toMatchObject({ reason: 'mid-stream', status: 'success', isUsageEstimated: false });
    expect(second.usage).toMatchObject({ inputTokens: 30, outputTokens: 4 });
    expect(Number(second.costUsd)).toBeCloseTo(0.034, 9);
    expect(Number(first.costUsd)).toBeCloseTo((first.usage.inputTokens + 100) * 0.001, 9);
    expect(Number(call.costUsd)).toBeCloseTo(Number(first.costUsd) + Number(second.costUsd), 9);
    expect(call).toMatchObject({ status: 'success', statusCode: 200, stream: true, error: null });
  });

  it('is that the broken part failed at its deployment, and the call did not', async () => {
    const failures = async (): Promise<number[]> => {
      const metrics = await metricsOf(gateway());
      return ['litellm_deployment_failure_responses_total', 'litellm_proxy_failed_requests_metric_total'].map((name) =>
        metrics.sum(name),
      );
    };
    const [attempts = 0, calls = 0] = await failures();
    red.script(breaksOff('Once '));
    green.script(ends('upon'));
    await tell({ model: 'story' });
    expect(await failures()).toEqual([attempts + 1, calls]);
  });
});

describe('a stream that nobody can go on with', () => {
  const toolCall = { tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{' } }] };

  it.each<[string, string]>([
    ['was calling a tool', chunk(toolCall)],
    ['was thinking', chunk({ reasoning_content: 'Hm' })],
    ['had refused', chunk({ refusal: 'No' })],
  ])('because it %s ends with the error', async (_title, said) => {
    red.script(
      saying(['Once '], (response) => {
        response.write(said);
        cut(response);
      }),
    );
    const told = await tell({ model: 'story' });
    expectBroken(told, 'Once ', 'stream_cut');
    expect(asked(red, green, blue)).toEqual([1, 0, 0]);
    expect(await attemptsOf(gateway(), told)).toEqual(['story.red GW_STREAM_CUT']);
  });

  it('because the one that went on with it began to call a tool ends with the error', async () => {
    red.script(breaksOff('Once '));
    green.script(
      saying(['upon '], (response) => {
        response.write(chunk(toolCall));
        cut(response);
      }),
    );
    expectBroken(await tell({ model: 'story' }), 'Once upon ', 'stream_cut');
    expect(asked(red, green, blue)).toEqual([1, 1, 0]);
  });

  it('because there are several answers ends with the error', async () => {
    red.script((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const index of [0, 1]) response.write(chunk({ content: 'Once ' }).replace('"index":0', `"index":${index}`));
      cut(response);
    });
    expect(await tell({ model: 'story', n: 2 })).toMatchObject({ isDone: false, error: { code: 'stream_cut' } });
    expect(asked(green, blue)).toEqual([0, 0]);
  });

  it('because all are dead ends with what broke it', async () => {
    red.script(breaksOff('Once '));
    green.script(refuses);
    blue.script(refuses);
    const told = await tell({ model: 'story' });
    expectBroken(told, 'Once ', 'stream_cut');
    const { attempts, ...call } = await recordOf(gateway(), told.callId);
    expect(attempts.map(({ status, error }: Json) => [status, error.code])).toEqual([
      ['failure', 'GW_STREAM_CUT'],
      ['failure', 'GW_UPSTREAM_ERROR'],
      ['failure', 'GW_UPSTREAM_ERROR'],
    ]);
    expect(call).toMatchObject({ status: 'failure', error: { code: 'GW_STREAM_CUT' } });
  });

  it('because it breaks everywhere ends with all that was said, and the last break', async () => {
    red.script(breaksOff('Once '));
    green.script(breaksOff('upon '));
    blue.script(breaksOff('a '));
    expectBroken(await tell({ model: 'story' }), 'Once upon a ', 'stream_cut');
  });

  it('because its words are no chat ends with the error', async () => {
    red.script((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(
        frame({ id: 'x', object: 'text_completion', created: 1, model: 'm', choices: [{ index: 0, text: 'Once ' }] }),
      );
      cut(response);
    });
    const answer = await send(gateway(), '/v1/completions', { body: { model: 'story', prompt: 'Hi', stream: true } });
    const events = eventsOf(await answer.text());
    expect(JSON.parse(events.at(-1)!)).toMatchObject({ error: { code: 'stream_cut' } });
    expect(asked(green, blue)).toEqual([0, 0]);
  });
});

describe('a client that leaves', () => {
  const leaving = async () => {
    const answer = await open(gateway(), CHAT, { body: { model: 'story', messages, stream: true } });
    answer.on('error', () => undefined);
    const read = { text: '' };
    answer.setEncoding('utf8').on('data', (piece: string) => (read.text += piece));
    return { answer, read, callId: String(answer.headers['x-litellm-call-id']) };
  };
  /** Of the attempts, once the call is over. */
  const statuses = async (callId: string): Promise<string[]> => {
    const { status, attempts } = await recordOf(gateway(), callId);
    return [status, ...attempts.map((attempt: Json) => `${attempt.deploymentId} ${attempt.status}`)];
  };

  it('while the next deployment is asked gives that up too, and nobody else is asked', async () => {
    red.script(breaksOff('Once '));
    green.script(() => undefined);
    const { answer, read, callId } = await leaving();
    await green.nextRequest();
    expect(read.text).toContain('Once ');
    answer.destroy();
    expect(await statuses(callId)).toEqual(['client_closed', 'story.red failure', 'story.green abandoned']);
    await eventually(
      () => green.requests[0]?.clientLeft,
      (hasLeft) => hasLeft === true,
    );
    expect(asked(blue)).toEqual([0]);
  });

  it('while the next deployment goes on gives that up: all parts are counted', async () => {
    red.script(breaksOff('Once '));
    green.script(saying(['upon '], () => undefined));
    const { answer, read, callId } = await leaving();
    await eventually(
      () => read.text,
      (text) => text.includes('upon '),
    );
    answer.destroy();
    expect(await statuses(callId)).toEqual(['client_closed', 'story.red failure', 'story.green abandoned']);
    const { attempts, costUsd } = await recordOf(gateway(), callId);
    expect(attempts.map(({ isUsageEstimated }: Json) => isUsageEstimated)).toEqual([true, true]);
    const sum = attempts.reduce((total: number, attempt: Json) => total + Number(attempt.costUsd), 0);
    expect(Number(costUsd)).toBeCloseTo(sum, 9);
    await eventually(
      () => green.requests[0]?.clientLeft,
      (hasLeft) => hasLeft === true,
    );
  });
});

describe('where it is off', () => {
  const plain = gatewayFor(() => ({ config: { model_list, router_settings } }));

  it.each(gone)('a stream that %s ends with the error: that is the default', async (_manner, script) => {
    red.script(script);
    const told = await ask(plain(), { model: 'story', stream: true });
    expect(told).toMatchObject({
      content: 'Once upon ',
      isDone: false,
      error: { message: expect.stringMatching(/\S/) },
    });
    expect(asked(red, green, blue)).toEqual([1, 0, 0]);
  });
});

describe('afterwards', () => {
  beforeEach(async () => {
    await eventually(
      () => [red, green, blue].map(({ inFlight }) => inFlight),
      (calls) => calls.every((count) => count === 0),
    );
  });

  it('no call is counted as open', async () => {
    await eventually(
      async () => (await metricsOf(gateway())).sum('litellm_in_flight_requests'),
      (calls) => calls === 0,
    );
  });
});
