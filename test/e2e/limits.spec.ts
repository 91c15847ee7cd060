// Limits over real processes: workers of one machine, and machines that share a Redis.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { RedisServer } from '../services/redis-server.js';
import { chat, jsonOf, messages, metricsOf, send } from './client.js';
import { at, ask, red } from './fleet.js';
import { eventually, MASTER_KEY, sleep, startGateway, type Gateway } from './harness.js';

jest.setTimeout(120_000);

const RPM = 100;
const SLOTS = 6;
const SLOW_MS = 60;

const config = (more: object = {}): object => ({
  model_list: [
    at(red, 'by the minute', { model: 'by-the-minute', rpm: RPM }),
    at(red, 'at a time', { model: `mock-slow-${SLOW_MS}+at-a-time`, max_parallel_requests: SLOTS }),
    at(red, 'tokens', { model: 'tokens', tpm: 300 }),
    at(red, 'free'),
  ],
  router_settings: { num_retries: 0, ...more },
});

/** Seconds of this minute that must be left, so that a test's calls are all of one minute. */
const withinOneMinute = async (seconds: number): Promise<void> => {
  const left = 60 - ((Date.now() / 1_000) % 60);
  if (left < seconds) await sleep(left * 1_000 + 100);
};

interface Count {
  ok: number;
  limited: number;
  others: number;
}

/** So many clients, each of which calls until it has done its share. */
const hammer = async (gateways: readonly Gateway[], model: string, calls: number, clients: number): Promise<Count> => {
  const count: Count = { ok: 0, limited: 0, others: 0 };
  let left = calls;
  const client = async (index: number): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const { status } = await ask(gateways[index % gateways.length]!, { model });
      if (status === 200) count.ok += 1;
      else if (status === 429) count.limited += 1;
      else count.others += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
  return count;
};

/** The most calls that the mock had under way at one moment: each takes it this long at least. */
const mostAtATime = (model: string): number => {
  const moments = red.requests
    .filter(({ body }) => (body as { model?: string }).model?.includes(model))
    .flatMap(({ receivedAt }) => [
      { at: receivedAt, change: 1 },
      { at: receivedAt + SLOW_MS, change: -1 },
    ])
    .sort((left, right) => left.at - right.at || left.change - right.change);
  let now = 0;
  return moments.reduce((most, { change }) => Math.max(most, (now += change)), 0);
};

const holds = (machines: () => readonly Gateway[]): void => {
  it('lets as many requests a minute through as it may, and not one more', async () => {
    await withinOneMinute(20);
    const { ok, limited, others } = await hammer(machines(), 'by the minute', RPM * 3, 24);
    expect(others).toBe(0);
    expect(ok).toBeLessThanOrEqual(RPM);
    // At most 2 % are refused although there would have been room.
    expect(ok).toBeGreaterThanOrEqual(RPM * 0.98);
    expect(ok + limited).toBe(RPM * 3);
  });

  it('never has more under way than it may, and uses what it may', async () => {
    const { ok, others } = await hammer(machines(), 'at a time', 400, 40);
    expect(others).toBe(0);
    expect(mostAtATime('at-a-time')).toBeLessThanOrEqual(SLOTS);
    expect(ok).toBeGreaterThanOrEqual(SLOTS);
  });
};

describe('four workers of one machine', () => {
  let machines: Gateway[] = [];
  beforeAll(async () => {
    machines = [await startGateway({ config: config(), args: ['--num_workers', '4'] })];
  });
  holds(() => machines);

  it('tell whoever is refused when to come back', async () => {
    await withinOneMinute(10);
    const { headers, status } = await eventually(
      () => chat(machines[0]!, { model: 'tokens', messages: [{ role: 'user', content: 'x'.repeat(600) }] }),
      (answer) => answer.status === 429,
    );
    expect(status).toBe(429);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
  });
});

describe('the limits of an installation', () => {
  it('hold over all models', async () => {
    const gateway = await startGateway({
      config: { ...config(), general_settings: { rpm_limit: 20 } },
      args: ['--num_workers', '2'],
    });
    await withinOneMinute(10);
    const { ok, limited } = await hammer([gateway], 'free', 60, 8);
    expect([ok, limited]).toEqual([20, 40]);
    const refused = await chat(gateway, { model: 'by the minute', messages });
    expect([refused.status, (await jsonOf(refused)).error.message]).toEqual([
      429,
      expect.stringContaining('20 requests a minute'),
    ]);
    await gateway.kill();
  });
});

describe('two machines of two workers with a Redis', () => {
  let redis: RedisServer;
  let machines: Gateway[] = [];
  beforeAll(async () => {
    redis = await RedisServer.start();
    const start = () =>
      startGateway({
        config: config({ redis_host: '127.0.0.1', redis_port: redis.port }),
        args: ['--num_workers', '2'],
      });
    machines = await Promise.all([start(), start()]);
  });
  afterAll(() => redis.remove());
  holds(() => machines);

  it('tell each other of a deployment that rests', async () => {
    const spend = async (gateway: Gateway): Promise<number> => {
      const answer = await send(gateway, '/router/explain', { key: MASTER_KEY, body: { model: 'free', messages } });
      return (await jsonOf(answer)).groups[0].candidates[0].requestsThisMinute;
    };
    await withinOneMinute(10);
    const before = await spend(machines[1]!);
    for (let call = 0; call < 5; call += 1) await ask(machines[0]!, { model: 'free' });
    await eventually(
      () => spend(machines[1]!),
      (seen) => seen >= before + 5,
    );
  });

  it('go on by themselves while it is away, say so, and come back', async () => {
    const degraded = async (gateway: Gateway): Promise<string[]> =>
      (await jsonOf(await send(gateway, '/health/readiness'))).degraded;
    await redis.stop();
    await eventually(
      () => degraded(machines[0]!),
      (states) => states.some((state) => state.startsWith('redis_away')),
    );
    expect((await ask(machines[0]!, { model: 'at a time' })).status).toBe(200);
    expect((await metricsOf(machines[0]!)).sum('turnpike_degraded', { state: 'redis_away' })).toBeGreaterThan(0);
    await redis.start();
    await eventually(
      () => degraded(machines[0]!),
      (states) => !states.some((state) => state.startsWith('redis_away')),
    );
    expect((await ask(machines[0]!, { model: 'at a time' })).status).toBe(200);
  });
});
