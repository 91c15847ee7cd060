// Metrics of several workers: what is summed stays right when workers are killed, retire, drain, reload, or are stuck.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Agent } from 'node:http';
import { chat, exchange, Metrics, messages, metricsOf, open, send } from './client.js';
import { childrenOf, eventually, sleep, startGateway, type Gateway } from './harness.js';
import { deployment, everyModelOf } from './upstreams.js';

jest.setTimeout(90_000);

const CHAT = '/v1/chat/completions';
const REQUESTS = 'litellm_proxy_total_requests_metric_total';
const config = { model_list: [...everyModelOf('openai'), deployment('gpt-4o', 'openai/gpt-4o')] };

const started: Gateway[] = [];
afterEach(() => Promise.all(started.splice(0).map((gateway) => gateway.kill())));

const start = async (workers: number, more: Parameters<typeof startGateway>[0] = {}): Promise<Gateway> => {
  const gateway = await startGateway({
    config,
    ...more,
    args: ['--num_workers', String(workers), ...(more.args ?? [])],
  });
  started.push(gateway);
  return gateway;
};

const workersOf = ({ pid }: Gateway): number[] => childrenOf(pid).flatMap(childrenOf);

/** Calls on a connection each, which the primary deals out in turn. */
const callTimes = (gateway: Gateway, count: number, model = 'gpt-4o'): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, () => exchange(gateway, CHAT, { body: { model, messages } })));

const counted = async (gateway: Gateway, name = REQUESTS): Promise<number> => (await metricsOf(gateway)).sum(name);

const inFlight = (gateway: Gateway): Promise<number> => counted(gateway, 'litellm_in_flight_requests');

describe.each([2, 4])('with %d workers', (count) => {
  it('a worker that is killed takes no counts with it, and its calls under way are no longer told', async () => {
    const gateway = await start(count);
    await callTimes(gateway, 4 * count);
    // One for each worker, none of which ends by itself.
    const hanging = await Promise.all(
      Array.from({ length: count }, () =>
        open(gateway, CHAT, { body: { model: 'openai/mock-stall-3', stream: true, messages } }).catch(() => undefined),
      ),
    );
    for (const one of hanging) one?.on('error', () => undefined).resume();
    expect(
      await eventually(
        () => inFlight(gateway),
        (now) => now === count,
      ),
    ).toBe(count);
    const before = await metricsOf(gateway);
    expect(before.sum(REQUESTS)).toBe(4 * count);
    expect(before.sum('turnpike_workers')).toBe(count);

    const [victim] = workersOf(gateway);
    process.kill(victim!, 'SIGKILL');
    await eventually(
      () => workersOf(gateway),
      (now) => now.length === count && !now.includes(victim!),
    );
    // The call that it had under way is gone with it.
    expect(
      await eventually(
        () => inFlight(gateway),
        (now) => now === count - 1,
      ),
    ).toBe(count - 1);
    const after = await metricsOf(gateway);
    expect(after.sum(REQUESTS)).toBe(4 * count);
    expect(after.sum('litellm_request_total_latency_metric_count')).toBe(4 * count);
    expect(after.sum('turnpike_worker_ends_total', { how: 'killed' })).toBe(1);
    for (const one of hanging) one?.destroy();
    await eventually(
      () => inFlight(gateway),
      (now) => now === 0,
    );
    // Those whose clients left have ended by now, and are counted.
    expect(await counted(gateway)).toBe(4 * count + count - 1);
  });
});

describe('while workers come and go', () => {
  it('no sum ever goes back', async () => {
    const gateway = await start(3, { args: ['--max_requests_before_restart', '25'] });
    const readings: number[] = [];
    const isOver = new AbortController();
    const reading = (async () => {
      while (!isOver.signal.aborted) {
        readings.push(await counted(gateway));
        await sleep(50);
      }
    })();
    const first = workersOf(gateway);
    for (let round = 0; round < 10; round += 1) await callTimes(gateway, 15);
    await eventually(
      () => workersOf(gateway),
      (now) => now.every((pid) => !first.includes(pid)),
      30_000,
    );
    isOver.abort();
    await reading;
    expect(readings).toEqual([...readings].sort((left, right) => left - right));
    expect(
      await eventually(
        () => counted(gateway),
        (now) => now === 150,
      ),
    ).toBe(150);
  });

  it('a worker that is stuck is left out of one reading, and its counts come with the next', async () => {
    const gateway = await start(2);
    await callTimes(gateway, 10);
    const before = await counted(gateway);
    const [stuck] = workersOf(gateway);
    process.kill(stuck!, 'SIGSTOP');
    try {
      // Whoever is given to the stuck one waits for ever; the next is given to the other.
      const reading = async (): Promise<number> => {
        try {
          const answer = await send(gateway, '/metrics', { signal: AbortSignal.timeout(3_000) });
          return new Metrics(await answer.text()).sum(REQUESTS);
        } catch {
          return -1;
        }
      };
      // What it had counted was told before.
      expect(await eventually(reading, (now) => now >= 0, 20_000)).toBe(before);
    } finally {
      process.kill(stuck!, 'SIGCONT');
    }
    await callTimes(gateway, 4);
    expect(
      await eventually(
        () => counted(gateway),
        (now) => now === 14,
      ),
    ).toBe(14);
  });
});

describe('requests under way', () => {
  it('are told through a reload, which neither loses nor doubles them', async () => {
    const gateway = await start(2);
    const hanging = await Promise.all(
      [1, 2, 3].map(() => open(gateway, CHAT, { body: { model: 'openai/mock-stall-3', stream: true, messages } })),
    );
    for (const one of hanging) one.on('error', () => undefined).resume();
    await eventually(
      () => inFlight(gateway),
      (now) => now === 3,
    );
    gateway.writeConfig({ model_list: [...config.model_list, deployment('newcomer', 'openai/gpt-4o')] });
    gateway.signal('SIGHUP');
    await eventually(
      async () =>
        (await Promise.all([1, 2, 3, 4].map(() => chat(gateway, { model: 'newcomer' })))).map(({ status }) => status),
      (statuses) => statuses.every((status) => status === 200),
    );
    expect(await inFlight(gateway)).toBe(3);
    for (const one of hanging) one.destroy();
    await eventually(
      () => inFlight(gateway),
      (now) => now === 0,
    );
    expect((await metricsOf(gateway)).sum('turnpike_degraded', { state: 'reload_failed' })).toBe(0);
  });

  it('a reload that is refused is told as such until one succeeds', async () => {
    const gateway = await start(2);
    const failed = async (): Promise<number> =>
      (await metricsOf(gateway)).sum('turnpike_degraded', { state: 'reload_failed' });
    gateway.writeConfig({ ...config, general_settings: { drain_timeout: 'soon' } });
    gateway.signal('SIGHUP');
    expect(await eventually(failed, (now) => now === 2)).toBe(2);
    const { degraded } = (await (await send(gateway, '/health/readiness')).json()) as { degraded: string[] };
    expect(degraded).toEqual([expect.stringMatching(/^reload_failed: /)]);
    gateway.writeConfig(config);
    gateway.signal('SIGHUP');
    expect(await eventually(failed, (now) => now === 0)).toBe(0);
  });

  it('are told while a gateway drains, to whoever is connected already', async () => {
    const gateway = await start(1);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await exchange(gateway, '/metrics', {}, agent);
    const hanging = await open(gateway, CHAT, { body: { model: 'openai/mock-stall-3', stream: true, messages } });
    hanging.on('error', () => undefined).resume();
    await eventually(
      () => inFlight(gateway),
      (now) => now === 1,
    );
    gateway.signal('SIGTERM');
    // The signal takes a moment; the reading that sees it is the last of this connection.
    const told = await eventually(
      async () => (await exchange(gateway, '/metrics', {}, agent)).body.toString(),
      (text) => /^turnpike_draining_workers 1$/m.test(text),
    );
    expect(/^litellm_in_flight_requests .*$/m.exec(told)![0]).toBe('litellm_in_flight_requests 1');
    hanging.destroy();
    agent.destroy();
    expect((await gateway.ended).code).toBe(0);
  });
});
