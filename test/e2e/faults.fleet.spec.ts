// Whole providers that die, flap and come back, under many clients at once.
import { describe, expect, it, jest } from '@jest/globals';
import {
  ask,
  at,
  BOTH_WAYS,
  blue,
  expectAnswer,
  explain,
  gatewayFor,
  green,
  pair,
  red,
  type Mock,
  type Told,
} from './fleet.js';
import { eventually } from './harness.js';
import { metricsOf } from './client.js';

jest.setTimeout(60_000);

const CLIENTS = 200;
/** Of a crowd of clients on a busy machine; what takes this long is stuck. */
const BOUND_MS = 10_000;
const COOLDOWN_SECONDS = 0.6;

/** Three deployments of one name, one at each mock. */
const trio = (name: string, params: object = {}): object[] =>
  [red, green, blue].map((mock) => at(mock, name, { model: name, ...params }));

const gateway = gatewayFor(() => ({
  config: {
    model_list: [
      ...BOTH_WAYS.flatMap(([way]) => [
        ...trio(`one dead, ${way}`, { cooldown_time: 60 }),
        ...trio(`all dead, ${way}`, { cooldown_time: 60 }),
        ...trio(`flapping, ${way}`, { cooldown_time: 0.05 }),
        ...pair(`comes back, ${way}`, '', { cooldown_time: COOLDOWN_SECONDS }),
        at(red, `alone, ${way}`, { model: `alone, ${way}`, cooldown_time: COOLDOWN_SECONDS }),
      ]),
    ],
    router_settings: { allowed_fails: 0 },
  },
}));

/** The calls of so many clients at once. */
const crowd = (model: string, stream: boolean, clients = CLIENTS): Promise<Told[]> =>
  Promise.all(Array.from({ length: clients }, () => ask(gateway(), { model, stream })));

const away = async (mocks: readonly Mock[], check: () => Promise<void>): Promise<void> => {
  await Promise.all(mocks.map((mock) => mock.close()));
  try {
    await check();
  } finally {
    await Promise.all(mocks.map((mock) => mock.open()));
  }
};

const failuresAt = async (id: string): Promise<number> =>
  (await metricsOf(gateway())).sum('litellm_deployment_failure_responses_total', { model_id: id });

describe.each(BOTH_WAYS)('with 200 clients at once, %s', (way, stream) => {
  it('no one notices that one of three deployments is dead, and it is left alone', () =>
    away([red], async () => {
      const model = `one dead, ${way}`;
      const tolds = await crowd(model, stream);
      for (const told of tolds) {
        expectAnswer(told, /green|blue/);
        expect(told.ms).toBeLessThan(BOUND_MS);
      }
      expect(green.requests.length + blue.requests.length).toBe(CLIENTS);
      const failures = await failuresAt(`${model}.red`);
      expect(failures).toBeGreaterThan(0);

      for (const told of await crowd(model, stream)) expect([told.status, told.retries]).toEqual([200, 0]);
      expect(await failuresAt(`${model}.red`)).toBe(failures);
    }));

  it('everyone is told soon, and when to come back, that all three are dead', () =>
    away([red, green, blue], async () => {
      const model = `all dead, ${way}`;
      for (const told of await crowd(model, stream)) {
        expect([503, 429]).toContain(told.status);
        expect(told.error!.message).toMatch(/connect|No deployments available/i);
        expect(Number(told.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(told.ms).toBeLessThan(BOUND_MS);
      }
      const resting = await ask(gateway(), { model, stream });
      expect(resting).toMatchObject({ status: 429, error: { type: 'rate_limit_error' } });
      expect(resting.error!.message).toMatch(/^No deployments available .*Try again in \d+ seconds\..*cooling down/);
      const wait = Number(resting.headers.get('retry-after'));
      expect(wait).toBeGreaterThan(50);
      expect(wait).toBeLessThanOrEqual(60);
      expect(resting.headers.get('x-should-retry')).toBeNull();
      expect(resting.ms).toBeLessThan(500);
    }));

  it('no one notices that a deployment comes and goes', async () => {
    const model = `flapping, ${way}`;
    const tolds: Told[] = [];
    let isOver = false;
    const clients = Array.from({ length: 20 }, async () => {
      while (!isOver) tolds.push(await ask(gateway(), { model, stream }));
    });
    const reached: number[] = [];
    for (let flap = 0; flap < 6; flap += 1) {
      const { length } = red.requests;
      // Up for as long as it takes to be found again, then gone.
      await eventually(
        () => red.requests.length,
        (now) => now > length + 5,
      );
      reached.push(red.requests.length - length);
      await red.close();
      const failures = await failuresAt(`${model}.red`);
      await eventually(
        () => failuresAt(`${model}.red`),
        (now) => now > failures,
      );
      await red.open();
    }
    isOver = true;
    await Promise.all(clients);
    expect(reached).toHaveLength(6);
    // A stream that breaks in its middle is not repeated; these answers are one piece, and out before that can be.
    for (const told of tolds) expectAnswer(told);
  });
});

/** Failed once, and rested since: it may be tried again. */
const untilRested = async (model: string): Promise<void> => {
  await eventually(
    async () => (await explain(gateway(), { model })).groups[0].candidates[0],
    ({ deploymentId, leftOut }) => deploymentId === `${model}.red` && leftOut === undefined,
  );
  red.reset();
  green.reset();
};

describe.each(BOTH_WAYS)('after a cooldown, %s', (way, stream) => {
  const model = `comes back, ${way}`;
  const fail = async (name: string): Promise<void> => {
    red.behave('500');
    await ask(gateway(), { model: name, stream });
    expect((await explain(gateway(), { model: name })).groups[0].candidates[0].leftOut.reason).toBe('cooldown');
  };

  it('one call tries the deployment, the others go elsewhere until it has answered, then all come back', async () => {
    await fail(model);
    await untilRested(model);
    red.behave('slow-600');
    const tolds = await crowd(model, stream, 30);
    for (const told of tolds) expectAnswer(told);
    expect(tolds.filter(({ deployment }) => deployment === `${model}.red`)).toHaveLength(1);
    expect([red.requests.length, red.maxInFlight, green.requests.length]).toEqual([1, 1, 29]);

    red.behave('');
    for (const told of await crowd(model, stream, 10)) expectAnswer(told, `${model}.red`);
  });

  it('a failed try begins the next cooldown, and nobody notices', async () => {
    await fail(model);
    await untilRested(model);
    red.behave('500');
    for (const told of await crowd(model, stream, 30)) expectAnswer(told, `${model}.green`);
    expect([red.requests.length, green.requests.length]).toEqual([1, 30]);
    expect((await explain(gateway(), { model })).groups[0].candidates[0].leftOut).toMatchObject({
      reason: 'cooldown',
      after: 'GW_UPSTREAM_ERROR',
    });
  });

  it('a deployment that is alone is tried by one call too; the others are told to come back', async () => {
    const alone = `alone, ${way}`;
    await fail(alone);
    await untilRested(alone);
    red.behave('slow-600');
    const tolds = await crowd(alone, stream, 20);
    expect(red.requests).toHaveLength(1);
    const [answered, refused] = [200, 429].map((status) => tolds.filter((told) => told.status === status));
    expect([answered!.length, refused!.length]).toEqual([1, 19]);
    for (const { headers } of refused!) expect(headers.get('retry-after')).toBe('1');
    for (const told of await crowd(alone, stream, 5)) expectAnswer(told, `${alone}.red`);
  });
});

describe('with no settings at all', () => {
  const plain = gatewayFor(() => ({ config: { model_list: BOTH_WAYS.flatMap(([way]) => trio(way)) } }));

  it.each(BOTH_WAYS)('no one of 200 clients notices that one of three deployments is dead, %s', (way, stream) =>
    away([blue], async () => {
      const tolds = await Promise.all(Array.from({ length: CLIENTS }, () => ask(plain(), { model: way, stream })));
      for (const told of tolds) {
        expectAnswer(told, /red|green/);
        expect(told.ms).toBeLessThan(BOUND_MS);
      }
      const { groups } = await explain(plain(), { model: way });
      expect(groups[0].candidates[2].leftOut).toMatchObject({ reason: 'cooldown', after: 'GW_UPSTREAM_CONNECTION' });
    }),
  );
});
