// How long a provider may take: whoever may say so, and what it costs.
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import {
  ask,
  at,
  attemptsOf,
  BOTH_WAYS,
  blue,
  expectAnswer,
  FIRST,
  gatewayFor,
  green,
  red,
  SPARE,
  type Told,
} from './fleet.js';
import { begun, eventually } from './harness.js';

jest.setTimeout(30_000);

/** Which of these ended a call is seen by how long it took: they are far apart. Seconds. */
const SHORT = 0.1;
const MIDDLE = 0.8;
const WHOLE = 2;
const LONG = 20;
/** The HTTP client looks for connections that are late twice a second. */
const CONNECT = 1;

/** Takes connections and says nothing, so that none ever becomes a TLS connection. */
const mute = createServer((socket) => socket.on('error', () => undefined).unref()).listen(0, '127.0.0.1');
await once(mute, 'listening');
afterAll(() => void mute.close());
const atMute = (name: string, params: object = {}): object =>
  at(red, name, { api_base: `https://127.0.0.1:${(mute.address() as AddressInfo).port}/v1`, timeout: LONG, ...params });

const gateway = gatewayFor(() => ({
  config: {
    model_list: [
      at(red, 'hang', { model: 'mock-hang' }),
      at(red, 'hang, own', { model: 'mock-hang', timeout: SHORT, stream_timeout: SHORT }),
      at(red, 'head only', { model: 'mock-stall-0', stream_timeout: SHORT }),
      at(red, 'half', { model: 'mock-stall-1', timeout: SHORT }),
      at(red, 'stalls', { model: 'mock-stall-4', stream_idle_timeout: SHORT }),
      at(red, 'paced', { model: 'mock-pace-90', stream_timeout: 0.5, timeout: 0.5 }),
      at(red, 'long', { model: 'mock-long-1000+pace-20' }),
      at(red, 'first late', { model: 'mock-hang', timeout: SHORT, stream_timeout: SHORT, ...FIRST }),
      at(green, 'first late', SPARE),
      ...[red, green, blue].map((mock) =>
        at(mock, 'all late', { model: 'mock-hang', timeout: 0.2, stream_timeout: 0.2 }),
      ),
      at(blue, 'well', { model: 'well' }),
      atMute('no connection'),
      atMute('no connection, own', { connect_timeout: SHORT }),
    ],
    router_settings: {
      num_retries: 0,
      disable_cooldowns: true,
      timeout: MIDDLE,
      stream_timeout: MIDDLE,
      connect_timeout: CONNECT,
    },
    litellm_settings: { request_timeout: WHOLE },
  },
}));

interface Call {
  readonly title: string;
  readonly model: string;
  readonly stream: boolean;
  readonly body?: object;
  readonly headers?: Record<string, string>;
  /** The limit that ends it; absent: none does. */
  readonly seconds?: number;
}

const namesOf = (stream: boolean): [field: string, header: string] =>
  stream ? ['stream_timeout', 'x-litellm-stream-timeout'] : ['timeout', 'x-litellm-timeout'];

const silent = BOTH_WAYS.flatMap(([way, stream]): Call[] => {
  const [field, header] = namesOf(stream);
  const call = (title: string, model: string, seconds: number, body = {}, headers = {}): Call => ({
    title: `${title}, ${way}`,
    model,
    stream,
    body,
    headers,
    seconds,
  });
  return [
    call('the router’s', 'hang', MIDDLE),
    call('the deployment’s, above the router’s', 'hang, own', SHORT),
    call('the body’s, above the deployment’s', 'hang, own', MIDDLE, { [field]: MIDDLE }),
    call('the body’s, above the router’s', 'hang', SHORT, { [field]: SHORT }),
    call('the header’s, above the body’s', 'hang', SHORT, { [field]: LONG }, { [header]: String(SHORT) }),
    call('the whole call’s, above all', 'hang', WHOLE, { [field]: LONG }),
  ];
});

const unconnected = BOTH_WAYS.flatMap(([way, stream]): Call[] => {
  const call = (title: string, model: string, seconds: number, body = {}, headers = {}): Call => ({
    title: `${title}, ${way}`,
    model,
    stream,
    body: { timeout: LONG, stream_timeout: LONG, ...body },
    headers,
    seconds,
  });
  const header = { 'x-litellm-connect-timeout': String(SHORT) };
  return [
    call('the deployment’s', 'no connection, own', SHORT),
    call('the body’s, above the deployment’s', 'no connection, own', MIDDLE, { connect_timeout: MIDDLE }),
    call('the header’s, above the body’s', 'no connection', SHORT, { connect_timeout: MIDDLE }, header),
  ];
});

const headOnly: Call = {
  title: 'a stream whose head comes and nothing else',
  model: 'head only',
  stream: true,
  seconds: SHORT,
};
const half: Call = { title: 'a whole answer that stops in its middle', model: 'half', stream: false, seconds: SHORT };
const stalling: Call = { title: 'falls silent', model: 'stalls', stream: true };
const paced: Call = { title: 'goes on', model: 'paced', stream: true };
const long: Call = { title: 'never ends', model: 'long', stream: true };
const retried = BOTH_WAYS.map(([title, stream]): Call => ({
  title,
  model: 'all late',
  stream,
  body: { num_retries: 20 },
}));

/** All at once: most of the time of these tests is waiting. */
const toldOf = begun(
  [...silent, ...unconnected, headOnly, half, stalling, paced, long, ...retried],
  ({ model, stream, body, headers = {} }) => ask(gateway(), { model, stream, ...body }, { headers }),
);

/** It was this limit that ended the call: later than the shorter ones would have, sooner than the longer ones. */
const expectLimit = ({ ms }: Told, seconds: number): void => {
  const limits = [SHORT, MIDDLE, WHOLE, LONG];
  const [shorter = 0, longer = LONG] = [limits[limits.indexOf(seconds) - 1], limits[limits.indexOf(seconds) + 1]];
  expect(ms).toBeGreaterThan(shorter * 1_000);
  expect(ms).toBeLessThan(longer * 1_000);
};

describe('who never answers is given up, and the client told so, after the limit that is', () => {
  it.each([...silent, headOnly, half])('$title', async (call) => {
    const told = await toldOf(call);
    expect(told).toMatchObject({ status: 408, error: { type: 'timeout_error', code: 'timeout' } });
    expectLimit(told, call.seconds!);
  });
});

describe('who cannot be connected to is given up after the limit that is', () => {
  it.each(unconnected)('$title', async (call) => {
    const told = await toldOf(call);
    expect(told).toMatchObject({ status: 408, error: { type: 'timeout_error', code: 'timeout' } });
    expect(told.error?.message).toContain('could not be connected to in time');
    expectLimit(told, call.seconds!);
  });
});

describe.each(BOTH_WAYS)('where others may be asked, %s', (_, stream) => {
  it('the next one is', async () => {
    expectAnswer(await ask(gateway(), { model: 'first late', stream, num_retries: 1 }), 'first late.green');
  });

  it('the whole call ends in its own time all the same', async () => {
    const told = await toldOf(retried.find((call) => call.stream === stream)!);
    expect(told).toMatchObject({ status: 408, error: { code: 'timeout' } });
    expect(told.ms).toBeLessThan(2 * WHOLE * 1_000);
    expect((await attemptsOf(gateway(), told)).length).toBeGreaterThanOrEqual(3);
  });
});

describe.each(BOTH_WAYS)('a limit, %s', (_, stream) => {
  const [field, header] = namesOf(stream);

  it.each(['0', '-1', 'soon'])('of %s is refused', async (value) => {
    const told = await ask(gateway(), { model: 'well', stream }, { headers: { [header]: value } });
    expect([told.status, blue.requests.some(({ body }) => body.model === 'well')]).toEqual([400, false]);
  });

  it('is not told to the provider', async () => {
    expectAnswer(await ask(gateway(), { model: 'well', stream, [field]: LONG, stream_idle_timeout: LONG }));
    const { body } = blue.requests.find(({ body: { model } }) => model === 'well')!;
    for (const name of [field, 'stream_idle_timeout']) expect(body).not.toHaveProperty(name);
  });
});

describe('a stream', () => {
  it('that falls silent in its middle ends in an error', async () => {
    const told = await toldOf(stalling);
    expect(told).toMatchObject({ status: 200, isDone: false, error: { type: 'timeout_error' } });
    expect(told.content).toMatch(/^Mock/);
    // Silences are looked for twice a second; only that of the deployment is shorter than the call's.
    expect(told.ms).toBeLessThan(WHOLE * 1_000);
  });

  it('may take longer than an attempt, as long as it goes on', async () => {
    const told = await toldOf(paced);
    expectAnswer(told);
    expect(told.ms).toBeGreaterThan(550);
  });

  it('ends with the time of the whole call, and says so', async () => {
    const told = await toldOf(long);
    expect(told).toMatchObject({ status: 200, isDone: false, error: { type: 'timeout_error' } });
    expectLimit(told, WHOLE);
  });
});

it('nobody is kept at a provider', () =>
  eventually(
    () => red.inFlight + green.inFlight + blue.inFlight,
    (calls) => calls === 0,
  ));
