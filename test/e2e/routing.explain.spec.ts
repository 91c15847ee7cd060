// What an admin is told: where a request would go, and where one went.
import { describe, expect, it, jest } from '@jest/globals';
import { chat, send } from './client.js';
import { ask, at, BOTH_WAYS, blue, explain, gatewayFor, green, pair, recordOf, red } from './fleet.js';
import { eventually } from './harness.js';
import { PROVIDER_KEY } from './upstreams.js';

jest.setTimeout(30_000);

const PROMPT = 'Nobody may read this';

const gateway = gatewayFor(() => ({
  config: {
    model_list: [
      ...pair('main', '500', { input_cost_per_token: 0.000_001, output_cost_per_token: 0.000_002 }),
      at(red, 'levels', { order: 1, weight: 3 }),
      at(green, 'levels', { order: 2 }),
      at(blue, 'help', { model: 'mock-429-30' }),
      at(green, 'more help', {}),
      at(red, 'broken', { model: 'mock-503-20' }),
      ...pair('under way', 'hang'),
      at(red, 'late', { model: 'mock-hang', weight: 1, timeout: 0.2, stream_timeout: 0.2, cooldown_time: 0 }),
      at(green, 'late', { weight: 0 }),
    ],
    router_settings: {
      allowed_fails: 0,
      cooldown_time: 60,
      num_retries: 2,
      fallbacks: [{ main: ['help'] }, { help: ['more help'] }, { broken: ['help'] }],
      context_window_fallbacks: [{ main: ['more help'] }],
      model_group_alias: { best: ['levels', 'main'] },
    },
  },
}));

describe('POST /router/explain', () => {
  it('shows candidates, the pick and the fallbacks, and calls nobody', async () => {
    const told = await explain(gateway(), { model: 'main', stream: true });
    expect(told).toMatchObject({
      requested: 'main',
      strategy: 'strategy.simple-shuffle',
      numRetries: 2,
      groups: [
        {
          name: 'main',
          candidates: [
            { deploymentId: 'main.red', provider: 'provider.openai', weight: 1, inFlight: 0 },
            { deploymentId: 'main.green', weight: 0 },
          ],
          pick: { deploymentId: 'main.red', reason: 'strategy' },
        },
      ],
      fallbacks: { general: ['help', 'more help'], contextWindow: ['more help'], contentPolicy: ['help', 'more help'] },
    });
    expect(told.promptTokens).toBeGreaterThan(0);
    expect([red, green, blue].flatMap(({ requests }) => requests)).toHaveLength(0);
    expect(JSON.stringify(told)).not.toContain(PROVIDER_KEY);
  });

  it('shows a cascade in its order, and the levels of each', async () => {
    const { groups } = await explain(gateway(), { model: 'best' });
    expect(groups.map(({ name }: { name: string }) => name)).toEqual(['levels', 'main']);
    expect(groups[0]).toMatchObject({
      candidates: [{ order: 1, weight: 3 }, { order: 2 }],
      pick: { deploymentId: 'levels.red', reason: 'only' },
    });
  });

  it('takes what a request may ask: its own retries, fallbacks, headers', async () => {
    const body = { model: 'main', fallbacks: ['more help'], num_retries: 1 };
    const told = await explain(gateway(), body, { headers: { 'x-litellm-num-retries': '7' } });
    expect(told).toMatchObject({ numRetries: 7, fallbacks: { general: ['more help'] } });
    expect((await explain(gateway(), { model: 'main', disable_fallbacks: true })).fallbacks.general).toEqual([]);
  });

  it('shows what is under way', async () => {
    const leave = new AbortController();
    const arrival = red.nextRequest();
    const answer = chat(gateway(), { model: 'under way' }, { signal: leave.signal }).catch(() => undefined);
    await arrival;
    const [candidate] = (await explain(gateway(), { model: 'under way' })).groups[0].candidates;
    expect(candidate).toMatchObject({ inFlight: 1, requestsThisMinute: 1 });
    leave.abort();
    await answer;
    await eventually(
      async () => (await explain(gateway(), { model: 'under way' })).groups[0].candidates[0].inFlight,
      (calls) => calls === 0,
    );
  });

  it('shows who rests, since what, and for how long', async () => {
    await ask(gateway(), { model: 'broken', num_retries: 0 });
    const { groups } = await explain(gateway(), { model: 'broken' });
    expect(groups[0].candidates[0].leftOut).toMatchObject({ reason: 'cooldown', after: 'GW_UPSTREAM_UNAVAILABLE' });
    expect(groups[0].candidates[0].leftOut.clearsInMs).toBeGreaterThan(15_000);
    expect(groups[0]).not.toHaveProperty('pick');
  });

  it.each([
    [{ messages: [] }, 400],
    [{ model: 5 }, 400],
    [{ model: 'nowhere' }, 400],
    [{ model: 'main', num_retries: 'many' }, 400],
  ])('refuses %j', async (body, status) => {
    expect((await send(gateway(), '/router/explain', { body })).status).toBe(status);
  });
});

describe.each(BOTH_WAYS)('GET /calls/{call id}, %s', (_, stream) => {
  const callId = `call-${String(stream)}`;
  const messages = [{ role: 'user', content: PROMPT }];

  it('tells each attempt: why there, how it ended, how long, at what cost', async () => {
    const told = await ask(
      gateway(),
      { model: 'late', stream, messages, num_retries: 1 },
      { headers: { 'x-litellm-call-id': callId } },
    );
    expect(told.callId).toBe(callId);
    const record = await recordOf(gateway(), callId);
    expect(record).toMatchObject({
      callId,
      model: 'late',
      operation: 'chat',
      stream,
      status: 'success',
      statusCode: 200,
      error: null,
    });
    expect(Math.abs(Date.now() - record.startedAt)).toBeLessThan(10_000);
    expect(record.durationMs).toBeGreaterThan(0);
    const [first, last] = record.attempts;
    expect(first).toMatchObject({ deploymentId: 'late.red', reason: 'strategy', retry: 0, status: 'failure' });
    expect(first.error.code).toBe('GW_TIMEOUT');
    expect(last).toMatchObject({
      deploymentId: 'late.green',
      provider: 'provider.openai',
      group: 'late',
      reason: 'only',
      retry: 1,
      fallback: 0,
      status: 'success',
      error: null,
      isUsageEstimated: false,
    });
    expect(last.startedMs).toBeGreaterThanOrEqual(first.startedMs + first.durationMs);
    expect(last.durationMs).toBeGreaterThan(0);
    expect(last.usage.totalTokens).toBe(record.usage.totalTokens);
    if (stream) expect(last.firstTokenMs).toBeGreaterThan(0);
  });

  it('tells of one that failed, and keeps nothing of what was said', async () => {
    const told = await ask(gateway(), { model: 'help', stream, messages, num_retries: 0, disable_fallbacks: true });
    const record = await recordOf(gateway(), told.callId);
    expect(record).toMatchObject({ status: 'failure', statusCode: 429 });
    expect(record.error.message).toBe(told.error!.message);
    expect(JSON.stringify(record)).not.toMatch(new RegExp(`${PROMPT}|${PROVIDER_KEY}`));
  });

  it('tells retries and fallbacks apart, and sums up the cost', async () => {
    const told = await ask(gateway(), { model: 'main', stream, messages });
    const { attempts, costUsd } = await recordOf(gateway(), told.callId);
    const { deploymentId, costUsd: last } = attempts.at(-1);
    expect([deploymentId, last]).toEqual(['main.green', costUsd]);
    expect(Number(costUsd)).toBeGreaterThan(0);
  });
});

describe('only an admin', () => {
  it.each([
    ['/router/explain', { model: 'main' }],
    ['/calls/some-id', undefined],
  ])('%s', async (path, body) => {
    for (const key of [null, 'sk-somebody-else']) {
      const response = await send(gateway(), path, { key, ...(body && { body }) });
      expect([response.status, path]).toEqual([401, path]);
    }
  });

  it('is told that a call is unknown', async () => {
    const response = await send(gateway(), '/calls/nobody-made-it');
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('x-litellm-call-id');
  });
});
