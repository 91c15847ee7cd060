// When a deployment rests, for how long, and what never makes it rest.
import { describe, expect, it, jest } from '@jest/globals';
import type { Json } from './client.js';
import {
  ask,
  at,
  BOTH_WAYS,
  explain,
  expectAnswer,
  FIRST,
  gatewayFor,
  green,
  pair,
  red,
  SPARE,
  inOneMinute,
} from './fleet.js';
import type { Gateway } from './harness.js';

jest.setTimeout(30_000);

const COOLDOWN_SECONDS = 60;

/** Why the red deployment of a model is left out now; undefined: it is not. */
const leftOut = async (gateway: Gateway, model: string): Promise<Json> =>
  (await explain(gateway, { model })).groups[0].candidates[0].leftOut;

interface Asked {
  gateway: Gateway;
  model: string;
  stream: boolean;
  /** Calls at most. */
  atMost: number;
}

/** Calls, one after the other, until the red deployment rests: how many it took. Undefined: it never did. */
const callsUntilCooldown = async ({ gateway, model, stream, atMost }: Asked): Promise<number | undefined> => {
  for (let calls = 1; calls <= atMost; calls += 1) {
    await ask(gateway, { model, stream });
    expect(red.requests).toHaveLength(calls);
    if ((await leftOut(gateway, model))?.reason === 'cooldown') return calls;
  }
  return undefined;
};

/** The deployment is not asked while it rests. */
const expectRest = async (gateway: Gateway, model: string, stream: boolean): Promise<void> => {
  red.reset();
  for (let call = 0; call < 3; call += 1) {
    const told = await ask(gateway, { model, stream });
    expectAnswer(told, `${model}.green`);
    expect(told.retries).toBe(0);
  }
  expect(red.requests).toHaveLength(0);
};

/** A pair whose red deployment does as the words say: for each way, since each has its own count. */
const pairs = (words: string, params?: object): object[] =>
  BOTH_WAYS.flatMap(([way]) => pair(`${words}, ${way}`, words, params));

describe('with allowed_fails', () => {
  const gateway = gatewayFor(() => ({
    config: {
      model_list: [
        ...['500', '503-0', '429-0', '401', '400', 'context', 'reset', 'cut-3'].flatMap((words) => pairs(words)),
        ...BOTH_WAYS.flatMap(([way]) => [
          at(red, `hang, ${way}`, { model: 'mock-hang', timeout: 0.2, stream_timeout: 0.2, ...FIRST }),
          at(green, `hang, ${way}`, { model: 'well', ...SPARE }),
        ]),
        ...pairs('500+own', { cooldown_time: 7 }),
        ...pairs('500+never', { cooldown_time: 0 }),
      ],
      router_settings: {
        allowed_fails: 2,
        allowed_fails_policy: {
          RateLimitErrorAllowedFails: 0,
          TimeoutErrorAllowedFails: 1,
          AuthenticationErrorAllowedFails: 3,
        },
        cooldown_time: COOLDOWN_SECONDS,
      },
    },
  }));

  describe.each(BOTH_WAYS)('%s', (way, stream) => {
    it.each([
      ['500', 3, 'allowed_fails and one'],
      ['503-0', 3, 'allowed_fails and one'],
      ['reset', 3, 'allowed_fails and one'],
      ['cut-3', 3, 'allowed_fails and one, when they break in the middle'],
      ['429-0', 1, 'as the policy says for limits'],
      ['hang', 2, 'as the policy says for timeouts'],
      ['401', 4, 'as the policy says for wrong keys'],
    ])('%s: rests after %i failures, %s', async (words, calls) => {
      const model = `${words}, ${way}`;
      expect(await callsUntilCooldown({ gateway: gateway(), model, stream, atMost: 6 })).toBe(calls);
      const { clearsInMs } = await leftOut(gateway(), model);
      expect(clearsInMs).toBeGreaterThan((COOLDOWN_SECONDS - 10) * 1_000);
      expect(clearsInMs).toBeLessThanOrEqual(COOLDOWN_SECONDS * 1_000);
      await expectRest(gateway(), model, stream);
    });

    it.each(['400', 'context'])('%s: a refused request is none of its failures', async (words) => {
      const model = `${words}, ${way}`;
      expect(await callsUntilCooldown({ gateway: gateway(), model, stream, atMost: 6 })).toBeUndefined();
    });

    it('rests as long as its own cooldown_time says', async () => {
      const model = `500+own, ${way}`;
      expect(await callsUntilCooldown({ gateway: gateway(), model, stream, atMost: 6 })).toBe(3);
      expect((await leftOut(gateway(), model)).clearsInMs).toBeLessThanOrEqual(7_000);
    });

    it('never rests with a cooldown_time of 0', async () => {
      const model = `500+never, ${way}`;
      expect(await callsUntilCooldown({ gateway: gateway(), model, stream, atMost: 6 })).toBeUndefined();
    });
  });
});

describe('without', () => {
  const gateway = gatewayFor(() => ({
    config: {
      model_list: [
        ...['500', '429-0', '401', '404', '429-30', '503-40'].flatMap((words) => pairs(words)),
        ...pairs('429-30+own', { cooldown_time: 7 }),
        ...BOTH_WAYS.flatMap(([way]) => [
          at(red, `alone 500, ${way}`, { model: 'mock-500' }),
          at(red, `alone 429, ${way}`, { model: 'mock-429-61' }),
          at(red, `half, ${way}`, { model: 'half', ...FIRST }),
          at(green, `half, ${way}`, SPARE),
        ]),
      ],
      router_settings: { num_retries: 1, retry_policy: { InternalServerErrorRetries: 0 }, cooldown_time: 5 },
    },
  }));

  describe.each(BOTH_WAYS)('%s', (way, stream) => {
    const callsUntil = (words: string): Promise<number | undefined> =>
      callsUntilCooldown({ gateway: gateway(), model: `${words}, ${way}`, stream, atMost: 8 });

    it.each([
      ['500', 5, 'when more than half of at least 5 calls of a minute failed'],
      ['429-0', 1, 'when it is full, at once'],
      ['401', 1, 'when its key is wrong, at once'],
      ['404', 1, 'when it has no such model, at once'],
    ])('%s: rests after %i, %s', async (words, calls) => {
      await inOneMinute();
      expect(await callsUntil(words)).toBe(calls);
      await expectRest(gateway(), `${words}, ${way}`, stream);
    });

    it.each([
      ['429-30', 30, 'as long as the provider asks for'],
      ['429-30+own', 7, 'but no longer than its own cooldown_time'],
    ])('%s: rests %i s, %s', async (words, seconds) => {
      expect(await callsUntil(words)).toBe(1);
      const { clearsInMs, after } = await leftOut(gateway(), `${words}, ${way}`);
      expect(after).toBe('GW_UPSTREAM_RATE_LIMITED');
      expect(clearsInMs).toBeGreaterThan((seconds - 5) * 1_000);
      expect(clearsInMs).toBeLessThanOrEqual(seconds * 1_000);
    });

    it('goes on when half of its calls go well', async () => {
      const model = `half, ${way}`;
      await inOneMinute();
      for (let call = 0; call < 10; call += 1) {
        red.script(call % 2 === 0 ? '' : '500');
        await ask(gateway(), { model, stream });
      }
      expect(red.requests).toHaveLength(10);
      expect(await leftOut(gateway(), model)).toBeUndefined();
    });

    it('goes on when it is the only one: what it says tells more than that it rests', async () => {
      for (const [name, status] of [
        ['alone 500', 500],
        ['alone 429', 429],
      ] as const) {
        red.reset();
        const model = `${name}, ${way}`;
        for (let call = 0; call < 8; call += 1)
          expect(await ask(gateway(), { model, stream, num_retries: 0 })).toMatchObject({ status });
        expect(red.requests).toHaveLength(8);
      }
    });
  });
});

describe('with disable_cooldowns', () => {
  const gateway = gatewayFor(() => ({
    config: {
      model_list: [...pairs('500'), ...pairs('429-30'), ...pairs('401')],
      router_settings: { disable_cooldowns: true, allowed_fails: 0 },
    },
  }));

  it.each(['500', '429-30', '401'])('%s: nothing ever rests', async (words) => {
    for (const [way, stream] of BOTH_WAYS) {
      red.reset();
      const model = `${words}, ${way}`;
      expect(await callsUntilCooldown({ gateway: gateway(), model, stream, atMost: 6 })).toBeUndefined();
    }
  });
});
