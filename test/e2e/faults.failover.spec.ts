// What a provider can do wrong, while another one of the same name is well: the client notices nothing before its first
// token, and is told the truth after it.
import { describe, expect, it, jest } from '@jest/globals';
import { chat, eventsOf, metricsOf, send } from './client.js';
import { eventually } from './harness.js';
import {
  ask,
  at,
  attemptsOf,
  BOTH_WAYS,
  expectAnswer,
  FIRST,
  freePort,
  gatewayFor,
  green,
  pair,
  red,
  SPARE,
} from './fleet.js';
import { anthropic } from './upstreams.js';

jest.setTimeout(30_000);

/** Words that make an answer late, or never come. */
const SLOW = /^(?:hang|slow|late|stall)/;
const IMPATIENT = { timeout: 0.5, stream_timeout: 0.3 };
/** Longer than any attempt here may take. */
const BOUND_MS = 3_000;

/** The words that make the fault, what it counts as whole, and streamed where that differs. */
const FAULTS: [words: string, whole: string, streamed?: string][] = [
  ['429-30', 'GW_UPSTREAM_RATE_LIMITED'],
  ['429-0', 'GW_UPSTREAM_RATE_LIMITED'],
  ['quota', 'GW_UPSTREAM_BILLING'],
  ['500', 'GW_UPSTREAM_ERROR'],
  ['502', 'GW_UPSTREAM_UNAVAILABLE'],
  ['503', 'GW_UPSTREAM_UNAVAILABLE'],
  ['503-30', 'GW_UPSTREAM_UNAVAILABLE'],
  ['504', 'GW_TIMEOUT'],
  ['529', 'GW_UPSTREAM_UNAVAILABLE'],
  ['408', 'GW_TIMEOUT'],
  ['401', 'GW_UPSTREAM_AUTHENTICATION'],
  ['403', 'GW_UPSTREAM_PERMISSION_DENIED'],
  ['404', 'GW_UPSTREAM_NOT_FOUND'],
  ['reset', 'GW_UPSTREAM_CONNECTION'],
  ['hang', 'GW_TIMEOUT'],
  ['slow-10000', 'GW_TIMEOUT'],
  ['late-10000', 'GW_TIMEOUT'],
  ['stall-0', 'GW_TIMEOUT'],
  ['cut-0', 'GW_STREAM_CUT'],
  ['html-200', 'GW_UPSTREAM_INVALID_RESPONSE'],
  ['html-502', 'GW_UPSTREAM_UNAVAILABLE'],
  ['error-200', 'GW_UPSTREAM_ERROR'],
  ['empty', 'GW_UPSTREAM_INVALID_RESPONSE', 'GW_STREAM_CUT'],
];

/** A pair whose red deployment has the fault, and little time where the fault is that it takes too long. */
const faulty = (words: string): object[] => [
  at(red, words, { model: `mock-${words}+${words}`, ...FIRST, ...(SLOW.test(words) && IMPATIENT) }),
  at(green, words, { model: words, ...SPARE }),
];

const model_list = async (): Promise<object[]> => {
  const nobody = `http://127.0.0.1:${await freePort()}/v1`;
  return [
    ...FAULTS.flatMap(([words]) => faulty(words)),
    ...['first-chunk-error', 'end-after-0', 'no-end', 'broken-json-4', ...MID_STREAM.map(([words]) => words)].flatMap(
      (words) => faulty(words),
    ),
    at(red, 'refused', { api_base: nobody, ...FIRST }),
    at(green, 'refused', { model: 'refused', ...SPARE }),
    at(red, 'nowhere', { api_base: 'http://no-such-host.invalid/v1', ...FIRST }),
    at(green, 'nowhere', { model: 'nowhere', ...SPARE }),
    ...['broken-json-0', 'broken-json-4'].flatMap((words) => [
      at(anthropic, `translated ${words}`, {
        model: `anthropic/mock-${words}+long-20`,
        api_base: anthropic.url,
        info: { id: `${words}.anthropic` },
        ...FIRST,
      }),
      at(green, `translated ${words}`, SPARE),
    ]),
    ...pair('slow but in time', 'slow-50', { timeout: 5, stream_timeout: 5 }),
    ...pair('long but in time', 'pace-100', { timeout: 0.7, stream_timeout: 0.6 }),
  ];
};

/** Faults after the first token: only streams have them. */
const MID_STREAM: [words: string, code: string][] = [
  ['cut-4', 'GW_STREAM_CUT'],
  ['end-after-4', 'GW_STREAM_CUT'],
  ['stall-4', 'GW_TIMEOUT'],
  ['error-in-stream-4', 'GW_UPSTREAM_ERROR'],
];

const gateway = gatewayFor(async () => ({
  config: {
    model_list: await model_list(),
    router_settings: { disable_cooldowns: true },
  },
}));

describe.each(BOTH_WAYS)('before the first token, %s', (_, stream) => {
  it.each(FAULTS)('the other deployment answers after: %s', async (words, ...codes) => {
    const [whole, streamed = whole] = codes;
    const told = await ask(gateway(), { model: words, stream });
    expectAnswer(told, `${words}.green`);
    expect([told.retries, told.fallbacks]).toEqual([1, 0]);
    expect([red.requests.length, green.requests.length]).toEqual([1, 1]);
    expect(told.ms).toBeLessThan(BOUND_MS);
    expect(await attemptsOf(gateway(), told)).toEqual([
      `${words}.red ${stream ? streamed : whole}`,
      `${words}.green success`,
    ]);
  });

  it.each(['refused', 'nowhere'])('the other deployment answers when the connection is %s', async (model) => {
    const told = await ask(gateway(), { model, stream });
    expectAnswer(told, `${model}.green`);
    expect([told.retries, green.requests.length]).toEqual([1, 1]);
    expect(told.ms).toBeLessThan(BOUND_MS);
    expect((await attemptsOf(gateway(), told))[0]).toBe(`${model}.red GW_UPSTREAM_CONNECTION`);
  });

  it.each(['slow but in time', 'long but in time'])('nobody else is asked when it is %s', async (model) => {
    const told = await ask(gateway(), { model, stream });
    expectAnswer(told, `${model}.red`);
    expect([told.retries, green.requests.length]).toEqual([0, 0]);
  });
});

describe('of a stream', () => {
  it.each([
    ['first-chunk-error', 'GW_UPSTREAM_ERROR'],
    ['end-after-0', 'GW_STREAM_CUT'],
  ])('that begins with %s, the other deployment answers', async (words, code) => {
    const told = await ask(gateway(), { model: words, stream: true });
    expectAnswer(told, `${words}.green`);
    expect(await attemptsOf(gateway(), told)).toEqual([`${words}.red ${code}`, `${words}.green success`]);
  });

  it.each(MID_STREAM)('that breaks after its first token (%s), the client is told so', async (words, code) => {
    const told = await ask(gateway(), { model: words, stream: true });
    expect(told).toMatchObject({ status: 200, deployment: `${words}.red`, isDone: false, retries: 0 });
    expect(told.content).toMatch(/^Mock/);
    expect(told.content.length).toBeLessThan('Mock answer to: Hello'.length);
    expect(told.error?.message).toMatch(/\S/);
    expect(told.ms).toBeLessThan(BOUND_MS);
    expect(green.requests).toHaveLength(0);
    expect(await attemptsOf(gateway(), told)).toEqual([`${words}.red ${code}`]);
  });

  it.each([
    ['broken-json-0', 'success'],
    ['broken-json-4', 'GW_UPSTREAM_INVALID_RESPONSE'],
  ])('that has to be read, and holds a chunk that cannot be (%s), breaks there', async (words, outcome) => {
    const told = await ask(gateway(), { model: `translated ${words}`, stream: true, max_tokens: 100 });
    const attempts = await attemptsOf(gateway(), told);
    expect(attempts[0]).toBe(`${words}.anthropic GW_UPSTREAM_INVALID_RESPONSE`);
    if (outcome === 'success') expectAnswer(told, `translated ${words}.green`);
    else expect(told).toMatchObject({ status: 200, isDone: false, error: { code: '502' } });
    expect(attempts).toHaveLength(outcome === 'success' ? 2 : 1);
  });

  it('that is passed on as it comes, such a chunk is the client’s to read', async () => {
    const response = await chat(gateway(), { model: 'broken-json-4', stream: true });
    const events = eventsOf(await response.text());
    expect(events.filter((event) => /"del$/.test(event))).toHaveLength(1);
    expect(events.at(-1)).toBe('[DONE]');
    expect(green.requests).toHaveLength(0);
  });

  it('that lacks only its end marker, nothing is missing', async () => {
    const told = await ask(gateway(), { model: 'no-end', stream: true });
    expectAnswer(told, 'no-end.red');
    expect([told.retries, green.requests.length]).toEqual([0, 0]);
  });
});

describe('of a whole answer', () => {
  it.each([
    ['broken-json-4', 'GW_UPSTREAM_INVALID_RESPONSE'],
    ['cut-4', 'GW_STREAM_CUT'],
    ['stall-4', 'GW_TIMEOUT'],
  ])('that stops in its middle (%s), the client sees nothing', async (words, code) => {
    const told = await ask(gateway(), { model: words });
    expectAnswer(told, `${words}.green`);
    expect(await attemptsOf(gateway(), told)).toEqual([`${words}.red ${code}`, `${words}.green success`]);
  });
});

it.each([
  ['/v1/embeddings', { input: 'Hello' }],
  ['/v1/completions', { prompt: 'Hello' }],
  ['/v1/completions', { prompt: 'Hello', stream: true }],
])('%s fails over like a chat: %j', async (path, body) => {
  const response = await send(gateway(), path, { body: { model: '500', ...body } });
  expect([response.status, response.headers.get('x-litellm-model-id')]).toEqual([200, '500.green']);
  await response.text();
  expect([red.requests.length, green.requests.length]).toEqual([1, 1]);
});

describe('afterwards', () => {
  it('nobody is kept waiting at any provider, and no call is counted as open', async () => {
    await eventually(
      () => red.inFlight + green.inFlight,
      (calls) => calls === 0,
    );
    await eventually(
      async () => (await metricsOf(gateway())).sum('litellm_in_flight_requests'),
      (calls) => calls === 0,
    );
  });
});
