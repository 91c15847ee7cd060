// Deployments that are at a limit, as the router sees them: left out, stood in for, and never blamed.
import { describe, expect, it, jest } from '@jest/globals';
import { chat } from './client.js';
import {
  ask,
  at,
  attemptsOf,
  BOTH_WAYS,
  blue,
  expectAnswer,
  explain,
  gatewayFor,
  green,
  recordOf,
  red,
  inOneMinute,
} from './fleet.js';
import { eventually } from './harness.js';

jest.setTimeout(90_000);

const one = { max_parallel_requests: 1 };

const gateway = gatewayFor(() => ({
  config: {
    model_list: [
      ...BOTH_WAYS.flatMap(([way]) => [
        at(red, `by the minute, ${way}`, { model: 'minute', rpm: 2, weight: 1 }),
        at(green, `by the minute, ${way}`, { model: 'minute', rpm: 1, weight: 0 }),
        at(red, `tokens, ${way}`, { model: 'tokens', tpm: 60 }),
        at(red, `stood in for, ${way}`, { model: 'minute', rpm: 1 }),
      ]),
      at(red, 'at a time', { model: 'held', weight: 1, ...one }),
      at(green, 'at a time', { model: 'free', weight: 0, ...one }),
      at(red, 'alone', { model: 'alone', ...one }),
      at(red, 'gives back', { model: 'given-back', cooldown_time: 0, ...one }),
      at(blue, 'help'),
      at(red, 'nothing', { model: 'nothing', rpm: 0 }),
    ],
    router_settings: {
      num_retries: 2,
      allowed_fails: 0,
      fallbacks: BOTH_WAYS.map(([way]) => ({ [`stood in for, ${way}`]: ['help'] })),
    },
  },
}));

/** A call that the red mock keeps waiting. Resolves once it is there, to what makes its client leave. */
const hold = async (model: string): Promise<() => Promise<void>> => {
  red.script('hang');
  const leave = new AbortController();
  const arrival = red.nextRequest();
  const answer = chat(gateway(), { model }, { signal: leave.signal }).catch(() => undefined);
  const request = await arrival;
  return async () => {
    leave.abort();
    await answer;
    await eventually(
      () => request.clientLeft,
      (left) => left,
    );
  };
};

const leftOutOf = async (model: string): Promise<unknown> =>
  (await explain(gateway(), { model })).groups[0].candidates[0].leftOut;

describe.each(BOTH_WAYS)('%s', (way, stream) => {
  it('a deployment at its rpm is left out; when all are, clients are told when the minute ends', async () => {
    await inOneMinute();
    const model = `by the minute, ${way}`;
    const deployments: (string | null)[] = [];
    for (let call = 0; call < 3; call += 1) {
      const told = await ask(gateway(), { model, stream });
      expectAnswer(told);
      expect(told.retries).toBe(0);
      deployments.push(told.deployment);
    }
    expect(deployments).toEqual([`${model}.red`, `${model}.red`, `${model}.green`]);
    const told = await ask(gateway(), { model, stream });
    expect(told).toMatchObject({ status: 429, error: { type: 'rate_limit_error' } });
    expect(told.error!.message).toMatch(/^No deployments available .* at their limits/);
    const secondsLeft = 60 - (Date.now() % 60_000) / 1_000;
    expect(Math.abs(Number(told.headers.get('retry-after')) - secondsLeft)).toBeLessThan(3);
    expect([red.requests.length, green.requests.length]).toEqual([2, 1]);
    expect(await leftOutOf(model)).toMatchObject({ reason: 'limit', clearsInMs: expect.any(Number) });
    expect((await recordOf(gateway(), told.callId)).attempts).toEqual([]);
  });

  it('a deployment at its tpm is left out', async () => {
    await inOneMinute();
    const model = `tokens, ${way}`;
    const statuses: number[] = [];
    for (let call = 0; call < 6; call += 1) statuses.push((await ask(gateway(), { model, stream })).status);
    expect(statuses[0]).toBe(200);
    expect(statuses.at(-1)).toBe(429);
    expect(red.requests.length).toBe(statuses.filter((status) => status === 200).length);
  });

  it('a fallback answers for a group at its limits', async () => {
    await inOneMinute();
    const model = `stood in for, ${way}`;
    expectAnswer(await ask(gateway(), { model, stream }), `${model}.red`);
    const told = await ask(gateway(), { model, stream });
    expectAnswer(told, 'help.blue');
    expect([told.fallbacks, told.retries]).toEqual([1, 0]);
  });

  it('a deployment with its hands full is left out, and is back when they are free', async () => {
    const release = await hold('at a time');
    const told = await ask(gateway(), { model: 'at a time', stream });
    expectAnswer(told, 'at a time.green');
    expect(await attemptsOf(gateway(), told)).toEqual(['at a time.green success']);
    await release();
    await eventually(
      () => leftOutOf('at a time'),
      (leftOut) => leftOut === undefined,
    );
    expectAnswer(await ask(gateway(), { model: 'at a time', stream }), 'at a time.red');
  });

  it.each(['500', '400', 'cut-0', 'reset', 'cut-3'])('a call that fails (%s) gives its place back', async (words) => {
    red.behave(words);
    const told = await ask(gateway(), { model: 'gives back', stream, num_retries: 0 });
    expect([told.error === undefined, red.requests.length]).toEqual([false, 1]);
    red.reset();
    expectAnswer(await ask(gateway(), { model: 'gives back', stream }), 'gives back.red');
  });

  it('a deployment of no requests at all is never asked', async () => {
    const told = await ask(gateway(), { model: 'nothing', stream });
    expect([told.status, red.requests.length]).toEqual([429, 0]);
  });
});

it('without a queue whoever finds no room is refused at once', async () => {
  const release = await hold('alone');
  for (const [, stream] of BOTH_WAYS) {
    const told = await ask(gateway(), { model: 'alone', stream });
    expect([told.status, told.headers.get('retry-after')]).toEqual([429, '1']);
  }
  expect(red.requests).toHaveLength(1);
  await release();
});
