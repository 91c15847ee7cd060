// How often a call is tried again, and how long it waits: whoever may say so, and what is never tried again.
import { describe, expect, it, jest } from '@jest/globals';
import { chat } from './client.js';
import { eventually } from './harness.js';
import {
  ask,
  at,
  attemptsOf,
  BOTH_WAYS,
  blue,
  expectAnswer,
  gatewayFor,
  green,
  modelsAt,
  pair,
  recordOf,
  red,
  type Told,
} from './fleet.js';

jest.setTimeout(30_000);

/** Of the router; other words are told from it. */
const NUM_RETRIES = 1;

/** Enough deployments of one name that every try goes to another one, and none waits. */
const many = (name: string, words: string, params: object = {}): object[] =>
  Array.from({ length: 8 }, (_, index) =>
    at(red, name, { model: `mock-${words}+${name}`, info: { id: `${name}.${index}` }, ...params }),
  );

const trio = (name: string, words: string): object[] =>
  [red, green, blue].map((mock) => at(mock, name, { model: `mock-${words}+${name}` }));

const gateway = gatewayFor(() => ({
  config: {
    model_list: [
      ...many('failing', '500'),
      ...many('says 3', '500', { num_retries: 3 }),
      ...many('limited', '429-0'),
      ...many('late', 'hang', { timeout: 0.25, stream_timeout: 0.25 }),
      ...many('group limited', '429-0'),
      ...many('wrong key', '401'),
      ...many('refused', '400'),
      ...many('group refused', '400'),
      ...many('too long', 'context'),
      ...many('improper', 'content-policy'),
      ...many('unprocessable', '422'),
      ...many('missing', '404'),
      ...trio('in turn', '500'),
      at(red, 'recovers', { model: 'mock-flaky-1' }),
      at(red, 'asks for 300 ms', { model: 'asks' }),
      at(red, 'asks for a minute', { model: 'mock-429-61', num_retries: 5 }),
      at(red, 'never', { model: 'mock-401', num_retries: 5 }),
      ...pair('hurried', '429-30'),
    ],
    router_settings: {
      num_retries: NUM_RETRIES,
      disable_cooldowns: true,
      retry_policy: { RateLimitErrorRetries: 4, TimeoutErrorRetries: 2, AuthenticationErrorRetries: 0 },
      model_group_retry_policy: {
        'group limited': { RateLimitErrorRetries: 5 },
        'group refused': { BadRequestErrorRetries: 2 },
      },
    },
  },
}));

describe.each(BOTH_WAYS)('the number of retries, %s', (_, stream) => {
  it.each<[string, string, number, object?, Record<string, string>?]>([
    ['is the router’s', 'failing', NUM_RETRIES],
    ['is the body’s, above the router’s', 'failing', 4, { num_retries: 4 }],
    ['may be none', 'failing', 0, { num_retries: 0 }],
    ['is the header’s, above the body’s', 'failing', 3, { num_retries: 1 }, { 'x-litellm-num-retries': '3' }],
    ['is the deployment’s, above the router’s', 'says 3', 3],
    ['is the body’s, above the deployment’s', 'says 3', 2, { num_retries: 2 }],
    ['is the policy’s for limits', 'limited', 4],
    ['is the policy’s for timeouts', 'late', 2],
    ['is the policy’s for wrong keys', 'wrong key', 0],
    ['is the body’s, above the policy’s', 'limited', 1, { num_retries: 1 }],
    ['is the group’s own policy’s, above the policy’s', 'group limited', 5],
    ['is the group’s own policy’s, for a refused request too', 'group refused', 2],
  ])('%s', async (_title, model, retries, body = {}, headers = {}) => {
    const told = await ask(gateway(), { model, stream, ...body }, { headers });
    expect(told.status).not.toBe(200);
    expect(told.retries).toBe(retries);
    expect(red.requests).toHaveLength(retries + 1);
    for (const { body: sent } of red.requests) expect(sent).not.toHaveProperty('num_retries');
    // Each try went to another deployment, so none was waited for.
    expect(new Set(await attemptsOf(gateway(), told)).size).toBe(retries + 1);
  });

  it.each([
    ['refused', 400],
    ['too long', 400],
    ['improper', 400],
    ['unprocessable', 422],
  ])('is none for a request that is %s: every deployment would say the same', async (model, status) => {
    const told = await ask(gateway(), { model, stream, num_retries: 5 });
    expect([told.status, told.retries, red.requests.length]).toEqual([status, 0, 1]);
    expect(told.headers.get('x-should-retry')).toBe('false');
  });

  it('is not used on a deployment that will say the same again, only on another one', async () => {
    expect((await ask(gateway(), { model: 'never', stream })).status).toBe(401);
    expect(red.requests).toHaveLength(1);
    red.reset();
    expect((await ask(gateway(), { model: 'missing', stream, num_retries: 20 })).status).toBe(404);
    expect(red.requests).toHaveLength(8);
  });
});

it.each([
  [{ num_retries: -1 }, {}],
  [{ num_retries: 'many' }, {}],
  [{}, { 'x-litellm-num-retries': '1.5' }],
])('a number of retries that is none is refused: %j %j', async (body, headers) => {
  const told = await ask(gateway(), { model: 'failing', ...body }, { headers: headers });
  expect([told.status, red.requests.length]).toEqual([400, 0]);
  expect(told.error!.message).toMatch(/num_retries/);
});

it.each(BOTH_WAYS)('a client that leaves is reason enough to ask nobody else, %s', async (way, stream) => {
  const leave = new AbortController();
  const headers = { 'x-litellm-call-id': `left-${way}` };
  const arrival = red.nextRequest();
  const answer = chat(
    gateway(),
    { model: 'late', stream, timeout: 20, stream_timeout: 20 },
    { signal: leave.signal, headers },
  );
  answer.catch(() => undefined);
  const request = await arrival;
  leave.abort();
  const record = await recordOf(gateway(), headers['x-litellm-call-id']);
  expect(record).toMatchObject({ status: 'client_closed', attempts: [{ status: 'abandoned' }] });
  await eventually(
    () => request.clientLeft,
    (left) => left,
  );
  expect(red.requests).toHaveLength(1);
});

describe('in a row', () => {
  it('no deployment is asked twice while another is there to be asked', async () => {
    const tolds = await Promise.all(
      Array.from({ length: 10 }, () => ask(gateway(), { model: 'in turn', num_retries: 3 })),
    );
    for (const told of tolds) {
      expect([told.status, told.retries]).toEqual([500, 3]);
      const attempts = await attemptsOf(gateway(), told);
      expect(new Set(attempts.slice(0, 3)).size).toBe(3);
      expect(attempts[3]).not.toBe(attempts[2]);
    }
    expect(red.requests.length + green.requests.length + blue.requests.length).toBe(40);
  });
});

describe('the wait', () => {
  /** Milliseconds between the end of an attempt and the beginning of the next. */
  const waitsOf = async ({ callId }: Told): Promise<number[]> => {
    const { attempts } = await recordOf(gateway(), callId);
    return attempts
      .slice(1)
      .map(
        ({ startedMs }: { startedMs: number }, index: number) =>
          startedMs - attempts[index].startedMs - attempts[index].durationMs,
      );
  };

  it('before the same deployment is asked again is half a second and some', async () => {
    const told = await ask(gateway(), { model: 'recovers' });
    expectAnswer(told, 'recovers.red');
    const waits = await waitsOf(told);
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(450);
    expect(waits[0]).toBeLessThan(2_000);
  });

  it('is what the provider asks for, to the millisecond where it says so', async () => {
    red.script('429+wait-ms-300');
    const told = await ask(gateway(), { model: 'asks for 300 ms' });
    expectAnswer(told);
    const [wait] = await waitsOf(told);
    expect(wait).toBeGreaterThan(270);
    // The shortest that is ours alone is longer.
    expect(wait).toBeLessThan(500);
  });

  it('is not waited when the provider asks for more than a minute: the client is told', async () => {
    const told = await ask(gateway(), { model: 'asks for a minute' });
    expect([told.status, told.headers.get('retry-after'), red.requests.length]).toEqual([429, '61', 1]);
    expect(told.ms).toBeLessThan(2_000);
  });

  it('is not waited while another deployment is ready', async () => {
    const told = await ask(gateway(), { model: 'hurried' });
    expectAnswer(told, 'hurried.green');
    expect((await waitsOf(told))[0]).toBeLessThan(200);
  });

  it('ends when the client leaves, and nobody is asked any more', async () => {
    const leave = new AbortController();
    const callId = 'left-in-a-backoff';
    const arrival = red.nextRequest();
    const headers = { 'x-litellm-call-id': callId };
    const answer = chat(
      gateway(),
      { model: 'asks for 300 ms', num_retries: 5 },
      { signal: leave.signal, headers },
    ).catch(() => undefined);
    red.behave('429-20');
    await arrival;
    await eventually(
      () => red.inFlight,
      (calls) => calls === 0,
    );
    leave.abort();
    await answer;
    // It is over long before the wait would have been.
    const record = await recordOf(gateway(), callId);
    expect(record).toMatchObject({ status: 'client_closed', statusCode: 499, usage: null, costUsd: null });
    expect(record.attempts).toHaveLength(1);
    expect(modelsAt(red)).toEqual(['asks']);
  });
});
