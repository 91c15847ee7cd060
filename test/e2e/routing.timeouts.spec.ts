// How long a provider may take: whoever may say so, and what it costs.
import { describe, expect, it, jest } from '@jest/globals';
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
import { eventually } from './harness.js';

jest.setTimeout(30_000);

/** Which of these ended a call is seen by how long it took: they are far apart. */
const SHORT = 0.1;
const MIDDLE = 0.7;
const WHOLE = 1.6;
const LONG = 20;

const gateway = gatewayFor(() => ({
  config: {
    model_list: [
      at(red, 'hang', { model: 'mock-hang' }),
      at(red, 'hang, own', { model: 'mock-hang', timeout: SHORT, stream_timeout: SHORT }),
      at(red, 'head only', { model: 'mock-stall-0', stream_timeout: SHORT }),
      at(red, 'stalls', { model: 'mock-stall-4', stream_idle_timeout: SHORT }),
      at(red, 'paced', { model: 'mock-pace-60', stream_timeout: SHORT, timeout: 0.2 }),
      at(red, 'long', { model: 'mock-long-1000+pace-20' }),
      at(red, 'first late', { model: 'mock-hang', timeout: SHORT, stream_timeout: SHORT, ...FIRST }),
      at(green, 'first late', SPARE),
      ...[red, green, blue].map((mock) => at(mock, 'all late', { model: 'mock-hang', timeout: 0.2 })),
      at(red, 'half', { model: 'mock-stall-1', timeout: SHORT }),
    ],
    router_settings: { num_retries: 0, disable_cooldowns: true, timeout: MIDDLE, stream_timeout: MIDDLE },
    litellm_settings: { request_timeout: WHOLE },
  },
}));

/** It was this limit that ended the call: later than the shorter ones would have, sooner than the longer ones. */
const expectLimit = ({ ms }: Told, seconds: number): void => {
  const limits = [SHORT, MIDDLE, WHOLE, LONG];
  const [shorter = 0, longer = LONG] = [limits[limits.indexOf(seconds) - 1], limits[limits.indexOf(seconds) + 1]];
  expect(ms).toBeGreaterThan(shorter * 1_000);
  expect(ms).toBeLessThan(longer * 1_000);
};

const expectTimeout = (told: Told, seconds: number): void => {
  expect(told).toMatchObject({ status: 408, error: { type: 'timeout_error', code: 'timeout' } });
  expectLimit(told, seconds);
};

describe.each(BOTH_WAYS)('a provider that never answers is given up, %s', (_, stream) => {
  const limit = stream ? 'stream_timeout' : 'timeout';
  const header = stream ? 'x-litellm-stream-timeout' : 'x-litellm-timeout';

  it.each<[string, string, object, Record<string, string>, number]>([
    ['the router’s', 'hang', {}, {}, MIDDLE],
    ['the deployment’s, above the router’s', 'hang, own', {}, {}, SHORT],
    ['the body’s, above the deployment’s', 'hang, own', { [limit]: MIDDLE }, {}, MIDDLE],
    ['the body’s, above the router’s', 'hang', { [limit]: SHORT }, {}, SHORT],
    ['the header’s, above the body’s', 'hang', { [limit]: LONG }, { [header]: String(SHORT) }, SHORT],
    ['the whole call’s, above all', 'hang', { [limit]: LONG }, {}, WHOLE],
  ])('after %s limit', async (_title, model, body, headers, seconds) => {
    const told = await ask(gateway(), { model, stream, ...body }, { headers });
    expectTimeout(told, seconds);
    for (const { body: sent } of red.requests) {
      expect(sent).not.toHaveProperty('timeout');
      expect(sent).not.toHaveProperty('stream_timeout');
    }
    await eventually(
      () => red.requests.every(({ clientLeft }) => clientLeft),
      (left) => left,
      1_000,
    );
  });

  it('and the next one is asked', async () => {
    const told = await ask(gateway(), { model: 'first late', stream, num_retries: 1 });
    expectAnswer(told, 'first late.green');
  });

  it('and the whole call ends in its own time, however many may be asked', async () => {
    const told = await ask(gateway(), { model: 'all late', stream, num_retries: 20, stream_timeout: 0.2 });
    expect(told).toMatchObject({ status: 408, error: { code: 'timeout' } });
    expect(told.ms).toBeLessThan(2 * WHOLE * 1_000);
    expect((await attemptsOf(gateway(), told)).length).toBeGreaterThanOrEqual(3);
  });

  it.each(['0', '-1', 'soon'])('a limit of %s is refused', async (value) => {
    const told = await ask(gateway(), { model: 'hang', stream }, { headers: { [header]: value } });
    expect([told.status, red.requests.length]).toEqual([400, 0]);
  });
});

describe('a stream', () => {
  it('whose head comes and nothing else is late', async () => {
    expectTimeout(await ask(gateway(), { model: 'head only', stream: true }), SHORT);
  });

  it('that falls silent in its middle ends in an error', async () => {
    const told = await ask(gateway(), { model: 'stalls', stream: true });
    expect(told).toMatchObject({ status: 200, isDone: false, error: { type: 'timeout_error' } });
    expect(told.content).toMatch(/^Mock/);
    // Silences are looked for twice a second; only that of the deployment is shorter than the call's.
    expect(told.ms).toBeLessThan(WHOLE * 1_000);
  });

  it('may take longer than an attempt, as long as it goes on', async () => {
    const told = await ask(gateway(), { model: 'paced', stream: true });
    expectAnswer(told);
    expect(told.ms).toBeGreaterThan(400);
  });

  it('ends with the time of the whole call, and says so', async () => {
    const told = await ask(gateway(), { model: 'long', stream: true });
    expect(told).toMatchObject({ status: 200, isDone: false, error: { type: 'timeout_error' } });
    expectLimit(told, WHOLE);
    await eventually(
      () => red.requests.at(-1)!.clientLeft,
      (left) => left,
      1_000,
    );
  });
});

it('a whole answer that stops in its middle is late', async () => {
  expectTimeout(await ask(gateway(), { model: 'half' }), SHORT);
});
