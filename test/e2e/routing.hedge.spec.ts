// A second deployment is asked when the first is slow: the quicker one answers, the other is given up, both are paid.
import { describe, expect, it, jest } from '@jest/globals';
import { chat, metricsOf } from './client.js';
import { ask, at, BOTH_WAYS, expectAnswer, FIRST, gatewayFor, green, pair, recordOf, red, SPARE } from './fleet.js';
import { eventually } from './harness.js';

jest.setTimeout(30_000);

const AFTER_SECONDS = 0.25;
const prices = { input_cost_per_token: 0.000_001, output_cost_per_token: 0.000_01 };

const gateway = gatewayFor(() => ({
  config: {
    model_list: [
      ...pair('slow', 'slow-20000', prices),
      ...pair('head first', 'late-20000', prices),
      ...pair('fails late', '500+slow-500', prices),
      ...pair('in time', '', prices),
      at(red, 'both slow', { model: 'mock-slow-600', ...FIRST, ...prices }),
      at(green, 'both slow', { model: 'mock-slow-20000', ...SPARE, ...prices }),
      at(red, 'both fail', { model: 'mock-500+slow-500', ...FIRST }),
      at(green, 'both fail', { model: 'mock-503+slow-500', ...SPARE }),
      at(red, 'alone', { model: 'mock-slow-400' }),
      ...pair('nobody', 'hang', prices),
    ],
    router_settings: { hedge: { after: AFTER_SECONDS }, disable_cooldowns: true, num_retries: 0, timeout: 10 },
  },
}));

const outcomes = async (callId: string): Promise<string[]> =>
  (await recordOf(gateway(), callId)).attempts.map(
    ({ deploymentId, status, reason }: Record<string, string>) => `${deploymentId} ${reason} ${status}`,
  );

describe.each(BOTH_WAYS)('%s', (_, stream) => {
  it.each(['slow', 'head first'])('the second deployment answers, and the first is given up: %s', async (model) => {
    const told = await ask(gateway(), { model, stream });
    expectAnswer(told, `${model}.green`);
    // Another deployment asked beside the first is neither a retry nor a fallback.
    expect([told.retries, told.fallbacks]).toEqual([0, 0]);
    await eventually(
      () => red.requests[0]!.clientLeft,
      (left) => left,
      1_000,
    );
    expect([red.requests.length, green.requests.length, red.inFlight]).toEqual([1, 1, 0]);
    expect(await outcomes(told.callId)).toEqual([`${model}.red strategy abandoned`, `${model}.green hedge success`]);
  });

  it('both are paid for, and counted', async () => {
    const spent = async (id: string): Promise<number> =>
      (await metricsOf(gateway())).sum('litellm_spend_metric_total', { model_id: id });
    const before = await spent('slow.green');
    const told = await ask(gateway(), { model: 'slow', stream });
    const { attempts, costUsd } = await recordOf(gateway(), told.callId);
    const [lost, won] = attempts;
    expect(lost).toMatchObject({ isUsageEstimated: true, usage: { outputTokens: 0 } });
    expect(won.usage.outputTokens).toBeGreaterThan(0);
    expect(Number(lost.costUsd)).toBeGreaterThan(0);
    expect(Number(won.costUsd)).toBeGreaterThan(Number(lost.costUsd));
    expect(Number(costUsd)).toBeCloseTo(Number(lost.costUsd) + Number(won.costUsd), 12);
    if (!stream) expect(told.headers.get('x-litellm-response-cost')).toBe(costUsd);
    await eventually(
      () => spent('slow.green'),
      (now) => Math.abs(now - before - Number(costUsd)) < 1e-12,
    );
  });

  it('the first may still win', async () => {
    const told = await ask(gateway(), { model: 'both slow', stream });
    expectAnswer(told, 'both slow.red');
    expect(await outcomes(told.callId)).toEqual(['both slow.red strategy success', 'both slow.green hedge abandoned']);
    expect(green.requests[0]!.clientLeft).toBe(true);
  });

  it('a failure of the one leaves the other to answer', async () => {
    green.behave('slow-500');
    const told = await ask(gateway(), { model: 'fails late', stream });
    expectAnswer(told, 'fails late.green');
    expect(await outcomes(told.callId)).toEqual(['fails late.red strategy failure', 'fails late.green hedge success']);
  });

  it('when both fail the client is told', async () => {
    const told = await ask(gateway(), { model: 'both fail', stream });
    expect([500, 503]).toContain(told.status);
    expect([red.requests.length, green.requests.length]).toEqual([1, 1]);
  });

  it('one that answers in time is the only one asked', async () => {
    const CALLS = 8;
    for (let call = 0; call < CALLS; call += 1) expectAnswer(await ask(gateway(), { model: 'in time', stream }));
    // A busy machine may be late once; whoever always asked a second one would have asked it each time.
    expect(green.requests.length).toBeLessThan(CALLS / 2);
  });

  it('one that is alone is waited for', async () => {
    expectAnswer(await ask(gateway(), { model: 'alone', stream }), 'alone.red');
    expect(red.requests).toHaveLength(1);
  });

  it('a client that leaves ends both', async () => {
    green.behave('hang');
    const leave = new AbortController();
    const headers = { 'x-litellm-call-id': `left-both-${String(stream)}` };
    const answer = chat(gateway(), { model: 'nobody', stream }, { signal: leave.signal, headers }).catch(
      () => undefined,
    );
    await eventually(
      () => [red.requests.length, green.requests.length],
      ([first, second]) => first === 1 && second === 1,
    );
    leave.abort();
    await answer;
    await eventually(
      () => red.inFlight + green.inFlight,
      (calls) => calls === 0,
      1_000,
    );
    expect(await outcomes(headers['x-litellm-call-id'])).toEqual([
      'nobody.red strategy abandoned',
      'nobody.green hedge abandoned',
    ]);
    expect((await recordOf(gateway(), headers['x-litellm-call-id'])).status).toBe('client_closed');
  });
});

describe('after a percentile', () => {
  const config = {
    model_list: pair('usual', '', prices),
    router_settings: { hedge: { after: 'p95' }, disable_cooldowns: true, num_retries: 0, timeout: 10 },
  };
  const percentile = gatewayFor(() => ({ config }));

  it.each(BOTH_WAYS)('of the calls before, of which there must be some, %s', async (_, stream) => {
    for (let call = 0; call < 20; call += 1) {
      const told = await ask(percentile(), { model: 'usual', stream });
      expectAnswer(told);
    }
    red.reset();
    red.behave('slow-20000');
    const told = await ask(percentile(), { model: 'usual', stream });
    expectAnswer(told, 'usual.green');
    expect(red.requests).toHaveLength(1);
    expect(told.ms).toBeLessThan(5_000);
  });
});
